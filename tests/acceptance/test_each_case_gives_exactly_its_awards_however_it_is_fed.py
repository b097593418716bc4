from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any

import pytest
from pgmerit.database import Connection
from psycopg import sql
from psycopg.types.json import Jsonb

from tests.acceptance.cases import NAMES, Award, Case, Place, read
from tests.engine import (
    COLUMNS,
    apply,
    assert_exact,
    copy_in,
    insert,
    rows,
    value,
    without_badges,
)

LASTING = True

Activities = list[tuple[Any, ...]]
Way = Callable[[Connection, Activities], None]


class Rules(Enum):
    """What is there before the last of the activities, of the rules and of the activities."""

    FIRST = "rules first"
    LAST = "rules last"
    HALF_WAY = "half of the activities first"
    HALF_FIRST = "half of the rules first"


def row_by_row(connection: Connection, activities: Activities) -> None:
    for each in activities:
        insert(connection, each, tail="on conflict do nothing")


def in_one_statement(connection: Connection, activities: Activities) -> None:
    if activities:
        insert(connection, *activities, tail="on conflict do nothing")


def by_copy(connection: Connection, activities: Activities) -> None:
    copy_in(connection, activities)


def by_copy_through_staging(connection: Connection, activities: Activities) -> None:
    names = ", ".join(COLUMNS)
    with connection.transaction():
        connection.execute(
            f"create temp table staged on commit drop as"
            f" select {names} from badges.activities limit 0".encode()
        )
        copy_in(connection, activities, "staged")
        connection.execute(
            f"insert into badges.activities ({names}) select {names} from staged"
            " on conflict (peer_mentor_id, org_id, idempotency_key) do nothing".encode()
        )


def shuffled(connection: Connection, activities: Activities) -> None:
    row_by_row(connection, random.Random(2).sample(activities, len(activities)))


def backwards(connection: Connection, activities: Activities) -> None:
    row_by_row(connection, activities[::-1])


def in_random_batches(connection: Connection, activities: Activities) -> None:
    in_batches_in_order(connection, random.Random(3).sample(activities, len(activities)))


def in_batches_in_order(connection: Connection, activities: Activities) -> None:
    chance = random.Random(4)
    left = activities
    while left:
        size = chance.randint(1, 12)
        in_one_statement(connection, left[:size])
        left = left[size:]


def by_record_activity(connection: Connection, activities: Activities) -> None:
    for org, who, kind, occurred_at, quantity, attributes, key in activities:
        value(
            connection,
            "select badges.record_activity(%s, %s, %s, %s, %s, %s, %s)",
            *(who, org, kind, occurred_at, quantity, attributes, key),
        )


def by_record_activities(connection: Connection, activities: Activities) -> None:
    given = [
        {
            name: str(part) if name in ("peer_mentor_id", "occurred_at") else part
            for name, part in zip(COLUMNS, each, strict=True)
        }
        | {"quantity": float(each[4]), "attributes": each[5].obj}
        for each in activities
    ]
    for first in range(0, len(given), 50):
        batch = json.dumps(given[first : first + 50])
        value(connection, "select badges.record_activities(%s::jsonb)", batch)


# By default each case is fed in four of the first ways by turns, and every second one in one of the
# others.
NAMED: list[Way] = [row_by_row, in_one_statement, by_copy, shuffled, in_random_batches]
OTHERS: list[Way] = [backwards, by_record_activity, by_record_activities]
IN_ORDER: dict[Way, Way] = {
    shuffled: row_by_row,
    backwards: row_by_row,
    in_random_batches: in_batches_in_order,
}


def ways_of(case: Case, ways: list[Way]) -> list[Way]:
    """Replace the ways that would not do for a case."""
    if case.has_replays:
        ways = [by_copy_through_staging if way is by_copy else way for way in ways]
    if case.in_order_only:
        ways = [IN_ORDER.get(way, way) for way in ways]
    return list(dict.fromkeys(ways))


def combinations() -> Iterator[Any]:
    """Pair ways and rules: by default each of the rules once a case, all pairs in a soak."""
    for turn, name in enumerate(NAMES):
        named, others = (ways_of(read(name), ways) for ways in (NAMED, OTHERS))
        by_default = {
            (way, list(Rules)[(turn + place) % 4])
            for place, way in enumerate(named)
            if (turn + place) % 5
        }
        if turn % 2 == 0:
            by_default.add((others[turn // 2 % len(others)], list(Rules)[turn // 2 % 4]))
        for way in dict.fromkeys([*named, *others]):
            for rules in Rules:
                yield pytest.param(
                    name,
                    way,
                    rules,
                    id=f"{name}-{way.__name__}-{rules.value}",
                    marks=[] if (way, rules) in by_default else pytest.mark.soak,
                )


@pytest.mark.parametrize(("name", "way", "rules"), list(combinations()))
def test_each_case_gives_exactly_its_awards(
    connection: Connection, name: str, way: Way, rules: Rules
) -> None:
    case = read(name)
    connection.execute("set timezone = 'Pacific/Apia'")
    feed(connection, case, way, rules)
    finish(connection, case)
    assert awarded(connection) == case.awards
    assert revoked(connection) - denied(case) == case.revoked
    assert_exact(connection)
    if rules in (Rules.FIRST, Rules.LAST) and not case.changes:
        found = rows(connection, "select distinct source from badges.earned_badges")
        expected = {"backfill" if rules is Rules.LAST else "rule"}
        assert {each["source"] for each in found} - {"sweep"} <= expected


def feed(connection: Connection, case: Case, way: Way, rules: Rules) -> None:
    half = len(case.activities) // 2
    if rules is Rules.FIRST:
        begin(connection, case)
        way(connection, case.activities)
    elif rules is Rules.LAST:
        apply(connection, without_badges(case.document))
        way(connection, case.activities)
        begin(connection, case)
    else:
        halved = rules is Rules.HALF_FIRST
        first = with_half_of_the_badges(case.document) if halved else without_badges(case.document)
        apply(connection, first, batch=1)
        way(connection, case.activities[:half])
        begin(connection, case)
        way(connection, case.activities[half:])


def begin(connection: Connection, case: Case) -> None:
    apply(connection, case.document, batch=1)
    for org, mentor, badge, tier in case.denials:
        value(
            connection,
            "select badges.deny_badge(%s, %s, %s, 'agreed', nullif(%s, ''))",
            *(mentor, badge, org, tier),
        )


def with_half_of_the_badges(document: dict[str, Any]) -> dict[str, Any]:
    """Keep the first half of a document's badges, those that are for badges not among them."""
    plain = [
        slug
        for slug, badge in document["badges"].items()
        if "badges_earned" not in json.dumps(badge["criteria"])
    ]
    kept = plain[: (len(plain) + 1) // 2]
    halved = copy.deepcopy(document)
    halved["badges"] = {slug: document["badges"][slug] for slug in kept}
    for organization in halved["organizations"].values():
        if "badges" in organization:
            organization["badges"] = [slug for slug in organization["badges"] if slug in kept]
        own = organization.pop("custom_thresholds", {})
        own = {slug: number for slug, number in own.items() if slug in kept}
        if own:
            organization["custom_thresholds"] = own
    return halved


def finish(connection: Connection, case: Case) -> None:
    """Make a case's changes, then let its time pass."""
    for change in case.changes:
        place = (change.org, change.mentor, change.key)
        chosen = sql.SQL("where org_id = %s and peer_mentor_id = %s and idempotency_key = %s")
        if change.values is None:
            made = connection.execute(
                sql.SQL("delete from badges.activities {}").format(chosen), place
            )
        else:
            columns = [sql.SQL("{} = %s").format(sql.Identifier(name)) for name in change.values]
            statement = sql.SQL("update badges.activities set {} {}").format(
                sql.SQL(", ").join(columns), chosen
            )
            made = connection.execute(statement, (*change.values.values(), *place))
        assert made.rowcount == 1
    if case.as_of is not None:
        value(connection, "select badges.award_due_badges(%s)", case.as_of)


def awarded(connection: Connection) -> set[Award]:
    return {
        tuple(each.values())
        for each in rows(
            connection,
            "select org_id, peer_mentor_id, badge_definition_id, tier, occurrence, earned_at"
            " from badges.earned_badges where revoked_at is null",
        )
    }


def revoked(connection: Connection) -> set[Place]:
    """List what is taken back; whether somebody saw what lapses held depends on the feeding."""
    return {
        tuple(each.values())
        for each in rows(
            connection,
            "select org_id, peer_mentor_id, badge_definition_id, tier, occurrence"
            " from badges.earned_badges join badges.badge_definitions using (badge_definition_id)"
            " where revoked_at is not null and on_unmet <> 'lapse'",
        )
    }


def denied(case: Case) -> set[Place]:
    """List what a denial may have taken back: it depends on whether it came first."""
    tiers = {each[3] for each in case.awards} | {""}
    return {
        (org, mentor, badge, each, 1)
        for org, mentor, badge, tier in case.denials
        for each in (tiers if tier == "" else {tier})
    }


@pytest.mark.parametrize("name", NAMES[::2])
def test_applying_the_same_document_again_changes_nothing(
    connection: Connection, name: str
) -> None:
    case = read(name)
    assert apply(connection, case.document)["changed"] is True
    in_one_statement(connection, case.activities)
    before = rows(connection, "select * from badges.earned_badges order by 1, 2, 3, 4, 5")
    again = apply(connection, case.document)
    assert again["changed"] is False
    assert again["version"] == 1
    after = rows(connection, "select * from badges.earned_badges order by 1, 2, 3, 4, 5")
    assert after == before


def test_a_day_of_the_language_is_text_to_the_database() -> None:
    assert Jsonb(read("exercism").document).obj["badges"]["early"]["criteria"]["when"] == {
        "until": "2018-07-13"
    }
