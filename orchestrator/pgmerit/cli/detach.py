"""`pgmerit detach`: an application's table goes its own way again."""

from __future__ import annotations

import contextlib

import click

from pgmerit import attaching
from pgmerit.cli.attach import batch_option
from pgmerit.cli.common import Database, database_options, emit, format_option, progress


@click.command("detach")
@click.argument("source")
@click.option("--keep", "what", flag_value="keep", help="Keep its activities.")
@click.option("--remove", "what", flag_value="remove", help="Delete its activities.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@batch_option
@format_option
@database_options
def command(
    source: str,
    what: str | None,
    yes: bool,
    batch: int,
    output_format: str,
    database: Database,
) -> None:
    """Take the triggers off the table of SOURCE; its activities are kept or removed.

    Say which. A removal that was broken off is taken up by the same command.
    """
    if what is None:
        raise click.UsageError("Say --keep or --remove: what becomes of its activities?")
    is_removed = what == "remove"
    if is_removed and not yes:
        click.confirm(f"Delete the activities of {source}?", abort=True, err=True)
    with contextlib.closing(database.connect(autocommit=True)) as connection:
        removed = attaching.detach(
            connection, source, is_removed=is_removed, batch=batch, progress=progress
        )
    emit({"source": source, "removed": removed}, output_format)
