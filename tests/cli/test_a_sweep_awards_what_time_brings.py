from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from pgmerit.database import Connection

from tests.conftest import CliResult
from tests.engine import ORG, activity, apply, awards, insert, moment, rule_set

LASTING = True

Cli = Callable[..., CliResult]


@pytest.fixture
def waiting(connection: Connection) -> Connection:
    """Somebody whose ten days are over on 11 March 2026, long ago."""
    badges = {"ten_days": {"type": "tenure", "days": 10}}
    apply(connection, rule_set(badges, {ORG: {"time_zone": "Europe/Oslo"}}))
    insert(connection, activity("2026-03-01"))
    return connection


def test_it_awards_once_with_the_date_it_fell_due(waiting: Connection, cli: Cli, dsn: str) -> None:
    for expected in (1, 0):
        result = cli("sweep", "--format", "json", dsn=dsn)
        assert (result.exit_code, json.loads(result.stdout)) == (0, {"awarded": expected})
    (award,) = awards(waiting)
    assert award["earned_at"] == moment("2026-03-10", "23:00")
    assert award["source"] == "sweep"


def test_it_may_be_told_the_moment(waiting: Connection, cli: Cli, dsn: str) -> None:
    before, after = "2026-03-10T23:59:59+01:00", "2026-03-11T00:00:00+01:00"
    assert cli("sweep", "--as-of", before, dsn=dsn).stdout.split() == ["awarded", "0"]
    assert awards(waiting) == []
    assert cli("sweep", "--as-of", after, dsn=dsn).stdout.split() == ["awarded", "1"]


@pytest.mark.parametrize(
    ("given", "said"),
    [("tomorrow", "is not a moment"), ("2026-03-11", "needs an offset")],
)
def test_a_moment_without_offset_is_wrong_use(
    waiting: Connection, cli: Cli, dsn: str, given: str, said: str
) -> None:
    result = cli("sweep", "--as-of", given, dsn=dsn)
    assert result.exit_code == 2
    assert said in result.stderr


def test_what_has_not_come_yet_is_an_error(waiting: Connection, cli: Cli, dsn: str) -> None:
    result = cli("sweep", "--as-of", "2999-01-01T00:00:00Z", dsn=dsn)
    assert result.exit_code == 2
    assert "not more than a day ahead" in result.stderr
