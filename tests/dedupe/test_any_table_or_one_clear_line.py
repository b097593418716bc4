"""Odd names, lesser roles, our own table; and what cannot be done is told before it is begun."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import psycopg
import pytest
from pgmerit.database import Connection
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tests.conftest import CliResult
from tests.dedupe.legacy import INSERT, LEGACY, apply, apply_hooked, fill
from tests.engine import activity, awards, insert, rows, rule_set, stats, value
from tests.engine import apply as apply_rules

Cli = Callable[..., CliResult]
Session = Callable[..., Connection]

ODD_NAMES = ['My "odd" 50% {x} $1; -- Ø\\', "select", "a.b"]


def test_odd_names(legacy: Connection, run: Cli) -> None:
    for odd in ODD_NAMES:
        make_right(legacy, run, odd)


def make_right(legacy: Connection, run: Cli, odd: str) -> None:
    quoted = sql.Identifier(odd).as_string(legacy)
    key, keep = f"{odd} 1", f"{odd}, 2"
    legacy.execute(sql.SQL("create schema {}").format(sql.Identifier(odd)))
    legacy.execute(
        sql.SQL("create table {} ({} integer not null, {} integer, {} text)").format(
            sql.Identifier(odd, odd),
            sql.Identifier(key),
            sql.Identifier(keep),
            sql.Identifier("x"),
        )
    )
    legacy.execute(
        sql.SQL("insert into {} select n / 2, n, 'x' from generate_series(2, 9) as n").format(
            sql.Identifier(odd, odd)
        )
    )
    listed = f"{sql.Identifier(key).as_string(legacy)},x"
    on = ("dedupe", f"{quoted}.{quoted}", "--key", listed, "--keep", keep)
    assert json.loads(run(*on, "--format", "json").stdout)["removed"] == 4
    done = apply(run, on=on)
    assert done["removed"] == 4
    told = run("dedupe", done["table"], "--status", "--format", "json")
    assert [batch["table"] for batch in json.loads(told.stdout)] == [done["table"]]
    undone = run("dedupe", "--undo", done["batch"], "--format", "json")
    assert json.loads(undone.stdout)["restored"] == 4


def test_names_are_found_as_they_are_or_as_sql_folds_them(legacy: Connection, run: Cli) -> None:
    assert run("dedupe", "USER_BADGES", "--key", "User_Id, BADGE_ID", "--keep", "ID").exit_code == 1


def test_the_longest_names(legacy: Connection, run: Cli) -> None:
    name = "n" * 63
    legacy.execute(f"alter table user_badges rename to {name}".encode())
    done = apply(run, on=("dedupe", name, *LEGACY[2:]))
    assert len(done["constraint"]) == 63
    assert not apply(run, on=("dedupe", name, *LEGACY[2:]))["changed"]


NO_PLAIN_TABLES = [
    ("select", "nowhere", 'there is no table "nowhere"'),
    ("select", "", "TABLE, --key and --keep are needed."),
    ("select", "a.b.c", '"a.b.c" is not the name of a table'),
    ("create view v as select * from user_badges", "v", "public.v is not a table"),
    (
        "create table p (like user_badges) partition by hash (user_id)",
        "p",
        "public.p is partitioned",
    ),
    (
        "create table q partition of p for values with (modulus 1, remainder 0)",
        "q",
        "public.q is a partition",
    ),
    ("create unlogged table u (like user_badges)", "u", "public.u is unlogged"),
    (
        "create table parent (like user_badges); create table kid () inherits (parent)",
        "parent",
        "public.parent inherits or is inherited from",
    ),
    ("select", "pg_catalog.pg_class", "pg_catalog.pg_class is a table of the system"),
    (
        "create table r (like user_badges); create rule r as on delete to r do instead nothing",
        "r",
        "public.r has rules",
    ),
    (
        "create table bare (like user_badges); create publication all_of_it for table bare",
        "bare",
        "public.bare has no replica identity, and publication all_of_it",
    ),
    (
        "create table meta (like user_badges, pgmerit_step integer)",
        "meta",
        'the column "pgmerit_step" has a name of our own in the archive',
    ),
]


def test_what_is_no_plain_table_is_refused(legacy: Connection, run: Cli) -> None:
    for made, name, said in NO_PLAIN_TABLES:
        legacy.execute(made.encode())
        for more in ([], ["--apply"]):
            told = run("dedupe", name, *LEGACY[2:], *more)
            assert (told.exit_code, len(told.stderr.splitlines())) == (2, 2)
            assert said in told.stderr.splitlines()[0]
    assert value(legacy, "select to_regnamespace('pgmerit_dedupe')") is None


MEANING_NOTHING = [
    (["--key", "user_id,nothing", "--keep", "id"], 'has no column "nothing"'),
    (["--key", "user_id,user_id", "--keep", "id"], "--key names a column twice"),
    (["--key", "user_id,", "--keep", "id"], "is not a list of columns"),
    (["--key", ",", "--keep", "id"], "is not a list of columns"),
    (["--key", '"user_id', "--keep", "id"], "is not a list of columns"),
    (["--key", "ctid", "--keep", "id"], 'has no column "ctid"'),
    (["--key", "shape", "--keep", "id"], 'the column "shape" has a type without an order'),
    (["--key", "user_id", "--keep", "shape"], 'the column "shape" has a type without an order'),
    (["--key", "user_id", "--keep", "1=1"], 'has no column "1=1"'),
    (["--key", "user_id"], "TABLE, --key and --keep are needed."),
    (
        ["--key", "user_id", "--keep", "id", "--constraint", "n" * 64],
        "--constraint is not a name",
    ),
    (["--key", "user_id", "--keep", "id", "--constraint", ""], "--constraint is not a name"),
    (["--apply", "--status"], "--apply, --undo, --status and --print-sql exclude each other."),
]


def test_what_means_nothing_is_told_in_one_line(legacy: Connection, run: Cli) -> None:
    legacy.execute("alter table user_badges add shape point")
    for words, said in MEANING_NOTHING:
        told = run("dedupe", "user_badges", *words)
        assert (told.exit_code, said in told.stderr.splitlines()[0]) == (2, True), told


@pytest.fixture
def roles(legacy: Connection) -> Iterator[dict[str, str]]:
    """A plain owner of the table, and a writer with INSERT alone; roles are the server's."""
    name = legacy.info.dbname
    owner, writer = f"{name}_owner", f"{name}_writer"
    for role in (owner, writer):
        legacy.execute(f"create role {role} login".encode())
    legacy.execute(f"alter table user_badges owner to {owner}".encode())
    legacy.execute(f"grant insert on user_badges to {writer}".encode())
    yield {"owner": owner, "writer": writer}
    for role in (owner, writer):
        legacy.execute(f"drop owned by {role} cascade".encode())
        legacy.execute(f"drop role {role}".encode())


def test_a_plain_owner_may_and_writers_need_no_rights(
    legacy: Connection, session: Session, empty_dsn: str, roles: dict[str, str], run: Cli
) -> None:
    fill(legacy, people=3, copies=2)
    own = make_conninfo(empty_dsn, options=f"-c role={roles['owner']}")
    refused = run(*LEGACY, "--apply", "--dsn", own)
    assert refused.stderr.startswith("error: this role may not make an index in schema public\n")
    legacy.execute(f"grant create on schema public to {roles['owner']}".encode())
    refused = run(*LEGACY, "--apply", "--dsn", own)
    assert refused.stderr.startswith("error: this role may not make the schema pgmerit_dedupe\n")
    legacy.execute(f"grant create on database {legacy.info.dbname} to {roles['owner']}".encode())
    writer = session()
    writer.execute(f"set role {roles['writer']}".encode())
    seen: list[str] = []

    def write(description: str) -> None:
        phase = value(legacy, "select phase from pgmerit_dedupe.batches")
        if phase in ("scanned", "fenced") and phase not in seen:
            seen.append(phase)
            writer.execute(INSERT.encode(), (len(seen) + 50,))
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                writer.execute("select from pgmerit_dedupe.batches")

    done = apply_hooked(own, on_progress=write)
    assert (seen, done["removed"]) == (["scanned", "fenced"], 3)
    assert run("dedupe", "--undo", 1, "--dsn", own).exit_code == 0


def test_nobody_else_may_call_the_guard_or_use_its_schema(
    legacy: Connection, empty_dsn: str
) -> None:
    fill(legacy, people=3, copies=2)
    open_to_all: list[object] = []

    def look(description: str) -> None:
        open_to_all.extend(
            rows(
                legacy,
                "select p.oid::regprocedure::text from pg_proc as p"
                " where p.pronamespace = 'pgmerit_dedupe'::regnamespace"
                " and has_function_privilege('pg_monitor', p.oid, 'execute')",
            )
        )
        assert value(legacy, "select count(*) from pg_proc where prosecdef and proname ~ '^guard'")

    apply_hooked(empty_dsn, on_progress=look)
    assert open_to_all == []
    assert not value(legacy, "select has_schema_privilege('pg_monitor', 'pgmerit_dedupe', 'usage')")


def test_a_table_of_somebody_else_is_refused(
    legacy: Connection, empty_dsn: str, roles: dict[str, str], run: Cli
) -> None:
    other = make_conninfo(empty_dsn, options=f"-c role={roles['writer']}")
    told = run(*LEGACY, "--dsn", other)
    assert told.stderr.startswith(
        f"error: public.user_badges belongs to {roles['owner']}\nhint: Use its owner"
    )


def test_a_schema_that_somebody_else_made_is_refused(
    legacy: Connection, empty_dsn: str, roles: dict[str, str], run: Cli
) -> None:
    legacy.execute(f"create schema pgmerit_dedupe authorization {roles['writer']}".encode())
    for role in ("public", "database"):
        place = "schema public" if role == "public" else f"database {legacy.info.dbname}"
        legacy.execute(f"grant create on {place} to {roles['owner']}".encode())
    own = make_conninfo(empty_dsn, options=f"-c role={roles['owner']}")
    for words in ([*LEGACY, "--apply"], ["dedupe", "--status"], ["dedupe", "--undo", "1"]):
        told = run(*words, "--dsn", own)
        assert told.exit_code == 2
        assert told.stderr.startswith(
            f"error: the schema pgmerit_dedupe belongs to {roles['writer']}\n"
        )


def test_row_level_security_that_hides_rows_is_refused(
    legacy: Connection, empty_dsn: str, roles: dict[str, str], run: Cli
) -> None:
    legacy.execute("alter table user_badges enable row level security")
    own = make_conninfo(empty_dsn, options=f"-c role={roles['owner']}")
    assert run(*LEGACY, "--dsn", own).exit_code == 1
    legacy.execute("alter table user_badges force row level security")
    told = run(*LEGACY, "--dsn", own)
    assert told.stderr.startswith("error: public.user_badges has row-level security that hides")


def test_everything_in_a_publication_of_all_tables(legacy: Connection, run: Cli) -> None:
    fill(legacy, people=3, copies=2)
    legacy.execute("create publication everything for all tables")
    assert apply(run)["removed"] == 3
    assert run("dedupe", "--undo", 1).exit_code == 0


OWN = "peer_mentor_id,badge_definition_id,org_id,tier,occurrence"


def test_our_own_awards_tell_nothing_and_keep_the_snapshot(
    connection: Connection, dsn: str, cli: Cli
) -> None:
    first = {
        "name": "First",
        "limit": {"first": 5},
        "criteria": {"type": "threshold", "at_least": 1},
    }
    apply_rules(connection, rule_set({"first": first}))
    insert(connection, activity("2026-03-01"))
    (award,) = awards(connection)
    connection.execute(
        "alter table badges.earned_badges drop constraint earned_badges_are_awarded_once"
    )
    connection.execute(
        "insert into badges.earned_badges"
        ' select (jsonb_populate_record(e, \'{"earned_at": "2026-03-02T12:00:00Z"}\')).*'
        " from badges.earned_badges as e"
    )

    def around() -> list[object]:
        return [
            stats(connection),
            rows(connection, "select * from badges.award_events order by event_id"),
            rows(connection, "select * from badges_internal.badge_places"),
        ]

    before = around()
    on = ("dedupe", "badges.earned_badges", "--key", OWN, "--keep", "earned_at")
    report = json.loads(cli(*on, "--format", "json", dsn=dsn).stdout)
    assert report["removed"] == 1
    assert "a removed row is no revocation, so no event is told" in report["notes"][0]
    done = cli(*on, "--apply", "--constraint", "earned_badges_are_awarded_once", dsn=dsn)
    assert done.exit_code == 0, done.stderr
    assert (awards(connection), around()) == ([award], before)
    insert(connection, activity("2026-03-03"))
    assert cli("verify", dsn=dsn).exit_code == 0


def test_a_narrower_key_of_our_own_awards_is_refused(
    connection: Connection, dsn: str, cli: Cli
) -> None:
    told = cli(
        *("dedupe", "badges.earned_badges", "--key", "peer_mentor_id,badge_definition_id"),
        *("--keep", "earned_at"),
        dsn=dsn,
    )
    assert told.exit_code == 2
    assert "a key without occurrence, org_id, tier would stop awards" in told.stderr
    assert (
        cli(
            *("dedupe", "badges.earned_badges", "--key", OWN, "--keep", "earned_at"), dsn=dsn
        ).exit_code
        == 0
    )
