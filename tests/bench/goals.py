"""The command: python -m tests.bench.goals [--only 2,3] [--quick | --full] [--format json].

CPU is the backend's own, by the scheduler's statistics, and every ratio the median of rounds in
which the ways take turns.
"""

from __future__ import annotations

import dataclasses
import json
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import psycopg
from pgmerit.cli.common import say
from pgmerit.errors import PgmeritError
from rich.console import Console
from rich.table import Table

from tests.bench import attached, backfill, bulk, rates, second, single, storage
from tests.bench.machine import Machine, measured_database
from tests.bench.stand import Line, Scale

Measure = Callable[[Machine, Scale], list[Line]]
GOALS: dict[int, Measure] = {
    1: rates.of_clients,
    2: single.of_bare,
    3: single.of_each_key,
    4: single.of_first_ones,
    5: single.of_late_ones,
    6: single.of_long_histories,
    7: single.of_recomputing,
    8: bulk.of_bulk,
    9: single.of_small_batches,
    10: single.of_many_badges,
    11: backfill.of_many_activities,
    12: backfill.of_many_activities,
    13: storage.of_bytes,
    14: rates.of_demo,
    15: backfill.of_many_activities,
    16: attached.of_attached,
    17: second.of_second_part,
}
QUICK = Scale(rounds=5, block=60, shrink=10)
USUAL = Scale(rounds=11, block=120)
FULL = Scale(rounds=15, block=200, is_full=True)


def _chosen(context: click.Context, option: click.Parameter, given: str | None) -> list[int]:
    try:
        wanted = [int(each) for each in given.split(",")] if given else list(GOALS)
    except ValueError:
        wanted = [0]
    if not set(wanted) <= set(GOALS):
        raise click.BadParameter("give numbers of goals: " + ", ".join(map(str, GOALS)))
    return wanted


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--only", "goals", callback=_chosen, metavar="N,N", help="Some of the goals.")
@click.option("--quick", "scale", flag_value=QUICK, type=click.UNPROCESSED, help="Rougher.")
@click.option("--full", "scale", flag_value=FULL, type=click.UNPROCESSED, help="Large sizes.")
@click.option("--dsn", metavar="DSN", help="A server to measure, by a superuser's connection.")
@click.option("--pg-bindir", type=click.Path(path_type=Path), help="The server's programs.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Where the own server keeps its data while it is measured: the disk that counts.",
)
@click.option(
    "--shown",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Show this run's JSON again; nothing is measured.",
)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["table", "json", "markdown"]),
    default="table",
    show_default=True,
    help="How the goals are shown.",
)
def command(
    goals: list[int],
    scale: Scale | None,
    dsn: str | None,
    pg_bindir: Path | None,
    folder: Path | None,
    shown: Path | None,
    output_format: str,
) -> None:
    """Measure what the engine costs, and show it beside what it is meant to cost."""
    show = {"json": _as_json, "markdown": _as_markdown, "table": _as_table}[output_format]
    if shown is not None:
        earlier = json.loads(shown.read_text())
        show(earlier["settings"], [Line(**each) for each in earlier["goals"]])
        return
    begun = time.monotonic()
    lines: list[Line] = []
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with measured_database(dsn, pg_bindir, folder) as machine:
            settings = machine.settings()
            for measure in dict.fromkeys(GOALS[goal] for goal in goals):
                say(f"{time.monotonic() - begun:4.0f} s  {(measure.__doc__ or '').splitlines()[0]}")
                lines += _measured(measure, machine, scale or USUAL)
    except PgmeritError as error:
        say(f"error: {error.message}")
        if error.hint:
            say(f"hint: {error.hint}")
        raise SystemExit(error.exit_code) from None
    except KeyboardInterrupt:
        if not lines:
            raise
        say("stopped: what was measured until then")
    lines.sort(key=lambda line: line.goal)
    settings["seconds_in_all"] = round(time.monotonic() - begun)
    show(settings, lines)


def _measured(measure: Measure, machine: Machine, scale: Scale) -> list[Line]:
    """Measure a goal; one that fails says so, and the others are measured all the same."""
    try:
        return measure(machine, scale)
    except (PgmeritError, psycopg.Error, AssertionError) as error:
        goal = next(number for number, each in GOALS.items() if each is measure)
        return [Line(goal, "failed", None, 0, "", note=str(error).partition("\n")[0])]


def _cells(line: Line) -> list[str]:
    sign = ">=" if line.at_least else "<="
    value = "" if line.value is None else f"{line.value:.3g}"
    met = {True: "met", False: "not met", None: "not measured"}[line.is_met]
    return [
        line.what,
        value,
        f"{sign} {line.aim:g} {line.unit}".strip(),
        met,
        line.beside,
        line.note,
    ]


def _as_json(settings: dict[str, Any], lines: list[Line]) -> None:
    goals = [dataclasses.asdict(line) for line in lines]
    click.echo(json.dumps({"settings": settings, "goals": goals}, indent=2, default=float))


def _as_markdown(settings: dict[str, Any], lines: list[Line]) -> None:
    click.echo(
        "{server}, {cores} cores, a synced page {fsync_ms} ms, load average {load_average_at_start}"
        " when it began.\n".format_map(settings)
    )
    click.echo("| # | what | measured | aim | | recomputing trigger | |")
    click.echo("|---|---|---|---|---|---|---|")
    for line in lines:
        click.echo(f"| {line.goal} | " + " | ".join(_cells(line)) + " |")


def _as_table(settings: dict[str, Any], lines: list[Line]) -> None:
    console = Console(width=None if Console().is_terminal else 150)
    facts = Table(box=None, show_header=False, pad_edge=False)
    for name, value in settings.items():
        facts.add_row(name.replace("_", " "), "unknown" if value is None else str(value))
    console.print(facts)
    table = Table("#", "what", "measured", "aim", "", "recomputing", "", pad_edge=False)
    for line in lines:
        table.add_row(str(line.goal), *_cells(line))
    console.print(table)


if __name__ == "__main__":
    command(prog_name="python -m tests.bench.goals")
