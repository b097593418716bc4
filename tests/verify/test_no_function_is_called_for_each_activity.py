"""What verification asks of each activity is put in line, whatever the rule.

PostgreSQL 18 plans a function in SQL at every call where plans are custom, as they are there: one
that is called for each activity is nine tenths of a verification.
"""

from __future__ import annotations

from typing import Any

from pgmerit.database import Connection

from tests.engine import ORG, apply, calls_of_functions, rows, rule_set

PEOPLE, DAYS = 10, 60
VISIT: dict[str, Any] = {"type": "threshold", "activity": "visit"}
STREAK: dict[str, Any] = {"type": "streak", "activity": "visit", "unit": "day"}
RULES: dict[str, dict[str, Any]] = {
    "two": VISIT | {"where": {"kind": "k1", "mood": {"ne": "bad"}}, "at_least": 2},
    "when": VISIT | {"when": {"hours": [6, 22], "weekdays": ["mon", "sun"]}, "at_least": 2},
    "sum": VISIT | {"measure": "sum", "field": "minutes", "window": "month", "at_least": 9},
    "max": VISIT | {"measure": "max", "field": "minutes", "per": "kind", "at_least": 9},
    "days": VISIT | {"measure": "active_days", "window": {"rolling_days": 3}, "at_least": 2},
    "kinds": VISIT | {"measure": "distinct", "field": "kind", "at_least": 3},
    "some": VISIT
    | {"measure": "distinct", "field": "kind", "per_value": {"at_least": 2}, "at_least": 2},
    "cap": VISIT | {"cap": {"per": "week", "at": 2}, "at_least": 3},
    "working": STREAK | {"on": {"weekdays": ["mon", "tue"], "closed_days": False}, "length": 2},
    "excused": STREAK | {"excused_by": {"activity": "call"}, "length": 2},
    "units": STREAK | {"unit": "week", "per_unit": {"at_least": 2}, "length": 2},
    "row": {"type": "in_a_row", "qualify": {"kind": "k1", "mood": "good"}, "length": 2},
    "share": {"type": "share", "qualify": {"kind": "k1"}, "at_least": 0.1, "of_at_least": 3},
    "member": {"type": "tenure", "activity": "visit", "days": 30},
    "lately": VISIT | {"window": {"last_days": 9}, "at_least": 2},
}
FILL = """
insert into badges.activities (
    org_id, peer_mentor_id, activity_type, occurred_at, activity_date, attributes
)
select
    %s, md5(who::text)::uuid, 'visit', at, at::date,
    jsonb_build_object('kind', 'k' || day %% 4, 'mood', 'good', 'minutes', day)
from generate_series(1, %s) as who
cross join generate_series(1, %s) as day
cross join lateral (values (timestamptz '2024-01-01 12:00+00' + day * interval '1 day')) as m (at)
"""


def test_no_function_is_called_for_each_activity(connection: Connection) -> None:
    organization = {"time_zone": "Europe/Oslo", "closed_days": ["2024-01-01", "12-25"]}
    document = rule_set(RULES, {ORG: organization})
    document["badges"]["lately"]["on_unmet"] = "lapse"
    apply(connection, document)
    connection.execute(FILL.encode(), (ORG, PEOPLE, DAYS))

    def verify() -> None:
        for routine in ("verify_stats", "verify_awards"):
            assert rows(connection, f"select * from badges.{routine}()") == []

    calls = calls_of_functions(connection, verify)
    assert not {name: count for name, count in calls.items() if count >= PEOPLE * DAYS}
