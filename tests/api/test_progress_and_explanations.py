from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from pgmerit.database import Connection
from psycopg.types.json import Jsonb

from tests.engine import (
    ANN,
    BEN,
    ORG,
    activity,
    apply,
    insert,
    moment,
    rows,
    rule_set,
    value,
)

LASTING = True

CALLS = {"type": "threshold", "activity": "call", "at_least": 4}


def progress(connection: Connection, as_of: date | None = None) -> dict[tuple[str, str], Any]:
    found = rows(connection, "select * from badges.get_badge_progress(%s, %s, %s)", ANN, ORG, as_of)
    return {(each["badge_definition_id"], each["tier"]): each for each in found}


def explained(connection: Connection, badge: str) -> Any:
    return value(connection, "select badges.explain_badge(%s, %s, %s)", ANN, badge, ORG)


def days(count: int, first: str = "2026-03-01", **rest: Any) -> list[tuple[Any, ...]]:
    return [activity(moment(first) + timedelta(days=n), **rest) for n in range(count)]


def test_progress_is_a_row_a_badge_and_tier(connection: Connection) -> None:
    tiers = [{"tier": "low", "at_least": 2, "name": "Low"}, {"tier": "high", "at_least": 8}]
    apply(
        connection,
        rule_set({"calls": CALLS, "tiered": {"type": "tier", "measure": "sum", "tiers": tiers}}),
    )
    insert(connection, *days(3, quantity=Decimal("1.5")))
    found = progress(connection)
    assert list(found) == [("calls", ""), ("tiered", "low"), ("tiered", "high")]
    assert found["calls", ""] == {
        "badge_definition_id": "calls",
        "tier": "",
        "occurrence": 1,
        "name": "calls",
        "current": 3,
        "target": 4,
        "fraction": Decimal("0.75"),
        "earned_at": None,
        "expires_at": None,
    }
    low, high = found["tiered", "low"], found["tiered", "high"]
    assert (low["name"], low["current"], low["fraction"]) == ("Low", Decimal("4.5"), 1)
    assert low["earned_at"] == moment("2026-03-02")
    assert (high["current"], high["fraction"]) == (Decimal("4.5"), Decimal("0.5625"))


def test_progress_of_a_stranger_is_nothing_yet(connection: Connection) -> None:
    apply(connection, rule_set({"calls": CALLS}))
    (found,) = progress(connection).values()
    assert (found["current"], found["fraction"], found["earned_at"]) == (0, 0, None)


def test_progress_of_an_unknown_organization_is_an_error(connection: Connection) -> None:
    with pytest.raises(psycopg.errors.ForeignKeyViolation, match='"no" does not exist'):
        rows(connection, "select * from badges.get_badge_progress(%s, 'no')", ANN)


def test_progress_names_the_next_occurrence(connection: Connection) -> None:
    repeated = {**CALLS, "at_least": 1, "repeat": {"every": 2, "max": 3}}
    apply(connection, rule_set({"again": repeated}))
    for number, (occurrence, target) in enumerate([(1, 1), (2, 3), (2, 3), (3, 5), (3, 5), (3, 5)]):
        (found,) = progress(connection).values()
        assert (found["occurrence"], found["current"], found["target"]) == (
            occurrence,
            number,
            target,
        )
        insert(connection, *days(1, first=f"2026-03-0{number + 1}"))


def test_progress_hides_hidden_badges_until_earned(connection: Connection) -> None:
    hidden = {"name": "Hidden", "hidden": True, "criteria": {**CALLS, "at_least": 2}}
    apply(connection, rule_set({"hidden": hidden}))
    insert(connection, *days(1))
    assert progress(connection) == {}
    insert(connection, *days(1))
    assert list(progress(connection)) == [("hidden", "")]


def test_progress_shows_enabled_badges_alone(connection: Connection) -> None:
    apply(connection, rule_set({"a": CALLS, "b": CALLS}, {ORG: {"badges": ["b"]}}))
    assert list(progress(connection)) == [("b", "")]


def test_a_hidden_repeated_badge_stays_listed_once_earned(connection: Connection) -> None:
    again = {**CALLS, "at_least": 1, "repeat": {"every": 5, "max": 3}}
    apply(connection, rule_set({"hidden": {"name": "H", "hidden": True, "criteria": again}}))
    assert progress(connection) == {}
    insert(connection, *days(2))
    (found,) = progress(connection).values()
    assert (found["occurrence"], found["current"], found["target"]) == (2, 2, 6)


def test_what_is_held_is_listed_however_it_came_and_whatever_became_of_the_rule(
    connection: Connection,
) -> None:
    tiers = [{"tier": "a", "at_least": 1}, {"tier": "b", "at_least": 2}]
    badges = {
        "calls": {**CALLS, "at_least": 1},
        "thanks": {"type": "manual"},
        "other": {"type": "manual"},
        "tiered": {"type": "tier", "tiers": tiers},
    }
    apply(connection, rule_set(badges))
    insert(connection, *days(2))
    value(connection, "select badges.award_badge(%s, 'thanks', %s, 'well done')", ANN, ORG)
    fewer: dict[str, Any] = {**badges, "tiered": {"type": "tier", "tiers": tiers[1:]}}
    apply(connection, rule_set(fewer, {ORG: {"badges": ["tiered", "thanks", "other"]}}))
    found = progress(connection)
    assert set(found) == {("calls", ""), ("thanks", ""), ("tiered", "a"), ("tiered", "b")}
    for key, target in (("calls", ""), 1), (("thanks", ""), None), (("tiered", "a"), 1):
        assert (found[key]["current"], found[key]["target"]) == (None, target)
        assert found[key]["fraction"] == 1
        assert found[key]["earned_at"] is not None
    value(connection, "select badges.revoke_badge(%s, 'thanks', %s, 'oops')", ANN, ORG)
    assert ("thanks", "") not in progress(connection)


LOCAL = {
    "name": {"en": "Calls", "nb": "Samtaler"},
    "description": {"en": "Calls made", "nb": "Samtaler ført"},
    "criteria": {
        "type": "tier",
        "activity": "call",
        "tiers": [
            {"tier": "a", "at_least": 1, "name": {"en": "First", "nb": "Første"}},
            {"tier": "b", "at_least": 5},
        ],
    },
}


@pytest.mark.parametrize(
    ("language", "names", "description"),
    [
        (None, ["First", "Calls"], "Calls made"),
        ("nb", ["Første", "Samtaler"], "Samtaler ført"),
        ("nb-NO", ["Første", "Samtaler"], "Samtaler ført"),
        ("fi", ["First", "Calls"], "Calls made"),
        ("en", ["First", "Calls"], "Calls made"),
    ],
)
def test_texts_come_in_the_language_asked_for(
    connection: Connection, language: str | None, names: list[str], description: str
) -> None:
    apply(connection, rule_set({"local": LOCAL}))
    insert(connection, *days(1))
    query = "select * from badges.get_badge_progress(%s, %s, p_language => %s)"
    assert [each["name"] for each in rows(connection, query, ANN, ORG, language)] == names
    query = "select badges.explain_badge(%s, 'local', %s, p_language => %s)"
    told = value(connection, query, ANN, ORG, language)
    assert [each["name"] for each in told["conditions"]] == names
    assert (told["name"], told["description"]) == (names[1], description)
    assert [each["name"] for each in told["awards"]] == names[:1]


def test_a_plain_text_is_the_same_in_every_language(connection: Connection) -> None:
    apply(connection, rule_set({"calls": CALLS}))
    query = "select badges.explain_badge(%s, 'calls', %s, p_language => 'nb')"
    assert value(connection, query, ANN, ORG)["name"] == "calls"


def test_progress_counts_the_parts_of_composed_badges(connection: Connection) -> None:
    one = {"type": "threshold", "at_least": 1}
    visits = {**one, "activity": "visit"}
    both = {"type": "all_of", "criteria": [{**one, "activity": "call"}, visits]}
    apply(connection, rule_set({"both": both}))
    insert(connection, *days(1))
    (found,) = progress(connection).values()
    assert (found["current"], found["target"], found["fraction"]) == (1, 2, Decimal("0.5"))
    insert(connection, *days(1, kind="visit"))
    (found,) = progress(connection).values()
    assert (found["current"], found["fraction"]) == (2, 1)


@pytest.mark.parametrize(
    ("unit", "alive_until"),
    [("day", "2026-03-04"), ("week", "2026-03-08"), ("month", "2026-04-30")],
)
def test_a_streak_decays_without_a_write(
    connection: Connection, unit: str, alive_until: str
) -> None:
    """Activities on Sunday 1 to Tuesday 3 March: three days, two weeks, one month."""
    apply(connection, rule_set({"streak": {"type": "streak", "unit": unit, "length": 5}}))
    insert(connection, *days(3))
    length = {"day": 3, "week": 2, "month": 1}[unit]
    last = date.fromisoformat(alive_until) + (timedelta(days=7) if unit == "week" else timedelta())
    (alive,) = progress(connection, last).values()
    (dead,) = progress(connection, last + timedelta(days=1)).values()
    assert (alive["current"], dead["current"]) == (length, 0)


@pytest.mark.parametrize("measure", ["count", "sum", "max", "active_days", "distinct"])
def test_every_measure_is_explained(connection: Connection, measure: str) -> None:
    criteria = {"type": "threshold", "measure": measure, "at_least": 3}
    if measure == "distinct":
        criteria["field"] = "kind"
    apply(connection, rule_set({"badge": criteria}))
    insert(
        connection,
        *[activity(f"2026-03-0{n}", quantity=n - 1, attributes={"kind": n}) for n in (1, 2)],
    )
    told = explained(connection, "badge")
    assert (told["verdict"], told["why_not"]) == ("not earned", "a condition is not met")
    (condition,) = told["conditions"]
    expected = {"count": 2, "sum": 1, "max": 1, "active_days": 2, "distinct": 2}[measure]
    assert (condition["value"], condition["target"]) == (expected, 3)
    assert condition["remaining"] == 3 - expected
    assert (condition["verdict"], condition["measure"]) == ("not met", measure)
    (decides,) = insert(
        connection,
        activity("2026-03-03", quantity=3, attributes={"kind": 3}),
        tail="returning activity_id",
    )
    told = explained(connection, "badge")
    assert (told["verdict"], told["why_not"]) == ("earned", None)
    (condition,) = told["conditions"]
    assert (condition["verdict"], condition["remaining"]) == ("met", 0)
    assert condition["activity_id"] == decides["activity_id"]
    assert condition["came_true_at"] == "2026-03-03T12:00:00+00:00"
    (award,) = told["awards"]
    assert award["activity_id"] == decides["activity_id"]


PART = {"type": "threshold", "activity": "call", "at_least": 1}
OTHER = {"type": "threshold", "activity": "visit", "at_least": 2}
EVERY_TYPE: dict[str, tuple[dict[str, Any], int]] = {
    "threshold": (PART, 1),
    "tier": ({"type": "tier", "tiers": [{"tier": "a", "at_least": 1}]}, 1),
    "streak": ({"type": "streak", "unit": "day", "length": 2}, 1),
    "training_completion": ({"type": "training_completion", "courses": ["a", "b"]}, 1),
    "all_of": ({"type": "all_of", "criteria": [PART, OTHER]}, 2),
    "any_of": ({"type": "any_of", "criteria": [PART, OTHER]}, 2),
    "n_of": ({"type": "n_of", "n": 1, "criteria": [PART, OTHER]}, 2),
    "tenure": ({"type": "tenure", "activity": "call", "days": 7}, 1),
    "badges_earned": ({"type": "badges_earned", "badges": ["other"]}, 1),
    "manual": ({"type": "manual"}, 0),
    "criteria_raw": (
        {"type": "criteria_raw", "expression": "$.activities.call.count > 5", "reason": "r"},
        1,
    ),
}
TYPED = {
    name: given
    for name, given in EVERY_TYPE.items()
    if name not in ("criteria_raw", "badges_earned")
}


@pytest.mark.parametrize("name", EVERY_TYPE)
def test_every_type_is_explained_before_and_after(connection: Connection, name: str) -> None:
    value(connection, "select badges.set_setting('criteria_raw', 'true')")
    criteria, count = EVERY_TYPE[name]
    apply(connection, rule_set({"badge": criteria, "other": OTHER}))
    told = explained(connection, "badge")
    assert told["criteria_type"] == name
    assert told["verdict"] == "not earned"
    assert told["why_not"]
    assert len(told["conditions"]) == count
    assert {each["verdict"] for each in told["conditions"]} <= {"not met"}
    insert(connection, *days(2), *days(2, kind="visit"), *days(8, first="2026-03-10"))
    for course in "ab":
        insert(
            connection,
            activity("2026-03-05", kind="training_completed", attributes={"course": course}),
        )
    told = explained(connection, "badge")
    assert (told["rule_set"], told["rule_set_version"]) == ("tests", 1)
    if name == "manual":
        assert told["why_not"] == "the badge is awarded by hand"
    else:
        assert (told["verdict"], told["why_not"]) == ("earned", None)
        assert len(told["awards"]) == 1
    if name in ("all_of", "any_of", "n_of"):
        (root,) = told["groups"]
        assert (root["kind"], root["parent"]) == (name, None)
        assert {each["parent"] for each in told["conditions"]} == {root["node"]}


def test_the_source_of_a_threshold_is_explained(connection: Connection) -> None:
    apply(connection, rule_set({"calls": CALLS}, {ORG: {"custom_thresholds": {"calls": 2}}}))
    (condition,) = explained(connection, "calls")["conditions"]
    assert (condition["target"], condition["threshold_source"]) == (2, "organization")


def test_some_tiers_are_partly_earned(connection: Connection) -> None:
    tiers = [{"tier": "a", "at_least": 1}, {"tier": "b", "at_least": 9}]
    apply(connection, rule_set({"tiered": {"type": "tier", "tiers": tiers}}))
    insert(connection, *days(1))
    told = explained(connection, "tiered")
    assert told["verdict"] == "partly earned"
    assert [each["verdict"] for each in told["conditions"]] == ["met", "not met"]


@pytest.mark.parametrize(
    ("badge", "org", "code"), [("calls", "no", "23503"), ("no", ORG, "22023"), (None, ORG, "22023")]
)
def test_unknown_badges_and_organizations_are_errors(
    connection: Connection, badge: str | None, org: str, code: str
) -> None:
    apply(connection, rule_set({"calls": CALLS}))
    with pytest.raises(psycopg.Error) as caught:
        value(connection, "select badges.explain_badge(%s, %s, %s)", ANN, badge, org)
    assert caught.value.sqlstate == code


def test_a_badge_of_another_rule_set_is_unknown_here(connection: Connection) -> None:
    apply(connection, rule_set({"calls": CALLS}))
    apply(connection, rule_set({"theirs": CALLS}, {"other": {}}, name="others"))
    with pytest.raises(psycopg.Error, match='"theirs" does not exist in organization "nhf"'):
        explained(connection, "theirs")


def test_evaluating_awards_what_is_missing_and_tells_it(connection: Connection) -> None:
    apply(connection, rule_set({"calls": CALLS, "first": PART}))
    insert(connection, *days(4))
    connection.execute("delete from badges.earned_badges where badge_definition_id = 'first'")
    connection.execute("update badges.earned_badges set earned_at = earned_at + interval '1 day'")
    query = "select * from badges.evaluate_badges(%s, %s)"
    (made,) = rows(connection, query, ANN, ORG)
    assert made == {
        "peer_mentor_id": ANN,
        "org_id": ORG,
        "badge_definition_id": "first",
        "tier": "",
        "occurrence": 1,
        "earned_at": moment("2026-03-01"),
        "name": "first",
    }
    assert rows(connection, query, ANN, ORG) == []
    assert rows(connection, query, BEN, ORG) == []
    assert rows(connection, "select * from badges.verify_awards()") == []
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        rows(connection, query, ANN, "no")


def test_evaluating_a_stranger_leaves_no_row(connection: Connection) -> None:
    apply(connection, rule_set({"calls": CALLS}))
    rows(connection, "select * from badges.evaluate_badges(%s, %s)", ANN, ORG)
    assert value(connection, "select count(*) from badges.peer_mentor_stats") == 0


def test_texts_in_attributes_stay_text(connection: Connection) -> None:
    """A condition's selector is given as it was saved."""
    criteria = {**PART, "where": {"a b": {"in": ["x", 1]}}}
    apply(connection, rule_set({"odd": criteria}))
    insert(connection, activity("2026-03-01", attributes={"a b": "x"}))
    (condition,) = explained(connection, "odd")["conditions"]
    assert condition["selector"]["where"] == criteria["where"]
    assert value(connection, "select %s::jsonb = %s", Jsonb(condition["value"]), Jsonb(1))


def test_reading_writes_nothing(connection: Connection) -> None:
    apply(connection, rule_set({name: criteria for name, (criteria, _) in TYPED.items()}))
    insert(connection, *days(3), *days(2, kind="visit"))
    with connection.transaction():
        connection.execute("set transaction read only")
        assert progress(connection)
        for name in TYPED:
            assert explained(connection, name)["badge_definition_id"] == name
