"""Environment variables follow the options' names, and an unknown person is not everybody."""

from __future__ import annotations

import click
import pytest
from pgmerit.cli import COMMANDS, main


def _options(command: click.Command) -> list[click.Option]:
    parts = command.commands.values() if isinstance(command, click.Group) else []
    own = [option for option in command.params if isinstance(option, click.Option)]
    return own + [option for part in parts for option in _options(part)]


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_option_has_a_variable_that_ends_in_its_name(name: str) -> None:
    command = main.get_command(click.Context(main), name)  # type: ignore[attr-defined]
    for option in _options(command):
        longest = max(option.opts, key=len).lstrip("-").replace("-", "_").upper()
        assert str(option.envvar).startswith("PGMERIT_"), option.name
        assert str(option.envvar).endswith(longest), option.name


def test_the_variable_of_an_option_is_heard(cli, dsn: str) -> None:  # type: ignore[no-untyped-def]
    result = cli("verify", dsn=dsn, env={"PGMERIT_VERIFY_MENTOR": "nobody"})
    assert result.exit_code == 2
    assert "nobody" in result.stderr
