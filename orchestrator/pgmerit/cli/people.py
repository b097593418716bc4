"""`pgmerit mentor export`, `erase` and `merge`: requests for access and erasure, two accounts."""

from __future__ import annotations

import contextlib
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from pgmerit import mentors, routines
from pgmerit.cli.common import (
    FILE,
    WRITTEN_FILE,
    Database,
    database_options,
    emit,
    format_option,
    json_text,
    lines_of,
    namespace_option,
    print_json,
    print_line,
    progress,
    say,
)
from pgmerit.database import Connection, retry
from pgmerit.errors import InvalidInputError, PgmeritError, StoppedError
from pgmerit.writing import whole_file

_org_option = click.option(
    "--org", "org_id", help="In this organization alone; left out = in every one."
)
_file_option = click.option(
    "--file", type=FILE, metavar="IDS", help="A file with an id a line; # begins a comment."
)
_yes_option = click.option("--yes", is_flag=True, help="Do not ask.")


@click.command("export")
@click.argument("given_ids", metavar="[ID]...", nargs=-1)
@_file_option
@click.option(
    "--out", type=WRITTEN_FILE, metavar="FILE", help="Write to this file, instead of printing."
)
@_org_option
@namespace_option
@database_options
def export(
    given_ids: tuple[str, ...],
    file: Path | None,
    out: Path | None,
    org_id: str | None,
    mentor_namespace: str | None,
    database: Database,
) -> None:
    """Give everything that is kept of person ID, as JSON.

    Of several people, a line each.
    """
    with contextlib.closing(database.connect(autocommit=True)) as connection:
        people = _people(connection, given_ids, file, mentor_namespace)
        with contextlib.ExitStack() as opened:
            file_out = opened.enter_context(whole_file(out)) if out else None
            advance = opened.enter_context(progress("Exporting", len(people)))
            for person in people:
                found = routines.export_person(connection, person, org_id)
                if file_out:
                    file_out.write(json_text(found) + "\n")
                else:
                    print_json(found, indent=2 if len(people) == 1 else None)
                advance(1)
    if out:
        say(f"{out} is written")


@click.command("erase")
@click.argument("given_ids", metavar="[ID]...", nargs=-1)
@_file_option
@_org_option
@namespace_option
@_yes_option
@database_options
@format_option
def erase(
    given_ids: tuple[str, ...],
    file: Path | None,
    org_id: str | None,
    mentor_namespace: str | None,
    yes: bool,
    database: Database,
    output_format: str,
) -> None:
    """Erase person ID: nothing keeps the id afterwards, and nothing brings it back.

    Each person is a transaction with a receipt; what was broken off is taken up by running it
    again. A uuid means exactly that id, an id of the application's whom it means now.
    """
    with contextlib.closing(database.connect(autocommit=True)) as connection:
        people = _people(connection, given_ids, file, mentor_namespace)
        who = "1 person" if len(people) == 1 else f"{len(people)} people"
        where = f"in {org_id}" if org_id else "in every organization"
        if not yes:
            click.confirm(f"Erase {who} {where}? Nothing brings them back", abort=True, err=True)
        receipts: list[int] = []
        removed: Counter[str] = Counter()
        try:
            with progress("Erasing", len(people)) as advance:
                for person in people:
                    receipt = retry(partial(routines.erase_peer_mentor, connection, person, org_id))
                    receipts.append(receipt["receipt_id"])
                    removed.update(receipt["removed"])
                    advance(1)
        except KeyboardInterrupt as stop:
            raise StoppedError(
                f"stopped: {len(receipts)} of {who} are erased; run the same command again: it"
                " goes on"
            ) from stop
    if output_format == "json":
        told = {"people": len(people), "org_id": org_id, "receipts": receipts, "removed": removed}
        emit(told, output_format)
        return
    emit(_counts(removed), output_format, empty="nothing was kept")
    numbers = f"{receipts[0]}" if len(receipts) == 1 else f"{receipts[0]} to {receipts[-1]}"
    print_line(f"{who} erased {where}: receipt {numbers}")


@click.command("merge")
@click.argument("first", metavar="FROM")
@click.argument("second", metavar="INTO")
@_org_option
@namespace_option
@click.option("--plan", is_flag=True, help="Tell what would be done; change nothing.")
@_yes_option
@database_options
@format_option
def merge(
    first: str,
    second: str,
    org_id: str | None,
    mentor_namespace: str | None,
    plan: bool,
    yes: bool,
    database: Database,
    output_format: str,
) -> None:
    """Make two people one: all that is kept of FROM is that of INTO from now on.

    Shows the plan and asks first: nothing undoes it. Running it again changes nothing.
    """
    if plan and yes:
        raise click.UsageError("--plan does not go with --yes")
    with contextlib.closing(database.connect(autocommit=True)) as connection:
        # The id as it was derived: who it means now may be the second one already.
        from_person = mentors.find(connection, first, mentor_namespace, as_derived=True)
        into_person = mentors.find(connection, second, mentor_namespace)
        names = mentors.names_of(connection, [from_person, into_person])
        planned = routines.plan_merge(connection, from_person, into_person, org_id)
        if plan:
            _print_merge(planned, output_format)
            return
        if not yes:
            if output_format == "table":
                _print_merge(planned, output_format)
            click.confirm(
                f"Merge {planned['rows']['badges.activities']} activities and all else of"
                f" {names.of(from_person)} into {names.of(planned['into_peer_mentor_id'])}?"
                " Nothing undoes it",
                abort=True,
                err=True,
            )
        done = retry(
            partial(routines.merge_peer_mentors, connection, from_person, into_person, org_id)
        )
    if output_format == "json":
        emit(done, output_format)
        return
    if yes:
        _print_merge(done, output_format)
    print_line("merged" if done["changed"] else "unchanged: they are one already")
    for award in done["new_badges"]:
        tier = f" {award['tier']}" if award["tier"] else ""
        print_line(f"new: {award['badge_definition_id']}{tier}, earned {award['earned_at']}")


def _print_merge(planned: dict[str, Any], output_format: str) -> None:
    if output_format == "json":
        emit(planned, output_format)
        return
    emit(_counts(planned["rows"]), output_format, "What moves", empty="nothing is kept")
    if planned["awards"]:
        emit(
            [
                {
                    "organization": award["org_id"],
                    "badge": award["badge_definition_id"],
                    "tier": award["tier"],
                    "times": award["occurrence"],
                    "becomes": award["becomes"],
                    "from": award["from_earned_at"],
                    "into": award["into_earned_at"],
                    "earned at": award["earned_at"],
                }
                for award in planned["awards"]
            ],
            output_format,
            "Awards",
        )
    for name, words in (
        ("repeated", "activities that both have are dropped once"),
        ("without_key", "activities lose their key: the other has it with other content"),
    ):
        if planned[name]["activities"]:
            keys = ", ".join(planned[name]["keys"])
            print_line(f"{planned[name]['activities']} {words}: {keys}")


def _counts(rows: dict[str, int]) -> list[dict[str, Any]]:
    return [{"table": table, "rows": count} for table, count in rows.items() if count]


def _people(
    connection: Connection, given_ids: tuple[str, ...], file: Path | None, namespace: str | None
) -> list[UUID]:
    """Give the people that are named, each once; refuse all where one is not a person."""
    named = [("", given) for given in given_ids]
    if file is not None:
        hint = "Write an id a line."
        named += [(f"{file} line {number}: ", line) for number, line in lines_of(file, hint)]
    if not named:
        raise InvalidInputError("no person is named", "Give an ID, or --file with an id a line.")
    found: dict[UUID, None] = {}
    for place, given in named:
        try:
            found[mentors.find(connection, given, namespace)] = None
        except PgmeritError as exc:
            raise InvalidInputError(f"{place}{exc.message}", exc.hint) from exc
    return list(found)
