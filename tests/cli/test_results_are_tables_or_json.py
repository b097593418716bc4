"""What `emit` prints, and that nothing is cut or coloured in a pipe."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from pgmerit.cli.common import emit, progress

ROWS = [
    {"name": "first", "count": 3, "at": datetime(2026, 1, 2, tzinfo=UTC)},
    {"name": "[second]", "count": None, "at": None},
]


def test_rows_are_a_table_whose_brackets_are_kept(capsys: pytest.CaptureFixture[str]) -> None:
    emit(ROWS, "table", title="Badges")
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == "Badges"
    assert lines[1].split() == ["name", "count", "at"]
    assert lines[3] == "[second]"


def test_json_keeps_names_and_kinds(capsys: pytest.CaptureFixture[str]) -> None:
    emit(
        {
            "day": date(2026, 1, 2),
            "whole": Decimal("3.00"),
            "part": Decimal("0.5"),
            "id": UUID(int=1),
            "none": None,
            "yes": True,
            "words": ["å", "b"],
        },
        "json",
    )
    assert json.loads(capsys.readouterr().out) == {
        "day": "2026-01-02",
        "whole": 3,
        "part": 0.5,
        "id": "00000000-0000-0000-0000-000000000001",
        "none": None,
        "yes": True,
        "words": ["å", "b"],
    }


def test_no_rows_are_said_to_be_none(capsys: pytest.CaptureFixture[str]) -> None:
    emit([], "table")
    assert capsys.readouterr().out == "(none)\n"
    emit([], "json")
    assert capsys.readouterr().out == "[]\n"


def test_a_wide_table_is_not_cut_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    emit([{"text": "x" * 500, "more": "y" * 500}], "table")
    assert "x" * 500 + " " in capsys.readouterr().out


def test_progress_is_quiet_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("working", 10) as advance:
        advance(10)
    assert capsys.readouterr() == ("", "")


def test_a_narrow_terminal_breaks_sentences_and_cuts_no_id(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    ids = [str(UUID(int=n << 64)) for n in range(1, 4)]
    emit([{"a": ids[0], "b": ids[1], "c": ids[2], "said": "one two " * 20}], "table")
    out = capsys.readouterr().out
    assert all(each in out for each in ids)
    assert out.count("one") == 20
    emit({"dsn": "x" * 100}, "table")
    assert capsys.readouterr().out.count("x") == 100
