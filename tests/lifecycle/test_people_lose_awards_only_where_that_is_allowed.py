"""--allow-revoke: what takes awards is refused, with who would lose them, until it is given."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest
from pgmerit.database import Connection
from psycopg.types.json import Jsonb

from tests.engine import ANN, ORG, assert_exact, badge_ids, rows, value
from tests.lifecycle.conftest import RULES, changed

LASTING = True

HIGHER = changed(
    third={
        "on_unmet": "revoke",
        "criteria": {"type": "threshold", "activity": "call", "at_least": 9},
    }
)


def test_the_refusal_names_badge_organization_number_and_people(
    cli: Any, dsn: str, ruled: Connection, written: Any
) -> None:
    refused = cli("rules", "apply", written(HIGHER), "--format=json", dsn=dsn)
    assert refused.exit_code == 2
    error = json.loads(refused.stderr)["error"]
    assert error["message"] == "1 people would lose 1 award(s)"
    assert "--allow-revoke" in error["hint"]
    assert error["details"] == [
        {
            "org_id": ORG,
            "badge_definition_id": "third",
            "awards": 1,
            "people": 1,
            "sample": [str(ANN)],
        }
    ]
    assert value(ruled, "select max(version) from badges.rule_sets") == 1
    assert badge_ids(ruled, ANN) == ["climb", "third"]


def test_with_it_they_are_taken_and_a_rollback_needs_nothing(
    cli: Any, dsn: str, ruled: Connection, written: Any
) -> None:
    applied = cli("rules", "apply", written(HIGHER), "--allow-revoke", dsn=dsn)
    assert applied.exit_code == 0, applied.stderr
    taken = rows(ruled, "select * from badges.earned_badges where revoked_at is not null")
    assert [(each["badge_definition_id"], each["revoked_by"]) for each in taken] == [
        ("third", "rule")
    ]
    assert_exact(ruled)
    assert cli("rules", "rollback", 1, dsn=dsn).exit_code == 0


def test_a_badge_that_keeps_loses_nobody(ruled: Connection) -> None:
    keep = changed(third={"criteria": HIGHER["badges"]["third"]["criteria"]})
    assert value(ruled, "select badges.apply_rule_set(%s)", Jsonb(keep))["changed"]


def test_a_disabled_badge_stops_and_keeps_what_was_earned_even_if_it_takes_back(
    ruled: Connection,
) -> None:
    off = changed(third={"on_unmet": "revoke", "active": False})
    assert value(ruled, "select badges.apply_rule_set(%s)", Jsonb(off))["changed"]
    while value(ruled, "select badges.backfill_rule_set('tests')")["remaining"]:
        pass
    ruled.execute("delete from badges.activities")
    assert "third" in badge_ids(ruled, ANN)


def test_another_version_than_expected_is_refused(ruled: Connection) -> None:
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="at version 1, not 7"):
        value(ruled, "select badges.apply_rule_set(%s, false, false, 7)", Jsonb(HIGHER))
    # What is the current version already is no error, whatever was expected.
    same = value(ruled, "select badges.apply_rule_set(%s, false, false, 7)", Jsonb(RULES))
    assert not same["changed"]
