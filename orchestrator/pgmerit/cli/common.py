"""What the commands share: the group, options, output, progress and errors."""

from __future__ import annotations

import dataclasses
import functools
import importlib
import itertools
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NoReturn, TypeVar

import click
import psycopg
from pydantic import BaseModel
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from pgmerit import database
from pgmerit.errors import PgmeritError, StoppedError, translate
from pgmerit.settings import home_dir, resolve_dsn

F = TypeVar("F", bound=Callable[..., Any])


def name_variables(command: click.Command, prefix: str) -> None:
    """Name each option's environment variable after the option, below its command's name."""
    if isinstance(command, click.Group):
        for name, part in command.commands.items():
            name_variables(part, f"{prefix}_{name}")
    for option in command.params:
        if isinstance(option, click.Option) and option.envvar is None:
            longest = max(option.opts, key=len).lstrip("-")
            option.envvar = f"{prefix}_{longest}".upper().replace("-", "_")


class CommandTable(click.Group):
    """A group whose commands are loaded when they are asked for, each module's `command`."""

    def __init__(self, *args: Any, modules: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.modules = modules

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the commands by name."""
        return sorted(self.modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one command."""
        if cmd_name not in self.modules:
            return None
        module = importlib.import_module(self.modules[cmd_name])
        command: click.Command = module.command
        name_variables(command, f"PGMERIT_{cmd_name}")
        return command

    def main(  # type: ignore[override]
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any
    ) -> NoReturn:
        """Run and end the process: known errors become one line and a hint."""
        arguments = list(sys.argv[1:] if args is None else args)
        extra["standalone_mode"] = False
        try:
            result = super().main(arguments, prog_name, **extra)
        except PgmeritError as exc:
            _fail(exc, arguments)
        except psycopg.Error as exc:
            _fail(translate(exc), arguments)
        except click.Abort as exc:
            # click's own for a Ctrl-C, and for a question that was answered with no.
            stopped = exc.__cause__ or exc.__context__
            told = str(stopped) if isinstance(stopped, StoppedError) else ""
            exit_code = 130 if isinstance(stopped, KeyboardInterrupt) else 2
            _fail(
                PgmeritError(told or "stopped before it was done", exit_code=exit_code), arguments
            )
        except click.exceptions.NoArgsIsHelpError as exc:
            click.echo(exc.format_message(), err=True)
            sys.exit(2)
        except click.UsageError as exc:
            command = exc.ctx.command_path if exc.ctx else "pgmerit"
            hint = f"See `{command} --help`."
            _fail(PgmeritError(exc.format_message(), hint), arguments)
        except click.ClickException as exc:
            _fail(PgmeritError(exc.format_message()), arguments)
        sys.exit(result if isinstance(result, int) else 0)


@dataclasses.dataclass
class Database:
    """The database that a command works on, found when it is first needed."""

    given: str | None

    @functools.cached_property
    def dsn(self) -> str:
        """The connection string; raises PgmeritError when no database is named."""
        return resolve_dsn(self.given, home_dir())

    def connect(self, *, autocommit: bool = False) -> database.Connection:
        """Open a connection; see `pgmerit.database.connect`."""
        return database.connect(self.dsn, autocommit=autocommit)


def database_options(command: F) -> F:
    """Add --dsn, and pass the command a `database`, a Database."""

    @click.option(
        "--dsn",
        envvar="PGMERIT_DSN",
        show_envvar=True,
        metavar="DSN",
        help="The database; default libpq's own variables, else the embedded server.",
    )
    @functools.wraps(command)
    def wrapped(*args: Any, dsn: str | None, **kwargs: Any) -> Any:
        return command(*args, database=Database(dsn), **kwargs)

    return wrapped  # type: ignore[return-value]


def format_option(command: F) -> F:
    """Add --format table|json as the parameter `output_format`."""
    option = click.option(
        "--format",
        "output_format",
        type=click.Choice(["table", "json"]),
        default="table",
        show_default=True,
        envvar="PGMERIT_FORMAT",
        show_envvar=True,
        help="How results and errors are printed.",
    )
    return option(command)


def emit(result: Any, output_format: str, title: str | None = None) -> None:
    """Print a result to stdout: rows as a table, an object as names and values, or JSON.

    `result` is a list of mappings, a mapping, a pydantic model, or a list of those.
    """
    plain = _plain(result)
    if output_format == "json":
        click.echo(json.dumps(plain, ensure_ascii=False, indent=2))
        return
    console = _console(sys.stdout)
    if isinstance(plain, Mapping):
        if title:
            console.print(Text(title, style="bold"))
        grid = Table(box=None, show_header=False, pad_edge=False)
        grid.add_column(style="bold")
        grid.add_column()
        for name, value in plain.items():
            grid.add_row(Text(str(name)), Text(_cell(value)))
        console.print(grid)
    elif isinstance(plain, list) and all(isinstance(row, Mapping) for row in plain):
        _print_rows(console, plain, title)
    else:
        click.echo(_cell(plain))


class _RateColumn(ProgressColumn):
    """How many steps a second."""

    def render(self, task: Task) -> Text:
        """Give the rate so far, once there is one."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f}/s")


@contextmanager
def progress(description: str, total: float | None) -> Iterator[Callable[[float], None]]:
    """Show a bar on stderr when it is a terminal; gives a function that takes the steps done.

    `total` is None while it is unknown.
    """
    if not sys.stderr.isatty():
        yield lambda steps: None
        return
    columns = [
        TextColumn("{task.description}"),
        BarColumn() if total is not None else SpinnerColumn(),
        TaskProgressColumn() if total is not None else TextColumn(""),
        MofNCompleteColumn(),
        _RateColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn() if total is not None else TextColumn(""),
    ]
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(description, total=total)
        yield lambda steps: bar.advance(task, steps)


def say(message: str) -> None:
    """Print a line about the work to stderr."""
    click.echo(message, err=True)


def _fail(error: PgmeritError, arguments: Sequence[str]) -> NoReturn:
    if _wants_json(arguments):
        click.echo(json.dumps(_plain(error.as_json()), ensure_ascii=False), err=True)
    else:
        click.echo(f"error: {' '.join(error.message.split())}", err=True)
        for detail in error.details:
            click.echo(f"  {_detail_line(detail)}", err=True)
        if error.hint:
            click.echo(f"hint: {error.hint}", err=True)
    sys.exit(error.exit_code)


def _detail_line(detail: Mapping[str, Any]) -> str:
    place = str(detail.get("path") or "")
    if detail.get("line") is not None:
        column = f":{detail['column']}" if detail.get("column") is not None else ""
        place = f"line {detail['line']}{column} {place}".rstrip()
    message = detail.get("message")
    if message is None:
        rest = {k: v for k, v in detail.items() if k not in ("path", "line", "column")}
        message = ", ".join(f"{name}: {_cell(_plain(value))}" for name, value in rest.items())
    allowed = f" ({detail['allowed']})" if detail.get("allowed") else ""
    return f"{place}: {message}{allowed}" if place else f"{message}{allowed}"


def _wants_json(arguments: Sequence[str]) -> bool:
    """Look for --format json by hand: an error may come before the options are read."""
    words = [*arguments, ""]
    chosen = os.environ.get("PGMERIT_FORMAT", "")
    for word, following in itertools.pairwise(words):
        if word == "--format":
            chosen = following
        elif word.startswith("--format="):
            chosen = word.partition("=")[2]
    return chosen == "json"


def _console(stream: Any) -> Console:
    """Give a console that never cuts a table in a pipe."""
    return Console(file=stream, width=None if stream.isatty() else 10_000, highlight=False)


def _print_rows(console: Console, rows: list[Any], title: str | None) -> None:
    if title:
        console.print(Text(title, style="bold"))
    if not rows:
        console.print("(none)")
        return
    names = list(dict.fromkeys(name for row in rows for name in row))
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in names:
        values = [row.get(name) for row in rows]
        is_number = all(isinstance(v, int | float) for v in values if v is not None)
        table.add_column(str(name), justify="right" if is_number else "left")
    for row in rows:
        table.add_row(*(Text(_cell(row.get(name))) for name in names))
    console.print(table)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _plain(value: Any) -> Any:
    """Give a value as JSON knows it."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _plain(dataclasses.asdict(value))
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)
