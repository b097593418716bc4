"""`pgmerit dedupe`: make a live table unique, archive what is removed, put it back."""

from __future__ import annotations

import contextlib
from typing import Any

import click

from pgmerit import dedupe
from pgmerit.cli.common import (
    Database,
    database_options,
    emit,
    format_option,
    print_json,
    print_text,
    printable,
    progress,
    say,
)
from pgmerit.errors import PgmeritError


@click.command("dedupe")
@click.argument("table", required=False)
@click.option("--key", metavar="A,B", help="The columns that are to be unique together.")
@click.option("--keep", metavar="COLUMN", help="The row with the earliest value of it is kept.")
@click.option("--apply", "applies", is_flag=True, help="Do it; without this it is a report.")
@click.option(
    "--undo", "undone", type=click.IntRange(1, 2**62), metavar="BATCH", help="Put a batch back."
)
@click.option("--status", "shows_status", is_flag=True, help="List the batches.")
@click.option(
    "--print-sql", "prints_sql", is_flag=True, help="Print a script for psql that does it."
)
@click.option(
    "--children",
    type=click.Choice(["refuse", "repoint"]),
    default="refuse",
    show_default=True,
    help="What becomes of rows that point at removed ones.",
)
@click.option(
    "--nulls",
    type=click.Choice(["refuse", "distinct", "not-distinct"]),
    default="refuse",
    show_default=True,
    help="What NULLs in the key mean.",
)
@click.option("--constraint", metavar="NAME", help="Its name; default as PostgreSQL names it.")
@click.option(
    "--batch-rows",
    type=click.IntRange(1, 100_000),
    default=1000,
    show_default=True,
    help="Rows removed in one transaction.",
)
@click.option(
    "--lock-timeout",
    type=click.FloatRange(0.05, 1.0),
    default=1.0,
    show_default=True,
    metavar="SECONDS",
    help="The longest that writers queue behind a lock of ours.",
)
@click.option(
    "--give-up-after",
    type=click.FloatRange(0, 86_400),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="The longest that we wait for others.",
)
@database_options
@format_option
def command(
    table: str | None,
    key: str | None,
    keep: str | None,
    applies: bool,
    undone: int | None,
    shows_status: bool,
    prints_sql: bool,
    children: str,
    nulls: str,
    constraint: str | None,
    batch_rows: int,
    lock_timeout: float,
    give_up_after: float,
    database: Database,
    output_format: str,
) -> int:
    """Remove the duplicates of TABLE while it is written to, and make its key unique.

    Without --apply it reports what would be done, and changes nothing. Rows that are removed lie in
    an archive; --undo puts them back. What was broken off is taken up by the same command.
    Exit codes: 0 nothing left to do, 1 a report with work, 2 wrong use or failure.
    """
    if sum([applies, undone is not None, shows_status, prints_sql]) > 1:
        raise click.UsageError("--apply, --undo, --status and --print-sql exclude each other.")
    if undone is not None:
        with contextlib.closing(database.connect(autocommit=True)) as connection:
            result = dedupe.undo(
                connection,
                undone,
                table,
                connect=database.connect,
                lock_timeout=lock_timeout,
                give_up_after=give_up_after,
                progress=progress,
                tell=say,
            )
        emit(result, output_format)
        return 0
    if shows_status:
        with contextlib.closing(database.connect(autocommit=True)) as connection:
            emit(dedupe.status(connection, table), output_format)
        return 0
    if not table or not key or not keep:
        raise click.UsageError("TABLE, --key and --keep are needed.")
    options = dedupe.Options(
        key=tuple(dedupe.parse_names(key)),
        keep=keep,
        children=children,
        nulls=nulls,
        constraint=constraint,
        batch_rows=batch_rows,
        lock_timeout=lock_timeout,
        give_up_after=give_up_after,
    )
    with contextlib.closing(database.connect(autocommit=True)) as connection:
        if applies:
            done = dedupe.apply(
                connection, table, options, connect=database.connect, progress=progress, tell=say
            )
            if not done["changed"]:
                say(f"unchanged: {done['table']} is unique by this key already")
            emit(done, output_format)
            return 0
        if prints_sql:
            _print_script(dedupe.script(connection, table, options), table, output_format)
            return 0
        found = dedupe.report(connection, table, options)
    _print_report(found, output_format)
    return 1 if found["has_work"] else 0


def _print_script(found: dict[str, Any], table: str, output_format: str) -> None:
    if found["script"] is None:
        say(f"unchanged: {table} is unique by this key already")
    if output_format == "json":
        print_json(found)
    elif found["script"] is not None:
        if any(printable(line) != line for line in found["script"].split("\n")):
            raise PgmeritError(
                "a name holds what a terminal would obey, and would not be printed as it is",
                "Take the script from --format json, or use --apply.",
            )
        print_text(found["script"])


def _print_report(found: dict[str, Any], output_format: str) -> None:
    if output_format == "json":
        print_json(found)
        return
    lists = ("examples", "foreign_keys", "triggers", "indexes", "notes")
    emit({name: value for name, value in found.items() if name not in lists}, "table")
    for name in lists[:-1]:
        if found[name]:
            emit(found[name], "table", name.replace("_", " "))
    for note in found["notes"]:
        say(f"note: {note}")
