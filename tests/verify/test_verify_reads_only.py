from __future__ import annotations

from uuid import UUID

import psycopg
import pytest
from pgmerit.database import Connection
from psycopg.types.json import Jsonb

from tests.verify.conftest import FIRST, PEOPLE

ROUTINES = ["badges.verify_stats", "badges.verify_awards"]


def _corrupt(connection: Connection) -> None:
    connection.execute(
        "update badges.peer_mentor_stats set activity_count = activity_count + 1 where stat = '*'"
    )
    connection.execute("delete from badges.earned_badges where badge_definition_id = 'both'")


def _people(connection: Connection, routine: str, *arguments: object) -> list[UUID]:
    places = ", ".join(["%s"] * len(arguments))
    rows = connection.execute(f"select * from {routine}({places})".encode(), arguments)
    return [row["peer_mentor_id"] for row in rows]


@pytest.mark.parametrize("routine", ROUTINES)
def test_verify_works_in_a_read_only_transaction(kept: Connection, routine: str) -> None:
    _corrupt(kept)
    with kept.transaction():
        kept.execute("set transaction isolation level repeatable read, read only")
        assert _people(kept, routine) == sorted(PEOPLE)


@pytest.mark.parametrize("routine", ROUTINES)
def test_one_person_a_range_and_a_sample_can_be_looked_at(kept: Connection, routine: str) -> None:
    _corrupt(kept)
    low, middle, high = sorted(PEOPLE)
    assert _people(kept, routine, FIRST) == [FIRST]
    assert _people(kept, routine, None, low, middle) == [low, middle]
    assert _people(kept, routine, None, middle) == [middle, high]
    assert _people(kept, routine, None, None, low) == [low]
    assert _people(kept, routine, UUID(int=7)) == []
    assert _people(kept, routine, None, None, None, 1) == [low, middle, high]
    assert _people(kept, routine, None, None, None, 0) == []


def test_a_sample_is_the_same_people_within_a_transaction(kept: Connection) -> None:
    _corrupt(kept)
    for _ in range(5):
        with kept.transaction():
            of_stats, of_awards = (
                _people(kept, routine, None, None, None, 0.5) for routine in ROUTINES
            )
        assert of_stats == of_awards


@pytest.mark.parametrize("routine", ROUTINES)
@pytest.mark.parametrize("sample", [-0.1, 1.1, float("nan")])
def test_a_sample_outside_0_to_1_is_refused(
    connection: Connection, routine: str, sample: float
) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="between 0 and 1"):
        _people(connection, routine, None, None, None, sample)


@pytest.mark.parametrize(
    ("key", "selector"),
    [
        ("phase_of_moon", {"phase_of_moon": "full"}),
        ("when.tides", {"when": {"months": [1], "tides": ["low"]}}),
        ("window.rolling_weeks", {"window": {"rolling_weeks": 3}}),
        ("per_unit.except", {"unit": "day", "per_unit": {"except": 1}}),
    ],
)
@pytest.mark.parametrize("routine", ROUTINES)
def test_a_selector_that_cannot_be_read_is_not_called_exact(
    kept: Connection, routine: str, key: str, selector: dict[str, object]
) -> None:
    kept.execute(
        "update badges_internal.stat_definitions set selector = selector || %s"
        " where starts_with(stat, '~')",
        (Jsonb(selector),),
    )
    with pytest.raises(psycopg.errors.FeatureNotSupported, match=key):
        _people(kept, routine)


def test_verify_shares_no_code_with_the_engine(connection: Connection) -> None:
    """No helper of verification calls a routine from outside sql/verification."""
    bodies = connection.execute(
        "select proname, pg_get_functiondef(oid) as body from pg_proc"
        " where pronamespace in ('badges'::regnamespace, 'badges_internal'::regnamespace)"
        " and prokind in ('f', 'p')"
    ).fetchall()
    names = {row["proname"] for row in bodies}
    ours = {name for name in names if name.startswith(("_verify_", "verify_"))}
    ours.remove("verify_source")  # of the room of sources: it compares them with activities
    assert len(ours) >= 15
    for row in bodies:
        if row["proname"] in ours:
            called = {name for name in names - ours if f".{name}(" in row["body"]}
            assert called == set(), row["proname"]


def test_verify_takes_fresh_snapshots_and_its_helpers_the_callers(connection: Connection) -> None:
    volatilities = {
        row["proname"]: row["provolatile"]
        for row in connection.execute(
            "select proname, provolatile from pg_proc where proname ~ '^_?verify_'"
        )
    }
    assert volatilities["verify_stats"] == volatilities["verify_awards"] == "v"
    assert volatilities["_verify_stat_differences"] == "s"
    assert volatilities["_verify_award_differences"] == "s"
