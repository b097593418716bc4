"""docs/combinations.md: each cell and each pair of keys is what both validators answer."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pgmerit.database import Connection
from pgmerit.rules.documents import document_problems
from pgmerit.rules.files import parse_document
from pgmerit.rules.grammar import canonical_text, criteria_problems, grammar
from psycopg.types.json import Jsonb

from tests.engine import value
from tests.house.sources import ROOT

LASTING = True

Part = dict[str, Any]
PAGE = (ROOT / "docs/combinations.md").read_text()
LONG_AGO = {"type": "tenure", "days": 9}


def read(code: str) -> Any:
    """Give what a piece of YAML in backticks says."""
    return json.loads(canonical_text(parse_document(code).value))


def tables(heading: str) -> list[list[list[str]]]:
    """Give the tables below a heading, row by row, their line of dashes left out."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    found = re.findall(r"(?:^\|.*\|\n)+", section, re.M)
    return [
        [[cell.strip() for cell in line[1:-1].split(" | ")] for line in table.splitlines()]
        for table in (re.sub(r"^\|[-|]+\|\n", "", each, flags=re.M) for each in found)
    ]


def code(cell: str) -> str:
    """Give what stands in the first backticks of a cell."""
    found = re.match(r"`([^`]+)`", cell)
    assert found, cell
    return found[1]


def cells(table: list[list[str]]) -> Iterator[tuple[str, str, str]]:
    """Give each cell with the head of its row and of its column."""
    (_, *columns), *rows = table
    for head, *row in rows:
        assert len(row) == len(columns), head
        for column, cell in zip(columns, row, strict=True):
            assert re.match(r"yes$|no$|no: .", cell), cell
            yield code(head), column, cell


SMALLEST: dict[str, Part] = {
    code(row[0]): read(code(row[1])) for row in tables("The smallest rules")[0][1:]
}
(OF_TYPES,) = tables("Keys and types")
KEYS: dict[str, Part] = {code(row[0]): read(code(row[0])) for row in OF_TYPES[1:]}
TAKES = {(key, code(column)): cell == "yes" for key, column, cell in cells(OF_TYPES)}
REFUSED = {frozenset((code(row[0]), code(row[1]))) for row in tables("Two keys of one rule")[0][1:]}


def with_keys(kind: str, *keys: str) -> Part | None:
    """Give the smallest rule with keys, None where two of them give one key two values."""
    found = dict(SMALLEST[kind])
    for key in keys:
        for name, given in KEYS[key].items():
            if name in found and name not in SMALLEST[kind] and found[name] != given:
                return None
            found[name] = given
    return found


def as_part(criteria: Part) -> Part:
    return {"type": "all_of", "criteria": [LONG_AGO, criteria]}


def wrong(connection: Connection, rules: Mapping[Any, Part]) -> set[Any]:
    """Give which criteria have problems, the same by both validators."""
    query = """
        select jsonb_agg(badges.validate_criteria(rule.value) order by rule.ordinality) as found
        from jsonb_array_elements(%s) with ordinality as rule
    """
    by_database = dict(zip(rules, value(connection, query, Jsonb([*rules.values()])), strict=True))
    by_python = {
        name: [each.as_dict() for each in criteria_problems(rule)] for name, rule in rules.items()
    }
    assert by_python == by_database
    return {name for name, problems in by_python.items() if problems}


def test_every_type_is_there() -> None:
    assert SMALLEST.keys() == grammar()["types"].keys()
    whole, _ = tables("The whole badge")
    assert [code(row[0]) for row in whole[1:]] == [*SMALLEST]


def test_every_key_of_a_type_that_measures_is_there() -> None:
    """Those that every such rule has are in the smallest rules, or in words below the table."""
    told = {name for key in KEYS.values() for name in key} | {"id", "tiers", "of_last", "months"}
    told |= {name for rule in SMALLEST.values() for name in rule} | {"years"}
    kinds = {column for _, column in TAKES}
    assert {key for kind in kinds for key in grammar()["types"][kind]["keys"]} <= told


def test_a_type_takes_the_keys_that_it_is_said_to_take(connection: Connection) -> None:
    rules = {cell: with_keys(cell[1], cell[0]) for cell in TAKES}
    found = wrong(connection, {cell: rule for cell, rule in rules.items() if rule is not None})
    assert found == {cell for cell, takes in TAKES.items() if not takes}


def test_two_keys_go_together_unless_they_are_said_not_to(connection: Connection) -> None:
    pairs = {
        (kind, *pair): rule
        for kind in {column for _, column in TAKES}
        for pair in itertools.combinations([key for key in KEYS if TAKES[key, kind]], 2)
        if (rule := with_keys(kind, *pair)) is not None
    }
    found = wrong(connection, pairs)
    assert {frozenset(each[1:]) for each in found} == REFUSED
    assert found == {each for each in pairs if frozenset(each[1:]) in REFUSED}


def whole_badges() -> Iterator[tuple[tuple[str, ...], Part, bool]]:
    """Give a badge of each rule, without a key and with each one, and whether it may be.

    A rule with a key may be what its type may be and, if the key has a row, the key.
    """
    of_types, of_keys = (
        {(head, column): cell == "yes" for head, column, cell in cells(table)}
        for table in tables("The whole badge")
    )
    for (kind, column), may_be in of_types.items():
        yield (kind, column), as_placed(SMALLEST[kind], column), may_be
        for key in [key for key in KEYS if TAKES.get((key, kind))]:
            criteria = with_keys(kind, key)
            assert criteria is not None
            is_told = may_be and of_keys.get((key, column), True)
            yield (kind, column, key), as_placed(criteria, column), is_told


def as_placed(criteria: Part, column: str) -> Part:
    """Give a badge of criteria as a column says: the whole rule, a part, with other keys."""
    if column == "as a part":
        return {"name": "A badge", "criteria": as_part(criteria)}
    if column == "within `none_of`":
        return {"name": "A badge", "criteria": as_part({"type": "none_of", "criteria": [criteria]})}
    return {"name": "A badge", "criteria": criteria, **read(code(column))}


def test_a_badge_may_be_what_it_is_said_to_be(connection: Connection) -> None:
    value(connection, "select badges.set_setting('criteria_raw', 'true')")
    cells_of = {cell: (badge, may_be) for cell, badge, may_be in whole_badges()}
    documents = [
        {"version": 1, "ruleset": "cells", "badges": {"badge": badge}}
        for badge, _ in cells_of.values()
    ]
    query = """
        select jsonb_agg(badges_internal._validate_rule_set(given.value) order by given.ordinality)
        from jsonb_array_elements(%s) with ordinality as given
    """
    by_database = value(connection, query, Jsonb(documents))
    assert [[each.as_dict() for each in document_problems(each)] for each in documents] == (
        by_database
    )
    found = {cell: not problems for cell, problems in zip(cells_of, by_database, strict=True)}
    assert found == {cell: may_be for cell, (_, may_be) in cells_of.items()}
