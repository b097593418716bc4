"""rules history, diff and rollback: every version stays, and a new one can equal an old one."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest
from pgmerit.database import Connection

from tests.engine import ANN, ORG, apply, assert_exact, badge_ids, value
from tests.lifecycle.conftest import RULES, changed

LASTING = True

LOWER = changed(third={"criteria": {"type": "threshold", "activity": "call", "at_least": 1}})


@pytest.fixture
def twice(ruled: Connection) -> Connection:
    """Version 2 lowers a threshold."""
    apply(ruled, LOWER)
    return ruled


def history(cli: Any, dsn: str) -> list[tuple[int, str, bool]]:
    """Give version, origin and whether it is current, newest first."""
    shown = cli("rules", "history", "--format=json", dsn=dsn)
    return [
        (each["version"], each["origin"], each["is_current"]) for each in json.loads(shown.stdout)
    ]


def test_a_rollback_is_a_new_version_equal_to_the_old_one(
    cli: Any, dsn: str, twice: Connection
) -> None:
    shown = cli("rules", "rollback", 1, dsn=dsn)
    assert shown.exit_code == 0, shown.stderr
    assert "version 2 becomes 3" in shown.stdout
    assert "threshold changed third: 1 (the badge's) becomes 3 (the badge's)" in shown.stdout
    assert history(cli, dsn) == [(3, "rollback", True), (2, "apply", False), (1, "apply", False)]
    checksums = "select checksum from badges.rule_sets where version = "
    assert value(twice, checksums + "1") == value(twice, checksums + "3")
    assert value(twice, "select badges.get_rule_set('tests')") == json.loads(json.dumps(RULES))
    assert_exact(twice)


def test_awards_of_the_version_rolled_back_stay(cli: Any, dsn: str, twice: Connection) -> None:
    assert value(twice, "select count(*) from badges.earned_badges") == 3
    cli("rules", "rollback", 1, dsn=dsn)
    assert value(twice, "select count(*) from badges.earned_badges where revoked_at is null") == 3
    assert badge_ids(twice, ANN) == ["climb", "third"]


def test_rolling_back_to_the_current_version_changes_nothing(
    cli: Any, dsn: str, twice: Connection
) -> None:
    shown = cli("rules", "rollback", 2, "--format=json", dsn=dsn)
    assert json.loads(shown.stdout)["changed"] is False
    assert shown.stderr == "unchanged: this document is version 2 already\n"
    assert cli("rules", "rollback", 9, dsn=dsn).exit_code == 2


def test_a_rollback_refuses_what_an_apply_refuses(cli: Any, dsn: str, ruled: Connection) -> None:
    strict = changed(
        third={
            "on_unmet": "revoke",
            "criteria": {"type": "threshold", "activity": "call", "at_least": 4},
        }
    )
    loose = changed(
        third={
            "on_unmet": "revoke",
            "criteria": {"type": "threshold", "activity": "call", "at_least": 1},
        }
    )
    apply(ruled, strict)
    apply(ruled, loose)
    refused = cli("rules", "rollback", 2, dsn=dsn)
    assert refused.exit_code == 2
    assert "would lose" in refused.stderr
    assert history(cli, dsn)[0] == (3, "apply", True)
    assert cli("rules", "rollback", 2, "--allow-revoke", dsn=dsn).exit_code == 0
    assert_exact(ruled)


def test_a_rollback_keeps_the_present_time_zone(cli: Any, dsn: str, twice: Connection) -> None:
    assert cli("rezone", ORG, "Europe/Oslo", dsn=dsn).exit_code == 0
    assert cli("rules", "rollback", 1, dsn=dsn).exit_code == 0
    document = value(twice, "select badges.get_rule_set('tests')")
    assert document["organizations"][ORG]["time_zone"] == "Europe/Oslo"
    assert document["badges"] == json.loads(json.dumps(RULES["badges"]))
    assert [origin for _, origin, _ in history(cli, dsn)][:2] == ["rollback", "rezone"]
    assert_exact(twice)


def test_diff_compares_versions_the_current_one_and_files(
    cli: Any, dsn: str, twice: Connection, written: Any
) -> None:
    line = "  ~ threshold changed third: 3 (the badge's) becomes 1 (the badge's) in nhf\n"
    assert cli("rules", "diff", 1, 2, dsn=dsn).stdout == line
    assert cli("rules", "diff", 1, dsn=dsn).stdout == line
    assert cli("rules", "diff", "current", written(LOWER), dsn=dsn).stdout == "  none\n"
    found = json.loads(cli("rules", "diff", written(RULES), 2, "--format=json", dsn=dsn).stdout)
    assert [(each["old"], each["new"]) for each in found] == [(3, 1)]
    assert cli("rules", "diff", 1, 7, dsn=dsn).exit_code == 2


def test_a_version_that_is_not_there_is_refused(twice: Connection) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="has no version 9"):
        value(twice, "select badges.plan_rollback('tests', 9)")
