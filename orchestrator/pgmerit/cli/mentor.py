"""`pgmerit mentor`: one person's badges, progress and reasons."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

import click

from pgmerit import report
from pgmerit.cli.common import (
    Database,
    clock_of,
    database_options,
    emit,
    format_option,
    print_line,
    print_tree,
)
from pgmerit.cli.explanation import explanation_tree

_org_option = click.option("--org", "org_id", required=True, help="The organization.")
_namespace_option = click.option(
    "--mentor-namespace", metavar="NAME", help="ID is your application's own id."
)
_as_of_option = click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="The local day that counts as today.",
)
_language_option = click.option(
    "--language", metavar="CODE", help="The language of the names, such as nb; left out = default."
)


@click.group("mentor")
def command() -> None:
    """Show what a person has earned, how far the next badges are, and why."""


@command.command("show")
@click.argument("given_id", metavar="ID")
@_org_option
@_namespace_option
@_as_of_option
@_language_option
@database_options
@format_option
def show(
    given_id: str,
    org_id: str,
    mentor_namespace: str | None,
    as_of: datetime | None,
    language: str | None,
    database: Database,
    output_format: str,
) -> None:
    """Show the badges of person ID and the progress to the next ones."""
    with contextlib.closing(database.connect(autocommit=True)) as connection:
        person = report.mentor_id(connection, given_id, mentor_namespace)
        day = as_of.date() if as_of else None
        found = report.mentor_report(connection, person, org_id, day, language)
    if output_format == "json":
        emit(asdict(found), output_format)
        return
    print_mentor(found)


@command.command("explain")
@click.argument("given_id", metavar="ID")
@click.argument("badge_definition_id", metavar="BADGE")
@_org_option
@_namespace_option
@_as_of_option
@_language_option
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
        person = report.mentor_id(connection, given_id, mentor_namespace)
        day = as_of.date() if as_of else None
        told = report.explanation(connection, person, badge_definition_id, org_id, day, language)
        time_zone = report.time_zone(connection, org_id)
    if output_format == "json":
        emit(told, output_format)
        return
    print_explanation(told, time_zone)


def print_mentor(found: report.MentorReport) -> None:
    """Print badges by date, then progress, nearest first."""
    clock = clock_of(found.time_zone)
    emit([_earned_row(row, clock) for row in found.earned], "table", title="Badges")
    print_line()
    emit([_progress_row(row) for row in found.to_come], "table", title="To come")


def print_explanation(told: dict[str, Any], time_zone: str) -> None:
    """Print an explanation as a tree, its moments in a time zone."""
    print_tree(explanation_tree(told, clock_of(time_zone)))


def _earned_row(row: dict[str, Any], clock: Callable[[datetime], str]) -> dict[str, Any]:
    return {
        "badge": row["badge_definition_id"],
        "tier": row["tier"],
        "name": row["name"],
        "times": row["occurrence"],
        "earned at": clock(row["earned_at"]),
    }


def _progress_row(row: dict[str, Any]) -> dict[str, Any]:
    fraction = float(row["fraction"] or 0)
    return {
        "badge": row["badge_definition_id"],
        "tier": row["tier"],
        "name": row["name"],
        "progress": "█" * round(fraction * 10) + "·" * (10 - round(fraction * 10)),
        "current": _plain_number(row["current"]),
        "target": _plain_number(row["target"]),
        "done": f"{fraction:.0%}",
    }


def _plain_number(value: Decimal | None) -> int | float | None:
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)
