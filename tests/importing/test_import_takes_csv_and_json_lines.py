from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pgmerit import database, routines
from pgmerit.database import Connection
from pgmerit.importing import Correction, apply_corrections

from tests.engine import rows
from tests.importing.conftest import ANN, BEN, HEADER, Import, numbers

Read = Callable[[], list[dict[str, Any]]]


def test_csv_with_every_column(import_text: Import, activities: Read) -> None:
    result = import_text(
        "peer_mentor_id,org_id,activity_type,occurred_at,activity_date,quantity,idempotency_key,"
        "attributes,attributes.score,attributes.code:text,attributes.done\n"
        f'{ANN},nhf,assignment,2026-01-05T23:30:00+00:00,,1.5,k1,"{{""a"": [1, null]}}",80,007,\n'
        f"{BEN},study,quiz,,2026-02-01,,,,,,true\n",
        "--format",
        "json",
    )
    assert result.exit_code == 0, result.stderr
    assert numbers(result) == {
        "read": 2,
        "imported": 2,
        "duplicates": 0,
        "rejected": 0,
        "repeated": 0,
        "new_badges": 1,
    }
    first, second = activities()
    assert first["attributes"] == {"a": [1, None], "score": 80, "code": "007"}
    assert first["activity_date"] == date(2026, 1, 6)
    assert (first["quantity"], first["idempotency_key"]) == (Decimal("1.5"), "k1")
    assert second["occurred_at"] == datetime(2026, 2, 1, 17, tzinfo=UTC)
    assert second["activity_date"] == date(2026, 2, 1)
    assert second["attributes"] == {"done": True}
    assert (second["quantity"], second["idempotency_key"]) == (0, None)


def test_many_rows_leave_statistics_for_what_reads_next(
    import_text: Import, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def analyzed() -> list[int]:
        tables = ["badges.activities", "badges.peer_mentor_stats"]
        query = "select reltuples::int from unnest(%s::regclass[]) as t join pg_class on oid = t"
        return [row["reltuples"] for row in rows(connection, query, tables)]

    monkeypatch.setattr(database, "MANY_ROWS", 2)
    assert import_text(HEADER + f"{ANN},nhf,assignment,2026-01-01 12:00,1").exit_code == 0
    assert max(analyzed()) <= 0
    lines = [f"{ANN},nhf,assignment,2026-01-0{n} 12:00,1" for n in (2, 3)]
    assert import_text(HEADER + "\n".join(lines)).exit_code == 0
    assert min(analyzed()) > 0


def test_a_moment_without_an_offset_is_the_organizations_local_time(
    import_text: Import, activities: Read
) -> None:
    rows = [
        f"{ANN},nhf,assignment,2026-07-01T00:30:00,1",
        f"{ANN},nhf,assignment,2026-01-01 00:30,1",
        f"{BEN},study,quiz,2026-01-01T23:30:00,1",
        f"{BEN},study,quiz,2026-01-01T03:59:00,1",
    ]
    assert import_text(HEADER + "\n".join(rows)).exit_code == 0
    assert [(row["occurred_at"], row["activity_date"]) for row in activities()] == [
        (datetime(2026, 6, 30, 22, 30, tzinfo=UTC), date(2026, 7, 1)),
        (datetime(2025, 12, 31, 23, 30, tzinfo=UTC), date(2026, 1, 1)),
        (datetime(2026, 1, 2, 4, 30, tzinfo=UTC), date(2026, 1, 1)),
        # Days begin there at 04:00.
        (datetime(2026, 1, 1, 8, 59, tzinfo=UTC), date(2025, 12, 31)),
    ]


def test_a_corrected_day_keeps_the_time_by_the_organizations_clock(
    import_text: Import, kept: Connection, activities: Read
) -> None:
    rows = "2026-01-02T03:59:00,1,early\n", "2026-01-02T04:00:00,1,late\n"
    lines = [f"{BEN},study,quiz,{each}" for each in rows]
    header = f"{HEADER.strip()},idempotency_key\n"
    assert import_text(header + "".join(lines)).exit_code == 0
    corrected = [
        Correction("update", UUID(BEN), "study", key, activity_date="2026-01-05")
        for key in ("early", "late")
    ]
    assert apply_corrections(kept, corrected) == {"updated": 2, "deleted": 0}
    assert [(row["occurred_at"], row["activity_date"]) for row in activities()] == [
        (datetime(2026, 1, 6, 8, 59, tzinfo=UTC), date(2026, 1, 5)),
        (datetime(2026, 1, 5, 9, tzinfo=UTC), date(2026, 1, 5)),
    ]


def test_json_lines_keep_numbers_and_texts_as_they_are(
    import_text: Import, activities: Read
) -> None:
    lines: list[dict[str, Any]] = [
        {"peer_mentor_id": ANN, "org_id": "nhf", "activity_type": "assignment"}
        | {"occurred_at": "2026-01-05T10:00:00Z", "quantity": 2, "attributes.kind": "visit"},
        {"peer_mentor_id": ANN, "org_id": "nhf", "activity_type": "call", "idempotency_key": None}
        | {"activity_date": "2026-01-05", "attributes": {"text": 'tab\t, "quote" \\ æøå 😀'}},
    ]
    text = "\n".join(json.dumps(line) for line in lines) + "\n\n"
    exact = text.replace('"quantity": 2', '"quantity": 0.10000000000000000000001')
    result = import_text(exact, name="rows.jsonl")
    assert result.exit_code == 0, result.stderr
    first, second = activities()
    assert first["quantity"] == Decimal("0.10000000000000000000001")
    assert first["attributes"] == {"kind": "visit"}
    assert second["attributes"] == lines[1]["attributes"]


def test_json_numbers_in_attributes_stay_exact(import_text: Import, kept: Connection) -> None:
    line = (
        f'{{"peer_mentor_id": "{ANN}", "org_id": "nhf", "activity_type": "call", "activity_date":'
        ' "2026-01-05", "attributes": {"big": 12345678901234567890.5, "small": 1.50, "e": 1e3}}'
    )
    assert import_text(line, name="rows.jsonl").exit_code == 0
    stored = kept.execute("select attributes::text as text from badges.activities").fetchone()
    assert stored
    assert stored["text"] == '{"e": 1000, "big": 12345678901234567890.5, "small": 1.50}'


def test_a_byte_order_mark_semicolons_and_windows_line_ends(
    import_text: Import, activities: Read
) -> None:
    content = HEADER.replace(",", ";") + f'{ANN};nhf;assignment;2026-01-05T10:00:00Z;"1.5"\n\n'
    assert import_text(b"\xef\xbb\xbf" + content.replace("\n", "\r\n").encode()).exit_code == 0
    assert [row["quantity"] for row in activities()] == [Decimal("1.5")]


def test_values_with_quotes_commas_and_line_ends(import_text: Import, activities: Read) -> None:
    content = (
        "peer_mentor_id,org_id,activity_type,activity_date,attributes.note,idempotency_key\n"
        f'{ANN},nhf,assignment,2026-01-05,"one, ""two""\nthree\\n\tfour","a\\b\tc"\n'
    )
    assert import_text(content).exit_code == 0
    (row,) = activities()
    assert row["attributes"] == {"note": 'one, "two"\nthree\\n\tfour'}
    assert row["idempotency_key"] == "a\\b\tc"


def test_standard_input_is_read_for_a_dash(
    kept: Connection, cli: Callable[..., Any], dsn: str, activities: Read
) -> None:
    result = cli(
        "import", "-", dsn=dsn, stdin=f"{HEADER}{ANN},nhf,assignment,2026-01-05T10:00:00Z,1\n"
    )
    assert result.exit_code == 0, result.stderr
    assert len(activities()) == 1


def test_external_ids_become_the_ids_of_mentor_id_from(
    import_text: Import, activities: Read, kept: Connection
) -> None:
    content = (
        "peer_mentor_id,activity_type,activity_date\n"
        "4711,assignment,2026-01-05\nanna@example.org,assignment,2026-01-05\n4711,call,2026-01-06\n"
    )
    result = import_text(content, "--mentor-namespace", "crm", "--org", "nhf")
    assert result.exit_code == 0, result.stderr
    known = str(routines.mentor_id_from(kept, "crm", "4711"))
    assert [row["peer_mentor_id"] == known for row in activities()].count(True) == 2
    assert len({row["peer_mentor_id"] for row in activities()}) == 2


def test_known_keys_are_counted_and_change_nothing(
    import_text: Import, activities: Read, kept: Connection
) -> None:
    header = HEADER.replace("quantity", "quantity,idempotency_key")
    content = (
        f"{header}{ANN},nhf,assignment,2026-01-05T10:00:00Z,1,k1\n"
        f"{ANN},nhf,assignment,2026-01-05T10:00:00Z,1,k1\n"
        f"{BEN},nhf,assignment,2026-01-05T10:00:00Z,1,k1\n"
        f"{ANN},study,assignment,2026-01-05T10:00:00Z,1,k1\n"
    )
    assert numbers(import_text(content, "--format", "json"))["duplicates"] == 1
    before = activities()
    again = import_text(content, "--format", "json")
    assert numbers(again) == {
        "read": 4,
        "imported": 0,
        "duplicates": 4,
        "rejected": 0,
        "repeated": 0,
        "new_badges": 0,
    }
    assert activities() == before
    assert "warning" not in again.stderr
    changed = import_text(content.replace(",1,k1", ",2,k1"))
    assert "4 known keys came with other content" in changed.stderr
    assert activities() == before
    assert not routines.verify_stats(kept)
    assert not routines.verify_awards(kept)


def test_persons_keep_the_order_of_their_lines(import_text: Import, activities: Read) -> None:
    rows = [f"{(BEN, ANN)[n % 2]},nhf,assignment,2026-01-05T10:00:00Z,{n}" for n in range(6)]
    assert import_text(HEADER + "\n".join(rows)).exit_code == 0
    assert [int(row["quantity"]) for row in activities()] == [1, 3, 5, 0, 2, 4]


def test_chunks_of_whole_persons_give_the_same(
    import_text: Import, kept: Connection, activities: Read
) -> None:
    rows = [
        f"{n % 7:08x}-0000-4000-8000-000000000000,nhf,assignment,2026-01-05T10:00:00Z,{n}"
        for n in range(70)
    ]
    result = import_text(HEADER + "\n".join(rows), "--chunk", 15, "--format", "json")
    assert numbers(result)["imported"] == 70
    assert numbers(result)["new_badges"] == 7
    assert len(activities()) == 70
    assert not routines.verify_stats(kept)
    transactions = kept.execute(
        "select count(distinct transaction_id) as n, count(*) as events from badges.award_events"
    ).fetchone()
    assert transactions == {"n": 5, "events": 7}


def test_an_empty_table_of_columns_imports_nothing(import_text: Import) -> None:
    result = import_text(HEADER, "--format", "json")
    assert result.exit_code == 0
    assert numbers(result)["read"] == 0


def test_the_staging_table_is_gone_afterwards(kept: Connection, tmp_path: Path) -> None:
    from pgmerit.importing import import_file

    path = tmp_path / "rows.csv"
    path.write_text(f"{HEADER}{ANN},nhf,assignment,2026-01-05T10:00:00Z,1\n")
    for _ in range(2):
        with path.open("rb") as source:
            import_file(kept, source, "rows.csv")
    left = kept.execute("select to_regclass('pg_temp.import_rows') as name").fetchone()
    assert left == {"name": None}
