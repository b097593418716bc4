"""What the plain evaluator of tests/oracle says of a case, with its changes and denials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.acceptance.cases import Award, Case
from tests.engine import COLUMNS
from tests.oracle import evaluator


def awards_of(case: Case, document: Mapping[str, Any] | None = None) -> set[Award]:
    """Give a case's awards by brute force, of another document than its own when one is given."""
    document = case.document if document is None else document
    activities = [_activity(row) for row in case.activities]
    found = evaluator.awards(document, activities, case.as_of)
    if case.changes:
        kept = {
            place: moment
            for place, moment in found.items()
            if document["badges"][place[2]].get("on_unmet", "keep") == "keep"
        }
        left = evaluator.awards(document, _changed(case, activities), case.as_of)
        found = left | kept
    return {
        (*place, moment)
        for place, moment in found.items()
        if not any(
            (org, mentor, badge) == place[:3] and tier in ("", place[3])
            for org, mentor, badge, tier in case.denials
        )
    }


def _activity(row: tuple[Any, ...]) -> evaluator.Activity:
    given = dict(zip(COLUMNS, row, strict=True))
    return evaluator.Activity(
        org=given["org_id"],
        mentor=given["peer_mentor_id"],
        activity_type=given["activity_type"],
        occurred_at=given["occurred_at"],
        quantity=evaluator.number(given["quantity"]),
        attributes=evaluator.exact(given["attributes"].obj),
        key=given["idempotency_key"],
    )


def _changed(case: Case, activities: list[evaluator.Activity]) -> list[evaluator.Activity]:
    for change in case.changes:
        changed = []
        for each in activities:
            if (each.org, each.mentor, each.key) != (change.org, change.mentor, change.key):
                changed.append(each)
            elif change.values is not None:
                changed.append(replace(each, **_as_read(change.values)))
        activities = changed
    return activities


def _as_read(values: Mapping[str, Any]) -> dict[str, Any]:
    given = dict(values)
    if "attributes" in given:
        given["attributes"] = evaluator.exact(given["attributes"].obj)
    if "quantity" in given:
        given["quantity"] = evaluator.number(given["quantity"])
    return given
