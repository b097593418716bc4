"""The command: python -m tests.bench [--quick] [--format json]."""

from __future__ import annotations

import json
import signal
import sys
import time
from pathlib import Path
from typing import Any

import click
from pgmerit.cli.common import format_option, say
from pgmerit.errors import PgmeritError
from rich.console import Console
from rich.table import Table

from tests.bench.machine import measured_database
from tests.bench.workloads import Bench, Figure, Scale

QUICK = Scale(
    people=400,
    seconds=60,
    rounds=3,
    block_seconds=0.15,
    late_transactions=50,
    deep_transactions=300,
    planned_activities=50_000,
    bulk_rows=30_000,
    bulk_rounds=1,
    hand_rows=1500,
    hand_deep_transactions=5,
)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--quick", is_flag=True, help="Less of everything: about a minute, rougher figures.")
@click.option("--dsn", metavar="DSN", help="A server to measure, by a superuser's connection.")
@click.option(
    "--pg-bindir",
    type=click.Path(path_type=Path),
    help="The server's programs, and pgbench; default the embedded ones.",
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Where the own server keeps its data while it is measured: the disk that counts.",
)
@format_option
def command(
    quick: bool, dsn: str | None, pg_bindir: Path | None, folder: Path | None, output_format: str
) -> None:
    """Measure pgmerit beside a bare table and a trigger that recomputes, on one server."""
    begun = time.monotonic()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))

    def tell(message: str) -> None:
        say(f"{time.monotonic() - begun:4.0f} s  {message}")

    try:
        with measured_database(dsn, pg_bindir, folder) as machine:
            settings = machine.settings()
            bench = Bench(machine, QUICK if quick else Scale(), tell)
            figures = bench.run()
    except PgmeritError as error:
        say(f"error: {error.message}")
        if error.hint:
            say(f"hint: {error.hint}")
        raise SystemExit(error.exit_code) from None
    settings["seconds_in_all"] = round(time.monotonic() - begun)
    if output_format == "json":
        results = [figure.as_dict() for figure in figures]
        whole = {"settings": settings, **bench.facts, "results": results}
        click.echo(json.dumps(whole, indent=2))
    else:
        _print(settings | bench.facts, figures)


def _print(facts: dict[str, Any], figures: list[Figure]) -> None:
    console = Console(width=None if Console().is_terminal else 132)
    grid = Table(box=None, show_header=False, pad_edge=False)
    for name, value in facts.items():
        if isinstance(value, dict):
            for part, counts in value.items():
                listed = ", ".join(f"{kind} {count}" for kind, count in counts.items())
                grid.add_row(f"{name.replace('_', ' ')}, {part}", listed)
        else:
            grid.add_row(name.replace("_", " "), "unknown" if value is None else str(value))
    console.print(grid)
    table = Table(pad_edge=False)
    for name in ("contender", "min", "median", "max", "unit", "to bare", "note"):
        table.add_column(name, justify="left" if name in ("contender", "unit", "note") else "right")
    workload = ""
    for figure in figures:
        row = figure.as_dict()
        if figure.workload != workload:
            workload = figure.workload
            table.add_section()
            table.add_row(f"[bold]{workload}[/bold]")
        table.add_row(
            f"  {row['contender']}",
            *(f"{row[name]:,.0f}" for name in ("min", "median", "max")),
            row["unit"],
            f"{row['ratio_to_bare']:.3f}",
            row["note"],
        )
    console.print(table)


if __name__ == "__main__":
    command(prog_name="python -m tests.bench")
