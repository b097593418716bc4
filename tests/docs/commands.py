"""docs/commands.md: each command as it tells of itself with --help."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import click
from pgmerit.cli import main as pgmerit

from tests.docs.markdown import WIDTH, block, table


def sections(dsn: str) -> dict[str, str]:
    """Give the table of commands and the help of each; no database is asked."""
    found = list(_commands(pgmerit, None, "pgmerit"))
    overview = table(
        ("command", "what it does"),
        [(f"[`{path}`](#{path.replace(' ', '-')})", _sentence(one)) for path, one, _ in found],
    )
    parts = [f"### {path}\n\n{block('text', told)}" for path, _, told in found]
    return {"commands": overview, "help": "\n".join(parts)}


def _commands(
    command: click.Command, parent: click.Context | None, path: str
) -> Iterator[tuple[str, click.Command, str]]:
    context = click.Context(
        command,
        parent,
        path.rpartition(" ")[2],
        terminal_width=WIDTH,
        **command.context_settings,
    )
    if not isinstance(command, click.Group) or command.invoke_without_command:
        yield path, command, command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from _commands(below, context, f"{path} {name}")


def _sentence(command: click.Command) -> str:
    text = inspect.cleandoc(command.help or "").split("\n\n")[0]
    return re.split(r"(?<=\.)\s", " ".join(text.split()))[0]
