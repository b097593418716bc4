"""What a single row brings about, and what one person asks, calls no function in SQL by itself.

Such a function is either put in line or planned anew: before PostgreSQL 18 by every statement that
calls it, which is 20 to 100 microseconds, where all of an insert is 100.
"""

from __future__ import annotations

from typing import Any

import pytest
from pgmerit.database import Connection
from psycopg.types.json import Jsonb

from tests.engine import ANN, ORG, activity, apply, insert, insert_days, rows, rule_set, value
from tests.security.tokens import request, token

CALL: dict[str, Any] = {"type": "threshold", "activity": "call"}
STREAK: dict[str, Any] = {"type": "streak", "activity": "call"}
RULES: dict[str, dict[str, Any]] = {
    "many": {"type": "tier", "activity": "call", "tiers": [{"tier": "a", "at_least": 12}]},
    "every": CALL | {"at_least": 1, "repeat": {"every": 1, "max": 100}},
    "kinds": CALL | {"measure": "distinct", "field": "kind", "at_least": 3},
    "month": CALL | {"window": "month", "measure": "sum", "at_least": 9},
    "lately": CALL | {"window": {"rolling_days": 7}, "at_least": 5},
    "steady": STREAK | {"unit": "week", "length": 2},
    "working": STREAK | {"unit": "day", "on": {"weekdays": ["mon", "tue"]}, "length": 2},
    "row": {"type": "in_a_row", "activity": "call", "qualify": {"kind": "k1"}, "length": 2},
    "member": {"type": "tenure", "activity": "call", "days": 30},
    "going": CALL | {"window": {"last_days": 9}, "at_least": 2},
    "both": {
        "type": "all_of",
        "criteria": [CALL | {"at_least": 4}, STREAK | {"unit": "month", "length": 1}],
    },
}
TABLE = """
create table public.calls (
    id bigint generated always as identity primary key, who uuid not null, at timestamptz not null
)
"""
SOURCE = {
    "table": "public.calls",
    "person": "who",
    "organization": ORG,
    "type": "call",
    "at": "at",
}
CALLED = """
select called.schemaname || '.' || called.funcname as name
from pg_stat_xact_user_functions as called
join pg_proc as own on own.oid = called.funcid
where own.prolang = (select oid from pg_language where lanname = 'sql')
and called.schemaname in ('badges', 'badges_internal')
"""
ASKED = (
    "select * from badges.get_badge_progress(%(who)s, %(org)s)",
    "select * from badges.unseen_awards(%(who)s, %(org)s)",
    "select badges.find_mentor('app', '7')",
    "select badges.record_activity(%(who)s, %(org)s, 'call')",
)
OWN = (
    "select * from badges.my_badges()",
    "select * from badges.my_progress()",
    "select count(*) from badges.earned_badges",
)


def _insert(connection: Connection, n: int) -> None:
    insert(connection, activity(f"2026-04-{n + 1:02}", attributes={"kind": f"k{n}"}))


def _insert_late(connection: Connection, n: int) -> None:
    insert(connection, activity(f"2026-02-{n + 1:02} 09:00", attributes={"kind": "late"}))


def _delete(connection: Connection, n: int) -> None:
    connection.execute(_one("delete from badges.activities", n))


def _update(connection: Connection, n: int) -> None:
    connection.execute(_one("update badges.activities set quantity = quantity + 1", n))


def _one(statement: str, n: int) -> bytes:
    chosen = f"select activity_id from badges.activities order by 1 offset {n + 3} limit 1"
    return f"{statement} where activity_id = ({chosen})".encode()


def _attached(connection: Connection, n: int) -> None:
    connection.execute(
        b"insert into public.calls (who, at) values (%s, timestamptz '2026-05-01 12:00+00')",
        (ANN,),
    )
    connection.execute(b"update public.calls set at = at + interval '1 hour' where id = %s", (n,))
    connection.execute(b"delete from public.calls where id = %s", (n,))


def _ask(connection: Connection, n: int) -> None:
    for query in ASKED:
        connection.execute(query.encode(), {"who": ANN, "org": ORG})


def _ask_own(connection: Connection, n: int) -> None:
    with request(connection, token(ANN, pgmerit_admin_of=[ORG])):
        for query in OWN:
            connection.execute(query.encode())


@pytest.mark.parametrize(
    "act",
    [_insert, _insert_late, _delete, _update, _attached, _ask, _ask_own],
    ids=lambda f: f.__name__,
)
def test_nothing_of_one_row_is_planned_at_each_call(connection: Connection, act: Any) -> None:
    document = rule_set(RULES, {ORG: {"time_zone": "Europe/Oslo"}})
    document["badges"]["going"]["on_unmet"] = "lapse"
    apply(connection, document)
    insert_days(connection, "2026-02-01", 20, every=2)
    connection.execute(TABLE.encode())
    value(connection, "select badges.attach_source('calls', %s)", Jsonb(SOURCE))
    value(connection, "select badges.bring_in_source('calls', 10)")
    act(connection, 1)
    with connection.transaction():
        connection.execute("set local track_functions = 'all'")
        act(connection, 2)
        assert sorted(row["name"] for row in rows(connection, CALLED)) == []
