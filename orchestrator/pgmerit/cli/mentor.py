"""`pgmerit mentor`: one person's badges, progress and reasons."""

from __future__ import annotations

import contextlib
from dataclasses import asdict
from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import Any
from uuid import UUID

import click
from rich.tree import Tree

from pgmerit import languages, mentors, report
from pgmerit.cli import lists, people
from pgmerit.cli.common import (
    WRITTEN_FILE,
    Database,
    database_options,
    emit,
    format_option,
    language_option,
    namespace_option,
    print_line,
    print_tree,
    say,
)
from pgmerit.cli.explanation import explanation_tree
from pgmerit.database import Connection
from pgmerit.pages.person import Reason, person_page
from pgmerit.writing import write_whole

_org_option = click.option("--org", "org_id", required=True, help="The organization.")
_as_of_option = click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="The local day that counts as today.",
)


@click.group("mentor")
def command() -> None:
    """List people; show what one has earned, how far the next badges are, and why."""


for _part in (lists.list_people, people.erase, people.export, people.merge):
    command.add_command(_part)


@command.command("show")
@click.argument("given_id", metavar="ID")
@_org_option
@namespace_option
@_as_of_option
@click.option(
    "--html",
    "page",
    type=WRITTEN_FILE,
    metavar="FILE",
    help="Write a page that also tells why not yet, instead of printing.",
)
@language_option
@database_options
@format_option
def show(
    given_id: str,
    org_id: str,
    mentor_namespace: str | None,
    as_of: datetime | None,
    page: Path | None,
    language: str | None,
    database: Database,
    output_format: str,
) -> None:
    """Show the badges of person ID and the progress to the next ones."""
    with contextlib.closing(database.connect(autocommit=True)) as connection:
        person = mentors.find(connection, given_id, mentor_namespace)
        names = mentors.names_of(connection, [person])
        day = as_of.date() if as_of else None
        found = report.mentor_report(connection, person, org_id, day, language)
        if page is not None:
            reasons = _reasons(connection, found, day, language)
    if page is not None:
        zone = languages.zone_of(found.time_zone)
        write_whole(page, person_page(found, names.of(person), reasons, zone, language))
        say(f"{page} is written")
    elif output_format == "json":
        emit(names.added_to(asdict(found)), output_format)
    else:
        _print_name(names, person)
        print_mentor(found, language)


@command.command("explain")
@click.argument("given_id", metavar="ID")
@click.argument("badge_definition_id", metavar="BADGE")
@_org_option
@namespace_option
@_as_of_option
@language_option
@database_options
@format_option
def explain(
    given_id: str,
    badge_definition_id: str,
    org_id: str,
    mentor_namespace: str | None,
    as_of: datetime | None,
    language: str | None,
    database: Database,
    output_format: str,
) -> None:
    """Explain why person ID has BADGE, or why not yet."""
    with contextlib.closing(database.connect(autocommit=True)) as connection:
        person = mentors.find(connection, given_id, mentor_namespace)
        names = mentors.names_of(connection, [person])
        day = as_of.date() if as_of else None
        told = report.explanation(connection, person, badge_definition_id, org_id, day, language)
        time_zone = report.time_zone(connection, org_id)
    if output_format == "json":
        emit(names.added_to(told), output_format)
        return
    _print_name(names, person)
    print_explanation(told, time_zone, language)


def _print_name(names: mentors.Names, person: UUID) -> None:
    """Print what the application calls the person, where that is known."""
    if names.known:
        print_line(f"{names.of(person)} ({person})", bold=True)


def print_mentor(found: report.MentorReport, language: str | None = None) -> None:
    """Print badges by date, then progress, nearest first."""
    words = languages.find(language)
    zone = languages.zone_of(found.time_zone)
    for title, rows in (
        ("badges", [_earned_row(row, words, zone) for row in found.earned]),
        ("to_come", [_progress_row(row, words, zone) for row in found.to_come]),
    ):
        if title == "to_come":
            print_line()
        # Of badges that lapse, where there are any.
        unused = {each for each in ("lapses", "lapsed") if not any(row.get(each) for row in rows)}
        named = [
            {
                words.text(f"mentor.{name}"): value
                for name, value in row.items()
                if name not in unused
            }
            for row in rows
        ]
        emit(
            named,
            "table",
            title=words.text(f"mentor.{title}"),
            empty=words.text("mentor.none"),
            number=words.number,
        )


def print_explanation(told: dict[str, Any], time_zone: str, language: str | None = None) -> None:
    """Print an explanation as a tree, its moments in a time zone."""
    print_tree(explanation_tree(told, languages.find(language), languages.zone_of(time_zone)))


def _reasons(
    connection: Connection, found: report.MentorReport, as_of: date | None, language: str | None
) -> list[Reason]:
    """Explain each badge that is to come, nearest first."""
    return [
        _reason(
            explanation_tree(
                report.explanation(
                    connection, found.peer_mentor_id, badge, found.org_id, as_of, language
                ),
                languages.find(language),
                languages.zone_of(found.time_zone),
            )
        )
        for badge in dict.fromkeys(row["badge_definition_id"] for row in found.to_come)
    ]


def _reason(tree: Tree) -> Reason:
    return Reason(str(tree.label), [_reason(each) for each in tree.children])


def _earned_row(row: dict[str, Any], words: languages.Language, zone: tzinfo) -> dict[str, Any]:
    return {
        "badge": row["badge_definition_id"],
        "tier": row["tier"],
        "name": row["name"],
        "times": row["occurrence"],
        "earned_at": words.moment(row["earned_at"], zone),
        "lapses": row["expires_at"] and words.moment(row["expires_at"], zone),
    }


def _progress_row(row: dict[str, Any], words: languages.Language, zone: tzinfo) -> dict[str, Any]:
    fraction = row["fraction"] or 0
    steps = round(fraction * 10)
    return {
        "badge": row["badge_definition_id"],
        "tier": row["tier"],
        "name": row["name"],
        "progress": "█" * steps + "·" * (10 - steps),
        "current": row["current"],
        "target": row["target"],
        "done": words.percent(fraction),
        "lapsed": row["expires_at"] and words.moment(row["expires_at"], zone),
    }
