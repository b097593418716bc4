"""Generated badges over generated histories: each point of a curve is what brute force counts."""

from __future__ import annotations

import copy
import itertools
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from pgmerit import routines
from pgmerit.database import Connection

from tests.engine import Row
from tests.oracle import evaluator, strategies
from tests.oracle.strategies import Story
from tests.oracle.test_the_database_agrees_with_the_brute_force import Database

LASTING = True

Path = tuple[int, ...]
UNITS = ("days", "months", "years")


def numbers(criteria: Row, place: Path = ()) -> Iterator[Path]:
    """Give where the numbers of criteria stand: the places of the parts that have one."""
    if criteria["type"] == "none_of":
        return
    if criteria["type"] not in ("all_of", "any_of", "manual"):
        yield place
    for position, part in enumerate(criteria.get("criteria", [])):
        yield from numbers(part, (*place, position))


def with_number(criteria: Mapping[str, Any], place: Path, number: float) -> Row:
    """Give criteria with one number changed, as a badge of one tier."""
    changed = copy.deepcopy(dict(criteria))
    node = changed
    for position in place:
        node = node["criteria"][position]
    if node["type"] == "tier":
        node["type"] = "threshold"
    for key in ("tiers", "repeat"):
        node.pop(key, None)
    unit = next((each for each in UNITS if each in node), None)
    node[unit or evaluator.NUMBER_KEYS[node["type"]]] = number
    return changed


def count_people(
    document: Row,
    org: str,
    slug: str,
    criteria: Row,
    activities: list[evaluator.Activity],
    held: Mapping[evaluator.HeldKey, datetime],
    until: date,
) -> int:
    """Count who has a badge with such criteria by the activities up to a day, by brute force."""
    organization = document["organizations"][org]
    clock = evaluator.clock_of(organization)
    end = evaluator.day_begins(until + timedelta(days=1), clock)
    present = [each for each in activities if evaluator.local_day(each, clock) <= until]
    found = evaluator.awards(
        {
            "organizations": {org: strategies.in_calendar_of(organization, {})},
            "badges": document["badges"] | {slug: document["badges"][slug] | {
                "criteria": criteria, "active": True, "limit": {"first": 99},
            }},
        },
        present,
        end - timedelta(microseconds=1),
        {key: at for key, at in held.items() if at < end},
    )  # fmt: skip
    active = {each.mentor for each in present if each.org == org}
    return len({key[1] for key in found if key[2] == slug} & active)


def check(connection: Connection, story: Story) -> None:
    """Hold the curve of every number of every badge against brute force."""
    with connection.transaction(force_rollback=True):
        database = Database(connection, story)
        database.live_through()
        document = database.document
        activities = database.activities()
        if document is None or not activities:
            return
        held: dict[evaluator.HeldKey, Any] = {}
        for key, at in database.awards().items():
            held[key[:3]] = min(at, held.get(key[:3], at))
        days = sorted({each.occurred_at.date() for each in activities})
        as_of, then = days[-1] + timedelta(days=1), days[len(days) // 2] - timedelta(days=1)
        for slug, badge in database.applied[-1]["badges"].items():
            if badge.get("on_unmet") == "lapse":
                continue  # refused: how many hold it changes from day to day
            for place in numbers(badge["criteria"]):
                path = "$" + "".join(f".criteria[{position}]" for position in place)
                told = routines.calibrate_badge(
                    connection, slug, part=path, share=0.4, as_of=as_of, then=then
                )
                for each in told["organizations"]:
                    organization = document["organizations"][each["org_id"]]
                    own = evaluator.with_thresholds(
                        badge["criteria"], organization.get("custom_thresholds", {}).get(slug)
                    )
                    for point in each["curve"]:
                        criteria = with_number(own, place, point["threshold"])
                        for moment, until in (("now", as_of), ("then", then)):
                            counted = count_people(
                                document, each["org_id"], slug, criteria, activities, held, until
                            )
                            assert point[moment]["people"] == counted, (
                                criteria, each["org_id"], moment, until, point,
                            )  # fmt: skip


def plain_days(story: Story) -> Story:
    """Give a story in which no writer names a day: a moment after a day does not belong to it."""
    return replace(
        story, entries=tuple(replace(each, activity_date=None) for each in story.entries)
    )


def run_examples(connection: Connection, number: int, examples: int) -> None:
    """Check some examples, always the same for a number; of every other one values may fall."""
    stories = strategies.any_stories() if number % 2 else strategies.insert_stories()

    @seed(number)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
        phases=(Phase.generate,),
    )
    @given(stories.map(plain_days))
    def run(story: Story) -> None:
        check(connection, story)

    run()


@pytest.mark.parametrize(("number", "examples"), [(0, 4), (1, 5)])
def test_each_point_of_a_curve_is_what_brute_force_counts(
    connection: Connection, number: int, examples: int
) -> None:
    run_examples(connection, number, examples)


@pytest.mark.soak
def test_each_point_of_any_number_of_curves_is(connection: Connection) -> None:
    until = time.monotonic() + float(os.environ.get("SOAK_SECONDS", "600"))
    for number in itertools.count(int(os.environ.get("SOAK_SEED", "1000"))):
        if time.monotonic() > until:
            return
        run_examples(connection, number, 12)
