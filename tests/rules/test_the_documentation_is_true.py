"""docs/rules.md: its examples are valid, and it names every key of the grammar."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from orchestrator.grammar import grammar
from orchestrator.rules import parse_document, validate_criteria, validate_document

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/rules.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example_is_valid(text: str) -> None:
    document = parse_document(text)
    assert document.problems == ()
    if "ruleset" in document.value:
        assert validate_document(document.value) == []
    else:
        assert validate_criteria(document.value) == []


def test_there_is_an_example_of_every_type() -> None:
    def types(value: Any) -> set[str]:
        below = value.values() if isinstance(value, dict) else value
        found = {value["type"]} if isinstance(value, dict) and "type" in value else set()
        if isinstance(below, str) or not hasattr(below, "__iter__"):
            return found
        return found.union(*(types(each) for each in below if isinstance(each, dict | list)))

    shown = set().union(*(types(parse_document(text).value) for text in EXAMPLES))
    assert shown | {"n_of"} >= grammar()["types"].keys()


@pytest.mark.parametrize(
    "word",
    sorted(
        {
            word
            for spec in [*grammar()["types"].values(), *grammar()["kinds"].values()]
            for key in ("keys", "words")
            for word in spec.get(key, [])
        }
        | set(grammar()["types"])
    ),
)
def test_every_word_of_the_grammar_is_told(word: str) -> None:
    assert re.search(rf"\b{word}\b", TEXT)


def rule_sets() -> list[Path]:
    return sorted((ROOT / "orchestrator/rule_sets").glob("*.yaml"))


@pytest.mark.parametrize("path", rule_sets(), ids=[path.name for path in rule_sets()])
def test_the_shipped_rule_sets_are_valid(path: Path) -> None:
    document = parse_document(path.read_text(encoding="utf-8"), path)
    assert document.problems == ()
    assert validate_document(document.value) == []
