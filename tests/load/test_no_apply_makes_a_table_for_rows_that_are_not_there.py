"""Estimates multiply what rules may list: a hash table for a trillion rows takes a second."""

from __future__ import annotations

import re

from pgmerit.database import Connection
from psycopg.types.json import Jsonb

from tests.bench.backfill import new_badge
from tests.engine import apply, value

_HASHED = re.compile(r"\b(?:Hash|HashAggregate|HashSetOp \w+)\s+\(cost=\S+ rows=(\d+)")


def test_nothing_is_hashed_for_more_rows_than_there_can_be(connection: Connection) -> None:
    before, after = new_badge(), new_badge()
    del before["badges"]["at_home"]
    for organization in before["organizations"].values():
        organization["badges"].remove("at_home")
    for document in (before, after, before):
        apply(connection, document)
    plans: list[str] = []
    connection.add_notice_handler(lambda notice: plans.append(notice.message_primary or ""))
    connection.execute("load 'auto_explain'")
    connection.execute("set auto_explain.log_min_duration = 0")
    connection.execute("set auto_explain.log_nested_statements = on")
    connection.execute("set auto_explain.log_level = notice")
    value(connection, "select badges.apply_rule_set(%s)", Jsonb(after))
    estimates = [int(rows) for plan in plans for rows in _HASHED.findall(plan)]
    assert estimates
    assert max(estimates) < 1_000_000
