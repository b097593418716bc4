"""The key of an award is stable, moved by every input, unique, and the database's own."""

from __future__ import annotations

import hashlib
import random
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pgmerit.models import EarnedBadge, derive_idempotency_key

from tests.rules.criteria_strategies import slugs

PERSON = UUID("8a1a3c5e-0000-4000-8000-00000000abcd")
AWARD = EarnedBadge(
    peer_mentor_id=PERSON,
    badge_definition_id="honorar",
    org_id="blindeforbundet",
    earned_at=datetime(2026, 1, 1, tzinfo=UTC),
)
inputs = st.tuples(st.uuids(), slugs, slugs, st.one_of(st.just(""), slugs), st.integers(1, 1000))


def test_it_is_the_same_a_hundred_times() -> None:
    assert len({AWARD.derive_idempotency_key() for _ in range(100)}) == 1


def test_it_is_the_hash_that_the_design_names() -> None:
    text = f"{PERSON}:honorar:blindeforbundet"
    assert AWARD.derive_idempotency_key() == hashlib.sha256(text.encode()).hexdigest()
    tiered = AWARD.model_copy(update={"tier": "gold", "occurrence": 2})
    assert tiered.derive_idempotency_key() == hashlib.sha256(f"{text}:gold:2".encode()).hexdigest()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("peer_mentor_id", UUID(int=1)),
        ("badge_definition_id", "steady"),
        ("org_id", "nhf"),
        ("tier", "gold"),
        ("occurrence", 2),
    ],
)
def test_any_single_input_changes_it(field: str, value: Any) -> None:
    changed = AWARD.model_copy(update={field: value})
    assert changed.derive_idempotency_key() != AWARD.derive_idempotency_key()


def test_what_is_no_part_of_it_does_not_change_it() -> None:
    moved = AWARD.model_copy(update={"earned_at": datetime(2020, 1, 1, tzinfo=UTC), "threshold": 3})
    assert moved.derive_idempotency_key() == AWARD.derive_idempotency_key()


ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789._-"


def generated(source: random.Random) -> tuple[Any, ...]:
    def slug() -> str:
        return source.choice("abc019") + "".join(source.choices(ALPHABET, k=source.randint(0, 6)))

    tier = source.choice(["", slug()])
    person = UUID(int=source.getrandbits(128))
    return person, slug(), slug(), tier, source.choice([1, source.randint(1, 999)])


@settings(max_examples=4, deadline=None)
@given(source=st.randoms(use_true_random=True))
def test_no_two_of_thousands_share_one(source: random.Random) -> None:
    many = {generated(source) for _ in range(3000)}
    assert len({derive_idempotency_key(*each) for each in many}) == len(many)


def test_neighbours_do_not_share_one() -> None:
    many = {
        (UUID(int=person), f"badge-{badge}", f"org-{org}", tier, occurrence)
        for person in range(20)
        for badge in range(10)
        for org in range(3)
        for tier in ("", "1", "2", "gold")
        for occurrence in (1, 2, 12)
    }
    assert len(many) == 7200
    assert len({derive_idempotency_key(*each) for each in many}) == 7200


@settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(each=inputs)
def test_it_is_equal_to_the_databases(asking: Any, each: Any) -> None:
    row = asking.execute(
        "select badges.derive_idempotency_key(%s, %s, %s, %s, %s) as key", each
    ).fetchone()
    assert row["key"] == derive_idempotency_key(*each)
