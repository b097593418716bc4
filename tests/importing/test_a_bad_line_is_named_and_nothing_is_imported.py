from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pgmerit.database import Connection
from pgmerit.errors import PgmeritError
from pgmerit.importing import ImportOptions, import_file

from tests.importing.conftest import ANN, HEADER, Import, numbers

Read = Callable[[], list[dict[str, Any]]]
GOOD = f"{ANN},nhf,assignment,2026-01-05T10:00:00Z,1\n"
FUTURE = (datetime.now(UTC) + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M:%SZ")

BAD_LINES = {
    "uuid": (f"{ANN}0,nhf,call,2026-01-05T10:00:00Z,1", "peer_mentor_id", "is not a uuid"),
    "person": (",nhf,call,2026-01-05T10:00:00Z,1", "peer_mentor_id", "empty"),
    "organization": (f"{ANN},nfh,call,2026-01-05T10:00:00Z,1", "org_id", "did you mean nhf?"),
    "type": (f"{ANN},nhf,,2026-01-05T10:00:00Z,1", "activity_type", "empty"),
    "long type": (f"{ANN},nhf,{'x' * 101},2026-01-05T10:00:00Z,1", "activity_type", "100"),
    "nan": (f"{ANN},nhf,call,2026-01-05T10:00:00Z,NaN", "quantity", "not a finite number"),
    "infinite": (f"{ANN},nhf,call,2026-01-05T10:00:00Z,-inf", "quantity", "not a finite number"),
    "huge": (f"{ANN},nhf,call,2026-01-05T10:00:00Z,1e31", "quantity", "beyond 1e30"),
    "comma": (f'{ANN},nhf,call,2026-01-05T10:00:00Z,"1,5"', "quantity", "decimal comma"),
    "word": (f"{ANN},nhf,call,2026-01-05T10:00:00Z,two", "quantity", "is not a number"),
    "digits": (f"{ANN},nhf,call,2026-01-05T10:00:00Z,\u0661", "quantity", "is not a number"),
    "no moment": (f"{ANN},nhf,call,,1", "occurred_at", "neither"),
    "infinity": (f"{ANN},nhf,call,infinity,1", "occurred_at", "is not a moment"),
    "month 13": (f"{ANN},nhf,call,2026-13-05T10:00:00Z,1", "occurred_at", "is not a moment"),
    "day only": (f"{ANN},nhf,call,2026-01-05,1", "occurred_at", "no time of day"),
    "year 0001": (f"{ANN},nhf,call,0001-01-01T10:00:00Z,1", "occurred_at", "within 1900 and 2200"),
    "year 2300": (f"{ANN},nhf,call,2300-01-01T10:00:00Z,1", "occurred_at", "within 1900 and 2200"),
    "future": (f"{ANN},nhf,call,{FUTURE},1", "occurred_at", "in the future"),
    "future there": (f"{ANN},nhf,call,{FUTURE[:-1]},1", "occurred_at", "in the future"),
    "too few": (f"{ANN},nhf,call,2026-01-05T10:00:00Z", None, "4 columns where 5 are expected"),
    "too many": (f"{ANN},nhf,call,2026-01-05T10:00:00Z,1,2", None, "6 columns where 5"),
}


def test_each_kind_of_bad_line(import_text: Import, activities: Read) -> None:
    for name, (line, column, message) in BAD_LINES.items():
        result = import_text(f"{HEADER}{GOOD}{line}\n{GOOD}")
        assert result.exit_code == 2, name
        place = f"line 3, {column}" if column else "line 3: "
        assert place in result.stderr, name
        assert message in result.stderr, name
        assert "nothing was imported" in result.stderr, name
    assert activities() == []


BAD_OBJECTS = {
    "cut": ('{"org_id": "nhf"', "bad JSON"),
    "list": ("[1]", "not a JSON object"),
    "key": ('{"org": "nhf"}', "unknown key org; did you mean org_id?"),
    "nan": ('{"quantity": NaN}', "NaN is not a finite number"),
    "huge": ('{"attributes": {"x": 1e500}}', "out of range"),
    "digits": (f'{{"attributes": {{"x": {"9" * 5000}}}}}', "too many digits"),
    "nul": ('{"attributes": {"x": "a\\u0000"}}', "NUL"),
    "surrogate": ('{"attributes": {"x": "\\ud83d"}}', "surrogate"),
    "deep": ('{"attributes": ' + '{"a":' * 3000 + "1" + "}" * 3001, "nested too deeply"),
    "no object": ('{"attributes": [1]}', "not a JSON object"),
    "boolean": ('{"quantity": true}', "not a number"),
    "number": ('{"org_id": 5}', "must be text"),
    "twice": ('{"attributes": {"a": 1}, "attributes.a": 2}', "given twice"),
}


def test_each_kind_of_bad_json_line(import_text: Import, activities: Read) -> None:
    good = json.dumps(dict(zip(HEADER.strip().split(","), GOOD.strip().split(","), strict=True)))
    for name, (line, message) in BAD_OBJECTS.items():
        result = import_text(f"{good}\n{line}\n", name="rows.jsonl")
        assert result.exit_code == 2, name
        assert "line 2" in result.stderr, name
        assert message in result.stderr, name
    assert activities() == []


def test_bad_json_in_a_column_is_named_with_its_character(import_text: Import) -> None:
    content = f'{HEADER.strip()},attributes\n{GOOD.strip()},"{{""a"": }}"\n'
    result = import_text(content)
    assert "line 2, attributes: bad JSON: Expecting value at character 7" in result.stderr


def test_a_day_must_fit_its_moment(import_text: Import, activities: Read) -> None:
    content = f"{HEADER.strip()},activity_date\n{GOOD.strip()},2026-01-04\n"
    assert import_text(content).exit_code == 0
    result = import_text(content.replace("2026-01-04", "2026-01-03"))
    assert "line 2, activity_date: more than one day away from occurred_at" in result.stderr
    assert len(activities()) == 1


def test_bytes_that_are_no_text_are_found_on_their_line(import_text: Import) -> None:
    latin = f"{HEADER}{GOOD}".encode() + GOOD.replace("assignment", "møte").encode("latin-1")
    assert "line 3: byte 43 is not UTF-8" in import_text(latin).stderr
    with_nul = f"{HEADER}{GOOD}".encode() + GOOD.replace("assignment", "a\0b").encode()
    assert "line 3: a NUL character" in import_text(with_nul).stderr


BAD_HEADERS = {
    "peer_mentor_id,org_id,activity_typ,occurred_at": "did you mean activity_type?",
    "peer_mentor_id,org_id,activity_type,occurred_at,score": "did you mean attributes.score?",
    "peer_mentor_id,org_id,activity_type,quantity": "occurred_at or activity_date is missing",
    "peer_mentor_id,activity_type,occurred_at": "the column org_id is missing",
    "peer_mentor_id,org_id,activity_type,occurred_at,org_id": "org_id comes twice",
    "peer_mentor_id,org_id,,activity_type,occurred_at": "a column without a name",
    "": "the file is empty",
}


def test_a_wrong_header_is_told(import_text: Import) -> None:
    for header, message in BAD_HEADERS.items():
        result = import_text(header)
        assert result.exit_code == 2, header
        assert message in result.stderr, header


def test_a_json_array_is_told_what_json_lines_are(import_text: Import) -> None:
    assert "one object a line" in import_text('[{"a": 1}]', name="rows.json").stderr


def test_all_bad_lines_are_named_in_order_up_to_a_limit(import_text: Import) -> None:
    bad = [line for line, _, _ in BAD_LINES.values()]
    content = f"{HEADER}{GOOD}" + "\n".join(bad) + "\n"
    result = import_text(content, "--max-errors", 100, "--format", "json")
    error = json.loads(result.stderr)["error"]
    assert [detail["line"] for detail in error["details"]] == list(range(3, 3 + len(bad)))
    few = import_text(content, "--max-errors", 2)
    assert "2 bad lines or more" in few.stderr
    assert "line 4" in few.stderr
    assert "line 5" not in few.stderr


def test_skipping_errors_imports_the_good_lines_and_lists_the_others(
    import_text: Import, activities: Read, tmp_path: Path
) -> None:
    bad = [line for line, _, _ in BAD_LINES.values()]
    content = HEADER + GOOD + "\n".join(bad) + "\n" + GOOD
    rejects = tmp_path / "rejects.csv"
    result = import_text(content, "--skip-errors", "--rejects", rejects, "--format", "json")
    assert result.exit_code == 1
    assert numbers(result)["rejected"] == len(bad)
    assert numbers(result)["imported"] == len(activities()) == 2
    listed = list(csv.DictReader(rejects.open(encoding="utf-8")))
    assert [int(row["line"]) for row in listed] == list(range(3, 3 + len(bad)))
    assert "--rejects needs --skip-errors" in import_text(content, "--rejects", rejects).stderr


def test_one_bad_line_late_in_a_large_file_leaves_nothing(
    kept: Connection, tmp_path: Path, activities: Read
) -> None:
    path = tmp_path / "large.csv"
    with path.open("w") as file:
        file.write(HEADER)
        for number in range(100_000):
            quantity = "inf" if number == 90_000 else "1"
            file.write(
                f"{number % 500:08x}-0000-4000-8000-000000000000,nhf,assignment,"
                f"2026-01-05T10:00:00Z,{quantity}\n"
            )
    with path.open("rb") as source, pytest.raises(PgmeritError) as caught:
        import_file(kept, source, "large.csv")
    assert caught.value.message == (
        'large.csv, line 90002, quantity: "inf" is not a finite number; nothing was imported'
    )
    assert activities() == []


def test_an_insert_that_the_database_refuses_leaves_nothing(
    kept: Connection, tmp_path: Path, activities: Read
) -> None:
    kept.execute(
        "create function public.refuse() returns trigger language plpgsql as $$ begin"
        " raise exception 'no' using errcode = '23514'; end $$"
    )
    kept.execute(
        "create trigger refuse before insert on badges.activities for each row"
        " when (new.quantity = 7) execute function public.refuse()"
    )
    path = tmp_path / "rows.csv"
    path.write_text(HEADER + GOOD + GOOD.replace(",1\n", ",7\n"))
    with path.open("rb") as source, pytest.raises(Exception, match="no"):
        import_file(kept, source, "rows.csv", ImportOptions())
    assert activities() == []


def test_without_organizations_the_rule_set_is_asked_for(
    connection: Connection, cli: Callable[..., Any], dsn: str
) -> None:
    result = cli("import", "-", dsn=dsn, stdin=HEADER + GOOD)
    assert result.exit_code == 2
    assert "pgmerit rules apply" in result.stderr


def test_a_file_that_is_not_there_is_one_clear_line(cli: Callable[..., Any], dsn: str) -> None:
    result = cli("import", "nowhere.csv", dsn=dsn)
    assert result.exit_code == 2
    assert result.stderr.startswith("error: nowhere.csv: No such file or directory")
