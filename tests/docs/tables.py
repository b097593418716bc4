"""The tables in README.md that come from the code: SQL routines and commands.

`python -m tests.docs.tables` writes them anew; a test compares them. Each stands between
`<!-- NAME: written by tests/docs/tables.py -->` and `<!-- end of NAME -->`.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator

import click
import psycopg
from pgmerit.cli import main as pgmerit
from pgmerit.testing import TEMPLATE, migrated_server

from tests.house.sources import ROOT

README = ROOT / "README.md"

# Parameters without p_; those that may be left out in brackets.
_ROUTINES = """
select
    p.proname,
    array_to_string(array(
        select case
            when n > p.pronargs - p.pronargdefaults
                then format('[%s]', substr(p.proargnames[n], 3))
            else substr(p.proargnames[n], 3)
        end
        from generate_series(1, p.pronargs) as n
    ), ', ') as parameters,
    obj_description(p.oid, 'pg_proc') as comment,
    case
        when has_function_privilege('pgmerit_reader', p.oid, 'execute') then 'reader'
        when has_function_privilege('pgmerit_writer', p.oid, 'execute') then 'writer'
        when has_function_privilege('pgmerit_relay', p.oid, 'execute') then 'relay'
        when has_function_privilege('pgmerit_admin', p.oid, 'execute') then 'admin'
        else 'owner'
    end as lowest_role
from pg_proc as p
where p.pronamespace = 'badges'::regnamespace
order by p.proname collate "C"
"""


def routines_table(dsn: str) -> str:
    """Give every routine of schema badges: parameters, comment and the least role that may."""
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(_ROUTINES).fetchall()
    return _table(
        ("routine", "what it does", "from role"),
        [(f"`{name}({parameters})`", comment, role) for name, parameters, comment, role in rows],
    )


def commands_table() -> str:
    """Give every command with its arguments, options and the first sentence of its help."""
    return _table(
        ("command", "what it does"),
        [(f"`{usage}`", help_text) for usage, help_text in _commands(pgmerit, "pgmerit")],
    )


def sections(dsn: str) -> dict[str, str]:
    """Give each generated table by name."""
    return {"sql": routines_table(dsn), "commands": commands_table()}


def find_section(text: str, name: str) -> str:
    """Give the table that stands in a text; raises LookupError where there is none."""
    return _find(text, name)["body"]


def fill(text: str, dsn: str) -> str:
    """Give a text with every generated table as it should be."""
    for name, table in sections(dsn).items():
        match = _find(text, name)
        text = text[: match.start("body")] + table + text[match.end("body") :]
    return text


def _find(text: str, name: str) -> re.Match[str]:
    match = re.search(
        rf"<!-- {name}: [^\n]*-->\n(?P<body>.*?)<!-- end of {name} -->", text, re.DOTALL
    )
    if not match:
        raise LookupError(f"no section {name}")
    return match


def _commands(command: click.Command, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from _commands(found, f"{path} {name}")
        if not command.invoke_without_command:
            return
    # --dsn and --format are the same everywhere and told once.
    words = [
        _option(each)
        if isinstance(each, click.Option)
        else each.make_metavar(click.Context(command))
        for each in sorted(command.params, key=lambda each: isinstance(each, click.Option))
        if each.name not in ("dsn", "output_format")
    ]
    help_text = inspect.cleandoc(command.help or "")
    sentence = re.split(r"(?<=\.)\s", " ".join(help_text.split("\n\n")[0].split()))[0]
    yield " ".join([path, *words]), sentence


def _option(option: click.Option) -> str:
    name = option.opts[0]
    if option.required:
        return f"{name} .."
    return f"[{name}]" if option.is_flag else f"[{name} ..]"


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [heads, ("---",) * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main() -> None:
    """Write the tables into README.md."""
    with migrated_server() as cluster:
        README.write_text(fill(README.read_text(), cluster.dsn(TEMPLATE)))
    sys.stdout.write(f"{README.relative_to(ROOT)} is written\n")


if __name__ == "__main__":
    main()
