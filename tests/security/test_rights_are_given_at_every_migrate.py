"""Rights are compared and given whenever migrate runs; when they cannot be, that is told."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from pgmerit import schema
from pgmerit.database import Connection
from pgmerit.schema import rights, sources

from tests.conftest import CliResult
from tests.engine import apply, rows, rule_set
from tests.security.conftest import Login, role_of, run_as

Cli = Callable[..., CliResult]


def _findings(cli: Cli, dsn: str) -> list[str]:
    found = json.loads(cli("doctor", "--format", "json", dsn=dsn).stdout)
    return [row["finding"] for row in found if row["check"] == "rights" and row["status"] != "ok"]


BROKEN = {
    "revoke execute on function badges.record_activities from pgmerit_writer": (
        "pgmerit_writer lacks EXECUTE on routine badges.record_activities(jsonb)"
    ),
    "revoke usage on schema badges from pgmerit_reader": (
        "pgmerit_reader lacks USAGE on schema badges"
    ),
    "grant update (quantity) on badges.activities to pgmerit_reader": (
        "pgmerit_reader holds UPDATE on column badges.activities.quantity"
    ),
    "grant select on badges.earned_badges to pgmerit_reader with grant option": (
        "pgmerit_reader holds SELECT with grant option on table badges.earned_badges"
    ),
    "grant execute on function badges.apply_badge_rules to public": (
        "PUBLIC holds EXECUTE on routine badges.apply_badge_rules(badges_internal.candidate[],text)"
    ),
    "grant select on badges_internal.milestones to pgmerit_writer": (
        "pgmerit_writer holds SELECT on table badges_internal.milestones"
    ),
    "grant usage on schema badges_internal to public": (
        "PUBLIC holds USAGE on schema badges_internal"
    ),
    "grant usage on sequence badges.activities_activity_id_seq to public": (
        "PUBLIC holds USAGE on sequence badges.activities_activity_id_seq"
    ),
}


def test_what_was_given_or_taken_by_hand_is_a_finding_and_put_right(
    connection: Connection, dsn: str, cli: Cli
) -> None:
    assert _findings(cli, dsn) == []
    for broken in BROKEN:
        connection.execute(broken.encode())
    # Each role's findings stand in one line.
    told = [
        f"{role} {said} {right}"
        for role, said, rights in (line.split(" ", 2) for line in _findings(cli, dsn))
        for right in rights.split(", ")
    ]
    # A right with grant option stands in the place of the one without.
    assert {*told} - {*BROKEN.values()} == {
        "pgmerit_reader lacks SELECT on table badges.earned_badges"
    }
    assert {*BROKEN.values()} <= {*told}
    assert schema.plan(dsn).loaded
    assert cli("migrate", dsn=dsn).exit_code == 0
    assert _findings(cli, dsn) == []
    assert cli("migrate", dsn=dsn).stderr == "nothing to do\n"


APART = {
    "alter table badges.activities disable row level security": (
        "PUBLIC lacks row security on table badges.activities"
    ),
    "alter table badges.earned_badges force row level security": (
        "PUBLIC holds forced row security on table badges.earned_badges"
    ),
    "drop policy own_rows on badges.earned_badges": (
        "pgmerit_person lacks SELECT on rows of badges.earned_badges (policy own_rows"
    ),
    "create policy mine on badges.activities for select to public using (true)": (
        "PUBLIC holds SELECT on rows of badges.activities (policy mine"
    ),
    "alter policy own_rows on badges.award_events using (true)": (
        "pgmerit_person holds SELECT on rows of badges.award_events (policy own_rows"
    ),
}


def test_rows_that_are_no_longer_kept_apart_are_a_finding_and_put_right(
    connection: Connection, dsn: str, cli: Cli
) -> None:
    held = "select polname, polrelid, oid from pg_policy where polrelid <> all(%s::regclass[])"
    changed = ["badges.activities", "badges.award_events", "badges.earned_badges"]
    before = rows(connection, held, changed)
    # A role of one's own may have a policy of its own.
    connection.execute("create policy theirs on badges.activities to pg_monitor using (true)")
    for broken in APART:
        connection.execute(broken.encode())
    told = "\n".join(_findings(cli, dsn))
    assert [words for words in APART.values() if words.split(" ", 2)[2] not in told] == []
    assert cli("migrate", dsn=dsn).exit_code == 0
    (left,) = _findings(cli, dsn)
    assert left.startswith("pg_monitor holds ALL on rows of badges.activities (policy theirs")
    # To make a policy keeps readers out: those that are as wanted stay.
    assert rows(connection, held, changed) == before != []


def test_a_database_of_a_version_without_an_account_of_rights_is_brought_up(
    connection: Connection, dsn: str, cli: Cli
) -> None:
    connection.execute("drop table badges_internal.loaded_rights")
    (finding,) = _findings(cli, dsn)
    assert finding.startswith("what was given is not on record")
    assert cli("migrate", dsn=dsn).exit_code == 0
    assert _findings(cli, dsn) == []


def test_what_another_role_holds_is_told_and_left(
    connection: Connection, dsn: str, login: Login, cli: Cli
) -> None:
    role = role_of(login())
    connection.execute(f"grant select on badges.earned_badges to {role}".encode())
    assert _findings(cli, dsn) == [f"{role} holds SELECT on table badges.earned_badges"]
    assert schema.migrate(dsn).is_empty()


def test_a_role_for_tokens_that_sees_everybody_is_told(
    connection: Connection, dsn: str, login: Login, cli: Cli
) -> None:
    role = role_of(login("pgmerit_person", "pgmerit_writer"))
    (finding,) = _findings(cli, dsn)
    assert finding.startswith(f"{role} is a member of pgmerit_person and of pgmerit_writer")
    connection.execute(f"revoke pgmerit_writer from {role}".encode())
    assert _findings(cli, dsn) == []


@pytest.fixture
def roles(monkeypatch: pytest.MonkeyPatch, empty_dsn: str, tmp_path: Path) -> Iterator[list[str]]:
    """Roles of pgmerit under names that nobody made yet: its own are of the whole cluster."""
    names = [f"{role}_{os.getpid()}" for role in rights.ROLES]
    shipped = shutil.copytree(sources.sql_dir(), tmp_path / "sql")
    text = (shipped / "grants.sql").read_text()
    for role, name in zip(rights.ROLES, names, strict=True):
        text = text.replace(f"'{role}'", f"'{name}'")
    (shipped / "grants.sql").write_text(text)
    found = sources._data_dir
    monkeypatch.setattr(
        sources,
        "_data_dir",
        lambda packaged, checkout: shipped if checkout == "sql" else found(packaged, checkout),
    )
    monkeypatch.setattr(rights, "ROLES", tuple(names))
    yield names
    with psycopg.connect(empty_dsn, autocommit=True) as connection:
        for name in names:
            if connection.execute("select from pg_roles where rolname = %s", (name,)).fetchone():
                connection.execute(f"drop owned by {name}; drop role {name}".encode())


def test_roles_that_may_not_be_made_are_told_with_the_command_that_makes_them(
    roles: list[str], owner: str, empty_dsn: str, cli: Cli
) -> None:
    command = " ".join(f"create role {role} nologin;" for role in roles)
    warning = (
        f"warning: no rights were given to {', '.join(roles)}: this role may not make roles; "
        f'have an administrator run "{command}" and `pgmerit migrate` again'
    )
    for arguments in (["migrate"], ["migrate"], ["migrate", "--plan"]):
        told = cli(*arguments, dsn=owner)
        assert told.exit_code == 0
        assert told.stderr.splitlines()[-1] == warning
    told = cli("migrate", "--format", "json", dsn=owner)
    report = json.loads(told.stdout)
    assert (report["missing_roles"], report["loaded"]) == (roles, [])
    assert f"warning: {report['warning']}" == warning
    assert _findings(cli, owner) == [f"the role {role} does not exist" for role in roles]

    run_as(empty_dsn, command)
    assert _holders(empty_dsn, roles) == []
    told = cli("migrate", dsn=owner)
    assert (told.exit_code, "warning" in told.stderr) == (0, False)
    assert _holders(empty_dsn, roles) == sorted(roles)
    assert _findings(cli, owner) == []
    assert cli("migrate", dsn=owner).stderr == "nothing to do\n"


def test_a_role_that_was_dropped_is_told_and_made_again(
    roles: list[str], empty_dsn: str, cli: Cli
) -> None:
    schema.migrate(empty_dsn)
    run_as(empty_dsn, f"drop owned by {roles[0]}; drop role {roles[0]}")
    assert _findings(cli, empty_dsn) == [f"the role {roles[0]} does not exist"]
    assert schema.plan(empty_dsn).loaded
    schema.migrate(empty_dsn)
    assert _holders(empty_dsn, roles) == sorted(roles)


def _holders(dsn: str, roles: list[str]) -> list[str]:
    # By oid, which may be of a role that a test beside has just dropped; by name that is an error.
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            "select rolname from pg_roles where rolname = any(%s)"
            " and has_schema_privilege(oid, 'badges', 'usage') order by 1",
            (roles,),
        ).fetchall()
    return [row[0] for row in rows]


@pytest.fixture
def ruled(connection: Connection) -> Connection:
    """The database with a rule set in it, as its owner sees it."""
    apply(connection, rule_set({"first": {"type": "threshold", "at_least": 1}}))
    return connection


def test_an_administrator_looks_with_doctor_and_plan(
    ruled: Connection, login: Login, cli: Cli
) -> None:
    admin = login("pgmerit_admin")
    looked = cli("doctor", dsn=admin)
    assert (looked.exit_code, looked.stderr) == (0, "")
    planned = cli("migrate", "--plan", dsn=admin)
    assert (planned.exit_code, planned.stderr) == (0, "nothing to do\n")
    ruled.execute("alter function badges.new_badges() set work_mem = '8MB'")
    assert "badges.new_badges() is missing or was changed" in cli("doctor", dsn=admin).stdout
    assert "grants.sql" in cli("migrate", "--plan", "--verbose", dsn=admin).stdout


def test_an_administrator_does_not_migrate(ruled: Connection, login: Login, cli: Cli) -> None:
    refused = cli("migrate", dsn=login("pgmerit_admin"))
    assert refused.exit_code == 2
    assert f"Run this as {ruled.info.user}" in refused.stderr
