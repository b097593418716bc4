"""What the engine's tests share: rule sets, people, activities, sessions that wait."""

from __future__ import annotations

import copy
import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import NAMESPACE_OID, UUID, uuid5

from pgmerit.database import Connection
from pgmerit.rules.grammar import canonical_text
from psycopg.types.json import Jsonb

Row = dict[str, Any]
T = TypeVar("T")

SQL = Path(__file__).parents[1] / "sql"
ORG = "nhf"
ANN = uuid5(NAMESPACE_OID, "ann")
BEN = uuid5(NAMESPACE_OID, "ben")
COLUMNS = (
    "org_id",
    "peer_mentor_id",
    "activity_type",
    "occurred_at",
    "quantity",
    "attributes",
    "idempotency_key",
)
PATIENCE = 20.0
LONG_AGO = "1900-01-01"


def person(name: str) -> UUID:
    """Give the id of a named person."""
    return uuid5(NAMESPACE_OID, name)


def moment(day: str | date, time_of_day: str = "12:00") -> datetime:
    """Give a moment in UTC."""
    return datetime.fromisoformat(f"{day}T{time_of_day}").replace(tzinfo=UTC)


def rule_set(
    badges: Mapping[str, Any],
    organizations: Mapping[str, Any] | None = None,
    name: str = "tests",
) -> Row:
    """Build a document from criteria, or whole badges, by slug."""
    return {
        "version": 1,
        "ruleset": name,
        "organizations": dict(organizations or {ORG: {"time_zone": "UTC"}}),
        "badges": {
            slug: badge if "criteria" in badge and "name" in badge else _badge(slug, badge)
            for slug, badge in badges.items()
        },
    }


def _badge(slug: str, criteria: Any) -> Row:
    return {"name": slug, "criteria": criteria}


def install_changed(connection: Connection, path: str, before: str, after: str) -> None:
    """Load a file of sql/ with the one place that reads `before` changed."""
    text = (SQL / path).read_text(encoding="utf-8")
    assert text.count(before) == 1, f"{path} has changed: find {before!r} anew"
    connection.execute(text.replace(before, after).encode())


def without_badges(document: Mapping[str, Any]) -> Row:
    """Give a document's organizations alone."""
    bare = copy.deepcopy(dict(document))
    bare["badges"] = {}
    for organization in bare["organizations"].values():
        organization.pop("badges", None)
        organization.pop("custom_thresholds", None)
    return bare


def apply(
    connection: Connection,
    document: Mapping[str, Any],
    batch: int = 1000,
    *,
    allow_revoke: bool = False,
    as_of: datetime | str = LONG_AGO,
) -> Row:
    """Apply a rule set as the command does: commit it, then evaluate everybody.

    Histories lie in the past: unless a moment is given, each is judged as of their last activity.
    """
    applied: Row = value(
        connection,
        "select badges.apply_rule_set(%s, p_allow_revoke => %s)",
        Jsonb(document, dumps=canonical_text),
        allow_revoke,
    )
    horizon = value(connection, "select badges.rule_set_horizon()::text")
    name = applied["rule_set"]
    value(connection, "select badges.measure_rule_set(%s)", name)

    def is_settled() -> bool:
        query = "select badges.backfill_rule_set(%s, %s, %s)"
        while value(connection, query, name, batch, as_of)["remaining"]:
            pass
        settled: bool = value(
            connection, "select badges.rule_set_is_settled(%s, %s::xid8)", name, horizon
        )
        return settled

    until(is_settled)
    return applied


def value(connection: Connection, query: str, *parameters: Any) -> Any:
    """Give the one value of a query."""
    row = connection.execute(query.encode(), parameters).fetchone()
    assert row is not None
    return next(iter(row.values()))


def rows(connection: Connection, query: str, *parameters: Any) -> list[Row]:
    """Give the rows of a query."""
    return connection.execute(query.encode(), parameters).fetchall()


def entries_read(connection: Connection, table: str) -> int:
    """Count the rows that this transaction has looked at in a table, by any index and by none."""
    return int(
        value(
            connection,
            """
            select sum(pg_stat_get_xact_tuples_returned(looked_at.id))
            from (
                select indexrelid from pg_index where indrelid = %s::regclass
                union all
                select %s::regclass
            ) as looked_at (id)
            """,
            table,
            table,
        )
    )


def calls_of_functions(connection: Connection, work: Callable[[], object]) -> dict[str, int]:
    """Tell how often some work calls each function: what is put in line is not called."""

    def called() -> Counter[str]:
        value(connection, "select pg_stat_force_next_flush()")
        query = "select funcname || '_' || funcid as name, calls from pg_stat_user_functions"
        return Counter({each["name"]: each["calls"] for each in rows(connection, query)})

    connection.execute("set track_functions = 'all'")
    before = called()
    work()
    calls = called() - before
    assert calls, "nothing was counted"
    return calls


def activity(
    occurred_at: datetime | str,
    *,
    who: UUID = ANN,
    org: str = ORG,
    kind: str = "call",
    quantity: Any = 1,
    attributes: Mapping[str, Any] | str | None = None,
    key: str | None = None,
) -> tuple[Any, ...]:
    """Give an activity's values in the order of COLUMNS; a bare day means its noon."""
    if isinstance(occurred_at, str):
        occurred_at = (
            moment(occurred_at) if len(occurred_at) == 10 else moment(*occurred_at.split())
        )
    if isinstance(attributes, str):
        return (org, who, kind, occurred_at, quantity, attributes, key)
    return (org, who, kind, occurred_at, quantity, Jsonb(dict(attributes or {})), key)


def insert(connection: Connection, *activities: tuple[Any, ...], tail: str = "") -> list[Row]:
    """Insert activities by one statement."""
    places = ", ".join([f"({', '.join(['%s'] * len(COLUMNS))})"] * len(activities))
    statement = f"insert into badges.activities ({', '.join(COLUMNS)}) values {places} {tail}"
    cursor = connection.execute(statement.encode(), list(itertools.chain(*activities)))
    return cursor.fetchall() if cursor.description else []


def insert_days(
    connection: Connection, first: str, count: int, *, every: int = 1, **rest: Any
) -> None:
    """Insert one activity a day from the first, in order, by one statement each."""
    for n in range(count):
        insert(connection, activity(moment(first) + timedelta(days=n * every), **rest))


def copy_in(
    connection: Connection,
    activities: Iterable[tuple[Any, ...]],
    table: str = "badges.activities",
) -> None:
    """Bring activities in by COPY."""
    statement = f"copy {table} ({', '.join(COLUMNS)}) from stdin"
    with connection.cursor().copy(statement.encode()) as stream:
        for each in activities:
            stream.write_row(each)


def stage_in(connection: Connection, activities: Iterable[tuple[Any, ...]]) -> None:
    """Bring activities in by COPY and one statement: no COPY goes past row-level security."""
    names = ", ".join(COLUMNS)
    with connection.transaction():
        connection.execute(
            f"create temp table incoming on commit drop as select {names}"
            " from badges.activities with no data".encode()
        )
        copy_in(connection, activities, "pg_temp.incoming")
        connection.execute(
            f"insert into badges.activities ({names}) select {names} from pg_temp.incoming".encode()
        )


def awards(connection: Connection, who: UUID | None = None) -> list[Row]:
    """List the awards that count, oldest first."""
    return rows(
        connection,
        "select * from badges.earned_badges where revoked_at is null"
        " and (%s::uuid is null or peer_mentor_id = %s)"
        " order by earned_at, badge_definition_id, tier, occurrence, org_id, peer_mentor_id",
        who,
        who,
    )


def badge_ids(connection: Connection, who: UUID | None = None) -> list[str]:
    """List the badges awarded, in the order of their slugs."""
    return sorted(each["badge_definition_id"] for each in awards(connection, who))


def stats(
    connection: Connection, who: UUID = ANN, stat: str = "*", bucket: str = "", org: str = ORG
) -> Row | None:
    """Give one row of the snapshot."""
    return connection.execute(
        "select * from badges.peer_mentor_stats"
        " where peer_mentor_id = %s and org_id = %s and stat = %s and bucket = %s",
        (who, org, stat, bucket),
    ).fetchone()


def assert_exact(connection: Connection) -> None:
    """Fail unless snapshot and awards equal a recomputation, one award one event."""
    for query in (
        "select * from badges.verify_stats()",
        "select * from badges.verify_awards()",
        """
        select peer_mentor_id, org_id, badge_definition_id, tier, occurrence
        from (
            select peer_mentor_id, org_id, badge_definition_id, tier, occurrence, 1 as n
            from badges.earned_badges
            union all
            select peer_mentor_id, org_id, badge_definition_id, tier, occurrence, -1
            from badges.award_events
            where event_type in ('awarded', 'conflict')
        ) as told
        group by 1, 2, 3, 4, 5
        having sum(n) <> 0
        """,
    ):
        found = rows(connection, query)
        assert not found, found


def until(is_true: Callable[[], bool]) -> None:
    """Ask again until the answer is yes; fail when it stays no."""
    deadline = time.monotonic() + PATIENCE
    pause = threading.Event()
    while not is_true():
        assert time.monotonic() < deadline, "waited in vain"
        pause.wait(0.002)


def wait_until_blocked(observer: Connection, session: Connection) -> None:
    """Return once the session waits for another's lock."""
    until(
        lambda: value(
            observer,
            "select cardinality(pg_blocking_pids(%s)) > 0",
            session.info.backend_pid,
        )
    )


def in_background(work: Callable[[], T]) -> Future[T]:
    """Run the work in a thread of its own; its error comes with the result."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future
