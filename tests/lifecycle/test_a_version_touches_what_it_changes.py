"""A new version builds, renumbers and drops the stats that it changes; other rows stay."""

from __future__ import annotations

from pgmerit.database import Connection

from tests.engine import ANN, Row, activity, apply, insert, rows, rule_set, value

LASTING = True

OLD = {
    "third": {"type": "threshold", "activity": "call", "at_least": 3},
    "homes": {"type": "threshold", "where": {"place": "home"}, "at_least": 2},
    "places": {"type": "threshold", "measure": "distinct", "field": "place", "at_least": 9},
    "busy": {"type": "threshold", "activity": "call", "window": "month", "at_least": 9},
}
NEW = {
    "third": {"type": "threshold", "activity": "call", "at_least": 7},
    "busy": OLD["busy"],
    "office": {
        "type": "threshold",
        "where": {"place": "office"},
        "window": "quarter",
        "at_least": 2,
    },
}
COLUMNS = "stat, bucket, activity_count, value_sum, value_max, has_negative, first_at, last_at"
NEXT = "next_count, next_sum, next_max, next_active_days, next_distinct"


def snapshot(connection: Connection) -> list[Row]:
    """Give the person's rows, but for what tells the writer."""
    return rows(
        connection,
        f"select {COLUMNS}, {NEXT} from badges.peer_mentor_stats where peer_mentor_id = %s"
        " order by stat, bucket",
        ANN,
    )


def written(connection: Connection, slug: str) -> list[Row]:
    """Give where the rows of a badge's stat stand: another place after each write."""
    return rows(
        connection,
        "select held.ctid::text as place from badges.peer_mentor_stats as held"
        " join badges_internal.milestones as milestone using (org_id, stat)"
        " where milestone.badge_definition_id = %s order by held.bucket",
        slug,
    )


def test_a_new_version_touches_what_it_changes(connection: Connection) -> None:
    apply(connection, rule_set(OLD))
    for day, place in (("01", "home"), ("02", "office"), ("03", "office"), ("20", "office")):
        insert(connection, activity(f"2026-03-{day}", attributes={"place": place}))
    insert(connection, activity("2026-05-01", attributes={"place": "office"}))
    before = written(connection, "busy")
    apply(connection, rule_set(NEW))
    assert written(connection, "busy") == before != []
    assert value(connection, "select count(*) from badges_internal.stat_elements") == 0
    now = snapshot(connection)
    assert {row["next_count"] for row in now if row["stat"] == "=call"} == {7}
    value(connection, "select badges.rebuild_stats()")
    assert snapshot(connection) == now
    award = rows(
        connection,
        "select earned_at::date::text as day, activity_id is null as is_undecided"
        " from badges.earned_badges where badge_definition_id = 'office'",
    )
    assert award == [{"day": "2026-03-03", "is_undecided": False}]


def test_a_stat_that_comes_back_is_built_anew(connection: Connection) -> None:
    apply(connection, rule_set(NEW))
    insert(connection, activity("2026-03-01", attributes={"place": "office"}))
    apply(connection, rule_set(OLD))
    insert(connection, activity("2026-03-02", attributes={"place": "office"}))
    apply(connection, rule_set(NEW))
    assert rows(connection, "select * from badges.verify_stats()") == []
    assert written(connection, "office") != []
    assert (
        value(
            connection,
            "select count(*) from badges.earned_badges where badge_definition_id = 'office'",
        )
        == 1
    )
