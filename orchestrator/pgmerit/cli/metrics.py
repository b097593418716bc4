"""`pgmerit metrics`: what a monitor asks, as OpenMetrics."""

from __future__ import annotations

import contextlib

import click

from pgmerit import routines
from pgmerit.cli.common import Database, database_options, emit, format_option, print_text
from pgmerit.metrics import exposition, with_version


@click.command("metrics")
@click.option(
    "--with-awards",
    is_flag=True,
    help="Also count the awards by organization, badge and tier; reads every award.",
)
@database_options
@format_option
def command(with_awards: bool, database: Database, output_format: str) -> None:
    """Print the metrics as OpenMetrics text, or as JSON.

    Events that wait and dead letters by consumer, people who wait or are due, the last verify,
    open alerts, versions. For a scrape, a scheduler's file, or `docs/monitoring.md`.
    """
    with contextlib.closing(database.connect(autocommit=True)) as connection:
        rows = with_version(routines.list_metrics(connection, with_awards=with_awards))
    if output_format == "json":
        emit(rows, output_format)
    else:
        print_text(exposition(rows))
