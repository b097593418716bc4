"""The dearest valid documents, one at each bound, and what an insert costs under them.

python -m tests.bench.dear [NAME ..]: each in a database of its own. `first` is a new person's first
activity, which awards all that can be; `next` the slowest of five in order; `late` one before them.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pgmerit import database
from pgmerit.database import Connection
from pgmerit.rules.grammar import grammar
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.types.json import Jsonb
from rich.console import Console
from rich.table import Table

from tests.bench.machine import measured_database

Document = dict[str, Any]

LIMITS = grammar()["limits"]
CALL: Document = {"type": "threshold", "activity": "call", "at_least": 1}
NEVER = 10**9
VALUE = "v" * 190
INSERT = """insert into badges.activities
    (org_id, peer_mentor_id, activity_type, occurred_at, quantity, attributes)
    values ('dear', %s, 'call', %s, %s, %s)"""
HISTORY = """insert into badges.activities
    (org_id, peer_mentor_id, activity_type, occurred_at, quantity, attributes)
    select 'dear', %s, 'call', timestamptz '2024-01-01Z' + n * interval '7 hours', %s, %s
    from generate_series(1, %s) as n"""


@dataclass(frozen=True)
class Dear:
    """A document at a bound, and the activities it is dear for."""

    badges: Document
    attributes: Document = field(default_factory=dict)
    quantity: float = 1
    history: int = 0

    def document(self) -> Document:
        """Give the rule set."""
        return {
            "version": 1,
            "ruleset": "dear",
            "organizations": {"dear": {"time_zone": "Europe/Oslo"}},
            "badges": {
                slug: badge if "name" in badge else {"name": slug, "criteria": badge}
                for slug, badge in self.badges.items()
            },
        }


def held(*badges: str) -> Document:
    """Give a condition on listed badges."""
    return {"type": "badges_earned", "badges": list(badges)}


def many(count: int, criteria: Callable[[int], Document], name: str = "b") -> Document:
    """Give so many badges."""
    return {f"{name}{n}": criteria(n) for n in range(count)}


def chosen(n: int, **more: Any) -> Document:
    """Give a condition with a stat of its own, whose test every activity passes."""
    return CALL | {"where": {"kind": {"gte": n}}} | more


def revoked(criteria: Document) -> Document:
    """Give a badge that is taken back."""
    return {"name": "x", "on_unmet": "revoke", "criteria": criteria}


def layers() -> Document:
    """Give badges for badges, as deep and as many as may be, each for all of the layer below."""
    depth, wide = LIMITS["badge_depth"], LIMITS["counting_conditions"] // LIMITS["badge_depth"]
    names = [[f"l{level}x{n}" for n in range(wide)] for level in range(depth)]
    return {"l": CALL} | {
        slug: held(*(names[level - 1] if level else ["l"]))
        for level, layer in enumerate(names)
        for slug in layer
    }


def collectors() -> Document:
    """Give conditions on any badges, looking at as many as may be."""
    base = LIMITS["counted_badges"] // LIMITS["counting_conditions"] // 2
    count = LIMITS["counted_badges"] // (4 * base)
    return many(4 * base - count, lambda n: CALL) | many(
        count, lambda n: {"type": "badges_earned", "at_least": n + 1}, "c"
    )


def composed(wide: int, leaf: Callable[[int], Document]) -> Document:
    """Give composed badges as deep as may be, up to the rows of an organization."""

    def nested(_: int) -> Document:
        criteria = leaf(0)
        for level in range(LIMITS["depth"] - 1):
            parts = [leaf(wide * level + n) for n in range(wide)]
            criteria = {"type": "all_of", "criteria": [criteria, *parts]}
        return criteria

    return many(LIMITS["organization_rows"] // (LIMITS["depth"] * (wide + 1)), nested)


def raw(n: int) -> Document:
    """Give a raw rule that walks every stat and never holds."""
    walk = " && ".join([f"$.selectors.a.count < {m}" for m in range(1, 8)])
    expression = f"exists($.selectors.* ? (@.count > {NEVER + n} || @.sum < -1)) || {walk}"
    return {"type": "criteria_raw", "expression": expression[:500], "reason": "dear"}


KIND = {"kind": NEVER}
APART = {"measure": "distinct", "field": "v", "per": "w", "window": "week"}
LARGE = {f"k{n}": "x" * 90 for n in range(2500)}
STATS, ROLLING, UNITS = LIMITS["stats"], LIMITS["rolling_stats"], LIMITS["unit_stats"]

CORPUS: dict[str, Dear] = {
    "badges for badges, 8 deep": Dear(layers()),
    "conditions on any badges": Dear(collectors()),
    "5,000 badges at once": Dear(many(5000, lambda n: CALL)),
    "10,000 awards of repeated badges": Dear(
        many(10, lambda n: CALL | {"measure": "sum", "repeat": {"every": 1, "max": 1000}}),
        quantity=10**6,
    ),
    "composed, 16 levels": Dear(composed(15, lambda n: CALL)),
    "composed, a stat a part": Dear(composed(10, chosen), KIND),
    "500 stats": Dear(many(STATS, chosen), KIND),
    "500 stats apart, long values": Dear(
        many(STATS, lambda n: chosen(n, **APART, per_value={"at_least": 1})),
        KIND | {"v": VALUE, "w": VALUE},
    ),
    "500 stats, 256 kB of attributes": Dear(many(STATS, chosen), KIND | LARGE, history=50),
    "60 lists of 1,900 values": Dear(
        many(60, lambda n: {
            "type": "threshold", "at_least": 1,
            "where": {"kind": {"in": [1900 * n + m for m in range(1900)]}}}),
        {"kind": -1},
    ),
    "20 rolling windows of ten years": Dear(
        many(ROLLING, lambda n: chosen(n, window={"rolling_days": 3660}, at_least=NEVER)),
        KIND, history=2000,
    ),
    "50 streaks with grace": Dear(
        many(UNITS, lambda n: {
            "type": "streak", "unit": "day", "grace": 1 + n, "length": NEVER,
            "where": {"kind": {"gte": n}}}),
        KIND, history=2000,
    ),
    "50 streaks with per_unit": Dear(
        many(UNITS, lambda n: {
            "type": "streak", "unit": "day", "length": NEVER, "where": {"kind": {"gte": n}},
            "per_unit": {"measure": "active_days", "at_least": 1}}),
        KIND, history=2000,
    ),
    "500 tenures": Dear(
        many(STATS, lambda n: {
            "type": "tenure", "days": 30000, "where": {"kind": {"gte": n}}}),
        KIND, history=2000,
    ),
    "500 revoke badges": Dear(many(STATS, lambda n: revoked(chosen(n))), KIND, history=500),
    "500 revoke badges, negative": Dear(
        many(STATS, lambda n: revoked(chosen(n))), KIND, quantity=-1, history=500
    ),
    "20 raw rules over 480 stats": Dear(
        many(20, raw, "r") | many(STATS - 20, chosen), KIND
    ),
    "all of it at once": Dear(
        layers()
        | many(20, raw, "r")
        | many(8, lambda n: CALL | {"measure": "sum", "repeat": {"every": 1, "max": 1000}}, "m")
        | many(ROLLING, lambda n: chosen(n, window={"rolling_days": 3660}), "w")
        | many(UNITS, lambda n: {
            "type": "streak", "activity": "call", "unit": "day", "grace": 1 + n, "length": 1,
            "where": {"kind": {"gte": n}}}, "u")
        | many(STATS - ROLLING - UNITS - 2, lambda n: chosen(
            n, **APART, per_value={"at_least": 1}), "s"),
        KIND | {"v": VALUE, "w": VALUE}, quantity=10**6,
    ),
    "100 badges over 8 stats": Dear(many(100, lambda n: chosen(n % 8, at_least=1 + n)), KIND),
    "400 independent badges": Dear(many(400, lambda n: chosen(n, at_least=1 + n)), KIND),
}  # fmt: skip


def _timed(connection: Connection, query: str, *values: Any) -> float:
    begun = time.perf_counter()
    connection.execute(query.encode(), values)
    return 1000 * (time.perf_counter() - begun)


def measure(connection: Connection, dear: Dear) -> tuple[float, float, float, float, int]:
    """Give the milliseconds of an apply, the first, the next and a late insert, and the awards."""
    connection.execute("select badges.set_setting('criteria_raw', 'true')")
    apply = _timed(connection, "select badges.apply_rule_set(%s)", Jsonb(dear.document()))
    given = Jsonb(dear.attributes)
    old, new = UUID(int=1), UUID(int=2)
    if dear.history:
        connection.execute(HISTORY.encode(), (old, dear.quantity, given, dear.history))
    connection.execute("analyze")
    first = _timed(connection, INSERT, new, "2026-03-01 10:00Z", dear.quantity, given)
    who = old if dear.history else new
    later = [
        _timed(connection, INSERT, who, f"2026-03-{day:02} 10:00Z", dear.quantity, given)
        for day in range(2, 7)
    ]
    late = _timed(connection, INSERT, who, "2025-02-26 10:00Z", dear.quantity, given)
    row = connection.execute("select count(*) as n from badges.earned_badges").fetchone()
    return apply, first, max(later), late, row["n"] if row else 0


def run(names: list[str]) -> None:
    """Measure the corpus, or the named documents."""
    table = Table("document", *("apply ms", "first ms", "next ms", "late ms", "awards"))
    with measured_database(None, None, None) as machine:
        template = conninfo_to_dict(machine.dsn)["dbname"]
        admin = make_conninfo(machine.dsn, dbname="postgres")
        for name, dear in CORPUS.items():
            if names and name not in names:
                continue
            with database.connect(admin, autocommit=True) as connection:
                connection.execute("drop database if exists pgmerit_dear with (force)")
                query = sql.SQL("create database pgmerit_dear template {}")
                connection.execute(query.format(sql.Identifier(str(template))))
            place = make_conninfo(machine.dsn, dbname="pgmerit_dear")
            with database.connect(place, autocommit=True) as connection:
                *taken, count = measure(connection, dear)
            table.add_row(name, *(f"{each:,.0f}" for each in taken), f"{count:,}")
    Console(width=None if Console().is_terminal else 110).print(table)


if __name__ == "__main__":
    run(sys.argv[1:])
