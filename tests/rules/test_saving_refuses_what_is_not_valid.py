"""Definitions and configurations are validated on save, whoever writes them."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

LASTING = True

RAW = {
    "type": "criteria_raw",
    "expression": '$.activities."*".count > 3',
    "reason": "nothing else says it",
}


def save(connection: Any, criteria: Any, slug: str = "a") -> None:
    connection.execute(
        """insert into badges.badge_definitions
            (badge_definition_id, name, criteria_type, criteria)
        values (%s, 'A', %s::badges.criteria_type, %s)
        on conflict (badge_definition_id) do update set criteria = excluded.criteria""",
        [slug, criteria["type"], Jsonb(criteria)],
    )


def refused(connection: Any, criteria: Any) -> list[tuple[str, str]]:
    with pytest.raises(psycopg.Error) as caught:
        save(connection, criteria)
    assert caught.value.sqlstate == "22023"
    found = json.loads(caught.value.diag.message_detail or "")
    return [(each["path"], each["problem"]) for each in found]


def test_a_definition_with_problems_is_refused_with_all_of_them(connection: Any) -> None:
    assert refused(connection, {"type": "threshold", "at_leest": 1, "measure": "sums"}) == [
        ("$.at_least", "is missing"),
        ("$.at_leest", 'unknown key "at_leest", did you mean "at_least"?'),
        ("$.measure", '"sums" is not known, did you mean "sum"?'),
    ]
    assert connection.execute("select from badges.badge_definitions").fetchall() == []


def test_an_update_is_checked_too(connection: Any) -> None:
    save(connection, {"type": "threshold", "at_least": 1})
    assert refused(connection, {"type": "threshold", "at_least": 0})
    save(connection, {"type": "threshold", "at_least": 2})


def test_thresholds_of_an_organization_must_fit_the_badge(connection: Any) -> None:
    save(connection, {"type": "tier", "tiers": [{"tier": "a", "at_least": 1}]})
    connection.execute("insert into badges.organizations (org_id, name) values ('o', 'O')")
    insert = """insert into badges.org_badge_configs
        (org_id, badge_definition_id, custom_thresholds) values ('o', 'a', %s)"""
    for thresholds in (5, {"b": 5}, {"a": 0}, "x", [], True):
        with pytest.raises(psycopg.Error) as caught:
            connection.execute(insert, [Jsonb(thresholds)])
        assert caught.value.sqlstate == "22023"
        assert json.loads(caught.value.diag.message_detail or "")
    connection.execute(insert, [Jsonb({"a": 5})])
    with pytest.raises(psycopg.Error):
        connection.execute("""update badges.org_badge_configs set custom_thresholds = '7'""")
    connection.execute("update badges.org_badge_configs set custom_thresholds = null")


def test_raw_rules_are_refused_while_switched_off(connection: Any) -> None:
    assert refused(connection, RAW) == [("$.type", "criteria_raw is switched off")]
    connection.execute("select badges.set_setting('criteria_raw', 'true')")
    save(connection, RAW)


@pytest.mark.parametrize(
    "expression",
    [
        "$.a >", "exists($.a ? (@.b", "$.a == 1e", '"', "$.a @ 1", "$a b", "$.a == \x01",
        "strict strict $",
    ],
)  # fmt: skip
def test_a_raw_expression_must_parse(connection: Any, expression: str) -> None:
    connection.execute("select badges.set_setting('criteria_raw', 'true')")
    ((path, said),) = refused(connection, RAW | {"expression": expression})
    assert path == "$.expression"
    assert said.startswith("is no SQL/JSON path: ")


@pytest.mark.parametrize(
    "expression",
    [
        "$.** > 1", '$.a like_regex "(a+)+$"', "exists($ ? (@.a ? (@ > 1) > 2))",
        "$.a > 1" + " || $.a > 1" * 50, "",
    ],
)  # fmt: skip
def test_a_raw_expression_is_bounded(connection: Any, expression: str) -> None:
    connection.execute("select badges.set_setting('criteria_raw', 'true')")
    assert [path for path, _ in refused(connection, RAW | {"expression": expression})] == [
        "$.expression"
    ]


def test_only_the_platform_administrator_saves_raw_rules(connection: Any) -> None:
    connection.execute("select badges.set_setting('criteria_raw', 'true')")
    connection.execute("create role rules_clerk bypassrls")
    try:
        connection.execute("grant usage on schema badges to rules_clerk")
        connection.execute(
            "grant select, insert, update on badges.badge_definitions to rules_clerk"
        )
        connection.execute("set session authorization rules_clerk")
        assert refused(connection, RAW) == [
            ("$.type", "criteria_raw may be saved by the platform administrator alone")
        ]
        save(connection, {"type": "threshold", "at_least": 1})
    finally:
        connection.execute("reset session authorization")
        connection.execute("drop owned by rules_clerk; drop role rules_clerk")
