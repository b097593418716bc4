"""The evaluator that the engine is held against is itself held against the acceptance cases."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from tests.acceptance.brute_force import awards_of
from tests.acceptance.cases import NAMES, read


@pytest.mark.parametrize("is_shuffled", [False, True], ids=["as told", "shuffled"])
@pytest.mark.parametrize("name", NAMES)
def test_it_gives_exactly_the_awards_of_a_case(name: str, is_shuffled: bool) -> None:
    case = read(name)
    if is_shuffled:
        shuffled = random.Random(1).sample(case.activities, len(case.activities))
        case = replace(case, activities=shuffled)
    assert awards_of(case) == case.awards
