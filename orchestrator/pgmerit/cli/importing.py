"""`pgmerit import`: activities from CSV, JSON Lines or a workbook."""

from __future__ import annotations

import csv
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

import click

from pgmerit.cli.common import (
    NAMESPACE,
    WRITTEN_FILE,
    Database,
    database_options,
    emit,
    format_option,
    pairs_of,
    print_line,
    progress,
    say,
)
from pgmerit.database import Connection
from pgmerit.errors import PgmeritError
from pgmerit.importing import (
    DEFAULT_MAX_ERRORS,
    ImportOptions,
    ImportResult,
    LineError,
    Preview,
    Progress,
    import_file,
)
from pgmerit.writing import whole_file

WriteErrors = Callable[[list[LineError]], object]


def _encoding(ctx: click.Context, param: click.Parameter, given: str | None) -> str | None:
    """Take the name of an encoding of text, as Python knows them."""
    try:
        if given is not None:
            "".encode(given)
    except (LookupError, ValueError):
        raise click.BadParameter(f'"{given}" is no encoding; such as windows-1252') from None
    return given


def _delimiter(ctx: click.Context, param: click.Parameter, given: str | None) -> str | None:
    given = {"\\t": "\t", "tab": "\t"}.get(given or "", given)
    if given is not None and (len(given) != 1 or given in '"\r\n'):
        raise click.BadParameter("it is one character, no quote and no line end.")
    return given


@click.command("import")
@click.argument("file", type=click.Path(allow_dash=True))
@click.option(
    "--input-format",
    type=click.Choice(["auto", "csv", "jsonl", "xlsx"]),
    default="auto",
    show_default=True,
    help="What the file is; default: told by its first bytes.",
)
@click.option(
    "--encoding",
    callback=_encoding,
    metavar="NAME",
    help="Of a text file, such as windows-1252; default UTF-8, or what a byte order mark says.",
)
@click.option(
    "--delimiter", callback=_delimiter, help="Between CSV values; default: found in the first line."
)
@click.option("--sheet", metavar="NAME", help="The sheet of a workbook that has several.")
@click.option(
    "--map",
    "mapped",
    multiple=True,
    metavar="OLD=NEW",
    help="The column that a name in the file stands for, none to leave it out; repeatable.",
)
@click.option(
    "--date-order",
    type=click.Choice(["dmy", "mdy", "ymd"]),
    help="How days are written: 31.01.2026 is dmy, 1/31/2026 mdy; ISO 8601 is always read.",
)
@click.option(
    "--decimal",
    type=click.Choice([".", ","]),
    default=".",
    show_default=True,
    help="The decimal sign of quantity and attributes.NAME.",
)
@click.option("--org", "org_id", help="The organization of lines that name none.")
@click.option(
    "--mentor-namespace",
    type=NAMESPACE,
    metavar="NAME",
    help="peer_mentor_id holds your application's own ids; NAME tells applications apart.",
)
@click.option(
    "--key",
    "keys",
    metavar="COLUMN,..",
    help="Make each line's idempotency_key from these columns.",
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
    type=WRITTEN_FILE,
    help="With --skip-errors: write line, column and message of the bad lines here, as CSV.",
)
@click.option(
    "--chunk",
    type=click.IntRange(1, 2**31 - 1),
    metavar="ROWS",
    help="Commit after about so many rows, whole persons; default: all in one transaction.",
)
@click.option(
    "--dry-run", is_flag=True, help="Show what would come in, by doing it and rolling it back."
)
@database_options
@format_option
def command(
    file: str,
    mapped: tuple[str, ...],
    keys: str | None,
    rejects: Path | None,
    database: Database,
    output_format: str,
    **told: Any,
) -> int:
    """Import activities from FILE, all of them or none; - reads standard input.

    FILE is CSV, JSON Lines or an .xlsx workbook, as it is or packed with gzip.

    \b
    Columns (the first line of a CSV file or sheet, the keys of a JSON line):
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
    if rejects and not told["skip_errors"]:
        raise click.UsageError("--rejects needs --skip-errors.")
    options = ImportOptions(
        mapped=pairs_of("--map", mapped, may_be_empty=True),
        key=tuple(column.strip() for column in keys.split(",")) if keys else (),
        **told,
    )
    with (
        _opened(file) as (source, name),
        _rejects_of(rejects, source) as write_errors,
        database.connect(autocommit=True) as connection,
    ):
        result = import_with_progress(connection, source, name, options, write_errors)
    if not rejects:
        for error in result.errors[: options.max_errors]:
            say(str(error))
        if result.rejected > options.max_errors:
            say(
                f".. and {result.rejected - options.max_errors} more; --rejects FILE takes them all"
            )
    for warning in _warnings(result):
        say(f"warning: {warning}")
    _print(result, output_format)
    return 1 if result.rejected else 0


def import_with_progress(
    connection: Connection,
    source: IO[bytes],
    name: str,
    options: ImportOptions,
    write_errors: WriteErrors = lambda errors: None,
) -> ImportResult:
    """Import with a bar for the reading, then one for the inserting."""
    with ExitStack() as bars:
        on_bytes = bars.enter_context(progress("Reading", _size_of(source)))

        def on_rows(total: int) -> Progress:
            bars.close()
            return bars.enter_context(progress("Inserting", total if options.chunk else None))

        return import_file(
            connection,
            source,
            name,
            options,
            on_bytes=on_bytes,
            on_rows=on_rows,
            on_errors=write_errors,
        )


def summary(result: ImportResult) -> dict[str, int]:
    """Give the numbers of an import as they are printed."""
    return {
        "read": result.read,
        "imported": result.imported,
        "duplicates": result.duplicates,
        "rejected": result.rejected,
        "repeated": result.repeated,
        "new_badges": result.new_badges,
    }


def _warnings(result: ImportResult) -> Iterator[str]:
    if result.differing:
        yield f"{result.differing} known keys came with other content; what was stored first stays"
    if result.repeated:
        come = "would come" if result.preview else "came"
        yield (
            f"lines without a key that {come} though the same stands already: {result.repeated};"
            " --key lets each come once"
        )


def _print(result: ImportResult, output_format: str) -> None:
    preview = result.preview
    if preview is None:
        emit(summary(result), output_format)
    elif output_format == "json":
        emit({**summary(result), "preview": preview}, output_format)
    else:
        emit({**summary(result), **_facts(preview)}, output_format)
        for title, counts in (("activity_type", preview.activity_types), ("badge", preview.badges)):
            if counts:
                print_line()
                emit([{title: each, "count": n} for each, n in counts.items()], output_format)
        say("dry run: nothing was imported")


def _facts(preview: Preview) -> dict[str, Any]:
    return {
        "people": preview.people,
        "organizations": ", ".join(preview.organizations),
        "first_day": preview.first_day,
        "last_day": preview.last_day,
    }


@contextmanager
def _opened(file: str) -> Iterator[tuple[IO[bytes], str]]:
    """Open a file, or standard input for a dash."""
    try:
        source = click.open_file(file, "rb")
    except OSError as exc:
        raise PgmeritError(
            f"{file}: {exc.strerror}", "Name a CSV, JSON Lines or .xlsx file."
        ) from exc
    with source:
        yield source, "standard input" if file == "-" else file


def _status_of(source: IO[bytes]) -> os.stat_result | None:
    """Give the status of an open file; what lies in memory has none."""
    try:
        return os.fstat(source.fileno())
    except (OSError, AttributeError):
        return None


def _size_of(source: IO[bytes]) -> int | None:
    """Give a regular file's size; a pipe has none."""
    status = _status_of(source)
    return status.st_size if status and stat.S_ISREG(status.st_mode) else None


@contextmanager
def _rejects_of(path: Path | None, source: IO[bytes]) -> Iterator[WriteErrors]:
    """Give what writes bad lines to a file, which is there whole once the block has ended.

    That it can be written is seen beforehand.
    """
    if path is None:
        yield lambda errors: None
        return
    there = path.stat() if path.exists() else None
    read = _status_of(source)
    if there and read and os.path.samestat(there, read):
        raise PgmeritError(f"--rejects {path} is the file to import", "Name another.")
    with whole_file(path, f"--rejects {path}") as file:

        def write(errors: list[LineError]) -> None:
            writer = csv.writer(file)
            writer.writerow(["line", "column", "message"])
            writer.writerows([error.line, error.column, error.message] for error in errors)
            file.flush()

        yield write
