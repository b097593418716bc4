"""`pgmerit rezone`: another time zone for an organization, another start of its day or week."""

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
@click.argument("zone", required=False)
@click.option("--day-starts", metavar="HH:MM", help="When its local day begins, 00:00 to 12:00.")
@click.option(
    "--week-starts",
    type=click.Choice(["monday", "saturday", "sunday"]),
    help="The day on which its weeks begin.",
)
@click.option(
    "--batch",
    type=click.IntRange(1, 100_000),
    default=versions.BATCH,
    show_default=True,
    help="People rewritten in one transaction at most; fewer while others write.",
)
@format_option
@database_options
def command(
    org: str,
    zone: str | None,
    day_starts: str | None,
    week_starts: str | None,
    batch: int,
    output_format: str,
    database: Database,
) -> None:
    """Give the organization ORG the time zone ZONE, or another start of its day or week.

    A new version of its rule set; what is left out stays. People may go on recording; when the
    command returns everybody's days, stats and awards are those of the new calendar. One that was
    broken off is taken up by running it again.
    """
    with database.connect(autocommit=True) as connection:
        changed = versions.rezone(
            connection, org, zone, day_starts, week_starts, batch=batch, progress=progress, tell=say
        )
    if not changed["changed"]:
        given = (each for each in (zone, day_starts, week_starts) if each is not None)
        say(f"unchanged: {org} has {', '.join(given)} already")
    emit(changed, output_format)
