"""Badges that lapse, as people see them: what there is now, until when, since when no longer."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from pgmerit import languages, routines
from pgmerit.cli.explanation import explanation_tree
from pgmerit.cli.mentor import print_mentor
from pgmerit.database import Connection
from pgmerit.models import BadgeDefinition
from pgmerit.pages.person import person_page
from pgmerit.report import mentor_report
from psycopg.types.json import Jsonb

from tests.api.test_progress_of_everybody_is_that_of_each import differences
from tests.engine import (
    ANN,
    BEN,
    ORG,
    Row,
    activity,
    apply,
    awards,
    insert,
    insert_days,
    moment,
    rows,
    rule_set,
    value,
)

LASTING = True


def lapsing(name: str, criteria: Row) -> Row:
    return {"name": name, "on_unmet": "lapse", "criteria": criteria}


AIDED = {"type": "training_completion", "courses": ["a", "b"], "require": 1, "valid_days": 20}
RECENT = {"type": "threshold", "activity": "call", "window": {"last_days": 5}}
BADGES: Row = {
    "recent": lapsing(
        "Recent",
        {
            "type": "tier",
            "activity": "call",
            "window": {"last_days": 10},
            "tiers": [{"tier": "two", "at_least": 2}, {"tier": "three", "at_least": 3}],
        },
    ),
    "daily": lapsing("Daily", {"type": "streak", "activity": "call", "unit": "day", "length": 3}),
    "aid": lapsing("Aid", AIDED),
    "both": lapsing(
        "Both",
        {
            "type": "all_of",
            "criteria": [
                {**RECENT, "at_least": 1},
                {"type": "threshold", "activity": "visit", "measure": "sum", "at_least": 2},
            ],
        },
    ),
    "holder": lapsing("Holder", {"type": "badges_earned", "badges": ["aid", "daily"]}),
    "often": lapsing("Often", {"type": "threshold", "activity": "call", "at_least": 3}),
    "ever": {"type": "threshold", "activity": "call", "at_least": 1},
}
ZONES = {ORG: {"time_zone": "Europe/Oslo"}}


def with_history(connection: Connection) -> None:
    """Three calls on 1 to 3 March, a visit and a course on the 3rd; Ben called long before."""
    apply(connection, rule_set(BADGES, ZONES))
    insert(connection, activity("2026-01-01", who=BEN), activity("2026-01-02", who=BEN))
    insert_days(connection, "2026-03-01", 3)
    insert(
        connection,
        activity("2026-03-03 13:00", kind="visit", quantity=3),
        activity("2026-03-03 14:00", kind="training_completed", attributes={"course": "a"}),
    )


def at(text: str) -> datetime:
    """Give a moment by the clock in Oslo, in winter."""
    return datetime.fromisoformat(f"{text}T00:00+01:00")


def explained(connection: Connection, badge: str, as_of: str, language: str = "en") -> Row:
    return routines.explain_badge(connection, ANN, badge, ORG, date.fromisoformat(as_of), language)


def in_words(told: Row, language: str = "en") -> list[str]:
    """Give the lines of an explanation, by the clock of UTC."""
    tree = explanation_tree(told, languages.find(language), UTC)
    lines: list[str] = []

    def walk(part: Any) -> None:
        lines.append(str(part.label))
        for each in part.children:
            walk(each)

    walk(tree)
    return lines


def progress(connection: Connection, as_of: str) -> dict[tuple[str, str], tuple[Any, ...]]:
    return {
        (row["badge_definition_id"], row["tier"]): (
            row["current"],
            row["earned_at"] is not None,
            row["expires_at"],
        )
        for row in routines.get_badge_progress(connection, ANN, ORG, date.fromisoformat(as_of))
    }


def test_progress_is_what_there_is_now_and_until_when(connection: Connection) -> None:
    with_history(connection)
    assert progress(connection, "2026-03-04") == {
        ("recent", "two"): (3, True, at("2026-03-12")),
        ("recent", "three"): (3, True, at("2026-03-11")),
        ("daily", ""): (3, True, at("2026-03-05")),
        ("aid", ""): (1, True, at("2026-03-23")),
        ("both", ""): (2, True, at("2026-03-08")),
        ("holder", ""): (2, True, at("2026-03-05")),
        ("often", ""): (3, True, None),
        ("ever", ""): (3, True, None),
    }
    # Nobody has noticed yet: the award stands, what it took runs down, its moment is past.
    assert progress(connection, "2026-03-12") == {
        ("recent", "two"): (1, True, at("2026-03-12")),
        ("recent", "three"): (1, True, at("2026-03-11")),
        ("daily", ""): (0, True, at("2026-03-05")),
        ("aid", ""): (1, True, at("2026-03-23")),
        ("both", ""): (1, True, at("2026-03-08")),
        ("holder", ""): (2, True, at("2026-03-05")),
        ("often", ""): (3, True, None),
        ("ever", ""): (3, True, None),
    }
    routines.award_due_badges(connection, at("2026-03-12"))
    assert progress(connection, "2026-03-12") == {
        ("recent", "two"): (1, False, at("2026-03-12")),
        ("recent", "three"): (1, False, at("2026-03-11")),
        ("daily", ""): (0, False, at("2026-03-05")),
        ("aid", ""): (1, True, at("2026-03-23")),
        ("both", ""): (1, False, at("2026-03-08")),
        ("holder", ""): (1, False, at("2026-03-05")),
        ("often", ""): (3, True, None),
        ("ever", ""): (3, True, None),
    }
    for day in (None, date(2026, 3, 4), date(2026, 3, 12)):
        assert differences(connection, None, day) == []


def test_an_explanation_says_until_when_and_what_carries_it(connection: Connection) -> None:
    with_history(connection)
    told = explained(connection, "recent", "2026-03-04")
    assert told["verdict"] == "earned"
    assert {each["tier"]: (each["verdict"], each["value"]) for each in told["conditions"]} == {
        "two": ("met", 3),
        "three": ("met", 3),
    }
    two = told["conditions"][0]
    assert datetime.fromisoformat(two["expires_at"]) == at("2026-03-12")
    assert datetime.fromisoformat(two["came_true_at"]) == moment("2026-03-02")
    assert two["current"]["from"] == "2026-02-23"
    assert [(each["activity_date"], each["until"]) for each in two["current"]["activities"]] == [
        ("2026-03-03", "2026-03-12"),
        ("2026-03-02", "2026-03-11"),
        ("2026-03-01", "2026-03-10"),
    ]
    lines = in_words(told)
    assert "of call; within the last 10 days" in lines
    assert "lapses 2026-03-11 23:00 UTC unless something more happens" in lines
    assert any(
        each.startswith("Recent") and each.endswith("unless something more happens")
        for each in lines
    )
    norwegian = in_words(explained(connection, "recent", "2026-03-04", "nb"), "nb")
    assert "utløper 11. mars 2026 23:00 UTC hvis ingenting mer skjer" in norwegian
    courses = explained(connection, "aid", "2026-03-04")["conditions"][0]
    assert (courses["current"]["counted"], courses["current"]["missing"]) == (["a"], ["b"])


def test_what_lapsed_is_told_with_its_moment_and_what_is_missing(connection: Connection) -> None:
    with_history(connection)
    assert "ran out 2026-03-04 23:00" in " ".join(
        in_words(explained(connection, "daily", "2026-03-12"))
    )
    routines.award_due_badges(connection, at("2026-03-12"))
    told = explained(connection, "daily", "2026-03-12")
    assert (told["verdict"], told["why_not_code"]) == ("not earned", "lapsed")
    assert told["why_not"] == "it lapsed: its rule does not hold now"
    (award,) = told["awards"]
    assert award["revoked_by"] == "time"
    assert award["expires_at"] == award["revoked_at"]
    assert datetime.fromisoformat(award["revoked_at"]) == at("2026-03-05")
    (condition,) = told["conditions"]
    assert (condition["verdict"], condition["value"], condition["remaining"]) == ("not met", 0, 3)
    assert "expires_at" not in condition
    lines = in_words(told)
    assert any(each.endswith("lapsed 2026-03-04 23:00 UTC: nothing kept it up") for each in lines)
    assert "not yet: it lapsed: its rule does not hold now" in lines
    norwegian = in_words(explained(connection, "daily", "2026-03-12", "nb"), "nb")
    ending = "utløpt 4. mars 2026 23:00 UTC: ingenting holdt det i hevd"
    assert any(each.endswith(ending) for each in norwegian)
    both = explained(connection, "both", "2026-03-12")
    assert [each["verdict"] for each in both["conditions"]] == ["not met", "met"]
    assert [(each["value"], each["verdict"]) for each in both["groups"]] == [(1, "not met")]
    # By a correction and not by time.
    connection.execute("delete from badges.activities where activity_type = 'training_completed'")
    lines = in_words(explained(connection, "aid", "2026-03-12"))
    assert any("what is recorded, or the rule, changed" in each for each in lines)


def test_what_is_held_again_is_news_and_what_lapsed_is_none(connection: Connection) -> None:
    with_history(connection)
    routines.mark_seen(connection, ANN, ORG)
    routines.award_due_badges(connection, at("2026-03-12"))
    assert routines.unseen_awards(connection, ANN, ORG) == []
    insert_days(connection, "2026-03-13", 3)
    unseen = {row["badge_definition_id"] for row in routines.unseen_awards(connection, ANN, ORG)}
    assert unseen == {"recent", "daily", "both", "holder"}


def test_consumers_are_told_of_lapses_and_may_ask_for_them_alone(connection: Connection) -> None:
    routines.register_consumer(connection, "lapses", ["lapsed"])
    with_history(connection)
    routines.award_due_badges(connection, at("2026-03-12"))
    lapses, everything = (
        [
            (each["badge_definition_id"], each["tier"], each["event_type"])
            for each in routines.claim_events(connection, consumer, 100)
            if each["peer_mentor_id"] == ANN
        ]
        for consumer in ("lapses", "all")
    )
    assert sorted(lapses) == [
        ("both", "", "lapsed"),
        ("daily", "", "lapsed"),
        ("holder", "", "lapsed"),
        ("recent", "three", "lapsed"),
        ("recent", "two", "lapsed"),
    ]
    assert set(lapses) < set(everything)


def test_a_person_is_shown_what_lapses(connection: Connection, capsys: Any) -> None:
    with_history(connection)
    found = mentor_report(connection, ANN, ORG, date(2026, 3, 4))
    print_mentor(found)
    shown = capsys.readouterr().out
    assert "lapses" in shown
    assert "2026-03-12 00:00" in shown
    assert "lapsed" not in shown
    page = person_page(found, "Ann", [], languages.zone_of(found.time_zone))
    assert "<th" in page
    assert "2026-03-12 00:00" in page
    routines.award_due_badges(connection, at("2026-03-12"))
    print_mentor(mentor_report(connection, ANN, ORG, date(2026, 3, 12)), "nb")
    shown = capsys.readouterr().out
    assert "utløpt" in shown
    assert "8. mars 2026" in shown


def today(days: int) -> datetime:
    """Give noon of a day so many days ago."""
    noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    return noon - timedelta(days=days)


@pytest.mark.parametrize("before", ["keep", "revoke"])
def test_a_plan_says_who_would_lose_it_now_and_an_apply_asks(
    connection: Connection, before: str
) -> None:
    """Ann called within the days, Ben before, whoever noticed."""
    ever = {"type": "streak", "activity": "call", "unit": "day", "length": 2}
    document = rule_set({"calls": {"name": "Calls", "on_unmet": before, "criteria": ever}})
    apply(connection, document)
    for who, days in ((ANN, 1), (BEN, 40)):
        for each in (days + 1, days):
            insert(connection, activity(today(each), who=who))
    assert len(awards(connection)) == 2
    document["badges"]["calls"]["on_unmet"] = "lapse"
    plan = routines.plan_rule_set(connection, document)
    (effect,) = plan["effects"]
    assert effect["lapsed"] == {"awards": 1, "people": 1, "sample": [str(BEN)]}
    assert (effect["revoked"]["awards"], effect["awarded"]["awards"]) == (0, 0)
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="1 people would lose"):
        value(connection, "select badges.apply_rule_set(%s)", Jsonb(document))
    apply(connection, document, allow_revoke=True, as_of=datetime.now(UTC))
    assert [each["peer_mentor_id"] for each in awards(connection)] == [ANN]
    (lapsed,) = rows(connection, "select * from badges.award_events where event_type = 'lapsed'")
    assert (lapsed["peer_mentor_id"], lapsed["is_delivered_by_default"]) == (BEN, False)
    # Kept again, what is given back is what the new rule gives.
    document["badges"]["calls"]["on_unmet"] = "keep"
    (effect,) = routines.plan_rule_set(connection, document)["effects"]
    assert effect["restored"]["awards"] == 1
    apply(connection, document)
    assert len(awards(connection)) == 2


def test_a_new_badge_that_lapses_is_given_to_those_who_hold_it_now(connection: Connection) -> None:
    apply(connection, rule_set({"ever": BADGES["ever"]}))
    insert(connection, activity(today(1)), activity(today(2)))
    insert(connection, activity(today(40), who=BEN), activity(today(41), who=BEN))
    document = rule_set({"ever": BADGES["ever"], "recent": BADGES["recent"]})
    (effect,) = routines.plan_rule_set(connection, document)["effects"]
    assert (effect["awarded"]["awards"], effect["awarded"]["sample"]) == (1, [str(ANN)])
    apply(connection, document, as_of=datetime.now(UTC))
    held = {(each["badge_definition_id"], each["peer_mentor_id"]) for each in awards(connection)}
    assert held == {("ever", ANN), ("ever", BEN), ("recent", ANN)}
    # A late activity does not bring back what had run out by then.
    insert(connection, activity(today(39), who=BEN))
    assert len(awards(connection)) == 3


@pytest.mark.parametrize("routine", ["plan_rule_set(%s, %s)", "backfill_rule_set(%s, 1, %s)"])
def test_a_moment_to_come_is_refused(connection: Connection, routine: str) -> None:
    document = rule_set({"ever": BADGES["ever"]})
    apply(connection, document)
    given = Jsonb(document) if routine.startswith("plan") else "tests"
    for moment_ in ("infinity", datetime.now(UTC) + timedelta(days=2)):
        with pytest.raises(psycopg.errors.InvalidParameterValue, match="not more than a day ahead"):
            value(connection, f"select badges.{routine}", given, moment_)


def test_how_many_hold_it_at_each_number_is_not_asked(connection: Connection) -> None:
    apply(connection, rule_set(BADGES))
    with pytest.raises(psycopg.errors.InvalidParameterValue, match='badge "daily" lapses'):
        value(connection, "select badges.calibrate_badge('daily')")


def test_who_is_eligible_is_who_holds_it(connection: Connection) -> None:
    with_history(connection)
    definitions = [
        BadgeDefinition(badge_definition_id=slug, **badge)
        for slug, badge in rule_set(BADGES)["badges"].items()
    ]
    for day in ("2026-03-04", "2026-03-12", "2026-04-01"):
        routines.award_due_badges(connection, at(day))
        document = value(
            connection, "select badges_internal._stats_document(%s, %s, true)", ANN, ORG
        )
        held = {each["badge_definition_id"] for each in awards(connection, ANN)}
        assert {
            each.badge_definition_id for each in definitions if each.is_eligible(document)
        } == held, day
