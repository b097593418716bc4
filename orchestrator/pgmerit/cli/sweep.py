"""`pgmerit sweep`: award what only time brings; for a scheduler."""

from __future__ import annotations

import contextlib
from datetime import datetime

import click

from pgmerit import routines
from pgmerit.cli.common import Database, database_options, emit, format_option, say
from pgmerit.database import retry

_EXAMPLE = "2026-03-01T00:00:00+01:00"


def _moment(ctx: click.Context, param: click.Parameter, given: str | None) -> datetime | None:
    """Read a moment; one without an offset is refused: a day begins elsewhere at another time."""
    if given is None:
        return None
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        raise click.BadParameter(f'"{given}" is not a moment such as {_EXAMPLE}') from None
    if moment.tzinfo is None:
        raise click.BadParameter(f'"{given}" needs an offset, such as {_EXAMPLE}')
    return moment


@click.command("sweep")
@click.option(
    "--as-of",
    callback=_moment,
    metavar="MOMENT",
    help="The moment that counts as now, with its offset.",
)
@database_options
@format_option
def command(as_of: datetime | None, database: Database, output_format: str) -> None:
    """Award the badges whose tenure has fallen due; for a scheduler.

    Running it late, twice or after a gap gives the same awards with the same dates. Then looks
    whether people wait too long for an evaluation, and raises or clears alerts.
    """
    with contextlib.closing(database.connect(autocommit=True)) as connection:
        awarded = retry(lambda: routines.award_due_badges(connection, as_of))
        alerts = retry(lambda: routines.check_alerts(connection))
    if alerts:
        say(f"alerts open: {alerts}; the server's log and badges.award_events tell which")
    emit({"awarded": awarded}, output_format)
