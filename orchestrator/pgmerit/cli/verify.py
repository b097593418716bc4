"""`pgmerit verify`: are snapshot and awards what the activities say?"""

from __future__ import annotations

import contextlib
import time
from dataclasses import asdict
from uuid import UUID

import click

from pgmerit import mentors
from pgmerit.cli.common import (
    Database,
    database_options,
    emit,
    format_option,
    namespace_option,
    print_line,
    print_people,
    progress,
    say,
)
from pgmerit.rules import versions
from pgmerit.verify import Difference, Repair, find_differences, record, repair

SHOWN = 50


@click.command("verify")
@click.option("--repair", "is_repair", is_flag=True, help="Build anew what differs, and tell what.")
@click.option("--mentor", "given_id", metavar="ID", help="One person only.")
@namespace_option
@click.option(
    "--sample",
    type=click.FloatRange(0, 1, min_open=True),
    metavar="SHARE",
    help="A share of the people, drawn anew each time: 0.05 is one in twenty.",
)
@database_options
@format_option
@click.pass_context
def command(
    ctx: click.Context,
    is_repair: bool,
    given_id: str | None,
    mentor_namespace: str | None,
    sample: float | None,
    database: Database,
    output_format: str,
) -> None:
    """Recompute snapshot and awards from the activities and name every difference.

    Changes nothing without --repair; with it, what differs is built anew and looked at again.
    People whom the current rules have not reached yet are told apart: `pgmerit rules backfill`
    evaluates them. The result is kept, and differences raise alert drift_found; where nothing can
    be written, a line says so.
    Exit codes: 0 exact (or mended), 1 differences found (or left) or people waiting, 2 wrong use or
    failure.
    """
    if given_id is not None and sample is not None:
        raise click.UsageError("--mentor and --sample do not go together")
    if given_id is None and mentor_namespace is not None:
        raise click.UsageError("--mentor-namespace goes with --mentor")
    with contextlib.closing(database.connect(autocommit=True)) as connection:
        peer_mentor_id = None
        if given_id is not None:
            peer_mentor_id = mentors.find(connection, given_id, mentor_namespace)
        began = time.monotonic()
        with progress("Verifying", 100) as advance:
            found = find_differences(connection, peer_mentor_id, sample, advance)
        waiting = versions.unfinished(connection, peer_mentor_id)
        unrecorded = record(
            connection,
            len(found),
            sum(each.people for each in waiting),
            time.monotonic() - began,
            _scope(peer_mentor_id, sample),
        )
        if unrecorded:
            say(f"note: the result is not kept: {unrecorded}")
        mended = None
        if is_repair and found:
            people = len({each.peer_mentor_id for each in found})
            with progress("Repairing", people) as advance:
                mended = repair(connection, found, advance)
        names = mentors.names_of(connection, {each.peer_mentor_id for each in found})
    if output_format == "json":
        emit(names.added_to(_as_json(found, mended, waiting)), output_format)
    else:
        _print(found, mended, waiting, names)
    left = mended.left if mended else found
    ctx.exit(1 if left or waiting else 0)


def _scope(peer_mentor_id: UUID | None, sample: float | None) -> str:
    if peer_mentor_id is not None:
        return f"person {peer_mentor_id}"
    return "all" if sample in (None, 1) else f"sample {sample:g}"


def _as_json(
    found: list[Difference], mended: Repair | None, waiting: list[versions.Unfinished]
) -> dict[str, object]:
    left = mended.left if mended else found
    return {
        "is_exact": not (left or waiting),
        "waiting": [{**asdict(each), "command": each.command} for each in waiting],
        "found": len(found),
        "people": len({each.peer_mentor_id for each in found}),
        "mended": [asdict(each) for each in mended.mended] if mended else [],
        "differences": [asdict(each) for each in left],
    }


def _print(
    found: list[Difference],
    mended: Repair | None,
    waiting: list[versions.Unfinished],
    names: mentors.Names,
) -> None:
    for each in waiting:
        print_line(f"waiting: {each}; `{each.command}` evaluates them")
    if not found:
        if not waiting:
            print_line("exact: snapshot and awards are what the activities say")
        return
    people = len({each.peer_mentor_id for each in found})
    if mended:
        if mended.mended:
            _print_list(
                mended.mended, f"{len(mended.mended)} differences mended, {people} people", names
            )
        if mended.left:
            _print_list(mended.left, f"{len(mended.left)} differences left", names)
    else:
        _print_list(found, f"{len(found)} differences, {people} people", names)
        say("hint: `pgmerit verify --repair` mends them.")
    if any(each.kind == "stats" for each in found):
        say("hint: run `pgmerit doctor`: a disabled trigger leaves such differences behind.")


def _print_list(differences: list[Difference], title: str, names: mentors.Names) -> None:
    print_people([asdict(each) for each in differences[:SHOWN]], names, "table", title)
    if len(differences) > SHOWN:
        say(f"{SHOWN} of {len(differences)} shown; --format json gives all.")
