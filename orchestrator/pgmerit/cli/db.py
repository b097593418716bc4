"""`pgmerit db`: the embedded server."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from psycopg.conninfo import conninfo_to_dict

from pgmerit.cli.common import emit, format_option, print_line, say
from pgmerit.errors import PgmeritError
from pgmerit.server.binaries import find_bindir
from pgmerit.server.persistent import PersistentServer
from pgmerit.settings import home_dir, named_elsewhere

_VARIABLES = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "dbname": "PGDATABASE"}
_ELSEWHERE = ("PGSERVICE", "PGHOSTADDR", "PGPASSWORD")

F = TypeVar("F", bound=Callable[..., Any])


def _bindir_option(command: F) -> F:
    option = click.option(
        "--pg-bindir",
        type=click.Path(path_type=Path),
        envvar="PGMERIT_PG_BINDIR",
        show_envvar=True,
        help="The folder of postgres and initdb; default those of the wheel.",
    )
    return option(command)


@click.group("db")
def command() -> None:
    """The embedded PostgreSQL server: for demo, development and tests.

    Its state lies in PGMERIT_HOME; it listens on a private socket only.
    """


@command.command()
@_bindir_option
@format_option
def start(pg_bindir: Path | None, output_format: str) -> None:
    """Start the server, and make it first if it is new."""
    server = _server(pg_bindir)
    started = server.start()
    say("started" if started else "it runs already")
    emit(server.status(), output_format)


@command.command()
@_bindir_option
def stop(pg_bindir: Path | None) -> None:
    """Stop the server; its data stays."""
    stopped = _server(pg_bindir).stop()
    say("stopped" if stopped else "it did not run")


@command.command()
@format_option
@click.pass_context
def status(ctx: click.Context, output_format: str) -> None:
    """Tell whether the server runs, and where; exit code 1 when it does not."""
    found = _server().status()
    emit(found, output_format)
    ctx.exit(0 if found["running"] else 1)


@command.command()
def dsn() -> None:
    """Print the running server's connection string."""
    print_line(_running().dsn())


@command.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def psql(arguments: tuple[str, ...]) -> None:
    """Open psql on the running server; ARGUMENTS go to psql.

    `-d NAME` chooses another of its databases.
    """
    program, variables = psql_of(_running().dsn())
    os.execve(program, [program, *arguments], variables)  # noqa: S606


def psql_of(dsn: str) -> tuple[str, dict[str, str]]:
    """Find psql; gives its path and the environment in which it speaks to a database.

    Variables name the database, which an argument may replace one by one. Raises PgmeritError.
    """
    program = shutil.which("psql")
    with contextlib.suppress(PgmeritError):
        # Not that of the running server: its user says which one that is, and we may be root.
        beside = find_bindir(os.environ.get("PGMERIT_PG_BINDIR")) / "psql"
        program = str(beside) if beside.exists() else program
    if program is None:
        raise PgmeritError("psql is not installed", "Install postgresql-client.")
    variables = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}
    named = conninfo_to_dict(dsn)
    variables |= {variable: str(named[name]) for name, variable in _VARIABLES.items()}
    return program, variables


def _running() -> PersistentServer:
    server = _server()
    if not server.is_running():
        raise PgmeritError("the embedded server does not run", "Run `pgmerit db start`.")
    return server


def _server(pg_bindir: Path | None = None) -> PersistentServer:
    """Give the embedded server, and say so where the other commands would take another."""
    server = PersistentServer(home_dir(), pg_bindir)
    if named := named_elsewhere(server.dsn()):
        say(f"this is the embedded server of {home_dir()}; {named} names another")
    return server
