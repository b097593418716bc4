from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from pgmerit.cli import verify as verify_command
from pgmerit.database import Connection
from pgmerit.verify import find_differences

from tests.verify.conftest import FIRST, PEOPLE, insert
from tests.verify.hand_filled import ORG, past_the_triggers

Cli = Callable[..., Any]

LATER = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def verify(cli: Cli, kept: Connection, dsn: str) -> Callable[..., Any]:
    """Run `pgmerit verify` on the kept database; gives the exit code and what JSON says."""

    def run(*options: object) -> tuple[int, dict[str, Any]]:
        result = cli("verify", "--format", "json", *options, dsn=dsn)
        return result.exit_code, json.loads(result.stdout)

    return run


def _corrupted_snapshot(connection: Connection) -> None:
    connection.execute(
        "update badges.peer_mentor_stats set value_sum = value_sum + 1, longest_day_run = 40"
        " where peer_mentor_id = %s",
        (FIRST,),
    )


def _missing_award(connection: Connection) -> None:
    connection.execute(
        "delete from badges.earned_badges"
        " where peer_mentor_id = %s and badge_definition_id in ('both', 'visitor')",
        (FIRST,),
    )


def _date_too_late(connection: Connection) -> None:
    connection.execute(
        "update badges.earned_badges set earned_at = earned_at + interval '3 days'"
        " where peer_mentor_id = %s and badge_definition_id in ('kinds', 'visitor')",
        (FIRST,),
    )


def _disabled_trigger(connection: Connection) -> None:
    connection.execute("alter table badges.activities disable trigger user")
    _write(connection)
    connection.execute("alter table badges.activities enable trigger user")


def _replica(connection: Connection) -> None:
    with past_the_triggers(connection):
        _write(connection)


def _new_person_unseen(connection: Connection) -> None:
    with past_the_triggers(connection):
        for day in range(1, 9):
            _insert_dated(connection, UUID(int=5), LATER.replace(day=day))


def _deleted_unseen(connection: Connection) -> None:
    with past_the_triggers(connection):
        connection.execute("delete from badges.activities where peer_mentor_id = %s", (FIRST,))


def _visits_deleted_unseen(connection: Connection) -> None:
    with past_the_triggers(connection):
        connection.execute(
            "delete from badges.activities where peer_mentor_id = %s and activity_type = 'visit'",
            (FIRST,),
        )


def _wrongly_revoked(connection: Connection) -> None:
    connection.execute(
        "update badges.earned_badges set revoked_at = granted_at, revoked_by = 'rule'"
        " where peer_mentor_id = %s and badge_definition_id = 'steady'",
        (FIRST,),
    )


def _date_too_early(connection: Connection) -> None:
    connection.execute(
        "update badges.earned_badges set earned_at = earned_at - interval '3 days'"
        " where peer_mentor_id = %s and badge_definition_id = 'steady'",
        (FIRST,),
    )


def _write(connection: Connection) -> None:
    _insert_dated(connection, FIRST, LATER)


def _insert_dated(connection: Connection, person: UUID, moment: datetime) -> None:
    connection.execute(
        "insert into badges.activities (org_id, peer_mentor_id, activity_type, occurred_at,"
        " activity_date, quantity) values ('somewhere', %s, 'visit', %s, %s, 1)",
        (person, moment, moment.date()),
    )


DAMAGES: list[Callable[[Connection], None]] = [
    _corrupted_snapshot,
    _missing_award,
    _date_too_late,
    _disabled_trigger,
    _replica,
    _new_person_unseen,
    _deleted_unseen,
    _visits_deleted_unseen,
    _wrongly_revoked,
    _date_too_early,
]


def test_an_exact_database_is_told_and_exits_with_0(
    cli: Cli, kept: Connection, dsn: str, verify: Callable[..., Any]
) -> None:
    result = cli("verify", dsn=dsn)
    assert (result.exit_code, result.stdout[:6], result.stderr) == (0, "exact:", "")
    assert verify() == (
        0,
        {
            "is_exact": True,
            "waiting": [],
            "found": 0,
            "people": 0,
            "mended": [],
            "differences": [],
        },
    )


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__.strip("_"))
def test_each_damage_is_found_mended_and_told(
    kept: Connection, verify: Callable[..., Any], damage: Callable[[Connection], None]
) -> None:
    damage(kept)
    exit_code, found = verify()
    assert (exit_code, found["is_exact"], found["people"]) == (1, False, 1)
    exit_code, mended = verify("--repair")
    assert (exit_code, mended["is_exact"], mended["differences"]) == (0, True, [])
    assert mended["found"] == found["found"] == len(found["differences"])
    assert mended["mended"] == found["differences"]
    assert verify()[0] == 0


def test_verify_alone_changes_nothing(kept: Connection, verify: Callable[..., Any]) -> None:
    """But for the alert that the first one raises."""
    _corrupted_snapshot(kept)
    _missing_award(kept)
    before = _everything(kept)
    assert verify() == verify()
    assert _everything(kept) == before


def test_a_repair_touches_only_who_differs(kept: Connection, verify: Callable[..., Any]) -> None:
    _corrupted_snapshot(kept)
    others = "select xmin, stats.* from badges.peer_mentor_stats stats where peer_mentor_id <> %s"
    before = kept.execute(others, (FIRST,)).fetchall()
    assert verify("--repair")[0] == 0
    assert kept.execute(others, (FIRST,)).fetchall() == before


def test_a_repair_gives_the_awards_that_the_triggers_would_have_given(
    kept: Connection, verify: Callable[..., Any]
) -> None:
    awards = (
        "select badge_definition_id, tier, occurrence, earned_at, threshold"
        " from badges.earned_badges where peer_mentor_id = %s order by 1, 2, 3"
    )
    before = kept.execute(awards, (FIRST,)).fetchall()
    _missing_award(kept)
    _date_too_late(kept)
    assert verify("--repair")[0] == 0
    assert kept.execute(awards, (FIRST,)).fetchall() == before


def test_a_repair_undoes_no_denial_and_no_revocation_by_hand(
    kept: Connection, verify: Callable[..., Any]
) -> None:
    for routine, badge in (("deny_badge", "steady"), ("revoke_badge", "both")):
        kept.execute(f"select badges.{routine}(%s, %s, %s, 'r')".encode(), (FIRST, badge, ORG))
    by_hand = (
        "select badge_definition_id, earned_at, revoked_at, revoked_by from badges.earned_badges"
        " where peer_mentor_id = %s and badge_definition_id in ('steady', 'both') order by 1"
    )
    before = kept.execute(by_hand, (FIRST,)).fetchall()
    assert [row["revoked_by"] for row in before] == ["person", "person"]
    assert verify()[0] == 0
    for damage in (_corrupted_snapshot, _disabled_trigger, _visits_deleted_unseen):
        damage(kept)
        verify("--repair")
    assert kept.execute(by_hand, (FIRST,)).fetchall() == before


def test_what_cannot_be_mended_is_told_and_exits_with_1(
    kept: Connection, verify: Callable[..., Any]
) -> None:
    _corrupted_snapshot(kept)
    kept.execute(
        "create function public.spoil() returns trigger language plpgsql"
        " as 'begin new.value_max := 77; return new; end'"
    )
    kept.execute(
        "create trigger spoil before insert or update on badges.peer_mentor_stats"
        " for each row when (new.stat = '=visit') execute function public.spoil()"
    )
    exit_code, told = verify("--repair")
    assert exit_code == 1
    assert {each["problem"] for each in told["differences"]} == {"value_max"}
    assert told["mended"]


def test_one_person_or_a_share_can_be_looked_at(
    kept: Connection, verify: Callable[..., Any]
) -> None:
    _corrupted_snapshot(kept)
    assert verify("--mentor", FIRST)[0] == 1
    assert verify("--mentor", PEOPLE[1])[0] == 0
    assert verify("--sample", "1")[0] == 1
    assert verify("--sample", "0.5", "--repair")[0] == 0


def test_the_table_is_capped_and_tells_the_total_and_where_to_look(
    cli: Cli, kept: Connection, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify_command, "SHOWN", 2)
    _corrupted_snapshot(kept)
    total = len(json.loads(cli("verify", "--format", "json", dsn=dsn).stdout)["differences"])
    assert total > 2
    result = cli("verify", dsn=dsn)
    assert result.exit_code == 1
    assert result.stdout.startswith(f"{total} differences, 1 people\n")
    assert result.stdout.count(str(FIRST)) == 2
    assert f"2 of {total} shown" in result.stderr
    assert "pgmerit doctor" in result.stderr
    assert "--repair" in result.stderr


def test_many_are_looked_at_slice_by_slice_with_the_same_result(
    kept: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    _corrupted_snapshot(kept)
    _missing_award(kept)
    steps: list[float] = []
    together = find_differences(kept, progress=steps.append)
    assert together
    assert steps == [100]
    monkeypatch.setattr("pgmerit.verify._LITTLE_BYTES", 0)
    monkeypatch.setattr("pgmerit.verify._SLICE_BYTES", 1 << 14)
    assert find_differences(kept, progress=steps.append) == together
    assert len(steps) > 3
    assert sum(steps[1:]) == pytest.approx(100)


@pytest.mark.parametrize(
    "options",
    [
        ["--mentor", "ada"],
        ["--sample", "0"],
        ["--sample", "1.5"],
        ["--mentor", str(FIRST), "--sample", "0.5"],
    ],
)
def test_wrong_use_is_one_clear_line(cli: Cli, dsn: str, options: list[str]) -> None:
    result = cli("verify", *options, dsn=dsn)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: ")


def test_verify_beside_a_writer_is_exact(
    kept: Connection, connect: Callable[..., Connection]
) -> None:
    """An insert that is not committed is in neither side of the comparison."""
    writer = connect(autocommit=False)
    insert(writer, FIRST, "visit", LATER, {})
    assert kept.execute("select * from badges.verify_stats()").fetchall() == []
    assert kept.execute("select * from badges.verify_awards()").fetchall() == []
    writer.commit()
    assert kept.execute("select * from badges.verify_stats()").fetchall() == []


def _everything(connection: Connection) -> list[Any]:
    tables = (
        "badges.peer_mentor_stats",
        "badges_internal.stat_elements",
        "badges.earned_badges",
        "badges.award_events",
    )
    query = 'select xmin, t.* from {} t where not to_jsonb(t) @> \'{{"event_type": "alert"}}\''
    return [
        connection.execute(f"{query.format(table)} order by t::text".encode()).fetchall()
        for table in tables
    ]
