from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from pgmerit.database import Connection
from psycopg import sql

from tests.verify.conftest import PEOPLE

_ROUTINES = {
    "badges.verify_stats": "_verify_stat_differences",
    "badges.verify_awards": "_verify_award_differences",
}
_SETTINGS = "select unnest(proconfig) as setting from pg_proc where oid = %s::regproc"
_SCOPE = "select badges_internal._verify_scope(null, null, null, null)::text as scope"


def _steps(node: dict[str, Any]) -> Iterator[str]:
    """Give how the rows are joined and grouped, from one plan node down."""
    kind = node["Node Type"]
    if kind in ("Aggregate", "Merge Join", "Nested Loop"):
        yield f"{kind} {node.get('Strategy', '')} below {node.get('Parent Relationship')}"
    for inner in node.get("Plans", []):
        yield from _steps(inner)


def _plan(connection: Connection, routine: str) -> Counter[str]:
    with connection.transaction(force_rollback=True):
        for row in connection.execute(_SETTINGS, (routine,)).fetchall():
            name, _, value = row["setting"].partition("=")
            connection.execute("select set_config(%s, %s, true)", (name, value))
        scope = connection.execute(_SCOPE).fetchone()
        query = sql.SQL(
            "explain (format json)"
            " select * from badges_internal.{}({}::badges_internal.verified_scope)"
        ).format(sql.Identifier(_ROUTINES[routine]), sql.Literal(scope["scope"] if scope else ""))
        found = connection.execute(query).fetchone()
    return Counter(_steps(found["QUERY PLAN"][0]["Plan"] if found else {}))


@pytest.mark.parametrize("routine", list(_ROUTINES))
def test_verify_plans_the_same_with_statistics_and_without(kept: Connection, routine: str) -> None:
    without = _plan(kept, routine)
    assert not any(step.startswith("Merge Join") for step in without)
    for person in PEOPLE:
        kept.execute(
            "insert into badges.activities"
            " (org_id, peer_mentor_id, activity_type, occurred_at, attributes)"
            " select org_id, %s, activity_type, occurred_at + n * interval '1 hour', attributes"
            " from badges.activities, generate_series(1, 50) as n where peer_mentor_id = %s",
            (person, person),
        )
    kept.execute("analyze")
    assert _plan(kept, routine) == without
