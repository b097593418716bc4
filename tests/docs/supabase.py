"""A database such as Supabase makes one, and its command line as far as it runs migrations."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

# Its command line parts a file so: not at what quotes and comments hold.
_STATEMENT = re.compile(r"(?:--[^\n]*|\$(\w*)\$.*?\$\1\$|'[^']*'|[^;'$-]|-(?!-))+;", re.DOTALL)
_LONGEST = 256 * 1024  # what it takes for one statement unless told otherwise

OWNER = "pgmerit_test_supabase"
AUTHENTICATOR = "pgmerit_test_authenticator"
_ROLES = f"""
create role {OWNER} login createrole bypassrls replication password 'not a secret';
create role anon nologin;
create role authenticated nologin;
create role service_role nologin bypassrls;
create role {AUTHENTICATOR} login noinherit;
grant anon, authenticated, service_role to {AUTHENTICATOR};
grant anon, authenticated, service_role to {OWNER} with admin option;
"""
# What the owner has of roles that it makes itself; here another database's owner made them. Before
# PostgreSQL 16 nothing, and it may give any role to any.
_OURS = f"""
do $roles$
declare
    v_role text;
begin
    if current_setting('server_version_num')::integer >= 160000 then
        foreach v_role in array array['pgmerit_person', 'pgmerit_admin'] loop
            execute format('grant %I to {OWNER} with admin true, inherit false, set false', v_role);
        end loop;
    end if;
end;
$roles$;
"""
# The extensions pg_net and pg_cron as far as they are called, and what the projects begin with.
_PROJECT = f"""
grant create on database "%(name)s" to {OWNER};
create schema auth;
create function auth.uid() returns uuid language sql stable
return (current_setting('request.jwt.claims', true)::jsonb ->> 'sub')::uuid;
grant usage on schema auth to public;
create schema net;
create table net.http_request_queue (
    id bigint generated always as identity primary key, url text not null, body jsonb
);
create function net.http_post(
    url text, body jsonb default '{{}}', params jsonb default '{{}}',
    headers jsonb default '{{}}', timeout_milliseconds integer default 5000
) returns bigint language sql as
'insert into net.http_request_queue (url, body) values ($1, $2) returning id';
create schema cron;
create table cron.job (
    jobid bigint generated always as identity primary key, jobname text, schedule text, command text
);
create function cron.schedule(job_name text, schedule text, command text)
returns bigint language sql as
'insert into cron.job (jobname, schedule, command) values ($1, $2, $3) returning jobid';
grant usage on schema net, cron to {OWNER};
grant all on all tables in schema net, cron to {OWNER};
create publication supabase_realtime;
alter publication supabase_realtime owner to {OWNER};
create schema supabase_migrations authorization {OWNER};
create table supabase_migrations.schema_migrations (
    version text primary key, statements text[], name text
);
alter table supabase_migrations.schema_migrations owner to {OWNER};
"""


@contextlib.contextmanager
def project(dsn: str) -> Iterator[str]:
    """Make an empty database such as Supabase begins with; gives the dsn of its `postgres`."""
    with psycopg.connect(dsn, autocommit=True) as admin:
        admin.execute(_ROLES.encode())
        try:
            admin.execute(_OURS.encode())
            admin.execute((_PROJECT % {"name": admin.info.dbname}).encode())
            yield make_conninfo(dsn, user=OWNER, password="not a secret")
        finally:
            for role in (AUTHENTICATOR, "authenticated", "anon", "service_role", OWNER):
                admin.execute(f"drop owned by {role} cascade; drop role {role}".encode())


def statements(text: str) -> list[str]:
    """Part a file into its statements."""
    found = [each[0] for each in _STATEMENT.finditer(text)]
    assert "".join(found).strip() == text.strip()
    assert max(len(each.encode()) for each in found) < _LONGEST
    return found


def run_file(dsn: str, text: str, version: str | None = None) -> None:
    """Run a file statement by statement in one pipeline, and so in one transaction."""
    parts = statements(text)
    with psycopg.connect(dsn, autocommit=True) as connection, connection.pipeline():
        for each in parts:
            connection.execute(each.encode())
        if version:
            connection.execute(
                "insert into supabase_migrations.schema_migrations (version, statements)"
                " values (%s, %s)",
                (version, parts),
            )


def command_line(dsn: str) -> Callable[[Sequence[str]], None]:
    """Give the program `supabase`: it runs the migrations that a project has not had."""

    def run(arguments: Sequence[str]) -> None:
        assert list(arguments) == ["db", "push"]
        with psycopg.connect(dsn) as connection:
            rows = connection.execute("select version from supabase_migrations.schema_migrations")
            had = {row[0] for row in rows}
        for file in sorted(Path("supabase/migrations").glob("*.sql")):
            version = file.name.partition("_")[0]
            if version not in had:
                run_file(dsn, file.read_text(), version)

    return run
