"""Deduplication of a live table: report, apply, undo and status.

Works on any table of any database; what it remembers lies in the schema `pgmerit_dedupe`, made at
the first apply.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from typing import Any

import psycopg
from psycopg.sql import SQL, Literal

from pgmerit.database import Connection, require_direct
from pgmerit.dedupe import batches
from pgmerit.dedupe.reporting import count_children, count_null_keys, read_report
from pgmerit.dedupe.running import (
    Run,
    UnbalancedError,
    altered,
    children_refused,
    refuse_builders,
    require_free_name,
    require_rights,
)
from pgmerit.dedupe.script import write_script
from pgmerit.dedupe.session import Progress, Session
from pgmerit.dedupe.statements import Statements
from pgmerit.dedupe.table import (
    Options,
    Table,
    check_options,
    describe_table,
    key_indexes,
    parse_names,
    read_table,
)
from pgmerit.dedupe.undoing import put_back
from pgmerit.errors import PgmeritError, StoppedError, translate

__all__ = ["Options", "apply", "parse_names", "report", "script", "status", "undo"]

Tell = Callable[[str], None]
Connect = Callable[[], Connection]


def _silent(message: str) -> None:
    """Tell nobody."""


def _no_progress(description: str, total: float | None) -> Any:
    return nullcontext(lambda steps: None)


def report(connection: Connection, table: str, options: Options) -> dict[str, Any]:
    """Tell what a deduplication would do, in a READ ONLY transaction; see `read_report`.

    Raises PgmeritError.
    """
    with _translated(), connection.transaction():
        connection.execute("set transaction isolation level repeatable read, read only")
        found = read_table(connection, table)
        connection.execute("set local search_path = pg_catalog, pg_temp")
        connection.execute("set local row_security = off")
        checked = check_options(connection, found, options)
        told = read_report(connection, found, checked)
        if batch := batches.find_unfinished(connection, found):
            told["has_work"] = True
            told["notes"].append(
                f"batch {batch['batch_id']} is unfinished, in phase {batch['phase']}: "
                f"`{batches.command_of(batch)}` goes on"
            )
        return told


def script(connection: Connection, table: str, options: Options) -> dict[str, Any]:
    """Give the batch's number and a script for psql that does what `apply` does.

    Both are None where the key is unique already. Reads only. Raises PgmeritError.
    """
    with _translated(), connection.transaction():
        connection.execute("set transaction isolation level repeatable read, read only")
        found = read_table(connection, table)
        connection.execute("set local search_path = pg_catalog, pg_temp")
        connection.execute("set local row_security = off")
        checked = check_options(connection, found, options)
        batch = batches.find_unfinished(connection, found)
        if batch is not None:
            _require_same(batch, checked)
            if batch["shape"] != found.shape:
                raise altered(found, batch["batch_id"])
        _require_repointable(found, checked)
        return write_script(connection, found, checked)


def apply(
    connection: Connection,
    table: str,
    options: Options,
    *,
    connect: Connect,
    progress: Progress = _no_progress,
    tell: Tell = _silent,
) -> dict[str, Any]:
    """Remove the duplicates and add the constraint, or go on with the batch that was begun.

    `connection` is in autocommit mode; `connect` opens another one, which looks at long builds.
    Gives batch, removed, kept, arrived, constraint and changed. Raises PgmeritError.
    """
    with _translated():
        session, found = _begin(connection, table, options, connect, progress, tell)
        options = check_options(connection, found, options)
        batch = batches.find_unfinished(connection, found)
        if batch is None:
            if any(
                each.enforces(options.nulls) for each in key_indexes(connection, found, options.key)
            ):
                return _unchanged(found, options)
            _require_possible(session, found, options)
            batch = batches.create(connection, found, options)
        else:
            _require_same(batch, options)
            batches.claim(connection, batch["batch_id"])
            batch = batches.find(connection, batch["batch_id"])
    run = Run(session, found, options, batch)
    with _claimed(run, batches.command_of(batch)):
        if batch["phase"] == "undoing":
            raise PgmeritError(
                f"batch {run.batch_id} is being put back",
                f"`pgmerit dedupe --undo {run.batch_id}` goes on.",
            )
        try:
            run.finish()
        except UnbalancedError as unbalanced:
            _put_all_back(run, unbalanced)
            raise
        return _result(run)


def undo(
    connection: Connection,
    batch_id: int,
    table: str | None = None,
    *,
    connect: Connect,
    lock_timeout: float = 1.0,
    give_up_after: float = 300.0,
    progress: Progress = _no_progress,
    tell: Tell = _silent,
) -> dict[str, Any]:
    """Put back every row that a batch removed, and the table as it was; see `apply`.

    Where `table` is named, the batch must be one of it. Gives batch, table and restored; a batch
    that was undone restores none.
    """
    limits = {"lock_timeout": lock_timeout, "give_up_after": give_up_after}
    with _translated():
        require_direct(connection)
        batch = batches.find(connection, batch_id)
        options = batches.options_of(batch, **limits)
        if table is not None and read_table(connection, table).oid != batch["table_oid"]:
            raise PgmeritError(
                f"batch {batch_id} is one of {batch['table_name']}, not of {table}",
                "`pgmerit dedupe --status` lists the batches.",
            )
        if batch["phase"] == "undone":
            return {"batch": batch_id, "table": batch["table_name"], "restored": 0}
        session = Session(connection, connect, lock_timeout, give_up_after, tell, progress)
        session.prepare()
        found = describe_table(connection, batch["table_oid"])
        batches.claim(connection, batch_id)
        batch = batches.find(connection, batch_id)
    run = Run(session, found, options, batch)
    with _claimed(run, f"pgmerit dedupe --undo {batch_id}"):
        restored = put_back(run)
        return {"batch": batch_id, "table": found.full_name, "restored": restored}


def status(connection: Connection, table: str | None = None) -> list[dict[str, Any]]:
    """List the batches, of all tables or of one, newest last; raises PgmeritError."""
    with _translated(), connection.transaction():
        connection.execute("set transaction read only")
        oid = read_table(connection, table).oid if table is not None else None
        if not batches.has_state(connection):
            return []
        found = connection.execute(
            SQL(
                "select b.*, coalesce(s.removed, 0)::int8 as removed from {} as b left join ("
                "select batch_id, pg_catalog.sum(removed_count) as removed from {} group by 1"
                ") as s using (batch_id) where {}::oid is null or b.table_oid = {}::oid "
                "order by b.batch_id"
            ).format(batches.BATCHES, batches.STEPS, Literal(oid), Literal(oid))
        ).fetchall()
        return [_status_row(connection, batch) for batch in found]


def _status_row(connection: Connection, batch: batches.Batch) -> dict[str, Any]:
    runner = batches.living_runner(connection, batch)
    is_over = batch["phase"] in ("done", "undone")
    goes_on = (
        f"pgmerit dedupe --undo {batch['batch_id']}"
        if batch["phase"] == "undoing"
        else batches.command_of(batch)
    )
    return {
        "batch": batch["batch_id"],
        "table": batch["table_name"],
        "key": batch["key_columns"],
        "keep": batch["keep_column"],
        "constraint": batch["constraint_name"],
        "phase": batch["phase"],
        "guard": batches.guard_of(batch["phase"]),
        "groups": batch["group_count"],
        "removed": batch["removed"],
        "runner_pid": runner["pid"] if runner else None,
        "started_at": batch["started_at"],
        "ended_at": batch["ended_at"],
        "next": None if is_over or runner else goes_on,
    }


def _begin(
    connection: Connection,
    table: str,
    options: Options,
    connect: Connect,
    progress: Progress,
    tell: Tell,
) -> tuple[Session, Table]:
    require_direct(connection)
    found = read_table(connection, table)
    session = Session(
        connection, connect, options.lock_timeout, options.give_up_after, tell, progress
    )
    session.prepare()
    return session, found


def _require_possible(session: Session, table: Table, options: Options) -> None:
    """Refuse, before anything is written, what would be in the way later."""
    require_rights(session.connection, table)
    refuse_builders(session.connection, table)
    work = Statements(table, options, 0)
    require_free_name(session.connection, table, options)
    with session.snapshot():
        null_rows = count_null_keys(session.connection, work) if options.nulls == "refuse" else 0
        if null_rows:
            raise PgmeritError(
                f"{null_rows} rows of {table.full_name} have a NULL in the key",
                "--nulls distinct lets them stay, --nulls not-distinct has NULL equal NULL.",
            )
        children = count_children(session.connection, work) if table.foreign_keys else []
    concerned = [each for each in children if each["child_rows"]]
    if options.children == "refuse" and concerned:
        raise children_refused(
            [(each["table"], each["name"], each["child_rows"]) for each in concerned]
        )
    _require_repointable(table, options)


def _require_repointable(table: Table, options: Options) -> None:
    without_key = [each.child_name for each in table.foreign_keys if not each.child_key]
    if options.children == "repoint" and without_key:
        raise PgmeritError(
            f"{without_key[0]} has no primary key, so an undo could not find its rows",
            "Give it one, or point its rows at the kept ones by hand.",
        )


def _require_same(batch: batches.Batch, options: Options) -> None:
    begun = batches.options_of(batch)
    limits = {
        name: getattr(options, name) for name in ("batch_rows", "lock_timeout", "give_up_after")
    }
    if replace(begun, **limits) != options:
        raise PgmeritError(
            f"batch {batch['batch_id']} of {batch['table_name']} is unfinished, with other options",
            f"`{batches.command_of(batch)}` goes on with it, `pgmerit dedupe --undo "
            f"{batch['batch_id']}` puts it back.",
        )


def _unchanged(table: Table, options: Options) -> dict[str, Any]:
    return {
        "table": table.full_name,
        "batch": None,
        "removed": 0,
        "constraint": options.constraint,
        "changed": False,
    }


def _result(run: Run) -> dict[str, Any]:
    row = run.session.one(
        SQL(
            "select coalesce(pg_catalog.sum(removed_count), 0)::int8 as removed, "
            "coalesce(pg_catalog.sum(repointed_count), 0)::int8 as repointed "
            "from {} where batch_id = {}"
        ).format(batches.STEPS, Literal(run.batch_id))
    )
    return {
        "table": run.table.full_name,
        "batch": run.batch_id,
        "removed": row["removed"],
        "repointed": row["repointed"],
        "constraint": run.options.constraint,
        "archive": run.statements.archive.as_string(None),
        "changed": True,
    }


@contextmanager
def _claimed(run: Run, command: str) -> Iterator[None]:
    """Let go of the batch at the end, and say on a stop what stands and what goes on."""
    try:
        yield
    except KeyboardInterrupt as stop:
        stands = _step_back(run)
        raise StoppedError(f"stopped: {stands}; `{command}` goes on") from stop
    except psycopg.Error as exc:
        error = translate(exc)
        error.hint = f"{error.hint} " if error.hint else ""
        error.hint += f"`{command}` goes on where this ended."
        raise error from exc
    finally:
        with suppress(psycopg.Error):
            batches.release(run.session.connection, run.batch_id)


def _put_all_back(run: Run, unbalanced: UnbalancedError) -> None:
    """Undo after rows did not add up; what goes wrong in it is told behind that."""
    try:
        put_back(run)
    except (psycopg.Error, PgmeritError) as exc:
        later = exc if isinstance(exc, PgmeritError) else translate(exc)
        unbalanced.hint = (
            f"Somebody wrote past the guard. Not every removed row is back yet ({later.message}): "
            f"`pgmerit dedupe --undo {run.batch_id}` goes on."
        )


def _step_back(run: Run) -> str:
    """Let writers write duplicates again after a stop, if it is quickly done; says what stands.

    A stop may have come in the middle of anything, so the session that it came to is ended.
    """
    phase = run.batch["phase"]
    with suppress(psycopg.Error, PgmeritError):
        run.session.connection.close()
        with run.session.watch() as connection:
            connection.autocommit = True
            run.session.connection = connection
            run.session.prepare()
            batches.claim(connection, run.batch_id)
            run.batch = batches.find(connection, run.batch_id)
            phase = run.batch["phase"]
            if batches.guard_of(phase) == "refuse":
                with suppress(psycopg.Error):
                    run.stop_refusing()
                    phase = run.batch["phase"]
            batches.release(connection, run.batch_id)
    stands = {
        "none": "writers go on as before",
        "note": "writers go on as before, and what arrives is noted",
        "refuse": "writers are refused duplicates",
    }[batches.guard_of(phase)]
    if phase in ("attached", "done"):
        stands = "the constraint stands"
    return f"what was removed is archived in batch {run.batch_id}; {stands}"


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except psycopg.Error as exc:
        raise translate(exc) from exc
