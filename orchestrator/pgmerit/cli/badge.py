"""`pgmerit badge`: which badges there are, who has one, and who is near."""

from __future__ import annotations

import contextlib
from datetime import date
from decimal import Decimal
from typing import Any

import click

from pgmerit import routines
from pgmerit.cli.common import Database, database_options, emit, format_option, language_option
from pgmerit.cli.lists import Page, Shown, day_option, page_options

_near_option = click.option(
    "--near",
    type=click.FloatRange(0, 1),
    default=0.8,
    show_default=True,
    metavar="FRACTION",
    help="From which part of the way on somebody is near.",
)
_LISTS = (
    ("holders", "who_has", ("person", "tier", "name", "times", "earned_at", "source")),
    (
        "near",
        "who_is_near",
        ("person", "tier", "name", "current", "target", "remaining", "done"),
    ),
)


@click.group("badge")
def command() -> None:
    """List the badges, who has one, and who is near."""


@command.command("list")
@click.option("--org", "org_id", metavar="ORG", help="One organization; default: every one.")
@_near_option
@language_option
@database_options
@format_option
def list_badges(
    org_id: str | None, near: float, language: str | None, database: Database, output_format: str
) -> None:
    """List each badge and tier, how many people have it, and how many are near."""
    with contextlib.closing(database.connect(autocommit=True)) as connection:
        rows = routines.list_badges(connection, org_id, Decimal(str(near)), language)
        shown = Shown(connection, language)
    if output_format == "json":
        emit(rows, output_format)
        return
    columns = ("badge", "tier", "name", "people", "awards", "near", "is_enabled")
    shown.show(rows, columns if org_id else ("organization", *columns))


@command.command("show")
@click.argument("badge")
@click.option("--org", "org_id", required=True, metavar="ORG", help="The organization.")
@click.option("--tier", metavar="TIER", help="One tier of it.")
@day_option("--since", "Only awards that were earned on this local day or later.")
@click.option(
    "--sort",
    type=click.Choice(["newest", "oldest"]),
    default="newest",
    show_default=True,
    help="Which award comes first.",
)
@_near_option
@page_options
@language_option
@database_options
@format_option
def show(
    badge: str,
    org_id: str,
    tier: str | None,
    since: date | None,
    sort: str,
    near: float,
    limit: int,
    after: str | None,
    language: str | None,
    database: Database,
    output_format: str,
) -> None:
    """Show who has BADGE and since when, then who is near and what remains.

    Two lists with a page each; --after asks for the next one of that list alone.
    """
    is_near_asked = after is not None and after.startswith("near:")
    told: dict[str, Any] = {"badge_definition_id": badge, "org_id": org_id}
    pages: dict[str, Page] = {}
    with contextlib.closing(database.connect(autocommit=True)) as connection:
        if not is_near_asked:
            rows = routines.list_holders(
                connection, badge, org_id, tier, since, sort, limit + 1, after, language
            )
            pages["holders"] = Page.of(rows, limit)
        if is_near_asked or after is None:
            rows = routines.list_near_mentors(
                connection, badge, org_id, tier, Decimal(str(near)), limit + 1, after, language
            )
            pages["near"] = Page.of(rows, limit)
        shown = Shown(connection, language)
    if output_format == "json":
        for name, page in pages.items():
            told |= {name: page.rows, f"next_{name}": page.next}
        emit(told, output_format)
        return
    for name, title, columns in _LISTS:
        if name in pages:
            shown.show_page(pages[name], columns, shown.text(title, badge=badge))
