"""Models round-trip through JSON, are frozen, copy by field and compare by value."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from pgmerit.models import (
    BadgeAwardResult,
    BadgeCriteria,
    BadgeDefinition,
    EarnedBadge,
    Model,
    NewBadge,
    OrgBadgeConfig,
    StatsDocument,
    Tally,
    Threshold,
)
from pgmerit.models.values import Number
from pydantic import TypeAdapter, ValidationError

from tests.rules import criteria_strategies as generated

PERSON = UUID("8a1a3c5e-0000-4000-8000-00000000abcd")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

FULL: list[tuple[Model, str, Any]] = [
    (
        BadgeDefinition(
            badge_definition_id="first",
            name={"en": "First", "nb": "Første"},
            description="The first one",
            icon="star",
            category="milestones",
            hidden=True,
            criteria={"type": "threshold", "activity": "call", "at_least": 1.5},
        ),
        "icon",
        "moon",
    ),
    (
        Threshold(at_least=3, where={"score": {"gte": 5, "in": [5, 7]}}, window="week"),
        "per",
        "kind",
    ),
    (
        OrgBadgeConfig(
            org_id="nhf", badge_definition_id="first", custom_thresholds={"gold": 15, "silver": 3}
        ),
        "is_enabled",
        False,
    ),
    (
        EarnedBadge(
            peer_mentor_id=PERSON,
            badge_definition_id="first",
            org_id="nhf",
            tier="gold",
            occurrence=2,
            earned_at=NOON,
            granted_at=NOON,
            activity_id=7,
            threshold=15,
            threshold_source="organization",
            rule_set="peer-mentors",
            rule_set_version=3,
            idempotency_key="k",
            source="backfill",
        ),
        "tier",
        "silver",
    ),
    (
        BadgeAwardResult(
            activity_id=7,
            new_badges=(NewBadge(badge_definition_id="first", earned_at=NOON, name="First"),),
        ),
        "duplicate",
        True,
    ),
    (StatsDocument(activities={"*": Tally(count=3, sum=4.5)}), "badges", {}),
]
each_model = pytest.mark.parametrize(
    ("model", "field", "value"), FULL, ids=[type(each[0]).__name__ for each in FULL]
)


@each_model
def test_json_round_trip_gives_an_equal_model(model: Model, field: str, value: Any) -> None:
    again = type(model).model_validate_json(model.model_dump_json())
    assert again == model
    assert again.model_dump_json() == model.model_dump_json()


@each_model
def test_a_copy_changes_only_the_named_field(model: Model, field: str, value: Any) -> None:
    before = model.model_dump()
    copied = model.model_copy(update={field: value})
    assert copied.model_dump() == before | {field: value}
    assert model.model_dump() == before


@each_model
def test_models_are_equal_by_value(model: Model, field: str, value: Any) -> None:
    assert type(model).model_validate(model.model_dump()) == model
    if getattr(model, field) != value:
        assert model.model_copy(update={field: value}) != model


@each_model
def test_models_are_frozen_and_closed(model: Model, field: str, value: Any) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        setattr(model, field, value)
    with pytest.raises(ValidationError):
        type(model).model_validate({**model.model_dump(), "something_else": 1})


@pytest.mark.parametrize(
    ("kind", "required"),
    [
        (
            BadgeDefinition,
            {"badge_definition_id": "a", "name": "A", "criteria": {"type": "manual"}},
        ),
        (Threshold, {"type": "threshold", "at_least": 1}),
        (OrgBadgeConfig, {"org_id": "a", "badge_definition_id": "b"}),
        (
            EarnedBadge,
            {
                "peer_mentor_id": str(PERSON),
                "badge_definition_id": "a",
                "org_id": "b",
                "earned_at": "2026-03-01T12:00:00Z",
            },
        ),
        (BadgeAwardResult, {"activity_id": 1}),
        (StatsDocument, {}),
    ],
)
def test_optional_fields_may_be_absent(kind: type[Model], required: dict[str, Any]) -> None:
    model = kind.model_validate(required)
    written = model.model_dump(mode="json", exclude_unset=True)
    written.pop("type", None)
    assert written == {key: value for key, value in required.items() if key != "type"}
    for field in required.keys() - {"type"}:
        with pytest.raises(ValidationError):
            kind.model_validate({key: value for key, value in required.items() if key != field})


@settings(max_examples=100, deadline=None, derandomize=True)
@given(criteria=generated.valid)
def test_every_valid_rule_is_a_model_that_round_trips(criteria: Any) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(BadgeCriteria)
    model = adapter.validate_python(criteria)
    assert model.type == criteria["type"]
    assert adapter.validate_python(model.as_document()) == model


@settings(max_examples=150, deadline=None, derandomize=True)
@given(criteria=generated.damaged())
def test_a_badge_takes_exactly_what_the_grammar_takes(criteria: Any) -> None:
    from pgmerit.rules.versions import validate_criteria

    document = {"badge_definition_id": "a", "name": "A", "criteria": criteria}
    if validate_criteria(criteria):
        with pytest.raises(ValidationError):
            BadgeDefinition.model_validate(document)
    else:
        BadgeDefinition.model_validate(document)


def test_a_number_with_a_huge_exponent_is_refused_as_any_other() -> None:
    with pytest.raises(ValidationError, match="from -1e30 to 1e30"):
        TypeAdapter(Number).validate_python(Decimal("1e9999999"))
