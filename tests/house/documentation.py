"""Runs the examples of a Markdown page, so that what the documentation shows is true.

In order, on one fresh database and in one folder a page:

- a `yaml`, `json` or `csv` block whose info string goes on with a file name is written there:
  ```` ```yaml badges.yaml ````; where the page's own folder has that file, it shows a part of it.
- `console`: each line that begins with `$ ` is run; `pgmerit` and `pgmerit db psql` work on the
  page's database, `python` and `alembic` find it in libpq's variables, `make TARGET` is only
  looked up in the Makefile, other programs are those that the page's test gives. What `pgmerit`
  prints may go to a file (`>`). The lines below a command are what it prints; a line of three dots
  stands for any lines, and so does no line at all.
- `sql`: run as it is. A `json` block right after it without a file name is the value of the last
  row's one column, a `text` block the last rows, columns separated by ` | `. In both, three dots
  stand for anything.
- `sh`, `text` and blocks of other kinds elsewhere are for reading only.

What `tests/docs/reference.py` has written is passed over: it ran then, and is compared.
"""

from __future__ import annotations

import contextlib
import fnmatch
import json
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from pgmerit.cli.db import psql_of

from tests.house.sources import ROOT

_FENCE = re.compile(r"^(?P<tick>`{3,})(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=tick)\s*$", re.M | re.S)

_WRITTEN = re.compile(r"^<!-- (\w+): written by .*?^<!-- end of \1 -->$", re.M | re.S)

Run = Callable[..., Any]
Program = Callable[[Sequence[str]], None]


@dataclass(frozen=True)
class Block:
    """A fenced block: its kind, the file it is for, its text and the line it begins on."""

    kind: str
    file: str | None
    body: str
    line: int
    follows: bool  # nothing but blank lines lies between it and the block before


def blocks(text: str) -> list[Block]:
    """List the fenced blocks of a page."""
    found: list[Block] = []
    end = 0
    # As many lines as before, so that each block keeps its number.
    text = _WRITTEN.sub(lambda written: "\n" * written[0].count("\n"), text)
    for match in _FENCE.finditer(text):
        words = match["info"].split()
        found.append(
            Block(
                words[0] if words else "",
                words[1] if len(words) > 1 else None,
                match["body"],
                text.count("\n", 0, match.start()) + 1,
                not text[end : match.start()].strip(),
            )
        )
        end = match.end()
    return found


def runnable_pages() -> list[Path]:
    """List the pages that have something to run."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [page for page in pages if page.exists() and _is_runnable(page)]


def is_of_an_application(page: Path) -> bool:
    """Tell whether the page's folder is an application, which begins on an empty database."""
    return page.name == "README.md" and page.parents[1].name == "how-to"


def copy_application(page: Path, folder: Path) -> None:
    """Copy the application that a page tells of."""
    unread = shutil.ignore_patterns("__pycache__")
    shutil.copytree(page.parent, folder, ignore=unread, dirs_exist_ok=True)


def run_page(
    text: str, dsn: str, cli: Run, folder: Path, programs: Mapping[str, Program] | None = None
) -> None:
    """Run every example of a page; raises AssertionError with the line of the first that fails."""
    with (
        contextlib.chdir(folder),
        psycopg.connect(dsn, autocommit=True) as connection,
    ):
        shown = {path for path in Path().rglob("*") if path.is_file()}
        rows: list[tuple[Any, ...]] = []
        before = ""
        for block in blocks(text):
            place = f"line {block.line}"
            if block.file and Path(block.file) in shown:
                assert _is_part(block.body, Path(block.file)), f"{place}: not in {block.file}"
            elif block.file:
                Path(block.file).parent.mkdir(parents=True, exist_ok=True)
                Path(block.file).write_text(block.body)
            elif block.kind == "console":
                for command, expected in _commands(block.body):
                    program, *arguments = shlex.split(command, comments=True)
                    if programs and program in programs:
                        programs[program](arguments)
                    else:
                        _run_command(command, expected, dsn, cli, place)
            elif block.kind == "sql":
                rows = _run_sql(connection, block.body, place)
            elif block.follows and before == "sql" and block.kind == "json":
                _compare_json(rows, json.loads(block.body), place)
            elif block.follows and before == "sql" and block.kind == "text":
                _compare_lines(_as_lines(rows), block.body, place)
            before = block.kind


def _is_part(body: str, file: Path) -> bool:
    """Tell whether a file has these lines, whatever they are indented by as a whole."""
    whole = file.read_text()
    return any(textwrap.indent(body, " " * width) in whole for width in range(0, 16, 2))


def _is_runnable(page: Path) -> bool:
    return any(block.kind in ("console", "sql") for block in blocks(page.read_text()))


def _commands(body: str) -> Iterator[tuple[str, str]]:
    parts = re.split(r"^\$ ", body.replace("\\\n", " "), flags=re.M)
    assert not parts[0].strip(), "a console block begins with `$ `"
    for part in parts[1:]:
        command, _, expected = part.partition("\n")
        yield command, expected


def _run_command(command: str, expected: str, dsn: str, cli: Run, place: str) -> None:
    program, *arguments = shlex.split(command, comments=True)
    if program == "make":
        targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M)
        unknown = [word for word in arguments if "=" not in word and word not in targets]
        assert not unknown, f"{place}: make has no target {unknown}"
        return
    if program in ("python", "alembic"):
        module = [] if program == "python" else ["-m", program]
        done = subprocess.run(
            [sys.executable, *module, *arguments],
            env=psql_of(dsn)[1],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{place}: {done.stdout}{done.stderr}"
        _compare_lines((done.stdout + done.stderr).splitlines(), expected, place)
        return
    assert program == "pgmerit", f"{place}: {program} cannot be run; use sh to only show it"
    if arguments[:2] == ["db", "psql"]:
        psql, variables = psql_of(dsn)
        done = subprocess.run(
            [psql, "-X", *arguments[2:]], env=variables, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{place}: {done.stderr}"
        _compare_lines(done.stdout.splitlines(), expected, place)
        return
    arguments, redirected = _redirection(arguments)
    result = cli(*arguments, dsn=dsn)
    shown = f"{place}: `{command}` ended with {result.exit_code}: {result.stderr}"
    assert result.exit_code in (0, 1), shown
    if redirected:
        redirected.parent.mkdir(parents=True, exist_ok=True)
        redirected.write_text(result.stdout)
    else:
        _compare_lines((result.stdout or result.stderr).splitlines(), expected, place)


def _redirection(arguments: list[str]) -> tuple[list[str], Path | None]:
    """Part the words of a command from the file that takes its output."""
    return (arguments[:-2], Path(arguments[-1])) if ">" in arguments[-2:] else (arguments, None)


def _run_sql(connection: psycopg.Connection[Any], text: str, place: str) -> list[tuple[Any, ...]]:
    try:
        cursor = connection.execute(text.encode())
        while cursor.nextset():
            pass
    except psycopg.Error as exc:
        raise AssertionError(f"{place}: {exc}") from exc
    return cursor.fetchall() if cursor.description else []


def _as_lines(rows: list[tuple[Any, ...]]) -> list[str]:
    return [" | ".join("" if value is None else str(value) for value in row) for row in rows]


def _compare_lines(actual: list[str], expected: str, place: str) -> None:
    if not expected.strip():
        return
    wanted = "\n".join(_tidied(line) for line in expected.splitlines() if line.strip())
    found = "\n".join(_tidied(line) for line in actual if line.strip())
    pattern = "*".join(re.sub(r"([*?[])", r"[\1]", part) for part in wanted.split("..."))
    assert fnmatch.fnmatchcase(found, pattern), f"{place}: expected\n{wanted}\nbut it is\n{found}"


def _tidied(line: str) -> str:
    return re.sub(r"\s+", " ", line).strip()


def _compare_json(rows: list[tuple[Any, ...]], expected: Any, place: str) -> None:
    actual = rows[-1][0] if rows else None
    assert _is_like(actual, expected), f"{place}: expected {expected}\nbut it is {actual}"


def _is_like(actual: Any, expected: Any) -> bool:
    if expected == "...":
        return True
    if isinstance(expected, dict) and isinstance(actual, dict):
        return actual.keys() == expected.keys() and all(
            _is_like(actual[name], expected[name]) for name in expected
        )
    if isinstance(expected, list) and isinstance(actual, list):
        return len(actual) == len(expected) and all(map(_is_like, actual, expected))
    return bool(actual == expected)
