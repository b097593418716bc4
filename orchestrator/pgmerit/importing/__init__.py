"""Reading activities from CSV, JSON Lines and workbooks into the database, all or nothing.

Every line is checked here as far as it can be alone; what needs the organizations' time zones and
the server's clock is checked in the database, on a staging table of the session. Then one
set-based insert moves everything, sorted by person. This is the one place of driver code that
names tables.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import IO

from pgmerit.database import Connection, is_free
from pgmerit.errors import PgmeritError, StoppedError
from pgmerit.importing.checking import LineChecker
from pgmerit.importing.moving import Correction, apply_corrections, move
from pgmerit.importing.options import DEFAULT_MAX_ERRORS, DateOrder, ImportOptions, Progress
from pgmerit.importing.reading import open_reader
from pgmerit.importing.staging import (
    ImportResult,
    LineError,
    Preview,
    check_staged,
    count_repeated,
    drop_staged,
    known_organizations,
    stage,
)

__all__ = [
    "DEFAULT_MAX_ERRORS",
    "Correction",
    "DateOrder",
    "ImportOptions",
    "ImportResult",
    "LineError",
    "Preview",
    "Progress",
    "apply_corrections",
    "import_file",
]

_HINT = "Mend the lines and run it again, or leave them out with --skip-errors."


def import_file(
    connection: Connection,
    source: IO[bytes],
    name: str,
    options: ImportOptions | None = None,
    *,
    on_bytes: Progress = lambda steps: None,
    on_rows: Callable[[int], Progress] | None = None,
    on_errors: Callable[[list[LineError]], object] = lambda errors: None,
) -> ImportResult:
    """Import activities from an open binary file into the database of an autocommit connection.

    `on_bytes` hears how many bytes were read; `on_rows` gets the number of rows to insert and
    gives the function that hears how many are done. `on_errors` gets the lines that are left out
    before anything is written; what it raises leaves all of them out.
    Raises PgmeritError with every bad line in its details; then nothing has been written. Ctrl-C
    raises StoppedError, which says how many rows are in.
    """
    options = options or ImportOptions()
    organizations = known_organizations(connection)
    if not organizations:
        raise PgmeritError(
            "no organization is known yet, so no activity can be imported",
            "Apply a rule set that names your organizations: `pgmerit rules apply FILE`.",
        )
    result = ImportResult()
    reader = open_reader(source, name, options, on_bytes)
    checker = LineChecker(reader.columns, organizations, options)
    try:
        stage(connection, reader, checker, result, options)
        if options.skip_errors or len(result.errors) < options.max_errors:
            result.errors += check_staged(connection, reader, options, len(result.errors))
        result.errors.sort(key=lambda error: error.line)
        result.rejected = len({error.line for error in result.errors})
        if result.errors and not options.skip_errors:
            raise _refusal(name, result.errors, options.max_errors)
        on_errors(result.errors)
        result.repeated = count_repeated(connection)
        move(connection, result, options, on_rows)
    except KeyboardInterrupt as stop:
        standing = _standing(ImportResult() if options.dry_run else result)
        raise StoppedError(f"stopped: {standing}") from stop
    finally:
        if is_free(connection):
            drop_staged(connection)
    return result


def _standing(result: ImportResult) -> str:
    """Say what an import that was stopped has done."""
    done, rows = result.imported + result.duplicates, result.read - result.rejected
    if not done:
        return "nothing was imported; run the same import again"
    if done == rows:
        return f"all {rows} rows are imported"
    return (
        f"{done} of {rows} rows are imported; run the same import again: "
        "rows with an idempotency_key come once, others would come twice"
    )


def _refusal(name: str, errors: list[LineError], max_errors: int) -> PgmeritError:
    """Say which lines are bad; one bad line is told whole in the message."""
    if len(errors) == 1:
        return PgmeritError(f"{name}, {errors[0]}; nothing was imported", _HINT)
    count = f"{len(errors)} bad lines" + (" or more" if len(errors) >= max_errors else "")
    details = [error.as_detail() for error in errors]
    return PgmeritError(f"{name}: {count}; nothing was imported", _HINT, details)
