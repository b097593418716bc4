"""Generated documents over generated histories: what a plan says is what apply and backfill do."""

from __future__ import annotations

import itertools
import os
import time
from collections import Counter
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from pgmerit.database import Connection
from pgmerit.rules.grammar import validate_value
from psycopg.types.json import Jsonb

from tests.engine import LONG_AGO, Row, rows, value
from tests.oracle.strategies import Story, any_stories, documents, insert_stories
from tests.oracle.test_the_database_agrees_with_the_brute_force import Database

LASTING = True

MOVES = ("awarded", "restored", "revoked", "lapsed")


@st.composite
def changes(draw: Any) -> tuple[Story, Row]:
    """Give a story and the document that is applied after it."""
    story = draw(st.one_of(any_stories(max_size=30), insert_stories(max_size=30)))
    document = draw(documents(story.entries[0].occurred_at.date(), may_limit=True))
    if draw(st.booleans()):
        # Of the badges that are there, some as they are, some with other numbers.
        for slug, badge in story.documents[-1]["badges"].items():
            if draw(st.booleans()):
                otherwise = badge | {"on_unmet": draw(ON_UNMET)}
                is_valid = not validate_value("badge", otherwise, "$")
                document["badges"][slug] = otherwise if is_valid else badge
        _drop_dangling(document)
    for org, organization in story.documents[-1]["organizations"].items():
        document["organizations"][org]["time_zone"] = organization["time_zone"]
    return story, document


ON_UNMET = st.sampled_from(("keep", "revoke", "lapse"))


def _drop_dangling(document: Row) -> None:
    """Drop what the mixture of two documents made senseless: their own numbers and lists."""
    for organization in document["organizations"].values():
        organization.pop("badges", None)
        organization.pop("custom_thresholds", None)


def held(connection: Connection) -> dict[tuple[Any, ...], bool]:
    """Give every award's key, and whether it counts."""
    return {
        (each["org_id"], each["badge"], each["tier"], each["person"], each["occurrence"]): each[
            "is_held"
        ]
        for each in rows(
            connection,
            "select org_id, badge_definition_id as badge, tier, peer_mentor_id as person,"
            " occurrence, revoked_at is null as is_held from badges.earned_badges",
        )
    }


def moves(
    before: dict[Any, bool], after: dict[Any, bool], document: Row
) -> dict[tuple[str, str, str], int]:
    """Count what became of the awards, by organization, badge and move."""
    found: Counter[tuple[str, str, str]] = Counter()
    for key, is_held in after.items():
        if is_held and key not in before:
            found[(key[0], key[1], "awarded")] += 1
        elif is_held and not before.get(key, True):
            found[(key[0], key[1], "restored")] += 1
        elif not is_held and before.get(key, False):
            is_lapsing = document["badges"][key[1]].get("on_unmet") == "lapse"
            found[(key[0], key[1], "lapsed" if is_lapsing else "revoked")] += 1
    return dict(found)


def planned_moves(plan: Row) -> dict[tuple[str, str, str], int]:
    """Count what a plan says becomes of the awards, in the same way."""
    return {
        (effect["org_id"], effect["badge_definition_id"], move): effect[move]["awards"]
        for effect in plan["effects"]
        for move in MOVES
        if effect[move]["awards"]
    }


def may_lapse(document: Row) -> bool:
    """Tell whether some badge lapses."""
    return any(badge.get("on_unmet") == "lapse" for badge in document["badges"].values())


def check(connection: Connection, story: Story, document: Row) -> None:
    """Hold a plan against what apply and backfill then do."""
    with connection.transaction(force_rollback=True):
        Database(connection, story).live_through()
        before = held(connection)
        try:
            with connection.transaction():
                connection.execute("set transaction read only")
                plan = value(
                    connection, "select badges.plan_rule_set(%s, %s)", Jsonb(document), LONG_AGO
                )
        except psycopg.errors.InvalidParameterValue:
            return
        is_lossy = any(
            effect[move]["awards"] for effect in plan["effects"] for move in ("revoked", "lapsed")
        )
        try:
            with connection.transaction():
                value(connection, "select badges.apply_rule_set(%s)", Jsonb(document))
            assert not is_lossy
        except psycopg.errors.ObjectNotInPrerequisiteState:
            # It is asked what is lost now, when all that ends with time has ended.
            assert is_lossy or may_lapse(document)
            value(connection, "select badges.apply_rule_set(%s, false, true)", Jsonb(document))
        backfill = "select badges.backfill_rule_set('generated', 1, %s)"
        while value(connection, backfill, LONG_AGO)["remaining"]:
            pass
        assert planned_moves(plan) == moves(before, held(connection), document)
        assert all(effect["exact"] for effect in plan["effects"])
        again = value(connection, "select badges.plan_rule_set(%s, %s)", Jsonb(document), LONG_AGO)
        assert (again["changed"], again["changes"], again["effects"]) == (False, [], [])


def run_examples(connection: Connection, number: int, examples: int = 9) -> None:
    """Check some examples, always the same for a number."""

    @seed(number)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
        phases=(Phase.generate,),  # a failing story is as telling unshrunk, and found in time
    )
    @given(changes())
    def run(change: tuple[Story, Row]) -> None:
        check(connection, *change)

    run()


@pytest.mark.parametrize("number", range(3))
def test_a_plan_of_any_document_is_what_apply_then_does(
    connection: Connection, number: int
) -> None:
    run_examples(connection, number)


@pytest.mark.soak
def test_any_number_of_plans_are_so(connection: Connection) -> None:
    until = time.monotonic() + float(os.environ.get("SOAK_SECONDS", "600"))
    for number in itertools.count(int(os.environ.get("SOAK_SEED", "1000"))):
        if time.monotonic() > until:
            break
        run_examples(connection, number)
