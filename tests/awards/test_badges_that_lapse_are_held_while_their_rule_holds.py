"""on_unmet: lapse: a badge is held while its rule holds now, noticed by activities and sweeps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pgmerit.database import Connection

from tests.engine import (
    ANN,
    ORG,
    Row,
    activity,
    apply,
    assert_exact,
    awards,
    badge_ids,
    in_background,
    insert,
    insert_days,
    rows,
    rule_set,
    value,
    wait_until_blocked,
)

LASTING = True

Opening = Callable[..., Connection]
RECENT = {"type": "threshold", "activity": "call", "window": {"last_days": 30}, "at_least": 3}


def lapsing(criteria: Row, **keys: Any) -> Row:
    return {"name": "lapsing", "on_unmet": "lapse", "criteria": criteria, **keys}


def sweep(connection: Connection, as_of: str) -> int:
    number: int = value(connection, "select badges.award_due_badges(%s)", as_of)
    return number


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def told(connection: Connection) -> list[tuple[str, datetime]]:
    """Give what was told of awards, and the moment each tells."""
    return [
        (
            each["event_type"],
            datetime.fromisoformat(each["details"].get("lapsed_at", each["details"]["earned_at"])),
        )
        for each in rows(connection, "select * from badges.award_events order by event_id")
    ]


def test_it_lapses_by_time_and_is_restored_by_an_activity(connection: Connection) -> None:
    apply(connection, rule_set({"recent": lapsing(RECENT)}))
    insert_days(connection, "2026-03-01", 3)
    assert [each["earned_at"] for each in awards(connection)] == [at("2026-03-03 12:00")]
    assert sweep(connection, "2026-03-30 23:59:59.999+00") == 0
    assert len(awards(connection)) == 1
    sweep(connection, "2026-04-20")
    (award,) = rows(connection, "select * from badges.earned_badges")
    assert (award["revoked_by"], award["revoked_at"]) == ("time", at("2026-03-31 00:00"))
    insert_days(connection, "2026-04-21", 3)
    assert [each["earned_at"] for each in awards(connection)] == [at("2026-04-23 12:00")]
    assert told(connection) == [
        ("awarded", at("2026-03-03 12:00")),
        ("lapsed", at("2026-03-31 00:00")),
        ("restored", at("2026-04-23 12:00")),
    ]
    assert_exact(connection)


def test_an_activity_notices_what_lapsed_before_it(connection: Connection) -> None:
    apply(connection, rule_set({"recent": lapsing(RECENT)}))
    insert_days(connection, "2026-03-01", 3)
    insert(connection, activity("2026-04-20"))
    (award,) = rows(connection, "select * from badges.earned_badges")
    assert (award["revoked_by"], award["revoked_at"]) == ("time", at("2026-03-31 00:00"))
    insert(connection, activity("2026-06-01"), activity("2026-06-02"), activity("2026-06-03"))
    assert told(connection)[2:] == [("restored", at("2026-06-03 12:00"))]
    insert_days(connection, "2026-06-04", 40)
    assert len(told(connection)) == 3
    assert_exact(connection)


def test_what_lapsed_and_holds_again_unnoticed_is_told_as_both(connection: Connection) -> None:
    apply(connection, rule_set({"recent": lapsing(RECENT)}))
    insert_days(connection, "2026-03-01", 3)
    insert(connection, *(activity(f"2026-05-0{n}") for n in range(1, 5)))
    assert told(connection) == [
        ("awarded", at("2026-03-03 12:00")),
        ("lapsed", at("2026-03-31 00:00")),
        ("restored", at("2026-05-03 12:00")),
    ]
    (award,) = awards(connection)
    assert (award["earned_at"], award["activity_id"]) == (at("2026-05-03 12:00"), 6)
    assert_exact(connection)


def test_a_late_activity_moves_the_beginning_in_silence(connection: Connection) -> None:
    apply(connection, rule_set({"recent": lapsing(RECENT)}))
    insert_days(connection, "2026-03-10", 3)
    insert(connection, activity("2026-03-01"))
    assert [each["earned_at"] for each in awards(connection)] == [at("2026-03-11 12:00")]
    insert(connection, activity("2026-01-01"))
    assert [event for event, _ in told(connection)] == ["awarded", "redated"]
    quiet = "select is_delivered_by_default from badges.award_events order by event_id"
    assert [each["is_delivered_by_default"] for each in rows(connection, quiet)] == [True, False]
    assert_exact(connection)


@pytest.mark.parametrize("rest", [2, 40], ids=["a few rows", "many rows"])
def test_a_deletion_is_the_rules_doing(connection: Connection, rest: int) -> None:
    apply(connection, rule_set({"recent": lapsing(RECENT)}))
    insert(connection, *(activity(f"2026-02-01 12:{n:02}", kind="visit") for n in range(rest)))
    insert_days(connection, "2026-03-01", 3)
    connection.execute(
        "delete from badges.activities"
        " where activity_date = '2026-03-02' or activity_type = 'visit'"
    )
    (award,) = rows(connection, "select * from badges.earned_badges")
    assert (award["revoked_by"], award["revoke_reason"]) == ("rule", "the rule no longer holds")
    connection.execute("update badges.activities set quantity = 7")
    insert(connection, activity("2026-03-02"))
    assert [each["earned_at"] for each in awards(connection)] == [at("2026-03-03 12:00")]
    assert [event for event, _ in told(connection)] == ["awarded", "lapsed", "restored"]
    assert_exact(connection)


def test_what_a_person_decided_stays(connection: Connection) -> None:
    apply(connection, rule_set({"recent": lapsing(RECENT), "other": lapsing(RECENT)}))
    insert_days(connection, "2026-03-01", 3)
    for routine, badge in (("revoke", "recent"), ("deny", "other")):
        value(connection, f"select badges.{routine}_badge(%s, %s, %s, 'why')", ANN, badge, ORG)
    insert_days(connection, "2026-03-04", 3)
    sweep(connection, "2026-07-01")
    insert_days(connection, "2026-07-02", 3)
    assert awards(connection) == []
    sweep(connection, "2026-09-01")
    value(connection, "select badges.allow_badge(%s, 'other', %s, 'why')", ANN, ORG)
    value(connection, "select badges.award_badge(%s, 'recent', %s, 'why')", ANN, ORG)
    sweep(connection, "2026-09-02")
    assert [each["badge_definition_id"] for each in awards(connection)] == ["recent"]
    assert_exact(connection)


@pytest.mark.parametrize(
    ("organization", "days", "until"),
    [
        ({"time_zone": "Europe/Oslo"}, 3, "2026-03-30 22:00"),  # summer time since the 29th
        ({"time_zone": "Europe/Oslo", "day_starts": "02:30"}, 1, "2026-03-29 01:00"),  # in the gap
        ({"time_zone": "Europe/Oslo", "day_starts": "04:00"}, 3, "2026-03-31 02:00"),
        ({"time_zone": "Pacific/Apia"}, 3, "2026-03-30 11:00"),
    ],
)
def test_it_ends_where_a_local_day_begins(
    connection: Connection, organization: Row, days: int, until: str
) -> None:
    once = {"type": "threshold", "window": {"last_days": days}, "at_least": 1}
    apply(connection, rule_set({"once": lapsing(once)}, {ORG: organization}))
    insert(connection, activity("2026-03-28 09:00"))
    assert sweep(connection, f"{at(until) - timedelta(microseconds=1)}") == 0
    assert len(awards(connection)) == 1
    sweep(connection, f"{at(until)}")
    (award,) = rows(connection, "select * from badges.earned_badges")
    assert (award["revoked_at"], award["revoked_by"]) == (at(until), "time")
    assert_exact(connection)


def test_a_day_to_come_counts_from_its_beginning(connection: Connection) -> None:
    twice = {"type": "threshold", "window": {"last_days": 1}, "at_least": 2}
    apply(connection, rule_set({"twice": lapsing(twice)}))
    connection.execute(
        """insert into badges.activities
            (org_id, peer_mentor_id, activity_type, occurred_at, activity_date)
        select %s, %s, 'call', moment, '2026-03-02'
        from (values (timestamptz '2026-03-01 20:00Z'), ('2026-03-01 21:00Z')) as at (moment)""",
        (ORG, ANN),
    )
    assert awards(connection) == []
    assert sweep(connection, "2026-03-02 00:00+00") == 1
    (award,) = awards(connection)
    assert (award["earned_at"], award["activity_id"]) == (at("2026-03-02 00:00"), None)
    sweep(connection, "2026-03-03 00:00+00")
    assert awards(connection) == []
    assert_exact(connection)


@pytest.mark.parametrize(
    ("streak", "days", "dead"),
    [
        ({"unit": "day", "length": 2}, ["2026-03-02", "2026-03-03"], "2026-03-05"),
        ({"unit": "day", "length": 2, "grace": 2}, ["2026-03-02", "2026-03-05"], "2026-03-09"),
        ({"unit": "week", "length": 2}, ["2026-03-03", "2026-03-13"], "2026-03-23"),
        ({"unit": "month", "length": 1}, ["2026-01-31"], "2026-03-01"),
        (
            {"unit": "day", "length": 2, "on": {"weekdays": ["mon", "tue", "wed", "thu", "fri"]}},
            ["2026-03-05", "2026-03-06"],
            "2026-03-10",
        ),
    ],
)
def test_a_streak_is_held_while_its_run_can_go_on(
    connection: Connection, streak: Row, days: list[str], dead: str
) -> None:
    apply(connection, rule_set({"run": lapsing({"type": "streak", **streak})}))
    for day in days:
        insert(connection, activity(day))
    assert [each["earned_at"] for each in awards(connection)] == [at(f"{days[-1]} 12:00")]
    sweep(connection, f"{at(f'{dead} 00:00') - timedelta(microseconds=1)}")
    assert len(awards(connection)) == 1
    sweep(connection, f"{dead} 00:00+00")
    (award,) = rows(connection, "select * from badges.earned_badges")
    assert (award["revoked_at"], award["revoked_by"]) == (at(f"{dead} 00:00"), "time")
    assert_exact(connection)


def test_a_run_that_goes_on_is_not_looked_at_again(connection: Connection) -> None:
    apply(connection, rule_set({"run": lapsing({"type": "streak", "unit": "day", "length": 2})}))
    insert_days(connection, "2026-03-01", 30)
    assert [event for event, _ in told(connection)] == ["awarded"]
    due = "select next_due_at from badges_internal.due_people"
    assert value(connection, due) in (at("2026-03-31 00:00"), at("2026-04-01 00:00"))
    insert(connection, activity("2026-04-02"), activity("2026-04-03"))
    assert [event for event, _ in told(connection)] == ["awarded", "lapsed", "restored"]
    assert_exact(connection)


@pytest.mark.parametrize("number", [4, 5, 6])
def test_beside_a_run_that_goes_on_others_are_noticed_at_once(
    connection: Connection, number: int
) -> None:
    good = {"type": "in_a_row", "qualify": {"quantity": {"gte": 1}}, "length": 2}
    run = {"type": "streak", "unit": "day", "length": 2}
    number_of = {"type": "threshold", "at_least": number}
    badges = {"run": run, "many": number_of, "good": good}
    apply(connection, rule_set({name: lapsing(rule) for name, rule in badges.items()}))
    for day in range(1, number + 1):
        held = [each["badge_definition_id"] for each in awards(connection)]
        assert sorted(held) == (["good", "run"] if day > 2 else [])
        insert(connection, activity(f"2026-03-{day:02}", quantity=int(day < number)))
    assert sorted(each["badge_definition_id"] for each in awards(connection)) == ["many", "run"]
    assert_exact(connection)


@pytest.mark.parametrize(
    ("late", "since"),
    [
        (["2026-03-02 12:00", "2026-03-02 12:00"], "2026-03-04 12:00"),
        (["2026-03-05 12:00"], "2026-03-05 12:00"),
        (["2026-03-05 13:00"], "2026-03-05 12:00"),
        (["2026-03-05 11:00"], "2026-03-05 11:00"),
    ],
)
def test_only_a_day_that_was_not_there_yet_moves_a_run(
    connection: Connection, late: list[str], since: str
) -> None:
    apply(connection, rule_set({"run": lapsing({"type": "streak", "unit": "day", "length": 3})}))
    insert_days(connection, "2026-03-03", 4)
    insert(connection, *(activity(moment) for moment in late))
    assert [each["earned_at"] for each in awards(connection)] == [at(since)]
    assert_exact(connection)


def test_a_day_of_another_part_is_none_of_this_one(connection: Connection) -> None:
    days = {"type": "threshold", "measure": "active_days", "per": "place", "at_least": 3}
    apply(connection, rule_set({"days": lapsing({**days, "window": {"last_days": 30}})}))
    for day in (3, 4, 5):
        insert(connection, activity(f"2026-03-{day:02}", attributes={"place": "a"}))
    insert(connection, activity("2026-03-02 11:00", attributes={"place": "b"}))
    assert [each["earned_at"] for each in awards(connection)] == [at("2026-03-05 12:00")]
    insert(connection, activity("2026-03-02 12:00", attributes={"place": "a"}))
    assert [each["earned_at"] for each in awards(connection)] == [at("2026-03-04 12:00")]
    assert_exact(connection)


def test_a_day_that_takes_two_activities_is_there_with_the_second(connection: Connection) -> None:
    run = {"type": "streak", "unit": "day", "length": 2, "per_unit": {"at_least": 2}}
    apply(connection, rule_set({"run": lapsing(run)}))
    for day in (1, 2, 2, 3, 3):
        insert(connection, activity(f"2026-03-{day:02}"))
    assert [each["earned_at"] for each in awards(connection)] == [at("2026-03-03 12:00")]
    insert(connection, activity("2026-03-01 13:00"))
    assert [each["earned_at"] for each in awards(connection)] == [at("2026-03-02 12:00")]
    assert_exact(connection)


def test_beside_a_run_that_goes_on_a_tenure_falls_due(connection: Connection) -> None:
    run = lapsing({"type": "streak", "activity": "call", "unit": "day", "length": 2})
    apply(connection, rule_set({"run": run, "week": {"type": "tenure", "days": 7}}))
    for day in range(1, 12):
        insert(connection, activity(f"2026-03-{day:02}"))
        held = [each["badge_definition_id"] for each in awards(connection)]
        assert sorted(held) == ["run"] * (day > 1) + ["week"] * (day > 7)
    assert_exact(connection)


JOINED = {
    "alone": "insert into badges.activities (org_id, peer_mentor_id, activity_type, occurred_at)"
    " values ('nhf', %s, 'call', '2026-03-04 12:00+00')",
    "among many": "insert into badges.activities"
    " (org_id, peer_mentor_id, activity_type, occurred_at)"
    " select 'nhf', %s, 'call', timestamptz '2026-03-04 12:00+00' + n * interval '1 minute'"
    " from generate_series(1, 40) as n",
    "corrected": "update badges.activities set activity_type = 'call'"
    " where peer_mentor_id = %s and activity_type = 'visit'",
}


@pytest.mark.parametrize("way", JOINED)
def test_a_run_that_a_late_day_joins_is_long_enough_sooner(
    connection: Connection, way: str
) -> None:
    streak = {"activity": "call", "unit": "day"}
    badges = {
        f"run{length}": lapsing({"type": "streak", "length": length, **streak})
        for length in (2, 8, 40)
    }
    apply(connection, rule_set(badges))
    for day in (1, 2, 3, 4, 5, 6, 7):
        insert(connection, activity(f"2026-03-0{day}", kind="visit" if day == 4 else "call"))
    held = "select (badges_internal._runs_go_on(%s, 'nhf', '2026-03-07', '2026-03-07 12:00+00',"
    noted = value(connection, f"{held} array['*'], '2026-03-07')).go_on", ANN)
    reachable = "select reachable_on from badges_internal.due_people"
    assert (noted, value(connection, reachable)) == (True, date(2026, 3, 12))
    connection.execute(JOINED[way].encode(), (ANN,))
    assert badge_ids(connection) == ["run2"]
    insert(connection, activity("2026-03-08"))
    assert badge_ids(connection) == ["run2", "run8"]
    assert_exact(connection)


@pytest.mark.parametrize(("unit", "day"), [("day", 1), ("week", 2), ("month", 1)])
def test_a_day_told_after_the_next_ends_what_must_not_hold(
    connection: Connection, unit: str, day: int
) -> None:
    """The newest activity is of the day before: the run is joined once that day is placed."""
    run = {"type": "streak", "unit": unit, "length": 2}
    first = {"type": "badges_earned", "badges": ["first"]}
    alone = {"type": "all_of", "criteria": [first, {"type": "none_of", "criteria": [run]}]}
    badges = {"first": {"type": "threshold", "at_least": 1}, "alone": lapsing(alone)}
    apply(connection, rule_set(badges))
    insert(connection, activity(f"2026-03-0{day} 12:00"))
    assert badge_ids(connection) == ["alone", "first"]
    connection.execute(
        b"insert into badges.activities"
        b" (org_id, peer_mentor_id, activity_type, occurred_at, activity_date)"
        b" values (%s, %s, 'call', %s, %s)",
        (ORG, ANN, at(f"2026-03-0{day} 19:00"), date(2026, 3, day) - timedelta(days=1)),
    )
    assert badge_ids(connection) == ["first"]
    assert_exact(connection)


def test_what_is_not_held_is_noticed_beside_a_run_that_goes_on(connection: Connection) -> None:
    """Each run of its own length, and one that is broken and begins anew."""
    badges = {
        f"run{length}": lapsing({"type": "streak", "unit": "day", "length": length})
        for length in (2, 3, 5, 6, 11)
    }
    apply(connection, rule_set(badges))
    for first in ("2026-03-01", "2026-03-20"):
        for length in range(1, 13):
            insert(connection, activity(f"{at(first) + timedelta(days=length - 1):%Y-%m-%d}"))
            due = [badge for badge in badges if length >= int(badge[3:])]
            assert sorted(badge_ids(connection)) == sorted(due)
    assert_exact(connection)


def test_a_day_told_when_its_run_had_died_begins_it_anew(connection: Connection) -> None:
    apply(connection, rule_set({"run": lapsing({"type": "streak", "unit": "day", "length": 2})}))
    insert_days(connection, "2026-03-12", 2)
    connection.execute(
        "insert into badges.activities"
        " (org_id, peer_mentor_id, activity_type, occurred_at, activity_date)"
        " values ('nhf', %s, 'call', '2026-03-15 10:00+00', '2026-03-14')",
        (ANN,),
    )
    assert [each["earned_at"] for each in awards(connection)] == [at("2026-03-15 10:00")]
    assert told(connection)[1:] == [
        ("lapsed", at("2026-03-15 00:00")),
        ("restored", at("2026-03-15 10:00")),
    ]
    assert_exact(connection)


def test_a_tenure_falls_due_where_nothing_lapses_yet(connection: Connection) -> None:
    run = lapsing({"type": "streak", "activity": "call", "unit": "day", "length": 3})
    apply(connection, rule_set({"run": run, "week": {"type": "tenure", "days": 3}}))
    for day, kind in ((1, "call"), (3, "visit"), (7, "visit")):
        insert(connection, activity(f"2026-03-{day:02}", kind=kind))
    assert [each["badge_definition_id"] for each in awards(connection)] == ["week"]
    assert_exact(connection)


def test_an_excuse_lets_a_run_go_on(connection: Connection) -> None:
    run = {"type": "streak", "activity": "call", "unit": "day", "length": 2}
    apply(connection, rule_set({"run": lapsing({**run, "excused_by": {"activity": "ill"}})}))
    insert_days(connection, "2026-03-02", 2)
    insert_days(connection, "2026-03-04", 2, kind="ill")
    sweep(connection, "2026-03-06 23:00+00")
    assert len(awards(connection)) == 1
    sweep(connection, "2026-03-07 00:00+00")
    assert awards(connection) == []
    assert told(connection)[-1] == ("lapsed", at("2026-03-07 00:00"))
    assert_exact(connection)


def test_a_run_and_a_share_are_those_of_now(connection: Connection) -> None:
    good = {"activity": "call", "qualify": {"quantity": {"gte": 1}}}
    apply(
        connection,
        rule_set(
            {
                "row": lapsing({"type": "in_a_row", **good, "length": 2}),
                "share": lapsing({"type": "share", **good, "of_last": 3, "at_least": 0.6}),
                "clean": lapsing(
                    {
                        "type": "all_of",
                        "criteria": [
                            {"type": "threshold", "at_least": 2},
                            {
                                "type": "none_of",
                                "criteria": [
                                    {
                                        "type": "threshold",
                                        "where": {"quantity": 0},
                                        "window": {"last_days": 2},
                                        "at_least": 1,
                                    }
                                ],
                            },
                        ],
                    }
                ),
            }
        ),
    )
    held = []
    for day, quantity in enumerate((1, 1, 1, 0, 1, 1), start=1):
        insert(connection, activity(f"2026-03-0{day}", quantity=quantity))
        held.append(sorted(each["badge_definition_id"] for each in awards(connection)))
        assert_exact(connection)
    assert held == [
        [],
        ["clean", "row"],
        ["clean", "row", "share"],
        ["share"],
        ["share"],
        ["clean", "row", "share"],
    ]
    clean = "select earned_at from badges.earned_badges where badge_definition_id = 'clean'"
    assert value(connection, clean) == at("2026-03-06 00:00")


def test_badges_that_count_it_follow(connection: Connection) -> None:
    counting = {"type": "badges_earned", "badges": ["recent"]}
    apply(
        connection,
        rule_set(
            {
                "recent": lapsing(RECENT),
                "follows": {"name": "follows", "on_unmet": "revoke", "criteria": counting},
                "lapses": lapsing(counting),
                "kept": counting,
            }
        ),
    )
    insert_days(connection, "2026-03-01", 3)
    assert len(awards(connection)) == 4
    sweep(connection, "2026-05-01")
    assert [each["badge_definition_id"] for each in awards(connection)] == ["kept"]
    lapsed = "select revoked_at from badges.earned_badges where badge_definition_id = 'lapses'"
    assert value(connection, lapsed) == at("2026-03-31 00:00")
    insert_days(connection, "2026-05-02", 3)
    assert len(awards(connection)) == 4
    assert_exact(connection)


def test_a_late_activity_moves_what_counts_a_badge_of_that_time(connection: Connection) -> None:
    """The counted badge lapsed meanwhile and came back: its own beginning is as it was."""
    recent = {"type": "threshold", "at_least": 1, "window": {"last_days": 1}}
    badges = {
        "one": {"type": "threshold", "at_least": 1},
        "two": {"type": "threshold", "activity": "visit", "at_least": 1},
        "recent": lapsing(recent),
        "counting": lapsing(
            {"type": "badges_earned", "badges": ["one", "two", "recent"], "at_least": 2}
        ),
    }
    apply(connection, rule_set(badges))
    insert(connection, activity("2026-03-01"), activity("2026-03-09", kind="visit"))
    since = "select earned_at from badges.earned_badges where badge_definition_id = 'counting'"
    assert value(connection, since) == at("2026-03-09 12:00")
    insert(connection, activity("2026-03-20"))
    assert value(connection, since) == at("2026-03-09 12:00")
    insert(connection, activity("2026-03-09 02:00"))
    assert value(connection, since) == at("2026-03-09 02:00")
    assert_exact(connection)


def test_one_that_counts_a_kept_badge_moves_with_it(connection: Connection) -> None:
    counting = {"type": "badges_earned", "badges": ["two"], "at_least": 1}
    two = {"type": "threshold", "at_least": 2}
    apply(connection, rule_set({"two": two, "counting": lapsing(counting)}))
    insert_days(connection, "2026-03-10", 3)
    insert(connection, activity("2026-03-01"))
    assert [each["earned_at"] for each in awards(connection)] == [at("2026-03-10 12:00")] * 2
    assert_exact(connection)


def test_another_policy_is_another_rule(connection: Connection) -> None:
    rolling = {**RECENT, "window": {"rolling_days": 30}}
    apply(connection, rule_set({"recent": rolling}))
    insert_days(connection, "2026-03-01", 3)
    insert(connection, activity("2026-05-01", kind="visit"))
    apply(connection, rule_set({"recent": lapsing(RECENT)}), allow_revoke=True)
    (award,) = rows(connection, "select * from badges.earned_badges")
    assert (award["revoked_by"], award["revoked_at"]) == ("time", at("2026-03-31 00:00"))
    assert_exact(connection)
    apply(connection, rule_set({"recent": rolling}))
    assert [each["earned_at"] for each in awards(connection)] == [at("2026-03-03 12:00")]
    assert_exact(connection)


def test_a_sweep_and_an_activity_of_one_person_take_turns(
    connection: Connection, connect: Opening
) -> None:
    apply(connection, rule_set({"recent": lapsing(RECENT)}))
    insert_days(connection, "2026-03-01", 3)
    sweeping, writing = connect(), connect()
    with sweeping.transaction():
        sweep(sweeping, "2026-04-20")
        waiting = in_background(lambda: insert(writing, activity("2026-04-21")))
        wait_until_blocked(connection, writing)
    waiting.result()
    assert [event for event, _ in told(connection)] == ["awarded", "lapsed"]
    with writing.transaction():
        insert(writing, activity("2026-04-22"), activity("2026-04-23"), activity("2026-06-01"))
        waiting_sweep = in_background(lambda: sweep(sweeping, "2026-07-01"))
    waiting_sweep.result()
    sweep(connection, "2026-07-01")
    assert [event for event, _ in told(connection)] == ["awarded", "lapsed"]
    assert_exact(connection)


def test_a_certificate_and_recent_days_run_out(connection: Connection) -> None:
    certificate = {"type": "training_completion", "courses": ["first-aid"], "valid_days": 365}
    recent = {
        "type": "threshold",
        "measure": "active_days",
        "activity": "edit",
        "window": {"last_days": 30},
        "at_least": 20,
    }
    apply(connection, rule_set({"cert": lapsing(certificate), "recent": lapsing(recent)}))
    done = activity(
        "2024-03-01 10:00", kind="training_completed", attributes={"course": "first-aid"}
    )
    insert(
        connection,
        done,
        *(activity(at("2025-01-01 10:00") + timedelta(days=n), kind="edit") for n in range(1, 25)),
    )
    assert len(awards(connection)) == 2
    value(connection, "select badges.award_due_badges()")
    assert awards(connection) == []
    ended = "select badge_definition_id, revoked_at from badges.earned_badges order by 1"
    assert [each["revoked_at"] for each in rows(connection, ended)] == [
        at("2025-03-01 00:00"),
        at("2025-02-05 00:00"),
    ]
    assert_exact(connection)


def test_a_unit_that_fell_and_counts_again_begins_anew(connection: Connection) -> None:
    days = {"type": "streak", "unit": "day", "per_unit": {"measure": "sum", "at_least": 2}}
    apply(connection, rule_set({"days": lapsing({**days, "length": 1})}))
    insert(
        connection,
        *(
            activity(at(f"2026-03-02 {hour}:00"), quantity=quantity)
            for hour, quantity in ((10, 2), (11, -1), (12, 1))
        ),
    )
    assert [each["earned_at"] for each in awards(connection)] == [at("2026-03-02 12:00")]
    assert_exact(connection)


def test_an_excuse_in_order_undoes_a_lapse(connection: Connection) -> None:
    """Told after the sweep, of the day that it missed."""
    days = {"type": "streak", "activity": "call", "unit": "day", "length": 2}
    apply(connection, rule_set({"days": lapsing({**days, "excused_by": {"activity": "off"}})}))
    insert_days(connection, "2026-03-02", 2)
    sweep(connection, "2026-03-05 12:00")
    assert awards(connection) == []
    insert(connection, activity(at("2026-03-04 20:00"), kind="off"))
    assert [each["earned_at"] for each in awards(connection)] == [at("2026-03-03 12:00")]
    assert_exact(connection)
