"""What all rules of an organization come to is bounded, by the same numbers in both languages."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from typing import Any

import pytest
from pgmerit.database import Connection
from pgmerit.rules.bounds import nest
from pgmerit.rules.grammar import grammar
from pgmerit.rules.versions import validate_criteria, validate_document
from psycopg.types.json import Jsonb

from tests.bench.dear import CORPUS
from tests.engine import ANN, ORG, activity, apply, badge_ids, insert, rule_set, value
from tests.rules.test_python_and_the_database_agree_on_whole_documents import both

LASTING = True

Document = dict[str, Any]

LIMITS = grammar()["limits"]
CALL: Document = {"type": "threshold", "activity": "call", "at_least": 1}
AT_ORG = f"$.organizations.{ORG}"


def held(*badges: str) -> Document:
    return {"type": "badges_earned", "badges": list(badges)}


def many(count: int, criteria: Callable[[int], Document], **more: Document) -> Document:
    return rule_set({f"b{n}": criteria(n) for n in range(count)} | more)


def of_units(i: int) -> Document:
    """Give a streak, or windows that repeat: two with other numbers count two stats."""
    if i % 2:
        return {"type": "streak", "unit": "day", "grace": 1, "where": {"kind": i}, "length": 2}
    again = {"each": "window", "max": 1}
    return {"type": "threshold", "window": "day", "at_least": i + 1, "repeat": again}


def chosen(n: int) -> Document:
    return CALL | {"where": {"kind": n}}


def chain(depth: int) -> Document:
    """Give badges that need each other so deep, the second one through composed criteria."""
    return many(
        depth,
        lambda n: (
            {"type": "any_of", "criteria": [{"type": "all_of", "criteria": [held(f"b{n - 1}")]}]}
            if n == 1
            else held(f"b{n - 1}")
            if n
            else held("base")
        ),
        base=CALL,
    )


def rows_in_one(count: int) -> Document:
    whole, rest = divmod(count, 1000)
    return many(
        whole + 1,
        lambda n: CALL | {"repeat": {"every": 1, "max": 1000 if n < whole else rest or 1}},
    ) | ({} if rest else {"organizations": {ORG: {"badges": [f"b{n}" for n in range(whole)]}}})


def rows_in_all(count: int) -> Document:
    most = LIMITS["organization_rows"]
    whole, rest = divmod(count, most)
    document = rows_in_one(most)
    document["organizations"] = {
        f"o{n}": {"badges": [f"b{n}" for n in range(most // 1000)]} for n in range(whole)
    } | ({"rest": {"badges": ["b10"]}} if rest else {})
    return document


def listing(count: int) -> Document:
    """Give badges_earned that look at so many badges in all."""
    document = many(200, lambda n: CALL)
    for n, first in enumerate(range(0, count, 200)):
        listed = [f"b{i}" for i in range(min(200, count - first))]
        document["badges"][f"c{n}"] = {"name": "c", "criteria": held(*listed)}
    return document


def lapsing(count: int) -> Document:
    """Give badges that lapse, of one condition each."""
    document = many(count, lambda n: CALL)
    for badge in document["badges"].values():
        badge["on_unmet"] = "lapse"
    return document


SAID = [
    ("badge_depth", chain, f"$.badges.b{LIMITS['badge_depth']}.criteria",
     "badges_earned goes {} badges deep", "at most 8 badges deep"),
    ("counting_conditions", lambda n: many(n, lambda _: held("base"), base=CALL), AT_ORG,
     "has {} conditions on other badges", "at most 100 badges_earned an organization"),
    ("counted_badges", listing, AT_ORG, "looks at {} badges in badges_earned",
     "at most 5000 in all badges_earned of an organization"),
    ("lapse_conditions", lapsing, AT_ORG, "has {} conditions that lapse",
     "at most 50 conditions that lapse an organization"),
    ("raw_rules", lambda n: many(n, lambda _: {
        "type": "criteria_raw", "expression": "$.a > 1", "reason": "x"}), AT_ORG,
     "has {} raw rules", "at most 20 criteria_raw an organization"),
    ("organization_rows", rows_in_one, AT_ORG, "compiles to {} rows",
     "at most 10000 rows an organization"),
    ("all_rows", rows_in_all, "$", "compiles to {} rows",
     "at most 50000 rows in all organizations"),
    ("stats", lambda n: many(n, chosen), AT_ORG, 'has {} stats for activities of type "call"',
     "at most 500 stats for an activity type"),
    ("rolling_stats", lambda n: many(n, lambda i: chosen(i) | {"window": {"rolling_days": 3}}),
     AT_ORG, 'has {} rolling windows for activities of type "call"',
     "at most 20 rolling windows for an activity type"),
    ("unit_stats", lambda n: many(n, of_units), AT_ORG,
     "has {} streaks of stored units, repeated windows and sequences for activities of any type",
     "at most 50 streaks of stored units, repeated windows and sequences for an activity type"),
]  # fmt: skip


@pytest.fixture
def raw_is_on(connection: Connection) -> Connection:
    connection.execute("select badges.set_setting('criteria_raw', 'true')")
    return connection


@pytest.mark.parametrize(
    ("limit", "build", "path", "said", "allowed"), SAID, ids=[each[0] for each in SAID]
)
def test_the_bound_is_valid_and_one_more_is_not(
    raw_is_on: Connection,
    limit: str,
    build: Callable[[int], Document],
    path: str,
    said: str,
    allowed: str,
) -> None:
    assert both(raw_is_on, build(LIMITS[limit])) == []
    over = LIMITS[limit] + 1
    assert both(raw_is_on, build(over)) == [
        {"path": path, "problem": said.format(over), "allowed": allowed}
    ]


def test_organizations_times_badges(asking: Any) -> None:
    document = many(26, lambda n: CALL)
    document["organizations"] = {f"o{n}": {"badges": ["b0"]} for n in range(1924)}
    said = {
        "path": "$",
        "problem": "has 1924 organizations times 26 badges",
        "allowed": "at most 50000: organizations times badges",
    }
    assert both(asking, document) == [said]
    del document["organizations"]["o0"]
    assert both(asking, document) == []


def test_stats_of_all_activity_types_in_all_organizations(asking: Any) -> None:
    types = [f"t{n}" for n in range(500)]
    document = many(
        300, lambda n: chosen(n) | {"activity": types[n]}, listed=CALL | {"activity": types}
    )
    for n in range(300):
        del document["badges"][f"b{n}"]["criteria"]["activity"]
    assert both(asking, document) == []
    document["organizations"] = {"a": {}, "b": {}}
    found = both(asking, document)
    assert [(each["path"], each["problem"]) for each in found] == [
        ("$", "has 301600 stats for its activity types")
    ]


@pytest.mark.parametrize(
    ("change", "path", "most"),
    [
        ({"organizations": {f"o{n}": {} for n in range(2001)}}, "$.organizations", 2000),
        ({"activity_types": [f"t{n}" for n in range(501)]}, "$.activity_types", 500),
        (
            {
                "badges": {
                    f"b{n}": {"name": "b", "criteria": {"type": "manual"}} for n in range(5001)
                }
            },
            "$.badges",
            5000,
        ),
        (
            many(1, lambda n: CALL | {"activity": [f"t{n}" for n in range(501)]}),
            "$.badges.b0.criteria.activity",
            500,
        ),
    ],
)
def test_long_lists(asking: Any, change: Document, path: str, most: int) -> None:
    found = both(asking, {"version": 1, "ruleset": "long", **change})
    assert [(each["path"], each["problem"]) for each in found] == [
        (path, f"has more than {most} entries")
    ]


def test_choices_that_differ_in_their_numbers_alone_are_one_stat(asking: Any) -> None:
    assert both(asking, many(600, lambda n: CALL | {"at_least": n + 1})) == []
    same = [5, 5.0, 5.00]
    assert both(asking, many(600, lambda n: CALL | {"where": {"kind": same[n % 3]}})) == []


def test_an_organization_is_bounded_by_what_it_enables(asking: Any) -> None:
    document = many(600, chosen)
    document["organizations"] = {
        "few": {"badges": [f"b{n}" for n in range(500)]},
        "many": {},
    }
    assert [each["path"] for each in both(asking, document)] == ["$.organizations.many"]


def test_many_problems_are_told_up_to_a_hundred(asking: Any) -> None:
    wrong = {"name": "x", "criteria": {"type": "threshold", "at_leest": 1, "measur": "sum"}}
    found = both(asking, rule_set({f"b{n}": wrong for n in range(200)}))
    assert 100 <= len(found) <= 103
    unknown = many(1, lambda n: CALL) | {
        "organizations": {"a": {"badges": [f"c{n}" for n in range(300)]}}
    }
    assert len(both(asking, unknown)) == 100


def test_many_conditions_of_many_depths_nest_the_same(asking: Any) -> None:
    source = random.Random(7)
    for size in (2, 5, 12, 40):
        for _ in range(25):
            slugs = [f"b{n}" for n in range(size)]
            needs = {slug: source.sample(slugs, source.randint(0, 2)) for slug in slugs}
            pairs = [(badge, other) for badge, needed in needs.items() for other in needed]
            told = asking.execute(
                "select * from badges_internal._nest_badges(%s::text[], %s::text[])",
                [[badge for badge, _ in pairs], [other for _, other in pairs]],
            ).fetchone()
            found = nest(pairs)
            assert told["circles"] == found.circles
            depths = {name: found.depths.get(name, 0) for name in told["depths"]}
            assert told["depths"] == depths
            for circle in found.circles:
                assert all(other in needs[badge] for badge, other in itertools.pairwise(circle))


@pytest.mark.parametrize("name", CORPUS)
def test_the_dear_documents_that_are_measured_are_valid(name: str) -> None:
    assert validate_document(CORPUS[name].document()) == []


def test_badges_for_badges_take_a_round_for_each_that_they_are_deep(
    connection: Connection,
) -> None:
    deepest = LIMITS["badge_depth"]
    apply(connection, chain(deepest))
    insert(connection, activity("2026-03-01"))
    assert len(badge_ids(connection, ANN)) == deepest + 1
    rounds = value(connection, "select count(distinct granted_at) from badges.earned_badges")
    assert rounds == deepest + 1


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("$.selectors.*.* == $.selectors.*.*", "contains a wildcard more than once"),
        ("$.a. * .b == $.a[ *].b", "contains a wildcard more than once"),
        ("$.a.*.b == $.a.keyvalue().value.b", "contains a wildcard more than once"),
        ("$.a./* x */*.b > 1", 'must not contain "/*"'),
        ("$.a. ** > 1", 'must not contain "**"'),
        ('$.a["x y"].count > 1', 'must not contain "[\\""'),
        ("$.a.keyvalu\\u0065().b > 1", 'must not contain "\\\\"'),
        ("$.a.* ? (@.count * 2 > 1) == 3 * $.b.count", None),
    ],
)
def test_a_raw_expression_walks_the_document_once(
    asking: Any, expression: str, said: str | None
) -> None:
    criteria = {"type": "criteria_raw", "expression": expression, "reason": "x"}
    told = value(asking, "select badges.validate_criteria(%s)", Jsonb(criteria))
    assert [each["problem"] for each in told] == ([said] if said else [])
    assert told == [each.as_dict() for each in validate_criteria(criteria)]
