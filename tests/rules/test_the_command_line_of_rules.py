"""pgmerit rules: validate, apply, show, history, schema, as people type them."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import jsonschema
import pytest
from pgmerit.models import stats_document_schema
from pgmerit.rules import versions
from pgmerit.rules.editor_schema import rule_set_schema
from pgmerit.rules.versions import load_document, parse_document

LASTING = True

RULES = """\
version: 1
ruleset: peer-mentors
organizations:
  nhf:
    name: NHF
    time_zone: Europe/Oslo
    custom_thresholds: {second: 2.50}
badges:
  first:
    name: {en: First, "no": Første}
    criteria: {type: threshold, activity: assignment, at_least: 1}
  second:
    name: Second
    criteria: {type: threshold, measure: sum, at_least: 2}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(RULES, encoding="utf-8")
    return path


def counts(connection: Any) -> tuple[int, ...]:
    row = connection.execute(
        """select
            (select count(*) from badges.rule_sets) as rule_sets,
            (select count(*) from badges.badge_definitions) as badges,
            (select count(*) from badges.organizations) as organizations"""
    ).fetchone()
    return tuple(row.values())


def test_validate_says_that_a_file_is_valid(cli: Any, file: Path) -> None:
    result = cli("rules", "validate", file)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"{file} is valid: badges 2, organizations 1\n"
    result = cli("rules", "validate", file, "--format", "json")
    assert json.loads(result.stdout) == {"valid": True, "problems": []}


def test_validate_prints_every_problem_and_ends_with_1(cli: Any, file: Path) -> None:
    file.write_text(RULES.replace("at_least: 1", "at_leest: 1").replace("NHF", "[]"))
    result = cli("rules", "validate", file)
    assert result.exit_code == 1
    lines = [line for line in result.stdout.splitlines() if not line.startswith("    ")]
    assert [line.split("; allowed: ")[0] for line in lines] == [
        f"{file}:5:5: $.organizations.nhf.name must not be a list",
        f"{file}:11:5: $.badges.first.criteria.at_least is missing",
        f'{file}:11:55: $.badges.first.criteria.at_leest unknown key "at_leest", '
        'did you mean "at_least"?',
    ]
    result = cli("rules", "validate", file, "--format=json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert found["valid"] is False
    assert found["problems"][0] == {
        "path": "$.organizations.nhf.name",
        "problem": "must not be a list",
        "allowed": "text of 1 to 200 characters",
        "line": 5,
        "column": 5,
    }


def test_a_caret_stands_below_the_place_of_a_problem(cli: Any, dsn: str, file: Path) -> None:
    file.write_text(RULES.replace("at_least: 1", "at_leest: 1"))
    for action, told in (("validate", "stdout"), ("apply", "stderr")):
        lines = getattr(cli("rules", action, file, dsn=dsn), told).splitlines()
        at = next(n for n, line in enumerate(lines) if "did you mean" in line)
        assert lines[at + 1][lines[at + 2].index("^") :].startswith("at_leest")
    file.write_text("version: 1\nruleset: [x\n  y: 1\n")
    lines = cli("rules", "validate", file).stderr.splitlines()
    assert [line.strip() for line in lines[2:4]] == ["y: 1", "^"]


def test_several_files_and_standard_input_are_checked_together(cli: Any, file: Path) -> None:
    wrong = file.with_name("wrong.yaml")
    wrong.write_text(RULES.replace("at_least: 1", "at_leest: 1"))
    malformed = file.with_name("malformed.yaml")
    malformed.write_text("ruleset: [\n")
    result = cli("rules", "validate", malformed, file, wrong)
    assert result.exit_code == 1
    for words in (f"{malformed}:2:1: ", f"{file} is valid", f"{wrong}:11:5: "):
        assert words in result.stdout
    result = cli("rules", "validate", "-", stdin=RULES)
    assert (result.exit_code, result.stdout) == (0, "- is valid: badges 2, organizations 1\n")
    found = json.loads(cli("rules", "validate", file, wrong, "--format", "json").stdout)
    assert [each["valid"] for each in found["files"]] == [True, False]
    told = cli("rules", "validate", file, wrong, "--format", "github").stdout.splitlines()
    assert told[0].startswith(f"::error file={wrong},line=11,col=5::$.badges.first")
    assert all(line.startswith("::error ") for line in told)


def test_init_writes_a_valid_file_and_overwrites_none(
    cli: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli("rules", "init", "--org", "no", "--ruleset", "on").exit_code == 0
    assert cli("rules", "validate", "badges.yaml").exit_code == 0
    assert versions.check_file("badges.yaml")[0].value["organizations"].keys() == {"no"}
    schema = re.match(r"# yaml-language-server: \$schema=(.*)", Path("badges.yaml").read_text())
    assert schema is not None
    assert json.loads(Path(schema[1]).read_text()) == rule_set_schema()
    again = cli("rules", "init")
    assert (again.exit_code, again.stderr.splitlines()[0]) == (
        2,
        "error: badges.yaml is there already",
    )
    wrong = cli("rules", "init", "other.yaml", "--org", "No Slug")
    assert wrong.exit_code == 2
    assert not Path("other.yaml").exists()


@pytest.mark.parametrize("action", ["validate", "apply"])
def test_a_missing_or_malformed_file_is_one_line_and_ends_with_2(
    cli: Any, dsn: str, file: Path, action: str
) -> None:
    result = cli("rules", action, file.with_name("none.yaml"), dsn=dsn)
    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")
    assert "cannot be read" in result.stderr
    file.write_text("version: 1\nruleset: [\n")
    result = cli("rules", action, file, dsn=dsn)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"error: {file}:3:1: ")
    assert result.stdout == ""


def test_apply_shows_what_it_did_and_a_second_time_says_so(
    cli: Any, connection: Any, dsn: str, file: Path
) -> None:
    result = cli("rules", "apply", file, "--format", "json", dsn=dsn)
    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(result.stdout) == {
        "rule_set": "peer-mentors",
        "version": 1,
        "changed": True,
        "organizations": 1,
        "badges": 2,
        "people_to_evaluate": 0,
        "evaluated": 0,
        "awarded": 0,
    }
    again = cli("rules", "apply", file, "--format", "json", dsn=dsn)
    assert again.exit_code == 0
    assert again.stderr == "unchanged: this document is version 1 already\n"
    assert json.loads(again.stdout)["changed"] is False
    assert counts(connection) == (1, 2, 1)


def test_apply_awards_what_is_owed_for_the_past(
    cli: Any, connection: Any, dsn: str, file: Path
) -> None:
    cli("rules", "apply", file, dsn=dsn)
    people = [uuid4() for _ in range(25)]
    connection.cursor().executemany(
        """insert into badges.activities
            (org_id, peer_mentor_id, activity_type, occurred_at, quantity)
        values ('nhf', %s, 'call', %s, 2)""",
        [(person, f"2026-01-0{day} 12:00+01") for person in people for day in (1, 2)],
    )
    file.write_text(RULES.replace("activity: assignment", "activity: call"))
    result = cli("rules", "apply", file, "--batch", 7, "--format=json", dsn=dsn)
    applied = json.loads(result.stdout)
    assert (applied["version"], applied["evaluated"], applied["awarded"]) == (2, 25, 25)
    rows = connection.execute(
        """select badge_definition_id as badge, source, rule_set_version as version,
            min(earned_at) = max(earned_at) as together,
            min(earned_at) = timestamptz '2026-01-01 12:00+01' as is_first, count(*) as people
        from badges.earned_badges group by 1, 2, 3 order by 1"""
    ).fetchall()
    assert [tuple(row.values()) for row in rows] == [
        ("first", "backfill", 2, True, True, 25),
        ("second", "rule", 1, True, False, 25),
    ]


def test_a_file_with_problems_changes_nothing(
    cli: Any, connection: Any, dsn: str, file: Path
) -> None:
    file.write_text(RULES.replace("second: 2.50", "third: 3"))
    result = cli("rules", "apply", file, dsn=dsn)
    assert result.exit_code == 2
    assert "line 7:25 $.organizations.nhf.custom_thresholds.third: " in result.stderr
    assert 'badge "third" does not exist' in result.stderr
    assert counts(connection) == (0, 0, 0)


def test_what_the_database_alone_knows_has_its_line_too(
    cli: Any, connection: Any, dsn: str, file: Path
) -> None:
    raw = "{type: criteria_raw, expression: '$.a >', reason: because}"
    file.write_text(RULES + f"  raw:\n    name: Raw\n    criteria: {raw}\n")
    result = cli("rules", "apply", file, "--format=json", dsn=dsn)
    assert result.exit_code == 2
    details = json.loads(result.stderr)["error"]["details"]
    assert [(each["line"], each["message"].split(":")[0]) for each in details] == [
        (17, "is no SQL/JSON path"),
        (17, "criteria_raw is switched off"),
    ]
    assert counts(connection) == (0, 0, 0)
    connection.execute("select badges.set_setting('criteria_raw', 'true')")
    file.write_text(file.read_text().replace("$.a >", "$.a > 1"))
    result = cli("rules", "apply", file, dsn=dsn)
    assert result.exit_code == 0
    assert result.stderr == 'warning: the badge "raw" is a raw rule: because\n'


def test_a_slug_of_another_rule_set_is_an_error(
    cli: Any, connection: Any, dsn: str, file: Path
) -> None:
    cli("rules", "apply", file, dsn=dsn)
    file.write_text(RULES.replace("ruleset: peer-mentors", "ruleset: others"))
    result = cli("rules", "apply", file, dsn=dsn)
    assert result.exit_code == 2
    assert 'belongs to rule set "peer-mentors"' in result.stderr
    assert counts(connection) == (1, 2, 1)


def test_an_empty_document_needs_to_be_allowed(cli: Any, dsn: str, file: Path) -> None:
    cli("rules", "apply", file, dsn=dsn)
    file.write_text("version: 1\nruleset: peer-mentors\n")
    result = cli("rules", "apply", file, dsn=dsn)
    assert result.exit_code == 2
    assert "--allow-empty" in result.stderr
    assert cli("rules", "apply", file, "--allow-empty", dsn=dsn).exit_code == 0


def test_a_badge_that_no_organization_enables_is_a_warning(cli: Any, file: Path) -> None:
    file.write_text(RULES.replace("    name: NHF\n", "    name: NHF\n    badges: [first]\n"))
    result = cli("rules", "validate", file)
    assert result.exit_code == 0
    assert result.stderr == 'warning: no organization enables the badge "second"\n'


def test_show_prints_what_was_applied_and_it_reads_back_the_same(
    cli: Any, dsn: str, file: Path, tmp_path: Path
) -> None:
    cli("rules", "apply", file, dsn=dsn)
    shown = cli("rules", "show", dsn=dsn)
    assert shown.exit_code == 0
    assert parse_document(shown.stdout).value == load_document(file).value
    copy = tmp_path / "copy.yaml"
    copy.write_text(shown.stdout, encoding="utf-8")
    assert "already" in cli("rules", "apply", copy, dsn=dsn).stderr
    as_json = cli("rules", "show", "1", "--ruleset", "peer-mentors", "--format=json", dsn=dsn)
    assert parse_document(as_json.stdout).value == load_document(file).value


def test_show_and_history_of_several_rule_sets(cli: Any, dsn: str, file: Path) -> None:
    assert cli("rules", "show", dsn=dsn).exit_code == 2
    cli("rules", "apply", file, dsn=dsn)
    file.write_text(RULES.replace("First", "The first"))
    cli("rules", "apply", file, dsn=dsn)
    assert cli("rules", "show", "3", dsn=dsn).exit_code == 2
    assert "The first" not in cli("rules", "show", "1", dsn=dsn).stdout
    file.write_text("version: 1\nruleset: others\norganizations: {hlf: {}}\n")
    cli("rules", "apply", file, dsn=dsn)
    result = cli("rules", "show", dsn=dsn)
    assert result.exit_code == 2
    assert "others, peer-mentors" in result.stderr
    found = json.loads(cli("rules", "history", "--format=json", dsn=dsn).stdout)
    assert [(each["rule_set"], each["version"], each["is_current"]) for each in found] == [
        ("others", 1, True),
        ("peer-mentors", 2, True),
        ("peer-mentors", 1, False),
    ]
    found = json.loads(cli("rules", "history", "--ruleset=others", "--format=json", dsn=dsn).stdout)
    assert [each["rule_set"] for each in found] == ["others"]
    assert "peer-mentors" in cli("rules", "history", dsn=dsn).stdout


def test_schema_prints_the_schemas(cli: Any) -> None:
    assert json.loads(cli("rules", "schema").stdout) == rule_set_schema()
    stats = json.loads(cli("rules", "schema", "--stats-document").stdout)
    assert stats == stats_document_schema()
    docs = Path(__file__).parents[2] / "docs/stats-document.schema.json"
    assert json.loads(docs.read_text(encoding="utf-8")) == stats


@pytest.mark.parametrize(
    ("change", "is_valid"),
    [
        (("", ""), True),
        (("at_least: 1", "at_leest: 1"), False),
        (("type: threshold, activity", "activity"), False),
        (("at_least: 1", "at_least: 0"), False),
        (("activity: assignment", "activity: []"), False),
        (("activity: assignment", "where: {a: {gte: x}}"), False),
        (("activity: assignment", "where: {a: [1, b, true], c: {exists: false}}"), True),
        (("activity: assignment", "activity:"), False),
        (("type: threshold, activity", "type: nothing, activity"), False),
    ],
)
def test_the_schema_for_editors_tells_right_from_wrong(
    change: tuple[str, str], is_valid: bool
) -> None:
    document = json.loads(json.dumps(parse_document(RULES.replace(*change)).value, default=float))
    errors = list(jsonschema.Draft202012Validator(rule_set_schema()).iter_errors(document))
    assert (not errors) is is_valid


def test_the_stats_document_of_the_database_fits_its_schema(
    cli: Any, connection: Any, dsn: str, file: Path
) -> None:
    cli("rules", "apply", file, dsn=dsn)
    person = UUID(int=7)
    connection.execute(
        """insert into badges.activities
            (org_id, peer_mentor_id, activity_type, occurred_at, quantity)
        values ('nhf', %s, 'assignment', '2026-01-01', 2.5)""",
        [person],
    )
    row = connection.execute(
        "select badges_internal._stats_document(%s, 'nhf') as document", [person]
    ).fetchone()
    jsonschema.Draft202012Validator(stats_document_schema()).validate(row["document"])
    assert row["document"]["badges"].keys() == {"first", "second"}


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.01)


def test_apply_waits_out_a_transaction_that_began_before_it(
    connection: Any, connect: Any, dsn: str, file: Path
) -> None:
    applying = connect()
    versions.apply(applying, load_document(file))
    writer = connect(autocommit=False)
    writer.execute(
        """insert into badges.activities
            (org_id, peer_mentor_id, activity_type, occurred_at, quantity)
        values ('nhf', %s, 'call', '2026-01-01', 1)""",
        [UUID(int=1)],
    )
    document = parse_document(RULES.replace("activity: assignment", "activity: call"))
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(versions.apply(applying, document)))
    thread.start()
    wait_until(
        lambda: (
            connection.execute(
                "select from pg_locks where not granted"
                " and relation = 'badges_internal.rule_gate'::regclass"
            ).rowcount
            == 1
        )
    )
    thread.join(0.5)
    assert thread.is_alive()
    writer.commit()
    thread.join(20)
    assert not thread.is_alive()
    assert results[0]["awarded"] == 1
    row = connection.execute("select earned_at, source from badges.earned_badges").fetchone()
    assert row["source"] == "backfill"
