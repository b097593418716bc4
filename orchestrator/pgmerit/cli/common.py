"""What the commands share: the group, options, output, progress and errors."""

from __future__ import annotations

import dataclasses
import errno
import functools
import importlib
import io
import itertools
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn, TextIO, TypeVar

import click
import psycopg
from pydantic import BaseModel
from rich.console import Console
from rich.measure import Measurement
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
from rich.tree import Tree

from pgmerit import database, languages
from pgmerit.errors import InvalidInputError, PgmeritError, StoppedError, translate
from pgmerit.mentors import Names
from pgmerit.settings import home_dir, resolve_dsn

F = TypeVar("F", bound=Callable[..., Any])

# Control characters, line ends, half characters, and what turns the direction of writing: a name
# that holds them could move the cursor, forge a line or hide a part of it.
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_LANGUAGE = re.compile("[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_LONGEST_LINE = 1000
_PLACE = ("path", "line", "column", "excerpt")
_BROKEN_PIPE = 128 + 13  # as the shell tells of a program that SIGPIPE ended


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
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
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
        except UnicodeEncodeError as exc:
            _fail(PgmeritError(f'"{exc.object}" is not text', "Write it in UTF-8."), arguments)
        except OSError as exc:
            _drop_unwritten(sys.stdout)
            place = f"{exc.filename}: " if exc.filename else ""
            _fail(PgmeritError(f"{place}{exc.strerror or exc}"), arguments)
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


def program_name() -> str:
    """Give what the reader types to call this program again, where they are."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        return f"{os.path.relpath(sys.executable)} -m pgmerit"
    found = shutil.which("pgmerit")
    if not called.exists() or (found and Path(found).resolve() == called.resolve()):
        return "pgmerit"
    return os.path.relpath(called)


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


class _Namespace(click.types.StringParamType):
    """Whose ids external ids are, in as many characters as can be remembered."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not 1 <= len(value) <= 100:
            self.fail("a namespace has 1 to 100 characters", param, ctx)
        return super().convert(value, param, ctx)


NAMESPACE = _Namespace()


def namespace_option(command: F) -> F:
    """Add --mentor-namespace as the parameter `mentor_namespace`."""
    option = click.option(
        "--mentor-namespace",
        type=NAMESPACE,
        metavar="NAME",
        help="ID is your application's own id, of NAME; needless while one NAME is known.",
    )
    return option(command)


class _FileName(click.Path):
    """A file by its name, which may not be empty: that would be the folder one is in."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "":
            self.fail("a file's name is empty", param, ctx)
        return super().convert(value, param, ctx)


# To read, and to write.
FILE = _FileName(dir_okay=False, path_type=Path)
WRITTEN_FILE = _FileName(dir_okay=False, readable=False, writable=True, path_type=Path)


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


def moment_option(name: str, help: str) -> Callable[[F], F]:
    """Add an option that takes a moment, a datetime; one without an offset is refused.

    A day begins elsewhere at another time.
    """
    example = "2026-03-01T00:00:00+01:00"

    def read(ctx: click.Context, param: click.Parameter, given: str | None) -> datetime | None:
        if given is None:
            return None
        try:
            moment = datetime.fromisoformat(given)
        except ValueError:
            raise click.BadParameter(f'"{given}" is not a moment such as {example}') from None
        if moment.tzinfo is None:
            raise click.BadParameter(f'"{given}" needs an offset, such as {example}')
        return moment

    return click.option(name, callback=read, metavar="MOMENT", help=help)


def pairs_of(option: str, given: Sequence[str], *, may_be_empty: bool = False) -> dict[str, str]:
    """Read what an option was given as OLD=NEW; an old value may have an = in it, a new one none.

    Raises InvalidInputError for what is none, or leads one old value to two new ones.
    """
    pairs: dict[str, str] = {}
    for each in given:
        old, sign, new = each.rpartition("=")
        if not (sign and old and (new or may_be_empty)):
            raise InvalidInputError(f'{option} "{each}" is not OLD=NEW', "Write both, with an =.")
        if pairs.setdefault(old, new) != new:
            raise InvalidInputError(
                f'{option} leads "{old}" to both "{pairs[old]}" and "{new}"', "Give it once."
            )
    return pairs


def lines_of(file: Path, hint: str) -> list[tuple[int, str]]:
    """Read a file's lines with their numbers, but for empty ones and those that begin with #.

    Raises PgmeritError, with the hint, where it is no text that can be read.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "it is not text in UTF-8"
        raise PgmeritError(f"{file} cannot be read: {reason}", hint) from exc
    lines = ((number, line.strip()) for number, line in enumerate(text.splitlines(), 1))
    return [(number, line) for number, line in lines if line and not line.startswith("#")]


def language_option(command: F) -> F:
    """Add --language, and pass the command a `language`: the code as given, or None."""

    def read(ctx: click.Context, param: click.Parameter, given: str | None) -> str | None:
        if given is None:
            return None
        if not _LANGUAGE.fullmatch(given):
            raise click.BadParameter(f'"{given}" is not a language tag such as nb or nb-NO')
        if not languages.is_known(given):
            say(
                f'explanations are written in {", ".join(languages.codes())} and not in "{given}":'
                " they are told in English"
            )
        return given

    option = click.option(
        "--language",
        callback=read,
        metavar="CODE",
        help="The language of names and words, such as nb; left out = the default of the names,"
        " and English.",
    )
    return option(command)


def printable(given: str) -> str:
    """Give a line in which what a terminal would obey or end it at is written as an escape."""
    return _UNPRINTABLE.sub(lambda found: _escaped(found[0]), given)


def verbatim(line: str, style: str = "") -> Text:
    """Give a line for a table or tree as it is: neither obeyed by a terminal nor read as markup."""
    return Text(printable(line), style=style)


def emit(
    result: Any,
    output_format: str,
    title: str | None = None,
    *,
    empty: str = "(none)",
    number: Callable[[float], str] = str,
) -> None:
    """Print a result to stdout: rows as a table, an object as names and values, or JSON.

    `result` is a list of mappings, a mapping, a pydantic model, or a list of those. In a table
    `empty` stands where there are no rows, and `number` writes numbers.
    """
    plain = _plain(result)
    if output_format == "json":
        print_json(plain)
    elif isinstance(plain, Mapping):
        grid = Table(box=None, show_header=False, pad_edge=False)
        grid.add_column(style="bold")
        grid.add_column()
        for name, value in plain.items():
            grid.add_row(verbatim(str(name)), verbatim(_cell(value)))
        _print_drawn(grid, title)
    elif isinstance(plain, list) and all(isinstance(row, Mapping) for row in plain):
        _print_drawn(_table(plain, number) if plain else verbatim(empty), title)
    else:
        print_line(_cell(plain))


def print_people(
    rows: Sequence[Mapping[str, Any]], names: Names, output_format: str, title: str | None = None
) -> None:
    """Print rows that name people: as their application does in a table, with both ids as JSON."""
    is_json = output_format == "json"
    emit([names.added_to(row) if is_json else names.row(row) for row in rows], output_format, title)


def print_line(line: str = "", *, bold: bool = False, colour: str | None = None) -> None:
    """Print a line to stdout; NO_COLOR leaves the colour away."""
    with _writing():
        click.secho(printable(line), bold=bold, fg=None if os.environ.get("NO_COLOR") else colour)


def print_text(lines: str) -> None:
    """Print lines to stdout."""
    with _writing():
        click.echo("\n".join(printable(line) for line in lines.rstrip("\n").split("\n")))


def print_file(text: str) -> None:
    """Print a file's text to stdout as it is: in UTF-8, whatever the terminal's encoding."""
    with _writing():
        click.echo(text.encode(), nl=False)


def print_tree(tree: Tree) -> None:
    """Print a tree to stdout; its lines are `verbatim`."""
    _print_drawn(tree)


def print_json(value: Any, *, indent: int | None = 2) -> None:
    """Print a value to stdout as JSON."""
    with _writing():
        click.echo(json_text(value, indent))


def json_text(value: Any, indent: int | None = None) -> str:
    """Give JSON in which what is not printable is escaped, as JSON itself does for some of it."""
    dumped = json.dumps(value, ensure_ascii=False, indent=indent)
    return "\n".join(
        _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", line)
        for line in dumped.split("\n")
    )


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
    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda steps: None
        return
    columns = [
        TextColumn("{task.description}", markup=False),
        BarColumn() if total is not None else SpinnerColumn(),
        TaskProgressColumn() if total is not None else TextColumn(""),
        MofNCompleteColumn(),
        _RateColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn() if total is not None else TextColumn(""),
    ]
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(printable(description), total=total)
        yield lambda steps: bar.advance(task, steps)


def say(message: str) -> None:
    """Print a line about the work to stderr; that nobody hears it stops no work."""
    try:
        click.echo(printable(message), err=True)
    except OSError:
        _drop_unwritten(sys.stderr)


def _fail(error: PgmeritError, arguments: Sequence[str]) -> NoReturn:
    if _wants_json(arguments):
        say(json_text(_plain(error.as_json())))
    else:
        message = " ".join(error.message.split())
        say(f"error: {message[:_LONGEST_LINE]}{' ..' if len(message) > _LONGEST_LINE else ''}")
        for detail in error.details:
            say(f"  {_detail_line(detail)}")
            for line in detail.get("excerpt", ()):
                say(f"    {line}")
        if error.hint:
            say(f"hint: {error.hint}")
    sys.exit(error.exit_code)


@contextmanager
def _writing() -> Iterator[None]:
    """End the process when stdout takes no more: without a word where the reader has gone."""
    try:
        yield
    except OSError as exc:
        _drop_unwritten(sys.stdout)
        if exc.errno == errno.EPIPE:
            sys.exit(_BROKEN_PIPE)
        raise PgmeritError(f"the output cannot be written: {exc.strerror}") from exc


def _drop_unwritten(stream: TextIO | None) -> None:
    """Spare the end of the process what a stream holds and cannot write."""
    if stream is None:
        return
    try:
        stream.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _escaped(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"


def _detail_line(detail: Mapping[str, Any]) -> str:
    place = str(detail.get("path") or "")
    if detail.get("line") is not None:
        column = f":{detail['column']}" if detail.get("column") is not None else ""
        place = f"line {detail['line']}{column} {place}".rstrip()
    message = detail.get("message")
    if message is None:
        rest = {k: v for k, v in detail.items() if k not in _PLACE}
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


def _print_drawn(drawn: Table | Tree | Text, title: str | None = None) -> None:
    """Print to stdout what rich draws; it never cuts a table in a pipe."""
    is_terminal = sys.stdout is not None and sys.stdout.isatty()
    written = io.StringIO()
    width = None if is_terminal else 10_000
    console = Console(file=written, force_terminal=is_terminal, width=width, highlight=False)
    # Wider than the terminal rather than without the end of an id.
    everything = console.options.update(max_width=10_000)
    console.width = max(console.width, Measurement.get(console, everything, drawn).minimum)
    if title:
        console.print(verbatim(title, "bold"))
    console.print(drawn)
    with _writing():
        click.echo(written.getvalue(), nl=False)


def _table(rows: list[Any], number: Callable[[float], str]) -> Table:
    names = list(dict.fromkeys(name for row in rows for name in row))
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in names:
        values = [row.get(name) for row in rows]
        is_number = all(isinstance(v, int | float) for v in values if v is not None)
        # A terminal cuts no word that somebody may want to copy: it breaks sentences, then lines.
        is_word = all(isinstance(v, str) and len(v.split()) < 2 for v in values if v is not None)
        table.add_column(
            verbatim(str(name)),
            justify="right" if is_number else "left",
            no_wrap=is_word,
            overflow="ignore" if is_word else "fold",
        )
    for row in rows:
        table.add_row(*(verbatim(_cell(row.get(name), number)) for name in names))
    return table


def _cell(value: Any, number: Callable[[float], str] = str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return number(value) if isinstance(value, int | float) else str(value)


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
