"""What an apply compiles grows with its badges, not with their square, whatever plan is chosen."""

from __future__ import annotations

from pgmerit.database import Connection

from tests.engine import Row, apply, rule_set, value

ORGANIZATIONS = 100
CALLS: Row = {"type": "threshold", "activity": "call"}


def _document(least: int, organizations: int) -> Row:
    badges: dict[str, Row] = {
        f"badge{n}": CALLS | {"at_least": 3 + least + n}
        if n % 2
        else {
            "type": "all_of",
            "criteria": [
                CALLS | {"at_least": 3 + least},
                {"type": "streak", "activity": "call", "unit": "day", "length": 3 + n},
            ],
        }
        for n in range(20)
    }
    return rule_set(badges, {f"org{n}": {"time_zone": "UTC"} for n in range(organizations)})


def test_of_many_organizations(connection: Connection) -> None:
    # A session that has applied small sets keeps plans for such. Compiled before all is joined, a
    # large one takes minutes.
    for least in range(7):
        apply(connection, _document(least, 1))
    connection.execute("set track_functions = 'all'; set statement_timeout = '20s'")
    apply(connection, _document(9, ORGANIZATIONS))
    connection.execute("select pg_stat_force_next_flush()")
    compiled = value(
        connection, "select sum(calls) from pg_stat_user_functions where funcname = '_selector'"
    )
    conditions = value(connection, "select count(*) from badges_internal.milestones")
    assert conditions == ORGANIZATIONS * 30
    assert conditions <= compiled <= 2 * conditions
