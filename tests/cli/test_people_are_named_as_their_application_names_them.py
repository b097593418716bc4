"""External ids in every output that names people, and in every command that takes one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pgmerit import routines
from pgmerit.database import Connection
from psycopg.conninfo import make_conninfo

from tests.conftest import CliResult
from tests.engine import ORG, activity, apply, insert, rule_set, value

Cli = Callable[..., CliResult]
RULES: dict[str, Any] = {
    "visits": {
        "name": "Visits",
        "on_unmet": "revoke",
        "criteria": {"type": "threshold", "activity": "visit", "at_least": 2},
    }
}


def imported(connection: Connection) -> None:
    """17 with two visits, 18 with one, both of `app`; somebody without an external id with two."""
    apply(connection, rule_set(RULES))
    apply_ids(connection, "app", "17", "18")
    seventeen, eighteen = (routines.find_mentor(connection, "app", each) for each in ("17", "18"))
    insert(
        connection,
        *(activity(f"2026-03-0{day}", who=seventeen, kind="visit") for day in (1, 2)),
        activity("2026-03-03", who=eighteen, kind="visit"),
        *(activity(f"2026-03-0{day}", kind="visit") for day in (4, 5)),
    )


def apply_ids(connection: Connection, namespace: str, *external_ids: str) -> None:
    routines.remember_mentors(connection, namespace, external_ids)


PREPARED = {"named": imported}


@pytest.fixture
def named(connection: Connection) -> Connection:
    return connection


def as_json(result: CliResult) -> Any:
    assert result.exit_code in (0, 1), result.stderr
    return json.loads(result.stdout)


def ids(row: dict[str, Any]) -> tuple[str | None, str | None]:
    assert list(row)[list(row).index("peer_mentor_id") :][1:3] == ["external_id", "namespace"]
    return row["namespace"], row["external_id"]


def test_a_person_is_taken_by_uuid_and_by_external_id(
    named: Connection, cli: Cli, dsn: str
) -> None:
    seventeen = str(routines.find_mentor(named, "app", "17"))
    show = ("mentor", "show", "--org", ORG, "--format", "json")
    for given in ([seventeen], ["17"], ["17", "--mentor-namespace", "app"]):
        told = as_json(cli(*show, *given, dsn=dsn))
        assert (told["peer_mentor_id"], *ids(told)) == (seventeen, "app", "17")
    told = as_json(cli("mentor", "explain", "18", "visits", *show[2:], dsn=dsn))
    assert ids(told) == ("app", "18")
    assert cli("verify", "--mentor", "17", dsn=dsn).exit_code == 0
    # What looks like a uuid is one, unless a namespace is named.
    apply_ids(named, "app", seventeen)
    assert as_json(cli(*show, seventeen, dsn=dsn))["earned"]
    assert not as_json(cli(*show, seventeen, "--mentor-namespace", "app", dsn=dsn))["earned"]
    unknown = cli(*show[:4], "71", dsn=dsn)
    assert (unknown.exit_code, unknown.stdout) == (2, "")
    assert unknown.stderr.startswith('error: nobody is known as "71" in the namespace "app"\nhint:')
    assert cli(*show[:4], "71", "--mentor-namespace", "app", dsn=dsn).exit_code == 0


def test_of_several_namespaces_one_has_to_be_named(named: Connection, cli: Cli, dsn: str) -> None:
    show = ("mentor", "show", "--org", ORG)
    named.execute("delete from badges.external_ids")
    none = cli(*show, "17", dsn=dsn)
    assert none.stderr.startswith('error: "17" is not a uuid\nhint:')
    apply_ids(named, "app", "17", "18")
    apply_ids(named, "app:old", "17")
    refused = cli(*show, "17", dsn=dsn)
    assert refused.exit_code == 2
    assert refused.stderr == (
        'error: "17" is an id of one of several namespaces: app, app:old\n'
        "hint: Say which by --mentor-namespace, or write app:17.\n"
    )
    seventeen = routines.find_mentor(named, "app", "17")
    assert cli(*show, "app:17", dsn=dsn).stdout.startswith(f"app:17 ({seventeen})\n")
    assert "Visits" not in cli(*show, "app:old:17", dsn=dsn).stdout.partition("To come")[0]
    assert "app:18" in cli("mentor", "list", dsn=dsn).stdout


def test_who_was_merged_is_found_as_who_it_is_now(named: Connection, cli: Cli, dsn: str) -> None:
    one, two = (routines.find_mentor(named, "app", each) for each in ("18", "17"))
    named.execute(
        "insert into badges_internal.merged_people values (%s, '', %s, now())", (one, two)
    )
    named.execute("update badges.external_ids set peer_mentor_id = %s", (two,))
    shown = cli("mentor", "show", "18", "--org", ORG, dsn=dsn)
    assert shown.stdout.startswith(f"17 ({two})\n")


def test_a_plan_and_a_refused_apply_name_people(
    named: Connection, cli: Cli, dsn: str, tmp_path: Path
) -> None:
    file = tmp_path / "rules.json"
    file.write_text(json.dumps(rule_set(RULES)).replace('"at_least": 2', '"at_least": 3'))
    lines = cli("rules", "plan", file, dsn=dsn).stdout
    seventeen, nobody = (
        str(each["peer_mentor_id"])
        for each in routines.list_holders(named, "visits", ORG, sort="oldest")
    )
    assert seventeen not in lines
    for shown in ("17", nobody):
        assert shown in lines.partition("revoked: ")[2].splitlines()[0]
    assert "18" in lines.partition("Nearest misses")[2]
    plan = as_json(cli("rules", "plan", file, "--format", "json", dsn=dsn))
    (effect,) = plan["effects"]
    assert set(effect["revoked"]["sample"]) == {seventeen, nobody}
    assert set(effect["revoked"]["sample_names"]) == {"17", nobody}
    assert {ids(each) for each in effect["nearest"]} == {("app", "18")}
    refused = cli("rules", "apply", file, "--format", "json", dsn=dsn)
    (loss,) = json.loads(refused.stderr.splitlines()[-1])["error"]["details"]
    assert set(loss["sample_names"]) == {"17", nobody}


def test_differences_dead_letters_and_the_report_name_people(
    named: Connection, cli: Cli, dsn: str, tmp_path: Path
) -> None:
    seventeen = routines.find_mentor(named, "app", "17")
    routines.register_consumer(named, "app")
    events = routines.claim_events(named, "app", 1)
    routines.settle_events(named, "app", [each["event_id"] for each in events], "dead")
    (dead,) = as_json(cli("relay", "dead", "--format", "json", dsn=dsn))
    assert ids(dead) == ("app", "17")
    assert str(seventeen) not in cli("relay", "dead", dsn=dsn).stdout
    # Its role reads no table, and so nobody's names.
    named.execute("grant pgmerit_relay to current_user")
    as_relay = make_conninfo(dsn, options="-c role=pgmerit_relay")
    assert str(seventeen) in cli("relay", "dead", dsn=as_relay).stdout

    named.execute("delete from badges.earned_badges where peer_mentor_id = %s", (seventeen,))
    (found,) = as_json(cli("verify", "--format", "json", dsn=dsn))["differences"]
    assert ids(found) == ("app", "17")
    table = cli("verify", dsn=dsn).stdout.splitlines()
    assert [line.split()[0] for line in table[1:3]] == ["person", "17"]
    repaired = cli("verify", "--repair", dsn=dsn).stdout
    assert repaired.splitlines()[2].split()[0] == "17"

    page = tmp_path / "page.html"
    insert(named, *[activity("2026-03-06", who=seventeen, kind="call")] * 4)
    nearly = {"type": "threshold", "activity": "call", "at_least": 5}
    apply(named, rule_set(RULES | {"calls": nearly}))
    cli("report", "--out", page, "--with-ids", dsn=dsn)
    assert "<td>17</td>" in page.read_text()
    cli("report", "--out", page, dsn=dsn)
    assert "<td>17</td>" not in page.read_text()
    cli("mentor", "show", "17", "--org", ORG, "--html", page, dsn=dsn)
    assert str(seventeen) not in page.read_text()


def test_lists_are_told_page_by_page_in_words(named: Connection, cli: Cli, dsn: str) -> None:
    first = cli("mentor", "list", "--org", ORG, "--limit", "1", "--sort", "awards", dsn=dsn)
    assert len(first.stdout.splitlines()) == 2
    cursor = first.stderr.removeprefix("more: --after ").strip()
    rest = ("mentor", "list", "--org", ORG, "--sort", "awards", "--after", cursor)
    told = as_json(cli(*rest, "--format", "json", dsn=dsn))
    assert (len(told["mentors"]), told["next"]) == (2, None)
    show = ("badge", "show", "visits", "--org", ORG, "--near", "0.5", "--limit", "1")
    both = cli(*show, "--language", "nb", dsn=dsn)
    assert "Hvem har visits" in both.stdout
    assert "5. mars 2026" in both.stdout
    (more,) = both.stderr.splitlines()
    after = as_json(cli(*show, "--format", "json", "--after", more.split()[-1], dsn=dsn))
    assert ids_of(after["holders"]) == ["17"]
    assert (after["next_holders"], "near" in after) == (None, False)
    near = as_json(cli(*show, "--format", "json", dsn=dsn))
    assert ids_of(near["near"]) == ["18"]
    listed = cli("badge", "list", dsn=dsn).stdout.splitlines()
    assert listed[1].split() == [ORG, "visits", "Visits", "2", "2", "0", "yes"]
    for wrong in (("--after", "x"), ("--since", "yesterday"), ("--limit", "0"), ("--tier", "x")):
        refused = cli("mentor", "list", *wrong, dsn=dsn)
        assert (refused.exit_code, refused.stdout) == (2, ""), wrong
        assert refused.stderr.count("\n") == 2


def ids_of(rows: list[dict[str, Any]]) -> list[str | None]:
    return [row["external_id"] for row in rows]


def test_what_import_and_adopt_derive_people_from_is_remembered(
    named: Connection, cli: Cli, dsn: str, tmp_path: Path
) -> None:
    file = tmp_path / "visits.csv"
    header = "peer_mentor_id,org_id,activity_type,activity_date\n"
    file.write_text(f"{header}20,{ORG},visit,2026-03-01\n{'x' * 201},{ORG},visit,2026-03-01\n")
    given = ("import", file, "--mentor-namespace", "app")
    known = "select string_agg(external_id, ' ' order by external_id) from badges.external_ids"
    assert cli(*given, "--dry-run", dsn=dsn).exit_code == 0
    assert value(named, known) == "17 18"
    assert cli(*given, dsn=dsn).exit_code == 0
    assert value(named, known) == "17 18 20"
    # A person who was merged gets what is told of its old id.
    old, now = (routines.mentor_id_from(named, "app", each) for each in ("30", "17"))
    named.execute(
        "insert into badges_internal.merged_people values (%s, '', %s, now())", (old, now)
    )
    file.write_text(f"{header}30,{ORG},visit,2026-03-09\n")
    assert cli(*given, dsn=dsn).exit_code == 0
    activities = "select count(*) from badges.activities where peer_mentor_id = %s"
    assert (value(named, activities, now), value(named, activities, old)) == (3, 0)

    named.execute("create table given (person integer, badge text, at timestamptz)")
    named.execute("insert into given values (17, 'visits', now()), (40, 'visits', now())")
    columns = ("--person=person", "--badge=badge", "--earned-at=at", "--person-namespace=app")
    assert cli("adopt", "given", *columns, dsn=dsn).exit_code == 0
    assert value(named, known) == "17 18 20 30"
    assert cli("adopt", "given", *columns, "--apply", dsn=dsn).exit_code == 0
    assert value(named, known) == "17 18 20 30 40"
    # What an earlier version took over is remembered too.
    named.execute("delete from badges.external_ids")
    assert cli("adopt", "given", *columns, "--apply", dsn=dsn).exit_code == 0
    assert value(named, known) == "17 40"
