"""Judged rows into the awards: staged in the session, then a transaction a batch."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from psycopg import sql

from pgmerit import routines
from pgmerit.adopting.judging import TAKEN, AdoptOptions, Report, Source, counted, judged
from pgmerit.database import Connection, analyze_filled, is_free, require_direct, retry
from pgmerit.errors import StoppedError

Progress = Callable[[float], None]

_STAGE = sql.SQL("""
create temporary table adopt_rows as
select
    judged.*,
    case when judged.status = 'adopt' then (
        row_number() over (
            partition by judged.status order by judged.peer_mentor_id, judged.org_id
        ) - 1
    ) / {batch} end as batch
from ({judged}) as judged
""")
_STAGED = sql.SQL("select * from pg_temp.adopt_rows")
_ADOPT = """
select badges.adopt_awards(
    array_agg(peer_mentor_id), array_agg(badge_definition_id), array_agg(org_id),
    array_agg(moment), array_agg(tier), array_agg(occurrence)
) as value
from pg_temp.adopt_rows
where batch = %s
"""
_REMEMBER = """
select badges.remember_mentors(%s, array_agg(distinct person))
from pg_temp.adopt_rows
where status = any (%s)
and length(person) <= 200
"""
_RULE_SETS = """
select distinct organization.rule_set
from badges.organizations as organization
where organization.org_id in (
    select staged.org_id from pg_temp.adopt_rows as staged where staged.status = 'adopt'
)
"""


def adopt(
    connection: Connection,
    source: Source,
    options: AdoptOptions,
    on_rows: Callable[[int], Progress] | None = None,
) -> Report:
    """Take over the awards that fit, on an autocommit connection; gives the report with them.

    A batch is a transaction, so that a run that was stopped is taken up by the next.
    `on_rows` gets the number of awards and gives the function that hears how many are done.
    Raises StoppedError on Ctrl-C, with the number of awards that stand, and PgmeritError through a
    pooler, which may give each transaction another session.
    """
    require_direct(connection)
    result = Report()
    try:
        connection.execute("drop table if exists pg_temp.adopt_rows")
        connection.execute(_STAGE.format(judged=judged(source, options), batch=options.batch))
        connection.execute("create index on pg_temp.adopt_rows (batch) where batch is not null")
        connection.execute("analyze pg_temp.adopt_rows")
        result = counted(connection, _STAGED)
        done = on_rows(result.adopt) if on_rows else None
        for batch in range(-(-result.adopt // options.batch)):
            told = retry(partial(_adopt, connection, batch))
            result.adopted += told["adopted"]
            result.followed += told["followed"]
            if done:
                done(min(options.batch, result.adopt - batch * options.batch))
        if options.namespace is not None:
            retry(partial(connection.execute, _REMEMBER, (options.namespace, list(TAKEN))))
        if result.adopted:
            result.followed += _hand_out_places(connection)
        analyze_filled(connection, result.adopted)
    except KeyboardInterrupt as stop:
        raise StoppedError(f"stopped: {_standing(result)}") from stop
    finally:
        if is_free(connection):
            connection.execute("drop table if exists pg_temp.adopt_rows")
    return result


def _adopt(connection: Connection, batch: int) -> dict[str, Any]:
    row = connection.execute(_ADOPT, (batch,)).fetchone()
    told: dict[str, Any] = row["value"] if row else {}
    return told


def _hand_out_places(connection: Connection) -> int:
    """Give the places that badges for badges claim, unless an apply is still evaluating people."""
    names = [row["rule_set"] for row in connection.execute(_RULE_SETS).fetchall()]
    return sum(
        retry(partial(routines.backfill_rule_set, connection, name, 0))["awarded"]
        for name in names
        if name is not None
    )


def _standing(result: Report) -> str:
    if not result.adopted:
        return "nothing was taken over; run the same command again"
    return (
        f"{result.adopted} of {result.adopt} awards are taken over, one batch more perhaps;"
        " run the same command again: it goes on"
    )
