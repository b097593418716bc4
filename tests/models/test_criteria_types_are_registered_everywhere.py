"""A criteria type is known to the models, the grammar, the database's grammar and its enum."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from pgmerit.models import (
    CRITERIA_TYPES,
    AmountTier,
    Badge,
    Cap,
    CriteriaType,
    Element,
    LengthTier,
    Limit,
    Model,
    Operators,
    Organization,
    Repeat,
    RollingWindow,
    RuleSet,
    Selecting,
    TenureRepeat,
    UnitElement,
    When,
    selector_key,
)
from pgmerit.rules.grammar import canonical_text, grammar, grammar_sql
from psycopg.types.json import Jsonb

from tests.rules import criteria_strategies as generated


def test_python_sql_and_the_enum_know_the_same_types(asking: Any) -> None:
    row = asking.execute(
        """select
            enum_range(null::badges.criteria_type)::text[] as labels,
            array(select jsonb_object_keys(badges_internal._criteria_grammar() -> 'types')) as sql
        """
    ).fetchone()
    assert set(row["labels"]) == CRITERIA_TYPES.keys()
    assert set(row["sql"]) == CRITERIA_TYPES.keys()
    assert set(grammar()["types"]) == CRITERIA_TYPES.keys()
    assert set(get_args(CriteriaType)) == CRITERIA_TYPES.keys()


def test_the_database_holds_the_same_grammar(asking: Any) -> None:
    row = asking.execute(
        "select badges_internal._criteria_grammar()::text as text, %s::jsonb::text as ours",
        [files("pgmerit.rules").joinpath("grammar.json").read_text(encoding="utf-8")],
    ).fetchone()
    assert row["text"] == row["ours"]
    assert json.loads(row["text"], parse_float=Decimal) == grammar()


def test_the_sql_file_is_the_one_that_the_grammar_writes() -> None:
    root = Path(__file__).parents[2]
    assert (root / "sql/rules/language/_criteria_grammar.sql").read_text(
        encoding="utf-8"
    ) == grammar_sql()


def keys(model: type[Model]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


@pytest.mark.parametrize(("kind", "model"), CRITERIA_TYPES.items())
def test_a_model_has_the_keys_of_the_grammar(kind: str, model: type[Model]) -> None:
    assert keys(model) == grammar()["types"][kind]["keys"].keys()


@pytest.mark.parametrize(
    ("kind", "model"),
    [
        ("operators", Operators),
        ("when", When),
        ("rolling_window", RollingWindow),
        ("limit", Limit),
        ("element", Element),
        ("unit_element", UnitElement),
        ("repeat", Repeat),
        ("tenure_repeat", TenureRepeat),
        ("cap", Cap),
        ("amount_tier", AmountTier),
        ("length_tier", LengthTier),
        ("organization", Organization),
        ("badge", Badge),
        ("document", RuleSet),
    ],
)
def test_a_nested_model_has_the_keys_of_the_grammar(kind: str, model: type[Model]) -> None:
    assert keys(model) == grammar()["kinds"][kind]["keys"].keys()


def test_every_pattern_of_the_grammar_is_well_formed() -> None:
    for spec in grammar()["kinds"].values():
        assert all(re.compile(pattern) for pattern in spec.get("patterns", []))


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(criteria=generated.valid)
def test_selector_key_is_the_stat_that_the_database_names(asking: Any, criteria: Any) -> None:
    model = CRITERIA_TYPES[criteria["type"]].model_validate(criteria)
    if not isinstance(model, Selecting):
        return
    row = asking.execute(
        "select badges_internal._stat_name(badges_internal._selector(%s)) as name",
        [Jsonb(criteria, dumps=canonical_text)],
    ).fetchone()
    assert row["name"] == selector_key(model)
