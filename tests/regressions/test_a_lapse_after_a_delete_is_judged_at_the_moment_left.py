"""What a badge that lapses was held for is no moment of its own once its activity is deleted.

The award of the deleted activity set the moment at which the person was judged: the badge lapsed,
and was not given for what remained, by which it holds.
"""

from __future__ import annotations

from pgmerit.database import Connection

from tests.engine import apply, assert_exact, insert_days, moment, rows, rule_set

LASTING = True

ACTIVE = {"type": "threshold", "at_least": 1, "window": {"last_days": 2}}


def test_what_remains_is_judged_at_its_own_last_moment(connection: Connection) -> None:
    apply(
        connection,
        rule_set({"active": {"name": "Active", "on_unmet": "lapse", "criteria": ACTIVE}}),
    )
    insert_days(connection, "2026-03-01", 2, every=19)
    connection.execute("delete from badges.activities where activity_date = '2026-03-20'")
    [award] = rows(connection, "select * from badges.earned_badges")
    assert (award["earned_at"], award["revoked_at"]) == (moment("2026-03-01"), None)
    assert_exact(connection)
