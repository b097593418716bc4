"""A badge of the language's first part is compiled to the same stats and thresholds, for good.

Another stat, or another name of one, would have every database build it anew at the next apply, and
might move awards. first_part.json holds a hash a badge of the acceptance cases, made before the
second part came: no line of it may change.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pgmerit.database import Connection
from psycopg.types.json import Jsonb

from tests.acceptance.cases import read

LASTING = True

KEPT: dict[str, dict[str, str]] = json.loads(
    Path(__file__).with_name("first_part.json").read_text(encoding="utf-8")
)
COMPILED = """
select
    badge_definition_id as badge,
    left(encode(sha256(convert_to(string_agg(row(
        org_id, tier, occurrence, node, parent, stat, measure, threshold, duration, badge_ids,
        badge_category
    )::text, e'\\n' order by org_id, tier, occurrence, node), 'UTF8')), 'hex'), 16) as hash
from badges_internal.milestones
group by badge_definition_id"""


@pytest.mark.parametrize("name", KEPT)
def test_the_badges_of_a_document_become_the_same(connection: Connection, name: str) -> None:
    with connection.transaction(force_rollback=True):
        connection.execute("select badges.apply_rule_set(%s)", [Jsonb(read(name).document)])
        found = {row["badge"]: row["hash"] for row in connection.execute(COMPILED)}
    assert {badge: found.get(badge) for badge in KEPT[name]} == KEPT[name]
