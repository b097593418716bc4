from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import psycopg
import pytest
from pgmerit.database import Connection

from tests.engine import (
    ANN,
    BEN,
    ORG,
    activity,
    apply,
    assert_exact,
    badge_ids,
    copy_in,
    insert,
    moment,
    rows,
    rule_set,
    stats,
    value,
)

LASTING = True

RULES = {
    "first": {
        "name": {"en": "First", "nb": "Første"},
        "criteria": {"type": "threshold", "activity": "call", "at_least": 1},
    },
    "many": {
        "name": "Many",
        "criteria": {
            "type": "tier",
            "activity": "call",
            "tiers": [
                {"tier": "two", "at_least": 2, "name": "Two of them"},
                {"tier": "three", "at_least": 3},
            ],
        },
    },
}


def _ready(connection: Connection) -> None:
    apply(connection, rule_set(RULES))


PREPARED = {"ready": _ready}


@pytest.fixture
def ready(connection: Connection) -> Connection:
    return connection


def record(connection: Connection, **given: Any) -> Any:
    given = {
        "p_peer_mentor_id": ANN,
        "p_org_id": ORG,
        "p_activity_type": "call",
        "p_occurred_at": moment("2026-03-01"),
        **given,
    }
    named = ", ".join(f"{name} => %({name})s" for name in given)
    found = connection.execute(
        f"select badges.record_activity({named}) as told".encode(), given
    ).fetchone()
    assert found is not None
    return found["told"]


def record_all(connection: Connection, *given: Any) -> Any:
    return value(connection, "select badges.record_activities(%s::jsonb)", json.dumps(given))


def element(**given: Any) -> dict[str, Any]:
    return {
        "peer_mentor_id": str(ANN),
        "org_id": ORG,
        "activity_type": "call",
        "occurred_at": "2026-03-01T12:00:00Z",
        **given,
    }


def nothing_happened(connection: Connection) -> bool:
    return (
        value(connection, "select count(*) from badges.activities")
        + value(connection, "select count(*) from badges.peer_mentor_stats")
        + value(connection, "select count(*) from badges.award_events")
    ) == 0


def test_an_activity_tells_the_badges_it_earned(ready: Connection) -> None:
    told = record(ready)
    (stored,) = rows(ready, "select * from badges.activities")
    assert told == {
        "activity_id": stored["activity_id"],
        "duplicate": False,
        "new_badges": [
            {
                "badge_definition_id": "first",
                "tier": "",
                "occurrence": 1,
                "earned_at": "2026-03-01T12:00:00+00:00",
                "name": "First",
            }
        ],
    }
    assert (stored["quantity"], stored["attributes"], stored["idempotency_key"]) == (0, {}, None)


def test_an_activity_names_each_tier(ready: Connection) -> None:
    record(ready)
    (second,) = record(ready, p_occurred_at=moment("2026-03-02"))["new_badges"]
    (third,) = record(ready, p_occurred_at=moment("2026-03-03"))["new_badges"]
    assert (second["tier"], second["name"]) == ("two", "Two of them")
    assert (third["tier"], third["name"]) == ("three", "Many")
    assert record(ready, p_occurred_at=moment("2026-03-04"))["new_badges"] == []


def test_a_late_activity_tells_only_what_is_new(ready: Connection) -> None:
    record(ready, p_occurred_at=moment("2026-03-05"))
    told = record(ready, p_occurred_at=moment("2026-03-01"))
    assert [each["tier"] for each in told["new_badges"]] == ["two"]
    events = rows(ready, "select event_type from badges.award_events order by event_id")
    assert [each["event_type"] for each in events] == ["awarded", "redated", "awarded"]
    assert_exact(ready)


def test_without_a_moment_it_is_now(ready: Connection) -> None:
    value(ready, "select badges.record_activity(%s, %s, 'call')", ANN, ORG)
    assert value(ready, "select now() - occurred_at < '1 minute' from badges.activities") is True


def test_a_replay_is_a_duplicate_and_changes_nothing(ready: Connection) -> None:
    first = record(ready, p_idempotency_key="k", p_quantity=2, p_attributes='{"a": 1}')
    before = stats(ready)
    again = record(ready, p_idempotency_key="k", p_quantity=2, p_attributes='{"a": 1.0}')
    assert again == {"activity_id": first["activity_id"], "duplicate": True, "new_badges": []}
    assert stats(ready) == before
    assert value(ready, "select count(*) from badges.award_events") == 1


def test_a_replay_without_a_moment_is_a_duplicate_too(ready: Connection) -> None:
    record(ready, p_idempotency_key="k", p_occurred_at=None)
    assert record(ready, p_idempotency_key="k", p_occurred_at=None)["duplicate"] is True


def test_a_key_belongs_to_a_person_in_an_organization(connection: Connection) -> None:
    apply(connection, rule_set(RULES, {ORG: {}, "hlf": {}}))
    for who, org in ((ANN, ORG), (BEN, ORG), (ANN, "hlf")):
        told = record(connection, p_peer_mentor_id=who, p_org_id=org, p_idempotency_key="k")
        assert told["duplicate"] is False


@pytest.mark.parametrize(
    ("column", "given"),
    [
        ("activity_type", {"p_activity_type": "visit"}),
        ("occurred_at", {"p_occurred_at": moment("2026-03-02")}),
        ("quantity", {"p_quantity": 3}),
        ("attributes", {"p_attributes": '{"a": 1}'}),
    ],
)
def test_a_key_with_other_content_names_the_difference(
    ready: Connection, column: str, given: dict[str, Any]
) -> None:
    record(ready, p_idempotency_key="k")
    with pytest.raises(psycopg.Error, match=f'"k" is known with another {column}') as caught:
        record(ready, p_idempotency_key="k", **given)
    assert caught.value.sqlstate == "MB001"
    assert caught.value.diag.column_name == column
    assert caught.value.diag.message_hint
    assert value(ready, "select count(*) from badges.activities") == 1


WRONG = [
    ("23503", {"p_org_id": "unknown"}),
    ("23514", {"p_quantity": "NaN"}),
    ("23514", {"p_quantity": "Infinity"}),
    ("23514", {"p_quantity": "-Infinity"}),
    ("23514", {"p_quantity": "1e31"}),
    ("23514", {"p_occurred_at": "1899-12-31 12:00+00"}),
    ("23514", {"p_occurred_at": "-infinity"}),
    ("23514", {"p_activity_type": ""}),
    ("23514", {"p_activity_type": "x" * 101}),
    ("23514", {"p_attributes": "[1]"}),
    ("23514", {"p_attributes": "3"}),
    ("23502", {"p_peer_mentor_id": None}),
    ("23502", {"p_activity_type": None}),
]


@pytest.mark.parametrize(("code", "given"), WRONG)
def test_wrong_input_is_refused_with_its_place(
    ready: Connection, code: str, given: dict[str, Any]
) -> None:
    with pytest.raises(psycopg.Error) as caught:
        record(ready, **given)
    assert caught.value.sqlstate == code
    assert caught.value.diag.column_name or caught.value.diag.constraint_name
    assert nothing_happened(ready)


@pytest.mark.parametrize("moment_given", ["infinity", "2199-12-31 12:00+00", "4000-01-01 12:00+00"])
def test_a_moment_too_far_ahead_is_refused(ready: Connection, moment_given: str) -> None:
    with pytest.raises(psycopg.Error) as caught:
        record(ready, p_occurred_at=moment_given)
    assert caught.value.sqlstate in ("22023", "23514")
    assert nothing_happened(ready)


PATHS: dict[str, Callable[[Connection, datetime], object]] = {
    "record_activity": lambda to, ahead: record(to, p_occurred_at=ahead),
    "record_activities": lambda to, ahead: record_all(to, element(occurred_at=str(ahead))),
    "insert": lambda to, ahead: insert(to, activity(ahead)),
    "insert of several": lambda to, ahead: insert(to, activity("2026-03-01"), activity(ahead)),
    "insert of many": lambda to, ahead: insert(
        to, *[activity("2026-03-01") for _ in range(40)], activity(ahead)
    ),
    "copy": lambda to, ahead: copy_in(to, [(ORG, ANN, "call", ahead, 1, "{}", None)]),
    "update": lambda to, ahead: to.execute(
        "update badges.activities set occurred_at = %s", [ahead]
    ),
    "merge": lambda to, ahead: to.execute(
        "merge into badges.activities as held using (values (1)) as given on true"
        " when matched then update set occurred_at = %s",
        [ahead],
    ),
}


@pytest.mark.parametrize("hours", [25, 24 * 400])
@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS.keys())
def test_the_future_is_refused_on_every_path(
    ready: Connection, path: Callable[[Connection, datetime], object], hours: int
) -> None:
    ahead = value(ready, "select now() + %s * interval '1 hour'", hours)
    insert(ready, activity("2026-03-01"))
    with pytest.raises(psycopg.Error) as caught:
        path(ready, ahead)
    assert caught.value.sqlstate == "22023"
    assert value(ready, "select count(*) from badges.activities where occurred_at > now()") == 0


def test_up_to_a_day_ahead_is_accepted(ready: Connection) -> None:
    ahead = value(ready, "select now() + interval '23 hours'")
    assert record(ready, p_occurred_at=ahead)["duplicate"] is False


def test_an_unknown_organization_is_refused_on_plain_inserts(ready: Connection) -> None:
    for chosen in (
        [activity("2026-03-01", org="unknown")],
        [activity("2026-03-01"), activity("2026-03-01", org="unknown")],
    ):
        with pytest.raises(psycopg.errors.ForeignKeyViolation, match='"unknown" does not exist'):
            insert(ready, *chosen)
    assert nothing_happened(ready)


def test_many_activities_in_one_call(ready: Connection) -> None:
    record(ready, p_idempotency_key="seen")
    told = record_all(
        ready,
        element(idempotency_key="seen"),
        element(occurred_at="2026-03-02T12:00:00Z", idempotency_key="twice"),
        element(occurred_at="2026-03-02T12:00:00Z", idempotency_key="twice"),
        element(peer_mentor_id=str(BEN), quantity=2, attributes={"a": 1}),
        element(peer_mentor_id=str(BEN), quantity=2, attributes={"a": 1}),
    )
    assert (told["recorded"], told["duplicates"]) == (3, 2)
    ids = told["activity_ids"]
    assert len(ids) == 5
    assert ids[1] == ids[2]
    assert len(set(ids)) == 4
    assert {
        (each["peer_mentor_id"], each["org_id"], each["badge_definition_id"], each["tier"])
        for each in told["new_badges"]
    } == {
        (str(ANN), ORG, "many", "two"),
        (str(BEN), ORG, "first", ""),
        (str(BEN), ORG, "many", "two"),
    }
    assert_exact(ready)


def test_no_activities_are_no_error(ready: Connection) -> None:
    assert record_all(ready) == {
        "recorded": 0,
        "duplicates": 0,
        "activity_ids": [],
        "new_badges": [],
    }


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (element(org_id="unknown"), '"unknown" does not exist'),
        (element(peer_mentor_id="me"), "must be a uuid"),
        (element(peer_mentor_id=None), "must be a uuid"),
        (element(activity_type=""), "activity_type"),
        (element(quantity="2"), "quantity"),
        (element(quantity=1e31), "quantity"),
        (element(attributes=[1]), "attributes"),
        (element(occurred_at="yesterday night"), "is no timestamp"),
        (element(occurred_at="2026-02-30T00:00:00Z"), "is no timestamp"),
        (element(occurred_at="infinity"), "occurred_at"),
        (element(occurred_at="1850-01-01T00:00:00Z"), "occurred_at"),
        (element(occured_at="2026-03-01"), 'unknown key "occured_at"'),
        ("text", "must be an object"),
        (None, "must be an object"),
    ],
)
def test_one_bad_element_refuses_all_and_is_named(ready: Connection, bad: Any, said: str) -> None:
    with pytest.raises(psycopg.Error, match="element 1: ") as caught:
        record_all(ready, element(), bad, element())
    assert caught.value.sqlstate == "22023"
    assert said in str(caught.value)
    assert nothing_happened(ready)


@pytest.mark.parametrize("bad", ['{"a": 1}', "3", '"text"', "null", None])
def test_what_is_no_array_is_refused(ready: Connection, bad: str | None) -> None:
    with pytest.raises(psycopg.Error, match="must be a JSON array") as caught:
        value(ready, "select badges.record_activities(%s::jsonb)", bad)
    assert caught.value.sqlstate == "22023"


@pytest.mark.parametrize("is_stored", [True, False])
def test_an_element_whose_key_has_other_content_is_named(
    ready: Connection, is_stored: bool
) -> None:
    if is_stored:
        record(ready, p_idempotency_key="k")
    with pytest.raises(psycopg.Error, match=r"element 1: .*other content") as caught:
        record_all(ready, element(idempotency_key="k"), element(idempotency_key="k", quantity=4))
    assert caught.value.sqlstate == "MB001"
    assert value(ready, "select count(*) from badges.activities") == int(is_stored)
    assert badge_ids(ready) == (["first"] if is_stored else [])


def test_ids_from_other_applications_are_stable(connection: Connection) -> None:
    query = "select badges.mentor_id_from(%s, %s)"
    first = value(connection, query, "app", "42")
    assert value(connection, query, "app", "42") == first
    others = [("app", "43"), ("app2", "42"), ("ap", "p42"), ("app4", "2"), ("", "app42")]
    found = {value(connection, query, *each) for each in others}
    assert len(found | {first}) == len(others) + 1
    assert first.version == 8
    assert value(connection, query, None, "42") is None


@pytest.mark.parametrize("day_given", [True, False])
@pytest.mark.parametrize("moment_given", ["infinity", "-infinity", "0044-03-15 BC", "4000-01-01"])
def test_absurd_moments_break_a_named_check_on_plain_inserts(
    ready: Connection, moment_given: str, day_given: bool
) -> None:
    columns, places = ("", "") if not day_given else (", activity_date", ", '2026-03-01'")
    with pytest.raises(psycopg.errors.CheckViolation) as caught:
        ready.execute(
            f"insert into badges.activities"
            f" (org_id, peer_mentor_id, activity_type, occurred_at{columns})"
            f" values (%s, %s, 'call', %s{places})".encode(),
            (ORG, ANN, moment_given),
        )
    assert caught.value.diag.constraint_name
    assert nothing_happened(ready)


@pytest.mark.parametrize("moment_given", ["infinity", "-infinity", "0044-03-15 BC"])
def test_absurd_moments_break_a_named_check_on_updates(
    ready: Connection, moment_given: str
) -> None:
    insert(ready, activity("2026-03-01"))
    with pytest.raises(psycopg.errors.CheckViolation):
        ready.execute("update badges.activities set occurred_at = %s", (moment_given,))
    assert_exact(ready)
