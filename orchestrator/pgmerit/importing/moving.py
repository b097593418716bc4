"""Staged rows into the activities, and corrections of what is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal
from uuid import UUID

import psycopg

from pgmerit.database import Connection, analyze_filled, connect_alike, retry
from pgmerit.errors import PgmeritError
from pgmerit.importing.options import ImportOptions, Progress
from pgmerit.importing.staging import ImportResult, Preview

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
    org_id, peer_mentor_id, activity_type, occurred_at, activity_date, quantity, attributes,
    idempotency_key
from pg_temp.import_placed
where peer_mentor_id between %(first_person)s and %(last_person)s
order by peer_mentor_id, line_number
on conflict do nothing
"""


# Behind the activities: whoever has a person's base row is alone with the person.
_REMEMBER = """
select badges.remember_mentors(%(namespace)s, array_agg(distinct external_id))
from pg_temp.import_rows
where peer_mentor_id between %(first_person)s and %(last_person)s
and length(external_id) <= 200
"""


# Lines whose key was known already, but with another content.
_COUNT_DIFFERING = """
select count(*) as differing
from pg_temp.import_placed as placed
join badges.activities as stored using (peer_mentor_id, org_id, idempotency_key)
where placed.peer_mentor_id between %(first_person)s and %(last_person)s
and (stored.activity_type, stored.quantity, stored.attributes, stored.occurred_at)
    is distinct from (
        placed.activity_type, placed.quantity, placed.attributes, placed.occurred_at
    )
"""


_COUNT_BADGES = """
select rtrim(badge_definition_id || ' ' || tier) as badge, count(*) as awards
from badges.new_badges()
group by badge_definition_id, tier
"""


_PREVIEW = """
with placed as (
    select peer_mentor_id, org_id, activity_type, activity_date
    from pg_temp.import_placed
)
select
    count(distinct peer_mentor_id) as people,
    array(select distinct org_id from placed order by org_id) as organizations,
    min(activity_date) as first_day,
    max(activity_date) as last_day,
    (
        select coalesce(jsonb_object_agg(kind.activity_type, kind.row_count), '{}')
        from (
            select activity_type, count(*) as row_count
            from placed
            group by activity_type
        ) as kind
    ) as activity_types
from placed
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
            + (
                (stored.occurred_at at time zone organization.time_zone)
                - organization.day_starts
            )::time
            + organization.day_starts
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
    """Insert the staged rows, in one transaction or one for each chunk of people, and analyze.

    A dry run does it in one transaction, and rolls that back.
    """
    rows = _WHOLE if options.dry_run else options.chunk or _WHOLE
    chunks = connection.execute(_CHUNKS, {"chunk": rows}).fetchall()
    total = sum(chunk["row_count"] for chunk in chunks)
    done = on_rows(total) if on_rows else None
    badges: Counter[str] = Counter()
    for chunk in chunks:
        moved = _Moved()
        try:
            retry(partial(_insert, connection, chunk, moved, options))
        except KeyboardInterrupt:
            if _is_committed(connection, moved):
                _add(result, chunk, moved)
            raise
        _add(result, chunk, moved)
        badges.update(moved.badges)
        if done:
            done(chunk["row_count"])
    if options.dry_run:
        row = connection.execute(_PREVIEW).fetchone() or {}
        result.preview = Preview(**row, badges=dict(sorted(badges.items())))
    else:
        analyze_filled(connection, result.imported)


@dataclass
class _Moved:
    """What a chunk's transaction did; `transaction_id` is None before it began."""

    transaction_id: str | None = None
    imported: int = 0
    differing: int = 0
    badges: dict[str, int] = field(default_factory=dict)


def _insert(
    connection: Connection, chunk: dict[str, Any], moved: _Moved, options: ImportOptions
) -> None:
    with connection.transaction(force_rollback=options.dry_run):
        began = connection.execute("select pg_current_xact_id()::text as id").fetchone()
        moved.transaction_id = began["id"] if began else None
        moved.imported = connection.execute(_INSERT, chunk).rowcount
        if options.mentor_namespace is not None:
            connection.execute(_REMEMBER, chunk | {"namespace": options.mentor_namespace})
        moved.differing = 0
        if moved.imported < chunk["row_count"]:
            row = connection.execute(_COUNT_DIFFERING, chunk).fetchone()
            moved.differing = row["differing"] if row else 0
        counted = connection.execute(_COUNT_BADGES).fetchall()
        moved.badges = {row["badge"]: row["awards"] for row in counted}


def _is_committed(connection: Connection, moved: _Moved) -> bool:
    """Ask what became of a transaction whose end was not heard of."""
    if moved.transaction_id is None:
        return False
    # A stop may have come in the middle of an answer: the connection is of no use then.
    with suppress(psycopg.Error, PgmeritError), closing(connect_alike(connection)) as other:
        row = other.execute(
            "select pg_xact_status(%s::xid8) = 'committed' as is_committed",
            (moved.transaction_id,),
        ).fetchone()
        return row is not None and bool(row["is_committed"])
    return False


def _add(result: ImportResult, chunk: dict[str, Any], moved: _Moved) -> None:
    result.imported += moved.imported
    result.duplicates += chunk["row_count"] - moved.imported
    result.differing += moved.differing
    result.new_badges += sum(moved.badges.values())


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
