"""Staged rows into the activities, and corrections of what is there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal
from uuid import UUID

from pgmerit.database import Connection, analyze_filled, retry
from pgmerit.importing.reading import ImportOptions, Progress
from pgmerit.importing.staging import ImportResult

_WHOLE = 1 << 62


@dataclass(frozen=True, slots=True)
class Correction:
    """What somebody mended later: a deleted row, or new values for some of its columns."""

    action: Literal["update", "delete"]
    peer_mentor_id: UUID
    org_id: str
    idempotency_key: str
    quantity: str | None = None
    activity_type: str | None = None
    activity_date: str | None = None


_CHUNKS = """
select
    min(peer_mentor_id::text)::uuid as first_person,
    max(peer_mentor_id::text)::uuid as last_person,
    sum(row_count)::bigint as row_count
from (
    select
        peer_mentor_id,
        row_count,
        (sum(row_count) over (order by peer_mentor_id) - row_count) / %(chunk)s as place
    from (
        select peer_mentor_id, count(*) as row_count
        from pg_temp.import_rows
        group by peer_mentor_id
    ) as people
) as placed
group by floor(place)
order by 1
"""


_INSERT = """
insert into badges.activities (
    org_id, peer_mentor_id, activity_type, occurred_at, activity_date, quantity, attributes,
    idempotency_key
)
select
    placed.org_id,
    placed.peer_mentor_id,
    placed.activity_type,
    placed.moment,
    coalesce(placed.activity_date, (placed.moment at time zone placed.time_zone)::date),
    placed.quantity,
    placed.attributes,
    placed.idempotency_key
from (
    select
        staged.*,
        organization.time_zone,
        coalesce(
            staged.occurred_at,
            coalesce(staged.local_moment, staged.activity_date + time '12:00')
                at time zone organization.time_zone
        ) as moment
    from pg_temp.import_rows as staged
    join badges.organizations as organization using (org_id)
    where staged.peer_mentor_id between %(first_person)s and %(last_person)s
) as placed
order by placed.peer_mentor_id, placed.line_number
on conflict do nothing
"""


# Lines whose key was known already, but with another content.
_COUNT_DIFFERING = """
select count(*) as differing
from pg_temp.import_rows as staged
join badges.organizations as organization using (org_id)
join badges.activities as stored using (peer_mentor_id, org_id, idempotency_key)
where staged.peer_mentor_id between %(first_person)s and %(last_person)s
and (stored.activity_type, stored.quantity, stored.attributes, stored.occurred_at)
    is distinct from (
        staged.activity_type,
        staged.quantity,
        staged.attributes,
        coalesce(
            staged.occurred_at,
            coalesce(staged.local_moment, staged.activity_date + time '12:00')
                at time zone organization.time_zone
        )
    )
"""


_CREATE_CORRECTIONS = """
create temporary table import_corrections (
    action text not null,
    peer_mentor_id uuid not null,
    org_id text collate "C" not null,
    idempotency_key text not null,
    quantity numeric,
    activity_type text,
    activity_date date,
    primary key (peer_mentor_id, org_id, idempotency_key)
) on commit drop
"""


_UPDATE_CORRECTED = """
update badges.activities as stored
set
    quantity = coalesce(correction.quantity, stored.quantity),
    activity_type = coalesce(correction.activity_type, stored.activity_type),
    activity_date = coalesce(correction.activity_date, stored.activity_date),
    occurred_at = case
        when correction.activity_date is null then stored.occurred_at
        else (
            correction.activity_date
            + (stored.occurred_at at time zone organization.time_zone)::time
        ) at time zone organization.time_zone
    end
from pg_temp.import_corrections as correction
join badges.organizations as organization on organization.org_id = correction.org_id
where correction.action = 'update'
and stored.peer_mentor_id = correction.peer_mentor_id
and stored.org_id = correction.org_id
and stored.idempotency_key = correction.idempotency_key
"""


_DELETE_CORRECTED = """
delete from badges.activities as stored
using pg_temp.import_corrections as correction
where correction.action = 'delete'
and stored.peer_mentor_id = correction.peer_mentor_id
and stored.org_id = correction.org_id
and stored.idempotency_key = correction.idempotency_key
"""


def move(
    connection: Connection,
    result: ImportResult,
    options: ImportOptions,
    on_rows: Callable[[int], Progress] | None,
) -> None:
    """Insert the staged rows, in one transaction or one for each chunk of people, and analyze."""
    chunks = connection.execute(_CHUNKS, {"chunk": options.chunk or _WHOLE}).fetchall()
    total = sum(chunk["row_count"] for chunk in chunks)
    done = on_rows(total) if on_rows else None
    for chunk in chunks:
        moved = _Moved()
        try:
            retry(partial(_insert, connection, chunk, moved))
        except KeyboardInterrupt:
            if _is_committed(connection, moved):
                _add(result, chunk, moved)
            raise
        _add(result, chunk, moved)
        if done:
            done(chunk["row_count"])
    analyze_filled(connection, result.imported)


@dataclass
class _Moved:
    """What a chunk's transaction did; `transaction_id` is None before it began."""

    transaction_id: str | None = None
    imported: int = 0
    differing: int = 0
    new_badges: int = 0


def _insert(connection: Connection, chunk: dict[str, Any], moved: _Moved) -> None:
    with connection.transaction():
        began = connection.execute("select pg_current_xact_id()::text as id").fetchone()
        moved.transaction_id = began["id"] if began else None
        moved.imported = connection.execute(_INSERT, chunk).rowcount
        moved.differing = 0
        if moved.imported < chunk["row_count"]:
            row = connection.execute(_COUNT_DIFFERING, chunk).fetchone()
            moved.differing = row["differing"] if row else 0
        row = connection.execute("select count(*) as badges from badges.new_badges()").fetchone()
        moved.new_badges = row["badges"] if row else 0


def _is_committed(connection: Connection, moved: _Moved) -> bool:
    """Ask what became of a transaction whose end was not heard of."""
    if moved.transaction_id is None:
        return False
    row = connection.execute(
        "select pg_xact_status(%s::xid8) = 'committed' as is_committed", (moved.transaction_id,)
    ).fetchone()
    return row is not None and bool(row["is_committed"])


def _add(result: ImportResult, chunk: dict[str, Any], moved: _Moved) -> None:
    result.imported += moved.imported
    result.duplicates += chunk["row_count"] - moved.imported
    result.differing += moved.differing
    result.new_badges += moved.new_badges


def apply_corrections(connection: Connection, corrections: Iterable[Correction]) -> dict[str, int]:
    """Apply corrections in one transaction, one update and one delete for all of them.

    A new day keeps the time of day by the organization's clock. Says how many rows were
    `updated` and `deleted`; keys that are not there count as neither.
    """

    def work() -> dict[str, int]:
        with connection.transaction():
            connection.execute(_CREATE_CORRECTIONS)
            with connection.cursor() as cursor:
                with cursor.copy("copy pg_temp.import_corrections from stdin") as copy:
                    for one in listed:
                        copy.write_row(
                            (
                                one.action,
                                one.peer_mentor_id,
                                one.org_id,
                                one.idempotency_key,
                                one.quantity,
                                one.activity_type,
                                one.activity_date,
                            )
                        )
                cursor.execute("analyze pg_temp.import_corrections")
                updated = cursor.execute(_UPDATE_CORRECTED).rowcount
                deleted = cursor.execute(_DELETE_CORRECTED).rowcount
        return {"updated": updated, "deleted": deleted}

    listed = list(corrections)
    return retry(work)
