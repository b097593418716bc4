"""Schemas and all in them belong to the role that migrates: nobody else can change what it runs."""

from __future__ import annotations

import json
from collections.abc import Callable

import psycopg
import pytest
from pgmerit import database, schema
from pgmerit.database import Connection
from pgmerit.errors import NoRightsError
from pgmerit.schema import upgrade

from tests.conftest import CliResult
from tests.security.conftest import Login, role_of, run_as

Cli = Callable[..., CliResult]


def _owners(cli: Cli, dsn: str) -> list[str]:
    found = json.loads(cli("doctor", "--format", "json", dsn=dsn).stdout)
    return [row["finding"] for row in found if row["check"] == "owners" and row["status"] != "ok"]


@pytest.mark.parametrize("name", ["badges", "badges_internal"])
def test_an_empty_schema_that_another_role_made_is_refused(
    empty_dsn: str, stranger: str, cli: Cli, name: str
) -> None:
    run_as(stranger, f"create schema {name}")
    for arguments in (["migrate"], ["migrate", "--plan"]):
        refused = cli(*arguments, dsn=empty_dsn)
        assert refused.exit_code == 2
        message, hint = refused.stderr.splitlines()
        assert message.startswith(f"error: the schema {name} belongs to {role_of(stranger)}, not ")
        assert "drop it" in hint
    with psycopg.connect(empty_dsn) as connection:
        made = connection.execute(
            "select count(*) from pg_class as c where c.relnamespace::regnamespace::text ~ '^badge'"
        ).fetchone()
    assert made == (0,)


def test_a_schema_made_while_migrate_looks_is_refused_too(
    empty_dsn: str, stranger: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        upgrade, "_refuse_foreign_schemas", lambda _: run_as(stranger, "create schema badges")
    )
    with pytest.raises(NoRightsError, match=f"badges belongs to {role_of(stranger)}"):
        schema.migrate(empty_dsn)
    with psycopg.connect(empty_dsn) as connection:
        left = connection.execute("select to_regnamespace('badges_internal') is null").fetchone()
    assert left == (True,)


def test_empty_schemas_made_by_the_migrating_role_are_used(owner: str, cli: Cli) -> None:
    run_as(owner, "create schema badges; create schema badges_internal")
    assert cli("migrate", dsn=owner).exit_code == 0
    assert _owners(cli, owner) == []


def test_a_role_with_an_odd_name_migrates_schemas_of_its_own(
    owner: str, empty_dsn: str, cli: Cli
) -> None:
    odd = f'Odd "{role_of(owner)}'
    quoted = '"' + odd.replace('"', '""') + '"'
    run_as(empty_dsn, f"alter role {role_of(owner)} rename to {quoted}")
    try:
        run_as(empty_dsn, f"create schema badges authorization {quoted}")
        options = "-c role=" + odd.replace(" ", "\\ ")
        as_odd = psycopg.conninfo.make_conninfo(empty_dsn, options=options)
        assert cli("migrate", dsn=as_odd).exit_code == 0
        assert _owners(cli, as_odd) == []
    finally:
        run_as(empty_dsn, f"alter role {quoted} rename to {role_of(owner)}")


def test_a_superuser_leaves_the_schemas_of_another_role_to_it(
    owner: str, empty_dsn: str, cli: Cli
) -> None:
    schema.migrate(owner)
    for arguments in (["migrate"], ["migrate", "--plan"], ["migrate", "--down", "--yes"]):
        refused = cli(*arguments, dsn=empty_dsn)
        assert refused.exit_code == 2
        assert f"belongs to {role_of(owner)}, not to" in refused.stderr
        assert f"Run this as {role_of(owner)}" in refused.stderr
    as_owner = psycopg.conninfo.make_conninfo(empty_dsn, options=f"-c role={role_of(owner)}")
    assert cli("migrate", dsn=as_owner).stderr == "nothing to do\n"


@pytest.mark.parametrize(
    "handed_over",
    [
        "function badges_internal._unit_day(text, integer)",
        "table badges.earned_badges",
        "view badges.mentor_activity_totals",
        "type badges.criteria_type",
        "type badges_internal.candidate",
        "table badges_internal.loaded_files",
        "schema badges_internal",
    ],
)
def test_whatever_was_handed_to_another_role_is_found_and_refused(
    connection: Connection, dsn: str, login: Login, cli: Cli, handed_over: str
) -> None:
    role = role_of(login())
    kind, name = handed_over.split(" ", 1)
    connection.execute(f"alter {kind} {name} owner to {role}".encode())
    found = _owners(cli, dsn)
    assert len(found) == 1
    assert name.partition("(")[0].split(".")[-1] in found[0]
    assert f"belongs to {role}" in found[0]
    for run in (schema.migrate, schema.plan):
        with pytest.raises(NoRightsError, match=f"belongs to {role}"):
            run(dsn)


def test_a_helper_that_its_new_owner_replaced_is_found_and_refused(
    connection: Connection, dsn: str, login: Login, cli: Cli
) -> None:
    """What was done: its owner put code of his own into a helper, and a superuser ran it."""
    attacker = login()
    helper = "badges_internal._unit_day(text, integer)"
    connection.execute(
        f"grant create, usage on schema badges_internal to {role_of(attacker)}".encode()
    )
    connection.execute(f"alter function {helper} owner to {role_of(attacker)}".encode())
    with database.connect(attacker, autocommit=True) as session:
        session.execute(
            "create or replace function badges_internal._unit_day(p_unit text, p_number integer)"
            " returns date language sql as 'select null::date'"
        )
    assert any("_unit_day" in found for found in _owners(cli, dsn))
    assert cli("migrate", dsn=dsn).exit_code == 2


@pytest.mark.parametrize("everybody", [False, True])
def test_who_may_create_in_the_schemas_is_found_and_refused(
    connection: Connection, dsn: str, login: Login, cli: Cli, everybody: bool
) -> None:
    role = "public" if everybody else role_of(login())
    connection.execute(f"grant create on schema badges_internal to {role}".encode())
    assert _owners(cli, dsn) == [f"{role} may create in the schema badges_internal"]
    refused = cli("migrate", dsn=dsn)
    assert refused.exit_code == 2
    assert f"revoke create on schema badges_internal from {role}" in refused.stderr


def test_a_trigger_of_another_role_on_our_tables_is_found(
    connection: Connection, dsn: str, login: Login, cli: Cli
) -> None:
    role = role_of(login())
    connection.execute(
        "create function public.theirs() returns trigger language plpgsql"
        " as 'begin return new; end'"
    )
    connection.execute(
        "create trigger theirs before insert on badges.earned_badges"
        " for each row execute function public.theirs()"
    )
    assert _owners(cli, dsn) == []
    connection.execute(f"alter function public.theirs() owner to {role}".encode())
    (found,) = _owners(cli, dsn)
    what = "function public.theirs(), which a trigger of badges.earned_badges calls"
    assert found == f"{what} belongs to {role}, not to {connection.info.user}"
    connection.execute("drop function public.theirs() cascade")


def test_default_privileges_of_another_role_in_our_schemas_are_found(
    connection: Connection, dsn: str, login: Login, cli: Cli
) -> None:
    role = role_of(login())
    connection.execute(f"grant create on schema badges to {role}".encode())
    connection.execute(
        f"alter default privileges for role {role} in schema badges"
        " grant select on tables to public".encode()
    )
    connection.execute(f"revoke create on schema badges from {role}".encode())
    (found,) = _owners(cli, dsn)
    assert f"default privileges on new relations belonging to role {role}" in found
