"""pgmerit rezone: days, stats and awards become those of the new zone, whatever came before."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pgmerit.database import Connection

from tests.engine import (
    ANN,
    ORG,
    activity,
    apply,
    assert_exact,
    badge_ids,
    insert,
    rows,
    rule_set,
    value,
)

LASTING = True

RULES = rule_set(
    {
        "two_days": {"type": "streak", "unit": "day", "length": 2},
        "night": {"type": "threshold", "when": {"hours": [0, 3]}, "at_least": 1},
    }
)


def _ruled(connection: Connection) -> None:
    apply(connection, RULES)
    insert(connection, activity("2026-03-01 12:00"), activity("2026-03-01 23:30"))


PREPARED = {"ruled": _ruled}


@pytest.fixture
def ruled(connection: Connection) -> Connection:
    """In UTC one day; in Oslo the second of them lies after midnight."""
    return connection


def test_days_and_awards_are_those_of_the_new_zone(cli: Any, dsn: str, ruled: Connection) -> None:
    assert badge_ids(ruled, ANN) == []
    done = cli("rezone", ORG, "Europe/Oslo", "--format=json", dsn=dsn)
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["version"], told["changed"], told["evaluated"]) == (2, True, 1)
    days = rows(ruled, "select activity_date::text as day from badges.activities order by 1")
    assert [each["day"] for each in days] == ["2026-03-01", "2026-03-02"]
    assert badge_ids(ruled, ANN) == ["night", "two_days"]
    assert_exact(ruled)
    same = cli("rezone", ORG, "Europe/Oslo", dsn=dsn)
    assert (same.exit_code, same.stderr) == (
        0,
        "unchanged: nhf has Europe/Oslo already\n",
    )


def test_what_was_broken_off_is_taken_up_by_the_same_command(
    cli: Any, dsn: str, ruled: Connection
) -> None:
    value(ruled, "select badges.rezone_organization(%s, 'Europe/Oslo')", ORG)
    assert badge_ids(ruled, ANN) == []
    other = cli("rezone", ORG, "Asia/Tokyo", dsn=dsn)
    assert (other.exit_code, "is being changed already" in other.stderr) == (2, True)
    assert cli("rezone", ORG, "Europe/Oslo", dsn=dsn).exit_code == 0
    assert badge_ids(ruled, ANN) == ["night", "two_days"]
    assert_exact(ruled)


@pytest.mark.parametrize(
    ("org", "zone", "said"), [("nobody", "UTC", "nobody"), (ORG, "Europe/Osle", "no time zone")]
)
def test_unknown_organizations_and_zones_are_one_clear_line(
    cli: Any, dsn: str, ruled: Connection, org: str, zone: str, said: str
) -> None:
    refused = cli("rezone", org, zone, dsn=dsn)
    assert refused.exit_code == 2
    assert refused.stderr.startswith("error: ")
    assert said in refused.stderr
