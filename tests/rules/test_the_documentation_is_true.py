"""docs/rules.md: its examples are valid, and it names every key of the grammar."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from pgmerit.rules.grammar import grammar, json_type, resolve
from pgmerit.rules.versions import apply, parse_document, validate_criteria, validate_document

LASTING = True

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
    assert shown == grammar()["types"].keys()


def shown_keys(kind: Any, value: Any) -> set[tuple[str, str]]:
    """List the (kind, key) pairs that a value shows, followed along the grammar."""
    name = kind if isinstance(kind, str) else ""
    if name in ("criteria", "parts"):
        listed = value if isinstance(value, list) else [value]
        return set().union(
            *(
                shown_keys(grammar()["types"][each["type"]] | {"name": each["type"]}, each)
                for each in listed
            )
        )
    spec = resolve(kind)
    name = spec.get("name", name)
    match spec["is"]:
        case "either":
            return shown_keys(spec.get(json_type(value), spec["else"]), value)
        case "object":
            kinds = spec["keys"] | ({"criteria": "criteria"} if name == "badge" else {})
            below = [shown_keys(kinds[key], each) for key, each in value.items()]
            return {(name, key) for key in value}.union(*below)
        case "map":
            return set().union(*(shown_keys(spec["values"], each) for each in value.values()))
        case "list":
            return set().union(*(shown_keys(spec["items"], each) for each in value))
    return {(name, value)} if spec["is"] == "word" else set()


def test_there_is_an_example_of_every_key_and_every_word() -> None:
    shown: set[tuple[str, str]] = set()
    for text in EXAMPLES:
        value = parse_document(text).value
        shown |= shown_keys("document" if "ruleset" in value else "criteria", value)
    shown |= {("tier", key) for name, key in shown if name == "threshold"}
    shown |= {(name, "id") for name in grammar()["types"] if ("threshold", "id") in shown}
    wanted = {
        (name, key)
        for name, spec in {**grammar()["kinds"], **grammar()["types"]}.items()
        for key in spec.get("keys", [])
    }
    words = {
        (name, word)
        for name in ("measure", "unit", "on_unmet")
        for word in grammar()["kinds"][name]["words"]
    }
    assert (wanted | words) - shown == set()


def test_every_example_is_applied_and_evaluated(connection: Any, connect: Any) -> None:
    connection.execute("select badges.set_setting('criteria_raw', 'true')")
    whole, *more = (parse_document(text).value for text in EXAMPLES)
    badges = {
        f"example-{index}": {"name": "Example", "criteria": criteria}
        | ({"on_unmet": "lapse"} if re.search("valid_days|last_days", str(criteria)) else {})
        for index, criteria in enumerate(more)
    }
    del whole["activity_types"], whole["organizations"]["blindeforbundet"]["badges"]
    apply(connect(), whole | {"badges": whole["badges"] | badges})
    connection.execute(
        """insert into badges.activities (org_id, peer_mentor_id, activity_type, occurred_at)
        values ('blindeforbundet', gen_random_uuid(), 'assignment', '2025-12-24 12:00Z')"""
    )
    rows = connection.execute("select badge_definition_id as badge from badges.earned_badges")
    christmas = next(
        f"example-{index}"
        for index, criteria in enumerate(more)
        if "dates" in criteria.get("when", {})
    )
    assert {row["badge"] for row in rows} == {"first_assignment", christmas}


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


@pytest.mark.parametrize(("limit", "number"), grammar()["limits"].items())
def test_every_bound_is_told(limit: str, number: int) -> None:
    bounds = TEXT[TEXT.index("## Bounds") :]
    units = {16_384: "16 kB", 262_144: "256 kB", 1_048_576: "1 MB"}
    assert re.search(rf"(?<![\d,]){units.get(number, f'{number:,}')}(?![\d,]\d)", bounds), limit


def rule_sets() -> list[Path]:
    return sorted((ROOT / "orchestrator/pgmerit/demo/rule_sets").glob("*.yaml"))


@pytest.mark.parametrize("path", rule_sets(), ids=[path.name for path in rule_sets()])
def test_the_shipped_rule_sets_are_valid(path: Path) -> None:
    document = parse_document(path.read_text(encoding="utf-8"), path)
    assert document.problems == ()
    assert validate_document(document.value) == []
