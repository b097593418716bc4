"""Help for everything, exit code 2 and one clear line for wrong use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import click
import pytest
from pgmerit.cli import COMMANDS, main

from tests.conftest import CliResult

Cli = Callable[..., CliResult]


def _every_command(
    group: click.Group, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from _every_command(command, (*path, name))


EVERY = dict(_every_command(main))


def test_the_table_of_commands_is_what_help_lists(cli: Cli) -> None:
    listed = cli("--help").stdout.partition("Commands:")[2].split("\n")
    assert [line.split()[0] for line in listed if line.strip()] == sorted(COMMANDS)


@pytest.mark.parametrize("path", EVERY, ids=" ".join)
def test_help_tells_what_the_command_and_each_option_does(cli: Cli, path: tuple[str, ...]) -> None:
    command = EVERY[path]
    result = cli(*path, "--help")
    assert (result.exit_code, result.stderr) == (0, "")
    assert f"Usage: pgmerit {' '.join(path)}" in result.stdout
    assert command.help, "the command says nothing about itself"
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, f"{option.name} says nothing about itself"


# psql takes its options itself.
@pytest.mark.parametrize("path", sorted(EVERY.keys() - {("db", "psql")}), ids=" ".join)
def test_an_unknown_option_is_one_line_and_a_hint(cli: Cli, path: tuple[str, ...]) -> None:
    result = cli(*path, "--no-such-option")
    assert (result.exit_code, result.stdout) == (2, "")
    lines = result.stderr.splitlines()
    assert lines[0].startswith("error: ")
    assert lines[-1].startswith("hint: ")


def test_the_version_is_that_of_the_package(cli: Cli) -> None:
    assert cli("--version").stdout == "pgmerit, version 0.1.0\n"


def test_no_command_prints_the_help_and_is_wrong_use(cli: Cli) -> None:
    result = cli()
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Commands:" in result.stderr


def test_an_unknown_command_is_wrong_use(cli: Cli) -> None:
    result = cli("medal")
    assert result.exit_code == 2
    assert result.stderr == "error: No such command 'medal'.\nhint: See `pgmerit --help`.\n"


@pytest.mark.parametrize("chosen", [("--format", "json"), ("--format=json",)])
def test_wrong_use_is_json_when_json_is_asked_for(cli: Cli, chosen: tuple[str, ...]) -> None:
    result = cli("doctor", "--no-such-option", *chosen)
    assert result.exit_code == 2
    assert set(json.loads(result.stderr)["error"]) == {"message", "hint"}


def test_options_can_come_from_the_environment(cli: Cli, dsn: str) -> None:
    result = cli("migrate", dsn=dsn, env={"PGMERIT_MIGRATE_PLAN": "1", "PGMERIT_FORMAT": "json"})
    assert json.loads(result.stdout)["applied"] == []


def test_python_m_pgmerit_is_the_same_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pgmerit", "--version"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.stdout == "pgmerit, version 0.1.0\n"
