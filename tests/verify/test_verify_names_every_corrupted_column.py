from __future__ import annotations

import pytest
from pgmerit.database import Connection
from psycopg import sql

from tests.verify.conftest import FIRST
from tests.verify.hand_filled import past_the_triggers

# Every column of the snapshot but the keys, the rule set's version and the cached thresholds.
CORRUPTIONS = {
    "activity_count": "activity_count + 1",
    "value_sum": "value_sum + 0.1",
    "value_max": "null",
    "active_days": "case when active_days > 0 then active_days - 1 else 1 end",
    "distinct_count": "distinct_count + 1",
    "day_run": "day_run + 1",
    "week_run": "week_run + 1",
    "month_run": "month_run + 1",
    "longest_day_run": "longest_day_run + 1",
    "longest_week_run": "longest_week_run + 1",
    "longest_month_run": "longest_month_run + 1",
    "run_end": "coalesce(run_end, '2026-01-01') - 1",
    "first_at": "first_at - interval '1 second'",
    "last_at": "null",
    "last_date": "coalesce(last_date, '2026-01-01') + 1",
}
# Of the rows of sequences alone.
SEQUENCES = {
    "value_last": "coalesce(value_last, 0) + 0.1",
    "lately": "lately || b'1'",
}


def _measures(connection: Connection) -> list[tuple[object, ...]]:
    return [
        (row["peer_mentor_id"], row["stat"], row["measure"])
        for row in connection.execute("select * from badges.verify_stats()")
    ]


def test_what_the_triggers_kept_is_exact(kept: Connection) -> None:
    assert kept.execute("select * from badges.verify_stats()").fetchall() == []
    assert kept.execute("select * from badges.verify_awards()").fetchall() == []
    counts = kept.execute(
        "select (select count(*) from badges.peer_mentor_stats) as stats,"
        " (select count(*) from badges.earned_badges) as awards"
    ).fetchone()
    assert counts is not None
    assert counts["stats"] >= 18
    assert counts["awards"] >= 18


def test_the_corruptions_name_every_column(kept: Connection) -> None:
    columns = {
        row["attname"]
        for row in kept.execute(
            "select attname from pg_attribute"
            " where attrelid = 'badges.peer_mentor_stats'::regclass and attnum > 0"
            " and not attisdropped and attname !~ '^next_'"
        )
    }
    keys = {"peer_mentor_id", "org_id", "stat", "bucket"}
    assert columns - keys == {
        *CORRUPTIONS,
        *SEQUENCES,
        "has_negative",
        "rule_set_version",
        "counted_in",
        "counted_upto",
    }


def test_each_corrupted_column_is_named(kept: Connection) -> None:
    own = [
        row["stat"]
        for row in kept.execute(
            "select stat from badges_internal.stat_definitions"
            " where selector ?| '{when,window,grace}' order by stat"
        )
    ]
    assert len(own) == 3
    named = set()
    for column, expression in CORRUPTIONS.items():
        for stat in ("*", "=visit", *own):
            with kept.transaction(force_rollback=True):
                row = kept.execute(
                    sql.SQL(
                        "update badges.peer_mentor_stats set {0} = {1}"
                        " where peer_mentor_id = %s and stat = %s returning {0} as value"
                    ).format(sql.Identifier(column), sql.SQL(expression)),
                    (FIRST, stat),
                ).fetchone()
                assert row is not None
                # A run or count that no rule asks for is null, and stays so.
                if row["value"] is None and ("_run" in column or column == "distinct_count"):
                    assert _measures(kept) == []
                    continue
                assert _measures(kept) == [(FIRST, stat, column)]
                named.add(column)
    assert named >= CORRUPTIONS.keys() - {"distinct_count"}


def test_each_corrupted_column_of_a_sequence_is_named(kept: Connection) -> None:
    kept_of_it = ("activity_count", "value_sum", "value_max", "first_at", "last_at")
    for column, expression in SEQUENCES.items() | {
        (each, CORRUPTIONS[each]) for each in kept_of_it
    }:
        with kept.transaction(force_rollback=True):
            row = kept.execute(
                sql.SQL(
                    "update badges.peer_mentor_stats set {0} = {1}"
                    " where peer_mentor_id = %s and lately is not null returning stat"
                ).format(sql.Identifier(column), sql.SQL(expression)),
                (FIRST,),
            ).fetchone()
            assert row is not None
            assert _measures(kept) == [(FIRST, row["stat"], column)]


def test_stored_and_expected_are_told(kept: Connection) -> None:
    row = kept.execute(
        "update badges.peer_mentor_stats set value_sum = value_sum + 0.10"
        " where peer_mentor_id = %s and stat = '*' returning value_sum",
        (FIRST,),
    ).fetchone()
    assert row is not None
    told = kept.execute("select * from badges.verify_stats()").fetchall()
    assert [(each["stored"], each["expected"]) for each in told] == [
        (str(row["value_sum"].normalize()), str(int(row["value_sum"])))
    ]


def test_a_forgotten_negative_is_named_and_a_remembered_one_is_fine(kept: Connection) -> None:
    kept.execute("update badges.peer_mentor_stats set has_negative = true")
    assert _measures(kept) == []
    kept.execute("update badges.activities set quantity = -1 where peer_mentor_id = %s", (FIRST,))
    assert _measures(kept) == []
    kept.execute(
        "update badges.peer_mentor_stats set has_negative = false"
        " where peer_mentor_id = %s and stat = '*'",
        (FIRST,),
    )
    assert _measures(kept) == [(FIRST, "*", "has_negative")]


@pytest.mark.parametrize("stat", ["*", "=visit", "~"])
def test_a_missing_row_is_named(kept: Connection, stat: str) -> None:
    gone = kept.execute(
        "delete from badges.peer_mentor_stats"
        " where peer_mentor_id = %s and starts_with(stat, %s) and (stat = %s or %s = '~')"
        " returning stat",
        (FIRST, stat, stat, stat),
    ).fetchall()
    assert gone
    assert _measures(kept) == [(FIRST, row["stat"], "row") for row in sorted(gone, key=str)]


def test_a_row_too_many_is_named_unless_no_rule_names_it(kept: Connection) -> None:
    for stat in ("=nothing", "~0123456789abcdef"):
        kept.execute(
            "insert into badges.peer_mentor_stats (peer_mentor_id, org_id, stat, activity_count)"
            " values (%s, 'somewhere', %s, 1)",
            (FIRST, stat),
        )
    assert _measures(kept) == [(FIRST, "=nothing", "row")]


def test_a_wrongly_counted_element_is_named(kept: Connection) -> None:
    kept.execute(
        "insert into badges_internal.stat_elements"
        " select peer_mentor_id, org_id, stat, bucket, '\"nowhere\"', null, true"
        " from badges_internal.stat_elements where peer_mentor_id = %s limit 1",
        (FIRST,),
    )
    kept.execute(
        "update badges_internal.stat_elements set is_counted = false"
        " where peer_mentor_id = %s and element = '\"a\"'",
        (FIRST,),
    )
    told = sorted(str(measure) for _, _, measure in _measures(kept))
    assert told == ['element "a"', 'element "nowhere"']


def test_stats_that_a_person_still_waits_for_are_passed_over(kept: Connection) -> None:
    kept.execute("delete from badges.peer_mentor_stats where stat >= '~'")
    kept.execute("delete from badges_internal.stat_elements")
    assert _measures(kept)
    kept.execute("update badges.peer_mentor_stats set rule_set_version = 0 where stat = '*'")
    assert _measures(kept) == []


def test_people_without_activities_are_looked_at_too(kept: Connection) -> None:
    with past_the_triggers(kept):
        kept.execute("delete from badges.activities where peer_mentor_id = %s", (FIRST,))
    told = _measures(kept)
    assert {person for person, _, _ in told} == {FIRST}
    assert {(stat, measure) for _, stat, measure in told} >= {("*", "row"), ("=visit", "row")}


def test_the_session_settings_change_nothing(kept: Connection) -> None:
    kept.execute("set datestyle = 'German'")
    kept.execute("set timezone = 'Pacific/Apia'")
    kept.execute("set extra_float_digits = 0")
    assert _measures(kept) == []
    assert kept.execute("select * from badges.verify_awards()").fetchall() == []
