"""A reader that has gone, a full disk, no standard output: no traceback, one line at most."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pgmerit.database import Connection

from tests.engine import apply, rule_set

PROGRAM = [sys.executable, "-m", "pgmerit"]
SCHEMA = ["rules", "schema"]
# Buffered, as it is where nobody asks for another way: what is left fails again at the end.
ENVIRONMENT = {name: text for name, text in os.environ.items() if name != "PYTHONUNBUFFERED"} | {
    "PYTHONPATH": os.pathsep.join(sys.path)
}
FULL = Path("/dev/full")
with_full_disk = pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")


@pytest.fixture
def history(dsn: str) -> list[str]:
    """A command that prints a table."""
    return ["rules", "history", "--dsn", dsn]


def run(arguments: list[str], **streams: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *arguments],
        env=ENVIRONMENT,
        text=True,
        check=False,
        **{"stderr": subprocess.PIPE, **streams},
    )


def closed_pipe() -> int:
    """Give the end of a pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    return writing


@pytest.mark.parametrize("kind", ["json", "table"])
def test_a_reader_that_has_gone_is_no_error(history: list[str], kind: str) -> None:
    pipe = closed_pipe()
    done = run(SCHEMA if kind == "json" else history, stdout=pipe)
    os.close(pipe)
    assert (done.returncode, done.stderr) == (141, "")


def test_nor_is_one_that_goes_in_the_middle() -> None:
    command = " ".join(PROGRAM + SCHEMA)
    done = subprocess.run(
        ["bash", "-c", f"{command} | head -c 1; exit ${{PIPESTATUS[0]}}"],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("{", "")


def test_nor_is_one_of_messages() -> None:
    pipe = closed_pipe()
    done = run(["rules", "validate", "no such file"], stdout=subprocess.PIPE, stderr=pipe)
    os.close(pipe)
    assert (done.returncode, done.stdout) == (2, "")


@with_full_disk
@pytest.mark.parametrize("kind", ["json", "table"])
def test_a_full_disk_is_one_line(history: list[str], kind: str) -> None:
    with FULL.open("w") as full:
        done = run(SCHEMA if kind == "json" else history, stdout=full)
    assert done.returncode == 2
    assert done.stderr == "error: the output cannot be written: No space left on device\n"


@with_full_disk
@pytest.mark.parametrize("option", ["--help", "--version"])
def test_a_full_disk_for_help_is_one_line_too(option: str) -> None:
    with FULL.open("w") as full:
        done = run([option], stdout=full)
    assert (done.returncode, done.stderr) == (2, "error: No space left on device\n")


@with_full_disk
def test_a_full_disk_for_messages_ends_no_work(dsn: str) -> None:
    with FULL.open("w") as full:
        done = run(["migrate", "--dsn", dsn], stdout=subprocess.PIPE, stderr=full)
    assert done.returncode == 0


@pytest.mark.parametrize("closed", ["1", "2"])
def test_without_a_stream_the_work_is_done(history: list[str], closed: str) -> None:
    done = subprocess.run(
        ["bash", "-c", f'"$@" {closed}>&-', "_", *PROGRAM, *history],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert "Traceback" not in done.stderr


def test_names_that_the_terminal_cannot_write_are_escaped(tmp_path: Path) -> None:
    file = tmp_path / "æ\u2603.json"
    file.write_text(json.dumps(rule_set({})))
    done = subprocess.run(
        [*PROGRAM, "rules", "validate", file.name],
        env={**ENVIRONMENT, "PYTHONIOENCODING": "latin-1"},
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0
    assert done.stdout.startswith(b"\xe6\\u2603.json is valid")


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="this system has no /proc")
def test_a_file_that_cannot_be_read_is_one_line(connection: Connection, history: list[str]) -> None:
    apply(connection, rule_set({}))
    done = run(["import", "/proc/self/mem", *history[2:]], stdout=subprocess.PIPE)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: Input/output error\n"
