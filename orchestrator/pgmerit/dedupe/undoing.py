"""What a batch removed, put back: rows, children, indexes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import psycopg
from psycopg.sql import SQL

from pgmerit.dedupe import batches
from pgmerit.dedupe.running import Run
from pgmerit.errors import PgmeritError


def put_back(run: Run) -> int:
    """Restore every removed row of a batch and leave the table as it was; gives their count.

    The constraint goes first, then the rows come in the opposite order of their removal, each step
    a transaction. Raises PgmeritError; run again, it goes on.
    """
    run = replace(run, table=batches.as_archived(run.session.connection, run.table, run.batch_id))
    _take_constraint_away(run)
    restored = 0
    while (step := run.session.one(run.statements.last_step())["step"]) is not None:
        restored += run.session.patiently(run.table, partial(_restore, run, step))
    _rebuild_dropped(run)
    run.session.patiently(run.table, partial(_forget, run))
    return restored


def _forget(run: Run) -> None:
    with run.session.connection.transaction():
        run.session.run([*run.statements.drop_work(), *run.statements.drop_archive()])
        run.reach("undone", ended_at=datetime.now(UTC))


def _take_constraint_away(run: Run) -> None:
    """Drop the constraint, the guard and what was built: by name only what this batch made."""
    is_made = run.batch["phase"] in ("attached", "done")

    def work() -> None:
        made = [run.statements.drop_constraint()] if is_made else []
        run.session.run([*made, *run.statements.drop_guard()])
        batches.update(run.session.connection, run.batch_id, phase="undoing")

    if run.batch["phase"] in ("drained", "built", "verified"):
        # The index goes first, from a phase that either way can go on from.
        run.reach("drained")
        run.drop(str(run.options.constraint))
    if run.batch["phase"] != "undoing":
        run.session.locked(run.table, "access exclusive", work)
        run.batch["phase"] = "undoing"
    run.drop(run.statements.helper_index)


def _restore(run: Run, step: int) -> int:
    """Insert the rows of a step and point their children at them again."""
    execute = run.session.connection.execute
    with run.session.batch():
        try:
            restored = execute(run.statements.restore_rows(step)).rowcount
        except psycopg.errors.IntegrityError as exc:
            raise PgmeritError(
                f"a removed row of {run.table.full_name} cannot come back: "
                f"{exc.diag.message_primary}: {exc.diag.message_detail}",
                f"Settle that row, then run `pgmerit dedupe --undo {run.batch_id}` again: it goes "
                "on.",
            ) from exc
        archived = run.session.one(run.statements.count_archived(step))["n"]
        if restored != archived:
            raise PgmeritError(
                f"{archived} rows were to be put back, and {restored} were: a trigger of "
                f"{run.table.full_name} keeps some out",
                "Nothing of this step stands. Disable the trigger meanwhile.",
            )
        for foreign_key in run.table.foreign_keys:
            execute(run.statements.point_children_back(foreign_key, step))
        run.session.run(run.statements.forget_step(step))
    return restored


def _rebuild_dropped(run: Run) -> None:
    """Build again what was found invalid and dropped: over duplicates it ends invalid as it was."""
    for definition in run.batch["dropped_indexes"]:
        statement = SQL(concurrently(definition))
        try:
            run.session.watched(statement, "Building an index again")
        except psycopg.errors.UniqueViolation:
            run.session.tell(f"left invalid as it was: {definition}")
        except psycopg.errors.DuplicateTable:
            continue


def concurrently(definition: str) -> str:
    """Give the definition of an index, from pg_get_indexdef, as one that blocks nobody."""
    return (
        definition.replace(" INDEX ", " INDEX CONCURRENTLY ", 1)
        .replace("{", "{{")
        .replace("}", "}}")
    )
