"""The plain part of SQL/JSON path predicates means in Python what it means in the database."""

from __future__ import annotations

from typing import Any

import pytest
from pgmerit.models.raw_expression import evaluate
from psycopg.types.json import Jsonb

DOCUMENT = {
    "activities": {"*": {"count": 3, "max": None}, "call": {"count": 2, "sum": 2.5}},
    "badges": {"a-b": {"category": "fun"}},
}


@pytest.mark.parametrize(
    "expression",
    [
        "$.activities.call.count >= 2",
        "$.activities.call.count > 2",
        '$.activities."*".count == 3',
        '$.activities."*".max > 1',
        '$.activities."*".max == null',
        '$.activities."*".max != 1',
        "$.activities.nobody.count > 0",
        "!($.activities.nobody.count > 0)",
        '$.badges."a-b".category == "fun"',
        '$.badges."a-b".category > 1',
        '!($.badges."a-b".category > 1)',
        '$.badges."a-b".category > 1 || $.activities.call.sum <= 2.5',
        "$.activities.call.count == 2 && ($.activities.call.sum < 1 || 1e0 < 2)",
        "-1 < $.activities.call.count && true == true",
    ],
)
def test_same_answer(asking: Any, expression: str) -> None:
    row = asking.execute(
        "select coalesce(jsonb_path_match(%s, %s::text::jsonpath, '{}', true), false) as held",
        [Jsonb(DOCUMENT), expression],
    ).fetchone()
    assert evaluate(expression, DOCUMENT) is row["held"]


@pytest.mark.parametrize(
    "expression",
    ["", "$", "exists($.a)", "$.a ? (@ > 1)", "$.a[0] > 1", "$.a > 1 &&", "!$.a > 1", "$.a + 1 > 2",
     "$.activities == 1", "($.a > 1", "$.a.size() > 1"],
)  # fmt: skip
def test_what_only_the_database_decides_is_said(expression: str) -> None:
    with pytest.raises(ValueError, match="only the database"):
        evaluate(expression, DOCUMENT)
