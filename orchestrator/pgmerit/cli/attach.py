"""`pgmerit attach`: an application's own tables, whose rows are kept as activities."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import click

from pgmerit import attaching, mentors, routines
from pgmerit.attaching import Attached, sources_schema
from pgmerit.cli.common import (
    FILE,
    Database,
    database_options,
    emit,
    format_option,
    print_json,
    print_line,
    print_people,
    print_text,
    progress,
    say,
)
from pgmerit.database import Connection
from pgmerit.errors import UnknownObjectError

SHOWN = 50
_ALL = 2**31 - 1

batch_option = click.option(
    "--batch",
    type=click.IntRange(1, 100_000),
    default=attaching.BATCH,
    show_default=True,
    help="Rows in one transaction.",
)


class _FileArgument(click.Argument):
    """An argument of the group alone: the usage of its commands does not begin with it."""

    def get_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Leave it to the group's own metavar."""
        return []


class _FileOrCommand(click.Group):
    """A group with an argument of its own: a first word that names no command is that."""

    allow_extra_args = False
    allow_interspersed_args = True

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Leave everything to the command that is named, else read it."""
        if args and args[0] in self.commands:
            ctx.args = [*args]
            return ctx.args
        return click.Command.parse_args(self, ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that is named, else the group itself."""
        if not ctx.args:
            return click.Command.invoke(self, ctx)
        name, part, rest = self.resolve_command(ctx, ctx.args)
        assert part is not None  # noqa: S101
        with part.make_context(name, rest, parent=ctx) as below:
            return part.invoke(below)


@click.group(
    "attach",
    cls=_FileOrCommand,
    invoke_without_command=True,
    subcommand_metavar="FILE | COMMAND [ARGS]...",
)
@click.argument("file", cls=_FileArgument, type=FILE)
@click.option("--plan", "is_plan", is_flag=True, help="Only show the SQL; changes nothing.")
@batch_option
@format_option
@database_options
def command(file: Path, is_plan: bool, batch: int, output_format: str, database: Database) -> int:
    """Attach the tables that FILE names: their rows become activities, and stay so.

    Shows the SQL, makes triggers on the tables, and brings in the rows that are there while others
    write. What was broken off is taken up by the same command; the same FILE again changes nothing.
    A FILE with the name of a command is given as ./status.
    Exit codes: 0 exact, 1 rows were set aside or differ, 2 wrong use or failure.
    """
    document = attaching.read_file(file)
    with contextlib.closing(database.connect(autocommit=True)) as connection:
        planned = attaching.plan(connection, file, document)
        if is_plan and output_format == "json":
            emit([{"source": name, "sql": sql} for name, sql in planned.items()], output_format)
        for name, sql in planned.items() if output_format != "json" else ():
            if not sql:
                say(f"unchanged: {name} is attached by this definition already")
            elif is_plan:
                print_text(sql)
            else:
                for line in sql.splitlines():
                    say(line)
        if is_plan:
            return 0
        done = attaching.attach(connection, document, batch=batch, progress=progress)
    if output_format == "json":
        emit(done, output_format)
    else:
        for each in done:
            _print(each)
    return int(any(each.set_aside or each.differences for each in done))


def _print(attached: Attached) -> None:
    name = attached.source
    print_line(f"{name}: {attached.brought_in} rows brought in, {attached.set_aside} set aside")
    for row in attached.first_set_aside:
        print_line(f"  {row['source_key']}: {row['reason']}")
    if attached.set_aside > len(attached.first_set_aside):
        say(f"`pgmerit attach status {name}` lists all that is set aside")
    print_line(_verdict(name, attached.differences))


def _verdict(source: str, differences: int) -> str:
    if not differences:
        return f"{source}: exact: the activities are what the table says"
    return f"{source}: {differences} differences"


@command.command()
@click.argument("source", required=False)
@format_option
@database_options
def status(source: str | None, output_format: str, database: Database) -> None:
    """List the sources, or what of SOURCE is set aside and why."""
    with contextlib.closing(database.connect(autocommit=True)) as connection:
        found = _sources(connection, source)
        aside = routines.list_set_aside(connection, source, _ALL) if source else []
        names = mentors.names_in(connection, aside)
    if output_format == "json":
        emit({**found[0], "rows": names.added_to(aside)} if source else found, output_format)
        return
    emit([{k: v for k, v in each.items() if k != "definition"} for each in found], "table")
    if source:
        emit([names.row(each) for each in aside], "table", "set aside", empty="no row is set aside")


@command.command()
@click.argument("source", required=False)
@format_option
@database_options
def verify(source: str | None, output_format: str, database: Database) -> int:
    """Compare activities with what their tables say now.

    Of every source unless SOURCE is named; changes nothing.
    Exit codes: 0 exact, 1 differences found, 2 wrong use or failure.
    """
    with contextlib.closing(database.connect(autocommit=True)) as connection:
        names = [each["source"] for each in _sources(connection, source)]
        found = {}
        for name in names:
            with progress(f"Verifying {name}", None):
                found[name] = routines.verify_source(connection, name)
        people = mentors.names_in(connection, found)
    if output_format == "json":
        told = [{"source": name, "differences": rows} for name, rows in found.items()]
        emit(people.added_to(told), output_format)
    for name, rows in found.items() if output_format != "json" else ():
        print_line(_verdict(name, len(rows)))
        if rows:
            print_people(rows[:SHOWN], people, output_format)
            say(f"hint: `pgmerit attach repair {name}` mends them.")
        if len(rows) > SHOWN:
            say(f"{SHOWN} of {len(rows)} shown; --format json gives all.")
    return int(any(found.values()))


@command.command()
@click.argument("source", required=False)
@click.option("--all", "from_start", is_flag=True, help="Read every row again.")
@batch_option
@format_option
@database_options
def repair(
    source: str | None, from_start: bool, batch: int, output_format: str, database: Database
) -> int:
    """Try again what was set aside of SOURCE, or of all.

    Exit codes: 0 nothing is left set aside, 1 something is, 2 wrong use or failure.
    """
    with contextlib.closing(database.connect(autocommit=True)) as connection:
        done = []
        for each in _sources(connection, source):
            mended = attaching.repair(
                connection, each["source"], from_start=from_start, batch=batch, progress=progress
            )
            done.append({"source": each["source"], **mended})
    emit(done, output_format, empty="nothing is attached")
    return int(any(each["left"] for each in done))


@command.command()
def schema() -> None:
    """Print the JSON Schema of FILE, for editors."""
    print_json(sources_schema())


def _sources(connection: Connection, named: str | None) -> list[dict[str, Any]]:
    """List the sources, or the one that is named; raises UnknownObjectError where it is not."""
    found = routines.list_sources(connection)
    if named is None:
        return found
    names = [each["source"] for each in found]
    if named not in names:
        raise UnknownObjectError(
            f'there is no source "{named}"',
            f"There is {', '.join(names)}." if names else "Attach one with `pgmerit attach FILE`.",
        )
    return [each for each in found if each["source"] == named]
