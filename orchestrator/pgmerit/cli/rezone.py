"""`pgmerit rezone`: another time zone for an organization."""

from __future__ import annotations

import click

from pgmerit.cli.common import (
    Database,
    database_options,
    emit,
    format_option,
    progress,
    say,
)
from pgmerit.rules import versions


@click.command("rezone")
@click.argument("org")
@click.argument("zone")
@click.option(
    "--batch",
    type=click.IntRange(1, 100_000),
    default=versions.BATCH,
    show_default=True,
    help="People rewritten in one transaction at most; fewer while others write.",
)
@format_option
@database_options
def command(org: str, zone: str, batch: int, output_format: str, database: Database) -> None:
    """Give the organization ORG the time zone ZONE, and its activities the days of it.

    A new version of its rule set. People may go on recording; when the command returns everybody's
    days, stats and awards are those of the new zone. One that was broken off is taken up by running
    it again.
    """
    with database.connect(autocommit=True) as connection:
        changed = versions.rezone(connection, org, zone, batch=batch, progress=progress, tell=say)
    if not changed["changed"]:
        say(f"unchanged: {org} has the time zone {zone} already")
    emit(changed, output_format)
