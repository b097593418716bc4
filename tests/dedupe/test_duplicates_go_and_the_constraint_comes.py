"""Report, apply and undo of a plain legacy table, end to end by the command line."""

from __future__ import annotations

import json
from collections.abc import Callable

from pgmerit.database import Connection

from tests.conftest import CliResult
from tests.dedupe.legacy import LEGACY, apply, content, fill
from tests.engine import rows, value

Cli = Callable[..., CliResult]


def test_a_report_tells_and_changes_nothing(legacy: Connection, run: Cli) -> None:
    fill(legacy, people=20, copies=3)
    before = content(legacy)
    told = run(*LEGACY, "--format", "json")
    assert told.exit_code == 1
    report = json.loads(told.stdout)
    assert (report["rows"], report["groups"], report["removed"], report["kept"]) == (60, 20, 40, 20)
    assert report["has_work"]
    assert content(legacy) == before
    assert value(legacy, "select to_regnamespace('pgmerit_dedupe')") is None


def test_the_earliest_row_of_a_key_is_kept_and_the_key_is_unique(
    legacy: Connection, run: Cli
) -> None:
    fill(legacy, people=20, copies=3)
    earliest = rows(
        legacy,
        "select distinct on (user_id, badge_id) * from user_badges"
        " order by user_id, badge_id, earned_at, id",
    )
    told = run(*LEGACY, "--apply", "--format", "json")
    done = json.loads(told.stdout)
    assert (told.exit_code, told.stderr) == (0, "")
    assert (done["removed"], done["changed"]) == (40, True)
    assert rows(legacy, "select * from user_badges order by user_id, badge_id") == earliest
    assert (
        value(
            legacy,
            "select pg_get_constraintdef(oid) from pg_constraint where conname = %s",
            "user_badges_user_id_badge_id_key",
        )
        == "UNIQUE (user_id, badge_id)"
    )
    assert run(*LEGACY).exit_code == 0


def test_what_was_removed_lies_whole_in_the_archive(legacy: Connection, run: Cli) -> None:
    fill(legacy, people=2, copies=2)
    before = content(legacy)
    done = apply(run)
    archived = rows(legacy, f"select * from {done['archive']}")
    assert len(archived) == 2
    for row in archived:
        assert {name: row[name] for name in before[0]} in before
        assert row["pgmerit_batch"] == done["batch"]
        assert row["pgmerit_reason"] == "duplicate of (user_id, badge_id)"
        kept = rows(legacy, "select * from user_badges where id = %s", row["pgmerit_kept"]["id"])
        assert (kept[0]["user_id"], kept[0]["badge_id"]) == (row["user_id"], row["badge_id"])
        assert kept[0]["earned_at"] <= row["earned_at"]


def test_undo_restores_the_table(legacy: Connection, run: Cli) -> None:
    fill(legacy, people=20, copies=3)
    before, shape = content(legacy), described(legacy)
    done = apply(run)
    told = run("dedupe", "--undo", done["batch"], "--format", "json")
    assert json.loads(told.stdout)["restored"] == 40
    assert content(legacy) == before
    assert described(legacy) == shape
    again = run("dedupe", "--undo", done["batch"], "--format", "json")
    assert json.loads(again.stdout)["restored"] == 0


def test_status_lists_the_batches(legacy: Connection, run: Cli) -> None:
    assert run("dedupe", "--status").stdout == "(none)\n"
    fill(legacy, people=2, copies=2)
    done = apply(run)
    (batch,) = json.loads(run("dedupe", "--status", "--format", "json").stdout)
    assert (batch["batch"], batch["phase"], batch["removed"]) == (done["batch"], "done", 2)
    assert (batch["guard"], batch["next"]) == ("none", None)


def described(connection: Connection) -> list[object]:
    """What hangs on the table: indexes, constraints, triggers."""
    return [
        *rows(connection, "select indexdef from pg_indexes where tablename = 'user_badges'"),
        *rows(
            connection,
            "select conname from pg_constraint where conrelid = 'user_badges'::regclass order by 1",
        ),
        *rows(
            connection,
            "select tgname from pg_trigger where tgrelid = 'user_badges'::regclass"
            " and not tgisinternal",
        ),
    ]
