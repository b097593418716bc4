"""The JSON Schema for editors: the whole language, told, and true of every example."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pgmerit.rules.editor_schema import rule_set_schema
from pgmerit.rules.grammar import as_number, grammar
from pgmerit.rules.versions import Problem, parse_document, validate_criteria, validate_document

from tests.house import documentation
from tests.rules import criteria_strategies as generated
from tests.rules.test_python_and_the_database_agree_on_whole_documents import SAID as OF_DOCUMENTS
from tests.rules.test_python_and_the_database_agree_on_whole_documents import VALID, changed
from tests.rules.test_python_and_the_database_name_the_same_problems import SAID as OF_CRITERIA

ROOT = Path(__file__).parents[2]
SCHEMA = rule_set_schema()
OF_RULE_SETS = jsonschema.Draft202012Validator(SCHEMA)
OF_RULES = jsonschema.Draft202012Validator(
    {"$ref": "#/$defs/criteria", "$defs": SCHEMA["$defs"], "$schema": SCHEMA["$schema"]}
)
slow_to_draw = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]

WEBHOOK = {"type", "timestamp", "data"}

# What compares two values is left to the validators, and so are sizes.
COMPARED = re.compile(
    r"is not above the tier before it|is after until|is empty, as both ends are the same"
    r"|does not stand in|is more than there are"
    r"|is there twice|is nested deeper|has more than|is larger than"
    r"|does not exist|is no time zone|is not in activity_types|goes in a circle|is not enabled"
    r"|has no number to change|the badge (has tiers|is composed)|as the badge has one number"
    r"|is lapse, which does not go with|must be lapse, as there is"
)


def as_json(value: Any) -> Any:
    """Return the value with the numbers that a JSON parser gives."""
    if isinstance(value, dict):
        return {key: as_json(below) for key, below in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(below) for below in value]
    number = as_number(value)
    if number is None:
        return value
    return int(number) if number == number.to_integral_value() else float(number)


def blocks(language: str) -> list[Any]:
    return [
        pytest.param(block.body, id=f"{page.name}-{block.line}")
        for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
        for block in documentation.blocks(page.read_text(encoding="utf-8"))
        if block.kind == language
    ]


def rule_sets() -> list[Any]:
    folders = ("orchestrator/pgmerit/demo/rule_sets", "tests/acceptance")
    paths = [path for folder in folders for path in sorted((ROOT / folder).glob("*.yaml"))]
    return [pytest.param(path, id=path.name) for path in paths]


def is_of_another_kind(value: Any) -> bool:
    """Tell whether an example is of relay, Prometheus or sources, or is what a webhook brings."""
    return isinstance(value, dict) and (
        value.keys() in ({"endpoints"}, {"groups"}, WEBHOOK) or "sources" in value
    )


def hold(value: Any) -> None:
    """Fail unless a rule set, or criteria alone, keeps to the schema."""
    validator = OF_RULE_SETS if "ruleset" in value else OF_RULES
    validator.validate(as_json(value))


@pytest.mark.parametrize("text", blocks("yaml"))
def test_every_yaml_example_keeps_to_it(text: str) -> None:
    value = parse_document(text).value
    if not is_of_another_kind(value):
        hold(value)


@pytest.mark.parametrize("text", blocks("json"))
def test_every_json_example_of_a_rule_keeps_to_it(text: str) -> None:
    value = json.loads(text, parse_float=Decimal)
    if (
        isinstance(value, dict)
        and value.keys() & {"ruleset", "type"}
        and not is_of_another_kind(value)
    ):
        hold(value)


@pytest.mark.parametrize("path", rule_sets())
def test_every_rule_set_of_the_project_keeps_to_it(path: Path) -> None:
    document = parse_document(path.read_text(encoding="utf-8")).value
    hold(document.get("rule_set", document))


def test_the_one_in_the_docs_is_the_one_that_is_printed(cli: Any) -> None:
    written = (ROOT / "docs/rule-set.schema.json").read_text(encoding="utf-8")
    assert json.loads(written) == SCHEMA
    assert json.loads(cli("rules", "schema").stdout) == SCHEMA
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def properties(schema: Any, path: str = "$") -> Iterator[tuple[str, Any]]:
    """Give every named property of a schema with its path."""
    if isinstance(schema, list):
        for each in schema:
            yield from properties(each, path)
    if not isinstance(schema, dict):
        return
    for key, below in schema.items():
        if key in ("if", "then", "not"):
            continue
        if key == "properties":
            for name, each in below.items():
                yield f"{path}.{name}", each
        yield from properties(below, f"{path}.{key}")


def test_every_key_is_described() -> None:
    found = dict(properties(SCHEMA))
    assert len(found) > 100
    assert [path for path, each in found.items() if not each.get("description")] == []


def test_it_has_every_key_and_every_word_of_the_grammar() -> None:
    kinds = grammar()["kinds"]
    for name, spec in grammar()["types"].items():
        nowhere: Any = {"properties": {}}
        top, part = (SCHEMA["$defs"].get(f"{of}_{name}", nowhere) for of in ("criteria", "part"))
        assert top["properties"].keys() | part["properties"] | {"id"} == spec["keys"].keys()
    for name, spec in kinds.items():
        if spec["is"] == "object":
            holder = SCHEMA if name == "document" else SCHEMA["$defs"][name]
            assert holder["properties"].keys() == spec["keys"].keys()
        if spec["is"] == "word":
            assert SCHEMA["$defs"][name]["enum"] == spec["words"]


def is_of_one_value(problem: Problem) -> bool:
    """Tell whether a problem is seen without looking at another value."""
    is_override = ".custom_thresholds" in problem.path and "whole" in problem.problem
    return not is_override and not COMPARED.search(problem.problem)


def agrees(validator: Any, value: Any, problems: list[Problem]) -> None:
    """Fail unless the schema refuses exactly what is wrong with one value alone."""
    refused = [error.message for error in validator.iter_errors(as_json(value))]
    if any(is_of_one_value(each) for each in problems):
        assert refused, value
    elif not any("is there twice" in each.problem for each in problems):
        assert not refused, value


@settings(max_examples=200, deadline=None, suppress_health_check=slow_to_draw, derandomize=True)
@given(criteria=st.one_of(generated.valid, generated.damaged()))
def test_it_refuses_what_the_validators_refuse_of_a_rule(criteria: Any) -> None:
    agrees(OF_RULES, criteria, validate_criteria(criteria))


@settings(max_examples=60, deadline=None, suppress_health_check=slow_to_draw, derandomize=True)
@given(document=generated.damaged(st.just(VALID)))
def test_it_refuses_what_the_validators_refuse_of_a_rule_set(document: Any) -> None:
    agrees(OF_RULE_SETS, document, validate_document(document))


@pytest.mark.parametrize("criteria", [case[0] for case in OF_CRITERIA], ids=str)
def test_a_wrong_rule(criteria: Any) -> None:
    agrees(OF_RULES, criteria, validate_criteria(criteria))


@pytest.mark.parametrize(("change", "value"), [case[:2] for case in OF_DOCUMENTS])
def test_a_wrong_rule_set(change: str, value: Any) -> None:
    document = changed(change, value)
    agrees(OF_RULE_SETS, document, validate_document(document))
