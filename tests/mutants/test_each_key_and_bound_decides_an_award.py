from __future__ import annotations

import copy
from typing import Any

import pytest
from pgmerit.rules import grammar

from tests.mutants import documents, evaluators

LASTING = True

DOCUMENTS = documents.all_mutants()
EVALUATORS = {each.name: each for each in evaluators.all_mutants()}


@pytest.mark.parametrize("of", DOCUMENTS)
def test_without_the_key_or_with_another_bound_an_award_is_another(of: str) -> None:
    assert DOCUMENTS[of], f"nothing can be done to {of}: give it a mutant, or say why it has none"
    assert documents.survivors(DOCUMENTS[of], documents.all_cases()) == []


@pytest.mark.parametrize("name", EVALUATORS)
def test_read_otherwise_the_language_gives_another_award(name: str) -> None:
    assert any(EVALUATORS[name].decides(case) for case in documents.all_cases())


def test_every_key_of_the_grammar_has_a_mutant_or_a_reason() -> None:
    mutated = {tuple(of.split(".")) for of in DOCUMENTS if "." in of}
    assert mutated.isdisjoint(documents.NO_AWARD)
    assert set(documents.all_keys()) == mutated | set(documents.NO_AWARD)


@pytest.mark.parametrize(
    ("case", "survivor"),
    [
        ("uber-pro", "calendar_window: quarter as year"),
        ("foursquare", "prefix: one character less"),
        ("volunteers", "unit: month as week"),
        ("wikipedia", "tenure.months: one less"),
        ("stack-exchange-tags", "on_unmet: revoke as keep"),
    ],
)
def test_without_its_case_a_mutant_survives_and_is_named(case: str, survivor: str) -> None:
    left = [each for each in documents.all_cases() if each.name != case]
    of = next(of for of, made in DOCUMENTS.items() if survivor in [each.name for each in made])
    assert survivor in documents.survivors(DOCUMENTS[of], left)


@pytest.mark.parametrize(
    ("path", "kind", "survivor"),
    [
        (("kinds", "when", "keys", "moon"), "boolean", "when.moon: out"),
        (("types", "streak", "keys", "at_most"), "count", "streak.at_most: one more"),
        (("types", "badges_earned", "keys", "within"), "rolling_days", "badges_earned.within: out"),
    ],
)
def test_a_new_key_without_a_case_survives_and_is_named(
    monkeypatch: pytest.MonkeyPatch, path: tuple[str, ...], kind: str, survivor: str
) -> None:
    table: dict[str, Any] = copy.deepcopy(grammar.grammar())
    place = table
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = kind
    for module in (grammar, documents):
        monkeypatch.setattr(module, "grammar", lambda: table)
    made = documents.all_mutants()
    owner, key = path[1], path[-1]
    assert survivor in documents.survivors(made[f"{owner}.{key}"], documents.all_cases())


def test_an_evaluator_that_is_the_same_changes_nothing() -> None:
    same = evaluators.Mutant("the same", {"reaches": lambda value, at_least: value >= at_least})
    assert not any(same.decides(case) for case in documents.all_cases())
