"""A late activity moves a date exactly as far back as dating all of the history anew does."""

from __future__ import annotations

import itertools
import os
import random
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from pgmerit.database import Connection
from pgmerit.rules.files import load_document

from tests.engine import (
    ANN,
    activity,
    apply,
    assert_exact,
    insert,
    install_changed,
    rows,
    rule_set,
    without_badges,
)
from tests.oracle import strategies
from tests.oracle.strategies import Story
from tests.oracle.test_the_database_agrees_with_the_brute_force import Database

LASTING = True

COMMITS = load_document(Path(__file__).with_name("late.yaml")).value
START = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True, params=["few", "many"])
def _activities(request: pytest.FixtureRequest, connection: Connection) -> None:
    """Date awards as where a person has few activities, and as where there are many."""
    if request.param == "many":
        install_changed(connection, "awards/_is_read_whole.sql", "p_count <= 200", "p_count <= 0")


def dates(connection: Connection) -> list[Any]:
    return rows(
        connection,
        "select peer_mentor_id, org_id, badge_definition_id, tier, occurrence, earned_at"
        " from badges.earned_badges order by 1, 2, 3, 4, 5",
    )


def date_everything_anew(connection: Connection) -> None:
    connection.execute(
        """
        select badges_internal._redate_badges(array_agg(distinct row(
            peer_mentor_id, org_id, badge_definition_id, null, null
        )::badges_internal.candidate))
        from badges.earned_badges
        where revoked_at is null
        """
    )


def assert_nothing_is_left_to_move(connection: Connection) -> None:
    found = dates(connection)
    date_everything_anew(connection)
    assert dates(connection) == found


def commits(number: int, days: int) -> Iterator[tuple[Any, ...]]:
    """Give commits of one person in no order, many a day, some at the same instant."""
    chance = random.Random(number)
    for _ in range(days * 4):
        yield activity(
            START + timedelta(hours=chance.randrange(days * 8) * 3),
            org="repo",
            kind=chance.choice(("commit", "commit", "commit", "merge")),
            quantity=chance.choice((1, 5, 30, 90, 150)),
            attributes={"kind": chance.choice(("fix", "fix", "feat", "doc", "test"))},
        )


def lowered(document: Mapping[str, Any]) -> dict[str, Any]:
    """Give the commits' badges with numbers that few activities reach."""

    def low(node: Any) -> Any:
        if isinstance(node, list):
            return [low(each) for each in node]
        if not isinstance(node, dict):
            return node
        return {
            key: max(1 + int(node.get("tier", "0")) % 7, each // 8)
            if key in ("at_least", "length") and "per_unit" not in node
            else low(each)
            for key, each in node.items()
        }

    badges = {
        slug: {**badge, "criteria": low(badge["criteria"])}
        for slug, badge in document["badges"].items()
    }
    for badge in badges.values():
        tiers = badge["criteria"].get("tiers", [])
        for place, tier in enumerate(tiers):
            name = "at_least" if "at_least" in tier else "length"
            tier[name] = 1 + place * 3
    badges["burst"]["criteria"]["at_least"] = 9
    badges["month100"]["criteria"]["at_least"] = 12
    badges["year"]["criteria"] = {"type": "tenure", "days": 9}
    capped = {"measure": "sum", "cap": {"per": "day", "at": 60}}
    tiers = [{"tier": str(least), "at_least": least} for least in (90, 300, 610)]
    again = {"window": "week", "at_least": 9, "repeat": {"each": "window", "max": 5}}
    badges["capped"] = {"name": "capped", "criteria": {"type": "tier", **capped, "tiers": tiers}}
    badges["again"] = {"name": "again", "criteria": {"type": "threshold", **again}}
    badges["three"] = {"name": "three", "criteria": {"type": "badges_earned", "at_least": 3}}
    return {**document, "badges": badges}


@pytest.mark.parametrize("size", [1, 3])
def test_seventeen_badges(connection: Connection, size: int) -> None:
    apply(connection, lowered(COMMITS))
    history = list(commits(size, 20))
    with connection.transaction():
        for place in range(0, len(history), size):
            insert(connection, *history[place : place + size])
            assert_nothing_is_left_to_move(connection)
    assert len(dates(connection)) > 20
    assert_exact(connection)


def test_a_day_that_joins_two_months_within_a_week(connection: Connection) -> None:
    criteria = {"type": "streak", "unit": "month", "length": 3}
    apply(connection, rule_set({"months": criteria}))
    for day in ("2024-01-10", "2024-01-31", "2024-03-04", "2024-02-01"):
        insert(connection, activity(day))
    assert len(dates(connection)) == 1
    assert_exact(connection)


def test_ties_at_the_award_are_counted(connection: Connection) -> None:
    """Two of one instant: the third before it leaves the date, the fourth moves it."""
    apply(connection, rule_set({"three": {"type": "threshold", "at_least": 3}}))
    insert(connection, activity("2024-02-01"))
    insert(connection, activity("2024-02-09"), activity("2024-02-09"))
    for day in ("2024-01-05", "2024-01-20"):
        insert(connection, activity(day))
        assert_nothing_is_left_to_move(connection)
    assert dates(connection)[0]["earned_at"].day == 1
    assert_exact(connection)


def test_the_activity_that_decides_is_the_one_that_was_enough(connection: Connection) -> None:
    """Of three of an instant: the one that makes the count full, and of a sum the last one."""
    badges = {
        "four": {"type": "threshold", "at_least": 4},
        "sum": {"type": "threshold", "measure": "sum", "at_least": 4},
    }
    apply(connection, rule_set(badges))
    for day in ("2024-02-05", "2024-02-05", "2024-02-05", "2024-02-09"):
        insert(connection, activity(day))
    insert(connection, activity("2024-01-15"), activity("2024-01-16"))
    found = rows(
        connection,
        "select a.activity_id - first.id as place, a.earned_at::date as day"
        " from badges.earned_badges as a"
        " cross join (select min(activity_id) as id from badges.activities) as first"
        " order by a.badge_definition_id",
    )
    assert [(each["place"], each["day"].day) for each in found] == [(1, 5), (2, 5)]


def test_the_walk_back_stops_where_an_older_day_may_be_newer(connection: Connection) -> None:
    """The third of March was the fourth by its moment, and the second's day was the fourth."""
    apply(connection, rule_set({"four": {"type": "threshold", "at_least": 4}}))
    statement = """
        insert into badges.activities (
            org_id, peer_mentor_id, activity_type, occurred_at, activity_date, quantity
        )
        select 'nhf', %s, 'call', at, day, 1
        from unnest(%s::timestamptz[], %s::date[]) as given (at, day)
    """
    moments = [f"2024-03-{day} 12:00Z" for day in ("03", "04", "06", "08")]
    days = [f"2024-03-{day}" for day in ("04", "03", "06", "08")]
    connection.execute(statement, (ANN, moments, days))
    late = ["2024-02-01", "2024-02-02"]
    connection.execute(statement, (ANN, late, late))
    assert [each["earned_at"].day for each in dates(connection)] == [4]
    assert_exact(connection)


@pytest.mark.parametrize("number", range(4))
def test_days_need_not_follow_the_moments(connection: Connection, number: int) -> None:
    """Several late ones of a statement: the date is walked back over days in another order."""
    chance = random.Random(number)
    tiers = [{"tier": str(least), "at_least": least} for least in (4, 9, 15)]
    apply(connection, rule_set({"tiers": {"type": "tier", "tiers": tiers}}))
    statement = """
        insert into badges.activities (
            org_id, peer_mentor_id, activity_type, occurred_at, activity_date, quantity
        )
        select 'nhf', %s, 'call', at, (at at time zone 'UTC')::date + skew, 1
        from unnest(%s::timestamptz[], %s::integer[]) as given (at, skew)
    """
    moments = []
    for count in (16, 3, 3, 5, 4):
        made = [START + timedelta(hours=chance.randrange(9 * 24)) for _ in range(count)]
        moments += made
        skews = [chance.choice((-1, 1)) for _ in made]
        connection.execute(statement, (ANN, made, skews))
        found = {int(each["tier"]): each["earned_at"] for each in dates(connection)}
        ordered = sorted(moments)
        assert found == {least: ordered[least - 1] for least in (4, 9, 15)}
    assert_exact(connection)


def test_a_kept_award_that_a_delete_left_early_is_not_moved_further(
    connection: Connection,
) -> None:
    apply(connection, rule_set({"three": {"type": "threshold", "at_least": 3}}))
    insert(connection, *[activity(f"2024-02-0{day}") for day in (1, 2, 3, 9)])
    connection.execute("delete from badges.activities where activity_date = '2024-02-02'")
    insert(connection, activity("2024-01-15"))
    assert [each["earned_at"].day for each in dates(connection)] == [3]
    insert(connection, activity("2024-01-16"))
    assert [each["earned_at"].day for each in dates(connection)] == [1]


def test_an_award_restored_by_hand_has_the_date_of_what_came_meanwhile(
    connection: Connection,
) -> None:
    apply(connection, rule_set({"two": {"type": "threshold", "at_least": 2}}))
    insert(connection, activity("2024-02-05"))
    insert(connection, activity("2024-02-09"))
    connection.execute("select badges.revoke_badge(%s, 'two', 'nhf', 'mistaken')", (ANN,))
    insert(connection, activity("2024-02-07"))
    connection.execute("select badges.award_badge(%s, 'two', 'nhf', 'not mistaken')", (ANN,))
    assert [each["earned_at"].day for each in dates(connection)] == [7]
    assert_exact(connection)


def test_nothing_is_placed_that_is_not_counted_yet(connection: Connection) -> None:
    apply(connection, rule_set({"days": {"type": "streak", "unit": "day", "length": 9}}))
    insert(connection, activity("2024-03-01"), activity("2024-03-09"))
    with connection.transaction(force_rollback=True):
        connection.execute("alter table badges.activities disable trigger count_new_activities")
        insert(connection, activity("2024-03-05"), activity("2024-03-06"), activity("2024-03-04"))
        placed = """
            select badges_internal._place_late_activity(
                row(
                    a.peer_mentor_id, a.org_id, a.activity_type, a.activity_date, a.occurred_at,
                    a.quantity, a.attributes, a.activity_id
                ),
                array(
                    select pending.activity_id from badges.activities as pending
                    where pending.activity_id > a.activity_id
                ),
                array['*'], array[''], '1900-01-01', true
            )
            from badges.activities as a
            where activity_date = any(%s)
            order by activity_id
        """
        longest = """
            select longest_day_run, active_days from badges.peer_mentor_stats where stat = '*'
        """
        connection.execute(
            "update badges.peer_mentor_stats set activity_count = 5, last_at = last_at"
        )
        connection.execute(placed, (["2024-03-05"],))
        assert rows(connection, longest)[0] == {"longest_day_run": 1, "active_days": 3}
        connection.execute(placed, (["2024-03-06"],))
        connection.execute(placed, (["2024-03-04"],))
        assert rows(connection, longest)[0] == {"longest_day_run": 3, "active_days": 5}


def test_a_late_one_completes_what_fell_since(connection: Connection) -> None:
    apply(connection, rule_set({"ten": {"type": "threshold", "measure": "sum", "at_least": 10}}))
    for day, quantity in ((1, 6), (5, -6), (3, 5)):
        insert(connection, activity(f"2024-03-0{day}", quantity=quantity))
    assert [each["earned_at"].day for each in dates(connection)] == [3]
    assert_exact(connection)


def test_new_days_of_one_statement_are_placed_one_after_the_other(connection: Connection) -> None:
    apply(connection, rule_set({"weeks": {"type": "streak", "unit": "week", "length": 2}}))
    insert(connection, activity("2024-03-01"), activity("2024-05-01"))
    insert(connection, *[activity(f"2024-03-0{5 + n % 2}") for n in range(40)])
    row = rows(connection, "select * from badges.peer_mentor_stats where stat = '*'")[0]
    assert (row["longest_week_run"], row["active_days"]) == (2, 4)
    assert [each["earned_at"].day for each in dates(connection)] == [5]
    assert_exact(connection)


def test_what_reads_a_part_reads_it_in_the_order_of_days_by_the_index(
    connection: Connection,
) -> None:
    """Not by the function: else each look would read the person's whole history."""
    # Of a table with hardly a row a sort may cost as little.
    connection.execute(
        "set enable_seqscan = off; set enable_bitmapscan = off; set enable_sort = off"
    )
    plan = "\n".join(
        each["QUERY PLAN"]
        for each in rows(
            connection,
            f"""
            explain select from badges_internal._chosen_activities(
                '{ANN}', 'nhf', '{{call}}', null, '', '-infinity', '2024-01-01'
            ) order by activity_date desc limit 1
            """,
        )
    )
    assert "Index Scan Backward using activities_by_mentor_day_type" in plan
    assert "Sort" not in plan


def check_story(connection: Connection, story: Story) -> None:
    """Let a story happen, and hold each step to a dating of everything."""
    with connection.transaction(force_rollback=True):
        database = Database(connection, story)
        if story.steps[0].what != "apply":
            apply(connection, without_badges(story.documents[0]))
        for step in story.steps:
            getattr(database, f"_do_{step.what}")(step)
            assert_nothing_is_left_to_move(connection)
        assert_exact(connection)


def run_stories(connection: Connection, number: int, examples: int) -> None:
    @seed(number)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    @given(strategies.insert_stories(max_size=30))
    def run(story: Story) -> None:
        single = tuple(
            step
            for each in story.steps
            for step in (
                [strategies.Step("insert", 1, 0, "insert")] * min(each.number, 30)
                if each.what == "insert"
                else [each]
            )
        )
        check_story(connection, Story(story.documents, story.entries, single))

    run()


def test_generated_rules_and_histories(connection: Connection) -> None:
    run_stories(connection, 7, 5)


@pytest.mark.soak
def test_any_number_of_them(connection: Connection) -> None:
    until = time.monotonic() + float(os.environ.get("SOAK_SECONDS", "600"))
    for number in itertools.count(int(os.environ.get("SOAK_SEED", "1000"))):
        if time.monotonic() > until:
            return
        run_stories(connection, number, 12)
