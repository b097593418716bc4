from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pgmerit import routines
from pgmerit.database import Connection

LASTING = True

Cli = Callable[..., Any]
ANN = "11111111-1111-4111-8111-111111111111"
RULES = {
    "version": 1,
    "ruleset": "mentor",
    "organizations": {"nhf": {"name": "NHF", "custom_thresholds": {"visits": {"gold": 4}}}},
    "badges": {
        "visits": {
            "name": "Visits",
            "criteria": {
                "type": "tier",
                "activity": "assignment",
                "tiers": [
                    {"tier": "silver", "at_least": 2, "name": "Silver"},
                    {"tier": "gold", "at_least": 9, "name": "Gold"},
                ],
            },
        },
        "pairs": {
            "name": "Pairs",
            "criteria": {
                "type": "threshold",
                "activity": "assignment",
                "at_least": 1,
                "repeat": {"every": 1, "max": 9},
            },
        },
        "both": {
            "name": "Both",
            "criteria": {
                "type": "all_of",
                "criteria": [
                    {"type": "threshold", "activity": "assignment", "at_least": 1},
                    {
                        "type": "threshold",
                        "activity": "call",
                        "where": {"minutes": {"gte": 10}},
                        "at_least": 1,
                    },
                ],
            },
        },
    },
}


@pytest.fixture
def kept(connection: Connection) -> Connection:
    """Three assignments of one person."""
    routines.apply_rule_set(connection, RULES)
    for day in range(3):
        moment = datetime(2026, 1, 5, 10, tzinfo=UTC) + timedelta(days=day)
        routines.record_activity(connection, ANN, "nhf", "assignment", moment)  # type: ignore[arg-type]
    return connection


def test_show_lists_badges_by_date_and_the_nearest_next_ones(
    kept: Connection, cli: Cli, dsn: str
) -> None:
    shown = cli("mentor", "show", ANN, "--org", "nhf", "--format", "json", dsn=dsn)
    told = json.loads(shown.stdout)
    earned = [
        (row["badge_definition_id"], row["tier"], row["occurrence"], row["earned_at"][:10])
        for row in told["earned"]
    ]
    assert sorted(earned) == [
        ("pairs", "", 1, "2026-01-05"),
        ("pairs", "", 2, "2026-01-06"),
        ("pairs", "", 3, "2026-01-07"),
        ("visits", "silver", 1, "2026-01-06"),
    ]
    assert [row["earned_at"] for row in told["earned"]] == sorted(
        row["earned_at"] for row in told["earned"]
    )
    fractions = [row["fraction"] for row in told["to_come"]]
    assert fractions == sorted(fractions, reverse=True)
    table = cli("mentor", "show", ANN, "--org", "nhf", dsn=dsn).stdout
    assert "Silver" in table
    assert "75%" in table


def test_explain_draws_every_condition(kept: Connection, cli: Cli, dsn: str) -> None:
    both = cli("mentor", "explain", ANN, "both", "--org", "nhf", dsn=dsn).stdout
    for words in (
        "Both: not earned",
        "all_of of mentor version 1 in nhf",
        "not yet: a condition is not met",
        "all of",
        "how many 3 of 1: met",
        "how many 0 of 1: not met, 1 remaining",
        "of call; where minutes at least 10",
    ):
        assert words in both
    visits = cli("mentor", "explain", ANN, "visits", "--org", "nhf", dsn=dsn).stdout
    assert "Visits: partly earned" in visits
    assert "Silver: earned 2026-01-06 10:00 UTC by activity" in visits
    assert "gold: how many 3 of 4: not met, 1 remaining" in visits
    assert "the threshold is this organization's own" in visits
    as_json = cli("mentor", "explain", ANN, "visits", "--org", "nhf", "--format", "json", dsn=dsn)
    assert json.loads(as_json.stdout)["verdict"] == "partly earned"


def test_a_person_with_nothing_has_everything_to_come(kept: Connection, cli: Cli, dsn: str) -> None:
    result = cli("mentor", "show", "new-1", "--mentor-namespace", "crm", "--org", "nhf", dsn=dsn)
    assert result.exit_code == 0
    assert "(none)" in result.stdout
    assert "0%" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("show", "abc", "--org", "nhf"), '"abc" is not a uuid'),
        (("show", ANN, "--org", "nix"), 'organization "nix" does not exist'),
        (("explain", ANN, "nix", "--org", "nhf"), 'badge "nix" does not exist'),
    ],
)
def test_what_is_unknown_is_one_clear_line(
    arguments: tuple[str, ...], message: str, kept: Connection, cli: Cli, dsn: str
) -> None:
    result = cli("mentor", *arguments, dsn=dsn)
    assert result.exit_code == 2
    assert message in result.stderr
