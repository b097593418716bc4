"""A document of the language's first part is compiled to the same stats and thresholds, for good.

Another stat, or another name of one, would have every database build it anew at the next apply, and
might move awards. first_part.json holds a hash a document of the acceptance cases, made before the
second part came: no line of it may change.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pgmerit.database import Connection
from psycopg.types.json import Jsonb

from tests.acceptance.cases import read
from tests.engine import value

LASTING = True

KEPT: dict[str, str] = json.loads(Path(__file__).with_name("first_part.json").read_text())
COMPILED = """
select encode(sha256(convert_to(string_agg(row(
    org_id, badge_definition_id, tier, occurrence, node, parent, stat, measure, threshold,
    duration, badge_ids, badge_category
)::text, e'\\n' order by org_id, badge_definition_id, tier, occurrence, node), 'UTF8')), 'hex')
    as hash
from badges_internal.milestones"""


def compiled(connection: Connection, name: str) -> str:
    """Give the hash of what a case's document becomes."""
    connection.execute("begin")
    connection.execute("select badges.apply_rule_set(%s)", [Jsonb(read(name).document)])
    found = str(value(connection, COMPILED))
    connection.execute("rollback")
    return found


@pytest.mark.parametrize("name", KEPT)
def test_a_document_becomes_the_same(connection: Connection, name: str) -> None:
    assert compiled(connection, name) == KEPT[name]
