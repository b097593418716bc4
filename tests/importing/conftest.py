from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pgmerit import routines
from pgmerit.database import Connection

ANN = "11111111-1111-4111-8111-111111111111"
BEN = "22222222-2222-4222-8222-222222222222"
HEADER = "peer_mentor_id,org_id,activity_type,occurred_at,quantity\n"
RULES: dict[str, Any] = {
    "version": 1,
    "ruleset": "importing",
    "organizations": {
        "nhf": {"name": "NHF", "time_zone": "Europe/Oslo"},
        "study": {"name": "Study", "time_zone": "America/New_York", "day_starts": "04:00"},
    },
    "badges": {
        "first": {
            "name": "First",
            "criteria": {"type": "threshold", "activity": "assignment", "at_least": 1},
        },
        "trained": {
            "name": "Trained",
            "criteria": {"type": "training_completion", "courses": ["role", 101]},
        },
    },
}

Import = Callable[..., Any]


@pytest.fixture
def kept(connection: Connection) -> Connection:
    """A database with two organizations and two badges."""
    routines.apply_rule_set(connection, RULES)
    return connection


@pytest.fixture
def import_text(kept: Connection, cli: Callable[..., Any], dsn: str, tmp_path: Path) -> Import:
    """Run `pgmerit import` on a file with this content; gives the run's result."""

    def run(content: str | bytes, *options: object, name: str = "rows.csv") -> Any:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return cli("import", path, *options, dsn=dsn)

    return run


@pytest.fixture
def activities(kept: Connection) -> Callable[[], list[dict[str, Any]]]:
    """Read what is stored, in the order of insertion."""

    def read() -> list[dict[str, Any]]:
        return kept.execute(
            "select org_id, peer_mentor_id::text, activity_type, occurred_at, activity_date,"
            " quantity, attributes, idempotency_key from badges.activities order by activity_id"
        ).fetchall()

    return read


def numbers(result: Any) -> dict[str, int]:
    """Give the numbers that `--format json` printed."""
    printed: dict[str, int] = json.loads(result.stdout)
    return printed
