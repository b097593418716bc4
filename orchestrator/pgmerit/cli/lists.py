"""The lists that come page by page: `pgmerit mentor list`, and what those of badges share."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

import click

from pgmerit import languages, mentors, report, routines
from pgmerit.cli.common import (
    Database,
    database_options,
    emit,
    format_option,
    language_option,
    say,
)
from pgmerit.database import Connection

F = TypeVar("F", bound=Callable[..., Any])
Row = dict[str, Any]

_MOST = 9_999  # with the row that tells of a next page as many as a routine gives
_KEYS = {
    "badge": "badge_definition_id",
    "done": "fraction",
    "last_activity": "last_activity_at",
    "last_earned": "last_earned_at",
    "organization": "org_id",
    "person": "peer_mentor_id",
    "times": "occurrence",
}


def page_options(command: F) -> F:
    """Add --limit and --after."""
    limit = click.option(
        "--limit",
        type=click.IntRange(1, _MOST),
        default=50,
        show_default=True,
        metavar="ROWS",
        help="How many rows a page has.",
    )
    after = click.option("--after", metavar="CURSOR", help="Where the page before said it ends.")
    return limit(after(command))


def day_option(name: str, help: str) -> Callable[[F], F]:
    """Add an option that takes a local day, a date."""

    def read(ctx: click.Context, param: click.Parameter, given: datetime | None) -> date | None:
        return given.date() if given else None

    return click.option(
        name, type=click.DateTime(["%Y-%m-%d"]), callback=read, metavar="DATE", help=help
    )


@dataclass(frozen=True)
class Page:
    """Some rows of a list, and the cursor that the next page begins after, None on the last."""

    rows: list[Row]
    next: str | None

    @classmethod
    def of(cls, rows: Sequence[Mapping[str, Any]], limit: int) -> Page:
        """Take a page of so many rows from a list that was asked for one more."""
        shown = [{key: row[key] for key in row if key != "cursor"} for row in rows[:limit]]
        return cls(shown, rows[limit - 1]["cursor"] if len(rows) > limit else None)


class Shown:
    """Tables of rows that name people, by the clocks of their organizations."""

    def __init__(self, connection: Connection, language: str | None) -> None:
        self._words = languages.find(language)
        self._zones = report.time_zones(connection)
        self._is_told_apart = mentors.is_told_apart(connection)

    def text(self, key: str, **places: Any) -> str:
        """Give a text of section `mentor`."""
        return self._words.text(f"mentor.{key}", **places)

    def show(self, rows: Sequence[Row], columns: Sequence[str], title: str | None = None) -> None:
        """Print columns, each by its name in section `mentor`."""
        names = mentors.names_told(rows, is_told_apart=self._is_told_apart)
        table = [
            {self.text(name): self._cell(row, name, names) for name in columns} for row in rows
        ]
        emit(table, "table", title, empty=self.text("none"), number=self._words.number)

    def show_page(self, page: Page, columns: Sequence[str], title: str | None = None) -> None:
        """Print a page, and how to get the next one."""
        self.show(page.rows, columns, title)
        if page.next is not None:
            say(f"more: --after {shlex.quote(page.next)}")

    def _cell(self, row: Row, name: str, names: mentors.Names) -> Any:
        value = row[_KEYS.get(name, name)]
        if isinstance(value, datetime):
            return self._words.moment(value, languages.zone_of(self._zones[row["org_id"]]))
        match name:
            case "person":
                return names.of(value)
            case "done":
                return self._words.percent(value)
            case "source":
                return self._words.word("source", value)
            case "is_enabled":
                return self._words.text("page.true" if value else "page.false")
        return value


@click.command("list")
@click.option("--org", "org_id", metavar="ORG", help="One organization; default: every one.")
@click.option("--badge", metavar="BADGE", help="Only those who have this badge.")
@click.option("--tier", metavar="TIER", help="Only those who have this tier of it.")
@day_option("--since", "Only those who earned a badge, or this one, on this local day or later.")
@click.option(
    "--sort",
    type=click.Choice(["activity", "activities", "awards", "earned", "id"]),
    default="activity",
    show_default=True,
    help="Latest activity first, most activities, most awards, latest award, or by uuid.",
)
@page_options
@language_option
@database_options
@format_option
def list_people(
    org_id: str | None,
    badge: str | None,
    tier: str | None,
    since: date | None,
    sort: str,
    limit: int,
    after: str | None,
    language: str | None,
    database: Database,
    output_format: str,
) -> None:
    """List people, page by page: what each has done and earned.

    With a badge or a day, awards and the last one are of those asked for.
    """
    if tier is not None and badge is None:
        raise click.UsageError("--tier goes with --badge")
    with contextlib.closing(database.connect(autocommit=True)) as connection:
        rows = routines.list_mentors(connection, org_id, badge, tier, since, sort, limit + 1, after)
        shown = Shown(connection, language)
    page = Page.of(rows, limit)
    if output_format == "json":
        emit({"mentors": page.rows, "next": page.next}, output_format)
        return
    columns = ("person", "activities", "last_activity", "awards", "last_earned")
    shown.show_page(page, columns if org_id else ("organization", *columns))
