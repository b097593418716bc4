from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pgmerit import routines
from pgmerit.database import Connection

from tests.importing.conftest import ANN, HEADER, Import, numbers

Read = Callable[[], list[dict[str, Any]]]

SUMS = {
    "version": 1,
    "ruleset": "sums",
    "organizations": {"k20": {"time_zone": "Europe/Oslo"}},
    "badges": {
        "ten": {
            "name": "Ten hours",
            "criteria": {
                "type": "threshold",
                "activity": "visit",
                "measure": "sum",
                "at_least": 10,
            },
        },
        "ten_by_attribute": {
            "name": "Ten hours by attribute",
            "criteria": {
                "type": "any_of",
                "criteria": [
                    {"type": "threshold", "activity": ["visit", "call"], "measure": "sum"}
                    | {"field": "hours", "at_least": 10},
                ],
            },
        },
        "long_days": {
            "name": "Two long days",
            "criteria": {"type": "streak", "unit": "day", "length": 2}
            | {"per_unit": {"measure": "max", "field": "longest", "at_least": 3}},
        },
        "far": {
            "name": "Far away",
            "criteria": {"type": "threshold", "activity": "visit", "at_least": 1}
            | {"where": {"km": {"gte": 100}, "place": "gte", "grade": {"in": ["gte"]}}},
        },
    },
}
FIELDS = "peer_mentor_id;activity_type;occurred_at;quantity;attributes.note;attributes.hours\r\n"
PEOPLE = ("--org", "k20", "--mentor-namespace", "k20")


def test_text_that_a_rule_wants_a_number_of_is_told(
    import_text: Import, kept: Connection, activities: Read
) -> None:
    routines.apply_rule_set(kept, SUMS)
    header = "peer_mentor_id;activity_type;activity_date;attributes.{}\n"

    def told(field: str, value: str, kind: str = "visit", *options: str) -> str:
        line = f"3;{kind};2026-03-02;{value}\n"
        stderr: str = import_text(header.format(field) + line, *PEOPLE, *options).stderr
        return stderr

    assert (
        'line 2, attributes.hours: "2,5" is text, but badge ten_by_attribute wants a number:'
        " --decimal , may read it; nothing was imported"
    ) in told("hours", "2,5")
    for value in ("2 500", "7.5 timer", "ca. 2", "1:30"):
        assert f'"{value}" is text, but badge ten_by_attribute' in told("hours", value, "call")
    assert "badge ten_by_attribute" in told("hours:text", "7")
    assert "badge long_days" in told("longest", "3t", "anything")
    assert "badge far" in told("km", "120 km")
    assert activities() == []
    # Text without a number, of another type, in a field that no rule adds up, or as a rule asks.
    assert [
        told("hours", "unknown"),
        told("hours", "2,5", "walk"),
        told("minutes", "2,5"),
        told("grade", "b2"),
        told("hours", "7,5", "visit", "--decimal", ","),
    ] == [""] * 5
    assert activities()[-1]["attributes"] == {"hours": 7.5}
    line = '3;visit;02.03.2026 18:30;2,5;"første; bra";2,5\r\n'
    norwegian = import_text(FIELDS + line, *PEOPLE, "--decimal", ",", "--date-order", "dmy")
    assert norwegian.exit_code == 0, norwegian.stderr
    earned = kept.execute("select badge_definition_id from badges.earned_badges").fetchall()
    assert [row["badge_definition_id"] for row in earned] == ["ten_by_attribute"]
    json_line = '{"peer_mentor_id":"3","activity_type":"visit","activity_date":"2026-03-02",'
    result = import_text(json_line + '"attributes":{"hours":"2,5"}}', *PEOPLE, name="rows.jsonl")
    assert '"2,5" is text, but badge ten_by_attribute wants a number; nothing' in result.stderr


def test_a_dry_run_shows_what_would_come_in_and_leaves_nothing(
    import_text: Import, kept: Connection, activities: Read
) -> None:
    content = (
        HEADER
        + f"{ANN},nhf,assignment,2026-01-05T10:00:00Z,1\n" * 2
        + f"{ANN},study,quiz,2026-02-01 23:30,1\nx,nhf,quiz,2026-01-01 12:00,1\n"
    )
    options = ("--dry-run", "--skip-errors", "--chunk", 1)
    before = kept.execute("select count(*) as n from badges.award_events").fetchone()
    result = import_text(content, *options, "--format", "json")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {
        "read": 4,
        "imported": 3,
        "duplicates": 0,
        "rejected": 1,
        "repeated": 0,
        "new_badges": 1,
        "preview": {
            "people": 1,
            "organizations": ["nhf", "study"],
            "first_day": "2026-01-05",
            "last_day": "2026-02-01",
            "activity_types": {"assignment": 2, "quiz": 1},
            "badges": {"first": 1},
        },
    }
    shown = import_text(content, *options)
    assert "first_day" in shown.stdout
    assert "dry run: nothing was imported" in shown.stderr
    assert activities() == []
    assert kept.execute("select count(*) as n from badges.award_events").fetchone() == before
    assert import_text(content, "--skip-errors").exit_code == 1
    assert len(activities()) == 3


def test_rows_without_a_key_that_come_again_are_told(import_text: Import, activities: Read) -> None:
    line = f"{ANN},nhf,assignment,2026-01-05T10:00:00Z,1\n"
    content = HEADER + line + line + line.replace("assignment", "call")
    first = import_text(content, "--format", "json")
    assert (numbers(first)["repeated"], first.stderr) == (0, "")
    would = import_text(content + line.replace(",1\n", ",2\n"), "--dry-run")
    assert "lines without a key that would come though the same stands already: 3" in would.stderr
    again = import_text(content, "--format", "json")
    assert numbers(again)["repeated"] == 3
    assert "warning: lines without a key that came" in again.stderr
    assert len(activities()) == 6
    key = ("--key", "activity_type, occurred_at,quantity", "--format", "json")
    keyed = import_text(content, *key)
    assert (numbers(keyed)["imported"], numbers(keyed)["duplicates"]) == (2, 1)
    moved = import_text(content.replace("T10:00:00Z", " 11:00:00+01:00"), *key)
    assert (numbers(moved)["imported"], numbers(moved)["duplicates"]) == (0, 3)
    assert numbers(moved)["repeated"] == 0
    assert "warning" not in moved.stderr


def test_a_line_that_only_the_database_would_refuse_costs_only_itself(
    import_text: Import, activities: Read, tmp_path: Path
) -> None:
    header = "peer_mentor_id,org_id,activity_type,activity_date,attributes.x,idempotency_key\n"
    wide = " ".join(str(n * 7919) for n in range(50_000))
    rows = [
        f"{ANN},nhf,call,2026-01-05,,{'k' * 2001}",
        f"{ANN},nhf,call,2026-01-05,{wide},wide",
        f"{ANN},nhf,call,1900-01-02,,early",
        f"{ANN},nhf,call,2026-01-05,,good",
    ]
    rejects = tmp_path / "rejects.csv"
    link = tmp_path / "link.csv"
    link.symlink_to(rejects)
    result = import_text(header + "\n".join(rows), "--skip-errors", "--rejects", link)
    assert result.exit_code == 1
    assert [row["idempotency_key"] for row in activities()] == ["good"]
    with rejects.open(newline="") as file:
        assert [row[:2] for row in csv.reader(file)] == [
            ["line", "column"],
            ["2", "idempotency_key"],
            ["3", "attributes"],
            ["4", "activity_date"],
        ]
    assert link.is_symlink()
    assert {path.name for path in tmp_path.iterdir()} == {"rows.csv", "link.csv", "rejects.csv"}


def test_rejects_that_cannot_be_written_are_refused_before_anything_is(
    import_text: Import, activities: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = f"{HEADER}{ANN},nhf,assignment,2026-01-05T10:00:00Z,1\nx,nhf,a,2026-01-05 10:00,1\n"

    def told(rejects: Path) -> str:
        result = import_text(content, "--skip-errors", "--rejects", rejects)
        assert result.exit_code == 2
        stderr: str = result.stderr
        return stderr

    file = tmp_path / "rows.csv"
    file.touch()
    (tmp_path / "symlink.csv").symlink_to(file)
    os.link(file, tmp_path / "hardlink.csv")
    for name in ("rows.csv", "symlink.csv", "hardlink.csv", "../" + tmp_path.name + "/rows.csv"):
        assert "is the file to import" in told(tmp_path / name)
    assert file.read_text() == content
    assert "No such file or directory" in told(tmp_path / "nowhere" / "rejects.csv")
    assert "cannot be written: " in told(Path("/dev/full"))
    locked = tmp_path / "locked.csv"
    locked.write_text("kept")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert "is not writable" in told(locked)
    assert locked.read_text() == "kept"
    assert activities() == []


def test_options_are_checked_before_a_file_is_read(import_text: Import) -> None:
    wrong = {
        ("--encoding", "klingon"): '"klingon" is no encoding; such as windows-1252',
        ("--encoding", "rot13"): '"rot13" is no encoding',
        ("--delimiter", "::"): "it is one character",
        ("--delimiter", '"'): "it is one character",
        ("--map", "Dato"): '--map "Dato" is not OLD=NEW',
        ("--map", "a=b", "--map", "a=c"): '--map leads "a" to both "b" and "c"',
        ("--key", "Dato"): "no column is named Dato, as --key has it",
    }
    for options, message in wrong.items():
        result = import_text(HEADER, *options)
        assert result.exit_code == 2
        assert message in result.stderr
    twice = import_text(HEADER.replace("quantity", "org_id"), "--format", "json")
    assert "the column org_id comes twice" in json.loads(twice.stderr)["error"]["message"]
