"""`pgmerit demo`: the main job on a year of real-sized data."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

import click
from psycopg.conninfo import conninfo_to_dict

from pgmerit import adopting
from pgmerit.cli.common import (
    Database,
    database_options,
    emit,
    format_option,
    print_line,
    program_name,
    progress,
    say,
)
from pgmerit.cli.importing import import_with_progress, summary
from pgmerit.cli.mentor import print_explanation, print_mentor
from pgmerit.demo import scenes
from pgmerit.demo.generator import PROTAGONIST
from pgmerit.demo.making import DemoOptions, year_in_the_making
from pgmerit.errors import PgmeritError, StoppedError
from pgmerit.server.attached import attached_server
from pgmerit.server.persistent import PersistentServer
from pgmerit.settings import home_dir, is_same_server, without_secrets


@click.command("demo")
@click.option("--seed", type=int, default=1, show_default=True, help="Another one, another year.")
@click.option(
    "--scale",
    type=click.FloatRange(0, 10, min_open=True),
    default=1.0,
    show_default=True,
    help="A share of the true size.",
)
@click.option(
    "--today",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The day before which everything happened; default: today.",
)
@click.option(
    "--into",
    metavar="DATABASE",
    help=f"Load into this existing database of the server instead of {scenes.DATABASE}.",
)
@database_options
@format_option
def command(
    seed: int,
    scale: float,
    today: datetime | None,
    into: str | None,
    database: Database,
    output_format: str,
) -> int:
    """Show the whole path, from rule sets and an import to badges and their reasons.

    Makes the database pgmerit_demo anew on the named server and touches no other; without a named
    server the embedded one runs for as long as the demo does.
    """
    began = time.perf_counter()
    options = DemoOptions(today.date() if today else date.today(), seed, scale)
    try:
        with year_in_the_making(options) as making, _server_dsn(database) as server_dsn:
            dsn = scenes.make_database(server_dsn, into)
            steps: list[scenes.Step] = []
            page = home_dir() / "demo.html"
            for step in scenes.run(dsn, options, making, import_with_progress, progress, page):
                steps.append(step)
                if output_format == "table":
                    _print_step(step)
    except KeyboardInterrupt as stop:
        again = "pgmerit demo" + (f" --into {into}" if into else "")
        raise StoppedError(f"stopped: the demo is not finished; `{again}` runs it anew") from stop
    times = [{"step": step.title, "seconds": round(step.seconds, 2)} for step in steps]
    # Less than their sum: some ran side by side.
    times.append({"step": "Together", "seconds": round(time.perf_counter() - began, 2)})
    if output_format == "json":
        emit({"steps": [_as_json(step) for step in steps], "times": times}, output_format)
    else:
        _heading("How long it took")
        emit(times, output_format)
        say("")
        for line in _farewell(dsn):
            say(line)
    return 1 if next(step.data for step in steps if step.name == "verify") else 0


@contextmanager
def _server_dsn(database: Database) -> Iterator[str]:
    """Give the named server; else the embedded one, run for the demo unless it runs already."""
    try:
        found: str | None = database.dsn
    except PgmeritError:
        if database.given or os.environ.get("PGMERIT_DSN"):
            raise
        found = None
    if found is not None:
        yield found
        return
    say("starting the embedded server for the demo")
    with attached_server(home_dir()) as cluster:
        yield cluster.dsn("postgres")


def _print_step(step: scenes.Step) -> None:
    _heading(step.title)
    _PRINTERS[step.name](step)


def _print_migration(step: scenes.Step) -> None:
    done = step.data
    print_line(f"{len(done.applied)} migrations, {len(done.loaded)} files of routines")


def _print_rules(step: scenes.Step) -> None:
    emit(
        [
            {
                "rule set": applied["rule_set"],
                "version": applied["version"],
                "organizations": applied["organizations"],
                "badges": applied["badges"],
                "news": "applied" if applied["changed"] else "known already",
            }
            for applied in step.data
        ],
        "table",
    )


def _print_numbers(step: scenes.Step) -> None:
    emit(step.data, "table")


def _print_import(step: scenes.Step) -> None:
    numbers = summary(step.data)
    rate = round(step.data.read / step.seconds) if step.seconds else 0
    emit({**numbers, "rows a second": rate}, "table")


def _print_awards(step: scenes.Step) -> None:
    """Print a table a group of organizations: badges down, organizations across."""
    for organizations in (("hlf", "nhf", "blindeforbundet"), ("study",)):
        rows: dict[tuple[str, str], dict[str, Any]] = {}
        for counted in step.data:
            if counted["org_id"] in organizations:
                place = (counted["badge_definition_id"], counted["tier"])
                row = rows.setdefault(
                    place,
                    {"badge": place[0], "tier": place[1], "name": counted["name"]}
                    | dict.fromkeys(organizations),
                )
                row[counted["org_id"]] = counted["awards"]
        emit(list(rows.values()), "table")
        print_line()


def _print_mentor(step: scenes.Step) -> None:
    print_mentor(step.data["report"])
    print_line()
    print_line("Why not yet?")
    print_explanation(step.data["explanation"], step.data["report"].time_zone)


def _print_replay(step: scenes.Step) -> None:
    for title, answer in zip(("recorded", "replayed"), step.data, strict=True):
        names = ", ".join(badge["name"] for badge in answer["new_badges"]) or "none"
        known = "true" if answer["duplicate"] else "false"
        print_line(f"{title}: duplicate {known}, new badges: {names}")


def _print_webhook(step: scenes.Step) -> None:
    for message in step.data:
        award = message["data"]
        print_line(
            f"{message['webhook-id']}: {message['type']}, {award['name']}"
            f" ({award['badge_definition_id']} {award['tier']})"
        )
    if not step.data:
        print_line("nothing: the award was told before")


def _print_adopted(step: scenes.Step) -> None:
    told = step.data
    emit(
        {"taken over": told.adopted, "held already": told.held, "left out": told.left_out}, "table"
    )
    for group in told.groups:
        if group.status not in adopting.TAKEN:
            print_line(f"left out: {group.rows} rows, {group.status} {group.subject}")


def _print_verification(step: scenes.Step) -> None:
    if not step.data:
        print_line("exact: snapshot and awards are what the activities say")
        return
    print_line(f"{len(step.data)} differences; the first ones:")
    emit([asdict(each) for each in step.data[:10]], "table")


def _print_page(step: scenes.Step) -> None:
    print_line(f"open it in a browser: {step.data}")


_PRINTERS: dict[str, Callable[[scenes.Step], None]] = {
    "migrate": _print_migration,
    "rules": _print_rules,
    "generate": _print_numbers,
    "import": _print_import,
    "awards": _print_awards,
    "mentor": _print_mentor,
    "replay": _print_replay,
    "webhook": _print_webhook,
    "corrections": _print_numbers,
    "dedupe": _print_numbers,
    "adopt": _print_adopted,
    "verify": _print_verification,
    "report": _print_page,
}


def _heading(title: str) -> None:
    print_line()
    print_line(title, bold=True)
    print_line("─" * len(title))


def _as_json(step: scenes.Step) -> dict[str, Any]:
    data = step.data
    if step.name == "migrate":
        data = {"applied": data.applied, "loaded": len(data.loaded)}
    elif step.name == "import":
        data = summary(data)
    elif step.name == "mentor":
        data = data | {"report": asdict(data["report"])}
    elif step.name == "adopt":
        data = asdict(data)
    elif step.name == "verify":
        data = {"is_exact": not data, "differences": [asdict(each) for each in data[:100]]}
    return {"name": step.name, "title": step.title, "seconds": step.seconds, "data": data}


def _farewell(dsn: str) -> list[str]:
    """Give lines of which each command runs as it stands, where the reader is."""
    database = str(conninfo_to_dict(dsn)["dbname"])
    embedded = PersistentServer(home_dir())
    commands = [
        f"mentor show {PROTAGONIST.peer_mentor_id} --org {PROTAGONIST.org_id}",
        f"mentor explain {PROTAGONIST.peer_mentor_id} ready_for_more --org {PROTAGONIST.org_id}",
    ]
    shown = without_secrets(dsn)
    lines = [f"{command} --dsn {shlex.quote(shown)}" for command in commands]
    if is_same_server(dsn, embedded.dsn()) and not embedded.is_running():
        lines.insert(0, "db start")
    return [
        f"The data stays in the database {database}. Look around in it:",
        *(f"  {program_name()} {line}" for line in lines),
        *(["The password comes from PGPASSWORD or ~/.pgpass."] if shown != dsn else []),
    ]
