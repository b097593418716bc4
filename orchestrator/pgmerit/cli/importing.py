"""`pgmerit import`: activities from CSV or JSON Lines."""

from __future__ import annotations

import csv
import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

import click

from pgmerit.cli.common import Database, database_options, emit, format_option, progress, say
from pgmerit.database import Connection
from pgmerit.errors import PgmeritError
from pgmerit.importing import (
    DEFAULT_MAX_ERRORS,
    ImportOptions,
    ImportResult,
    Progress,
    import_file,
)


@click.command("import")
@click.argument("file", type=click.Path(allow_dash=True))
@click.option(
    "--input-format",
    type=click.Choice(["auto", "csv", "jsonl"]),
    default="auto",
    show_default=True,
    help="JSON Lines when the file begins with an object, else CSV.",
)
@click.option("--delimiter", help="Between CSV values; default: found in the first line.")
@click.option("--org", "org_id", help="The organization of lines that name none.")
@click.option(
    "--mentor-namespace",
    metavar="NAME",
    help="peer_mentor_id holds your application's own ids; NAME tells applications apart.",
)
@click.option(
    "--max-errors",
    type=click.IntRange(1, 1_000_000),
    default=DEFAULT_MAX_ERRORS,
    show_default=True,
    help="Stop reading after so many bad lines.",
)
@click.option("--skip-errors", is_flag=True, help="Import the good lines, tell the bad ones.")
@click.option(
    "--rejects",
    type=click.Path(dir_okay=False, path_type=Path),
    help="With --skip-errors: write line, column and message of the bad lines here, as CSV.",
)
@click.option(
    "--chunk",
    type=click.IntRange(1, 2**31 - 1),
    metavar="ROWS",
    help="Commit after about so many rows, whole persons; default: all in one transaction.",
)
@database_options
@format_option
def command(
    file: str,
    input_format: str,
    delimiter: str | None,
    org_id: str | None,
    mentor_namespace: str | None,
    max_errors: int,
    skip_errors: bool,
    rejects: Path | None,
    chunk: int | None,
    database: Database,
    output_format: str,
) -> int:
    """Import activities from FILE, all of them or none; - reads standard input.

    \b
    Columns (the first line of a CSV file, the keys of a JSON line):
      peer_mentor_id   a uuid; or your own id with --mentor-namespace
      org_id           the organization; or --org
      activity_type
      occurred_at      2026-01-31T18:30:00+01:00; without an offset it is local time there
      activity_date    2026-01-31, the person's local day; alone it means noon of that day
      quantity         a number, default 0
      idempotency_key  a key seen before is counted as a duplicate and changes nothing
      attributes       a JSON object
      attributes.NAME  one attribute; 5 and true are JSON's, NAME:text keeps them text
    Exit codes: 0 all imported, 1 some lines left out with --skip-errors, 2 nothing imported.
    """  # noqa: D301
    if rejects and not skip_errors:
        raise click.UsageError("--rejects needs --skip-errors.")
    if delimiter is not None and len(delimiter) != 1:
        delimiter = {"\\t": "\t", "tab": "\t"}.get(delimiter, delimiter)
        if len(delimiter) != 1:
            raise click.UsageError("--delimiter takes one character.")
    options = ImportOptions(
        input_format=input_format,  # type: ignore[arg-type]
        delimiter=delimiter,
        mentor_namespace=mentor_namespace,
        org_id=org_id,
        max_errors=max_errors,
        skip_errors=skip_errors,
        chunk=chunk,
    )
    with _opened(file) as (source, name), database.connect(autocommit=True) as connection:
        result = import_with_progress(connection, source, name, options)
    if rejects:
        _write_rejects(rejects, result)
    elif result.errors:
        for error in result.errors[:max_errors]:
            say(str(error))
        if result.rejected > max_errors:
            say(f".. and {result.rejected - max_errors} more; --rejects FILE takes them all")
    if result.differing:
        say(
            f"warning: {result.differing} known keys came with other content; "
            "what was stored first stays"
        )
    emit(summary(result), output_format)
    return 1 if result.rejected else 0


def import_with_progress(
    connection: Connection, source: IO[bytes], name: str, options: ImportOptions
) -> ImportResult:
    """Import with a bar for the reading, then one for the inserting."""
    with ExitStack() as bars:
        on_bytes = bars.enter_context(progress("Reading", _size_of(source)))

        def on_rows(total: int) -> Progress:
            bars.close()
            return bars.enter_context(progress("Inserting", total if options.chunk else None))

        return import_file(connection, source, name, options, on_bytes=on_bytes, on_rows=on_rows)


def summary(result: ImportResult) -> dict[str, int]:
    """Give the numbers of an import as they are printed."""
    return {
        "read": result.read,
        "imported": result.imported,
        "duplicates": result.duplicates,
        "rejected": result.rejected,
        "new_badges": result.new_badges,
    }


@contextmanager
def _opened(file: str) -> Iterator[tuple[IO[bytes], str]]:
    """Open a file, or standard input for a dash."""
    try:
        source = click.open_file(file, "rb")
    except OSError as exc:
        raise PgmeritError(f"{file}: {exc.strerror}", "Name a CSV or JSON Lines file.") from exc
    with source:
        yield source, "standard input" if file == "-" else file


def _size_of(source: IO[bytes]) -> int | None:
    """Give a regular file's size; a pipe has none."""
    try:
        status = os.fstat(source.fileno())
    except (OSError, AttributeError):
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _write_rejects(path: Path, result: ImportResult) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["line", "column", "message"])
        writer.writerows([error.line, error.column, error.message] for error in result.errors)
