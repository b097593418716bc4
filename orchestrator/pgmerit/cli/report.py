"""`pgmerit report`: one page that tells how the badges of organizations stand."""

from __future__ import annotations

import contextlib
from datetime import datetime
from pathlib import Path

import click

from pgmerit import mentors
from pgmerit.cli.common import WRITTEN_FILE, Database, database_options, language_option, say
from pgmerit.pages.reading import read
from pgmerit.pages.report import report_page
from pgmerit.writing import write_whole


@click.command("report")
@click.option(
    "--out",
    type=WRITTEN_FILE,
    required=True,
    help="The file to write, replaced when it is there.",
)
@click.option("--org", "org_id", metavar="ORG", help="Tell of this organization alone.")
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="The day that the awards over time begin with; default: a year ago.",
)
@click.option(
    "--with-ids", is_flag=True, help="Name the people who are near a badge, by external id or uuid."
)
@language_option
@database_options
def command(
    out: Path,
    org_id: str | None,
    since: datetime | None,
    with_ids: bool,
    language: str | None,
    database: Database,
) -> None:
    """Write a page about the badges: awards, who has what, how far people are, and what waits.

    One HTML file that opens from disk, without a network. It names no person unless told to.
    """
    with contextlib.closing(database.connect(autocommit=True)) as connection:
        found = read(connection, org_id, since.date() if since else None, language)
        nearest = [
            person
            for measured in found.measured
            for target in measured.targets
            for person in target.nearest_ids
        ]
        names = mentors.names_of(connection, nearest) if with_ids else None
    write_whole(out, report_page(found, language, names))
    say(f"{out} is written")
