"""`pgmerit sweep`: award what only time brings; for a scheduler."""

from __future__ import annotations

import contextlib
from datetime import datetime

import click

from pgmerit import routines
from pgmerit.cli.common import (
    Database,
    database_options,
    emit,
    format_option,
    moment_option,
    say,
)
from pgmerit.database import retry


@click.command("sweep")
@moment_option("--as-of", help="The moment that counts as now, with its offset.")
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
