"""The evaluator that the engine is held against is itself held against the acceptance cases."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.acceptance.cases import NAMES, read
from tests.oracle import evaluator


def activity(row: tuple[Any, ...]) -> evaluator.Activity:
    org, mentor, kind, occurred_at, quantity, attributes, key = row
    return evaluator.Activity(
        org=org,
        mentor=mentor,
        activity_type=kind,
        occurred_at=occurred_at,
        quantity=evaluator.number(quantity),
        attributes=evaluator.exact(attributes.obj),
        key=key,
    )


@pytest.mark.parametrize("is_shuffled", [False, True], ids=["as told", "shuffled"])
@pytest.mark.parametrize("name", NAMES)
def test_it_gives_exactly_the_awards_of_a_case(name: str, is_shuffled: bool) -> None:
    case = read(name)
    activities = [activity(row) for row in case.activities]
    if is_shuffled:
        random.Random(1).shuffle(activities)
    found = evaluator.awards(case.document, activities)
    assert {(*key, moment) for key, moment in found.items()} == case.awards
