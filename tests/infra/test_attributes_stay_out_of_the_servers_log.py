"""With the log settings of docs/security.md no statement or row reaches the log, our lines do."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

import psycopg
import pytest
from pgmerit import schema
from pgmerit.database import connect
from pgmerit.server.attached import attached_server
from psycopg.types.json import Jsonb

from tests.engine import ANN, ORG, apply, rule_set
from tests.house.documentation import blocks
from tests.house.sources import ROOT

SECRET = "the attribute of a patient"
INSERT = (
    "insert into badges.activities"
    " (peer_mentor_id, org_id, activity_type, occurred_at, quantity, attributes, idempotency_key)"
    f" values (%s, %s, 'call', '2026-03-01', %s, '{{\"note\": \"{SECRET}\"}}', 'k')"
)
FIRST = rule_set({"first": {"type": "threshold", "at_least": 1}})


def documented() -> dict[str, str]:
    """Read the settings from the page."""
    (block,) = [
        each
        for each in blocks((ROOT / "docs/security.md").read_text())
        if "log_min_error_statement" in each.body
    ]
    return dict(re.findall(r"^(\w+) = (\S+)", block.body, re.M))


def written(home: Path, settings: dict[str, str]) -> str:
    """Award a badge, break a check and a key, and give what the log has of it."""
    bindir = os.environ.get("TEST_PG_BINDIR")
    with attached_server(home, bindir, settings, durable=False) as cluster:
        cluster.create_database()
        schema.migrate(cluster.dsn())
        with contextlib.closing(connect(cluster.dsn(), autocommit=True)) as connection:
            apply(connection, FIRST)

            def record(quantity: int) -> None:
                connection.execute(INSERT.encode(), [ANN, ORG, quantity])

            record(1)
            with pytest.raises(psycopg.errors.UniqueViolation):
                record(1)
            with pytest.raises(psycopg.errors.CheckViolation):
                record(10**31)
            with pytest.raises(psycopg.errors.UndefinedColumn):
                connection.execute(b"select nothing, %s", [Jsonb({"note": SECRET})])
    return cluster.log.read_text()


def test_with_the_documented_settings_the_log_has_our_lines_alone(home: Path) -> None:
    settings = documented()
    assert len(settings) >= 6
    log = written(home, settings)
    assert f"badge awarded: first to {ANN} in {ORG}" in log
    assert "quantity_is_finite_and_at_most_1e30" in log
    assert SECRET not in log


def test_without_them_it_has_more(home: Path) -> None:
    assert SECRET in written(home, {})
