"""A badge is decided by all its conditions or not at all, whoever else is evaluated beside.

Tenure is looked up for people and badges together: that of a badge for which only somebody else, or
only the person's other organization, is a candidate would stand there alone.
"""

from __future__ import annotations

from pgmerit.database import Connection

from tests.engine import (
    ANN,
    BEN,
    ORG,
    activity,
    apply,
    assert_exact,
    badge_ids,
    insert,
    rows,
    rule_set,
)

LASTING = True

CALL = {"type": "threshold", "activity": "call"}
SPOTLESS = {
    "type": "all_of",
    "criteria": [
        {"type": "tenure", "activity": "call", "days": 10},
        {
            "type": "none_of",
            "criteria": [{"type": "threshold", "activity": "fault", "at_least": 1}],
        },
    ],
}
UTC = {"time_zone": "UTC"}


def test_another_person_in_the_statement(connection: Connection) -> None:
    both = {"type": "all_of", "criteria": [CALL | {"at_least": 3}, CALL | {"at_least": 2}]}
    apply(connection, rule_set({"spotless": SPOTLESS, "both": both}, {ORG: UTC}))
    for who in (ANN, BEN):
        insert(connection, activity("2026-01-01", who=who))
    insert(connection, activity("2026-01-02", who=ANN, kind="fault"))
    insert(connection, activity("2026-01-20", who=ANN))
    insert(connection, activity("2026-01-21", who=ANN), activity("2026-01-21", who=BEN))
    assert badge_ids(connection, ANN) == ["both"]
    assert badge_ids(connection, BEN) == ["spotless"]
    assert_exact(connection)


def test_another_organization_that_hands_out_places(connection: Connection) -> None:
    badges = {"spotless": SPOTLESS, "one": CALL | {"at_least": 1}}
    apply(connection, rule_set({"never": CALL | {"at_least": 9}}, {ORG: UTC, "other": UTC}))
    for org in (ORG, "other"):
        insert(connection, activity("2026-01-01", org=org), activity("2026-01-20", org=org))
    insert(connection, activity("2026-01-02", kind="fault"))
    document = rule_set(badges, {ORG: UTC, "other": UTC})
    for badge in document["badges"].values():
        badge["limit"] = {"first": 1}
    apply(connection, document, allow_revoke=True)
    held = rows(connection, "select org_id, badge_definition_id as badge from badges.earned_badges")
    assert {(each["org_id"], each["badge"]) for each in held} == {
        (ORG, "one"),
        ("other", "one"),
        ("other", "spotless"),
    }
    assert_exact(connection)
