"""Generated rule sets over generated histories: what is told of a badge is what was awarded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from pgmerit import languages
from pgmerit.cli.explanation import explanation_tree
from pgmerit.database import Connection

from tests.engine import Row, rows, value
from tests.oracle import strategies
from tests.oracle.strategies import Story
from tests.oracle.test_the_database_agrees_with_the_brute_force import Database

LASTING = True

TODAY = date(2026, 11, 1)


def check_exactly(connection: Connection, story: Story) -> None:
    """Hold what is told to the awards and their dates, where no value ever fell."""
    with connection.transaction(force_rollback=True):
        Database(connection, story).live_through()
        lapses = any(may_lapse(badge) for badge in story.documents[-1]["badges"].values())
        if lapses:
            value(connection, "select badges.award_due_badges(%s)", TODAY + timedelta(days=2))
        for told, progress in everything(connection):
            hold_numbers_together(told)
            held = {
                (each["tier"], each["occurrence"]): each
                for each in told["awards"]
                if not (may_lapse(told) and each["revoked_at"])
            }
            if lapses and any(each["measure"] == "badges" for each in told["conditions"]):
                # What counts badges that lapsed since is kept, or told as of now alone.
                continue
            for key, whole in wholes(told).items():
                assert (whole["verdict"] == "met") == (key in held), told
                if key in held:
                    assert whole["came_true_at"] == held[key]["earned_at"], told
            # Only of a repeated badge are there wholes that are not listed.
            is_earned = all(key in held for key in wholes(told))
            assert (told["why_not"] is None) == (told["verdict"] == "earned")
            if told["verdict"] == "earned":
                assert is_earned
            elif told["criteria_type"] == "manual":
                assert told["why_not_code"] == "manual"
            else:
                assert told["why_not_code"] in ("condition_not_met", "due", "lapsed"), told
            for row in progress:
                hold_progress(row, told, held)


def check_anything(connection: Connection, story: Story) -> None:
    """Whatever happened, everything can be told, and what a revoke badge's rule says is so."""
    with connection.transaction(force_rollback=True):
        Database(connection, story).live_through()
        for told, _ in everything(connection):
            hold_numbers_together(told)
            assert explanation_tree(told, languages.find("nb"), UTC).label
            if told["on_unmet"] == "revoke" and not is_decided_by_hand(told):
                held = {
                    (each["tier"], each["occurrence"])
                    for each in told["awards"]
                    if each["revoked_at"] is None
                }
                for key, whole in wholes(told).items():
                    assert (whole["verdict"] == "met") == (key in held), told


def may_lapse(badge: Mapping[str, Any]) -> bool:
    return badge.get("on_unmet") == "lapse"


def is_decided_by_hand(told: Mapping[str, Any]) -> bool:
    """Tell whether a person awarded, revoked or denied the badge."""
    return bool(told["denied"]) or any(
        each["source"] == "manual" or each["revoked_by"] == "person" for each in told["awards"]
    )


def everything(connection: Connection) -> list[tuple[Row, list[Row]]]:
    """Explain every badge enabled for everybody, each with its rows of progress."""
    found: list[tuple[Row, list[Row]]] = []
    for each in rows(
        connection,
        """
        select
            held.peer_mentor_id, held.org_id, config.badge_definition_id,
            badges.explain_badge(
                held.peer_mentor_id, config.badge_definition_id, held.org_id, %s
            ) as told
        from badges.peer_mentor_stats as held
        join badges.organizations as organization
            on organization.org_id = held.org_id
            and organization.is_active
        join badges.org_badge_configs as config
            on config.org_id = held.org_id
            and config.is_enabled
        join badges.badge_definitions as definition
            on definition.badge_definition_id = config.badge_definition_id
            and definition.is_active
        where held.stat = '*'
        """,
        TODAY,
    ):
        listed = progress_of(connection, each["peer_mentor_id"], each["org_id"])
        badge = each["badge_definition_id"]
        found.append((each["told"], [row for row in listed if row["badge_definition_id"] == badge]))
    return found


def progress_of(connection: Connection, who: UUID, org: str) -> list[Row]:
    query = "select * from badges.get_badge_progress(%s, %s, %s)"
    return rows(connection, query, who, org, TODAY)


def wholes(told: Mapping[str, Any]) -> dict[tuple[str, int], Row]:
    """Give what decides each tier and occurrence: its condition, or the outermost group."""
    found = {
        (each["tier"], each["occurrence"]): each
        for each in told["conditions"]
        if each["parent"] is None
    }
    if found or not told["groups"]:
        return found
    return {("", 1): told["groups"][0]}


def hold_numbers_together(told: Mapping[str, Any]) -> None:
    """Hold the numbers of each condition to each other."""
    for condition in told["conditions"]:
        number, target = Decimal(str(condition["value"])), Decimal(str(condition["target"]))
        is_met = condition["verdict"] == "met"
        remaining = 0 if is_met else max(target - number, Decimal(0))
        assert Decimal(str(condition["remaining"])) == remaining, condition
        assert is_met == (condition["came_true_at"] is not None), condition
        for part in ("best", "current"):
            if part in condition and condition["measure"] == "distinct":
                listed = condition[part].get("counted")
                assert listed is None or len(listed) == condition[part]["value"], condition
        if "best" in condition:
            assert Decimal(str(condition["best"]["value"])) == number, condition
        if "counted" in condition:
            assert len(condition["counted"]) == number, condition
        if "held" in condition:
            assert len(condition["held"]) == number, condition
        if "run" in condition:
            run = condition["run"]
            assert run["longest"] >= run["current"], condition
            is_best = run["longest"] >= target and not may_lapse(told)
            assert number == run["longest" if is_best else "current"]
    for group in told["groups"]:
        parts = [*told["conditions"], *told["groups"]]
        met = [each for each in parts if each["parent"] == group["node"] and is_met_part(each)]
        assert len(met) == group["value"], group


def is_met_part(part: Mapping[str, Any]) -> bool:
    return bool(part["verdict"] == "met" and part.get("kind") != "none_of")


def hold_progress(row: Row, told: Mapping[str, Any], held: Mapping[tuple[str, int], Row]) -> None:
    """Hold a row of progress to the explanation of its badge."""
    key = (row["tier"], row["occurrence"])
    assert (row["earned_at"] is not None) == (key in held), (row, told)
    if row["earned_at"] is not None:
        assert row["earned_at"] == datetime.fromisoformat(held[key]["earned_at"])
    if key in wholes(told) and row["current"] is not None:
        whole = wholes(told)[key]
        # Of a part that must not hold and does, one of those that hold is taken away.
        broken = [
            group
            for group in told["groups"]
            if group["parent"] == whole["node"] and group["kind"] == "none_of"
            if group["verdict"] == "not met"
        ]
        counted = max(Decimal(0), Decimal(str(whole["value"])) - len(broken))
        assert row["current"] == counted, (row, told)
        assert row["target"] == Decimal(str(whole.get("target", whole.get("required"))))
        assert 0 <= row["fraction"] <= 1


def run_examples(
    connection: Connection,
    check: Callable[[Connection, Story], None],
    stories: st.SearchStrategy[Story],
    number: int,
) -> None:
    """Check a few examples, always the same for a number; the first that fails is told as it is."""

    @seed(number)
    @settings(
        max_examples=8,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    @given(stories)
    def run(story: Story) -> None:
        check(connection, story)

    run()


@pytest.mark.parametrize("number", range(2))
def test_what_was_awarded_is_what_is_told(connection: Connection, number: int) -> None:
    run_examples(connection, check_exactly, strategies.insert_stories(), number)


@pytest.mark.parametrize("number", range(2))
def test_everything_can_be_told_after_anything(connection: Connection, number: int) -> None:
    run_examples(connection, check_anything, strategies.any_stories(), number)
