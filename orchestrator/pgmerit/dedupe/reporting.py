"""What a deduplication would do, read in one READ ONLY snapshot."""

from __future__ import annotations

import time
from typing import Any

from psycopg.sql import SQL, Composed, Identifier, Literal

from pgmerit.database import Connection
from pgmerit.dedupe.statements import Statements, both, comma
from pgmerit.dedupe.table import ForeignKey, Options, Table, key_indexes, rows

_EXAMPLES = 5
# Beside the scan that the report makes: two index builds, a scan for groups and two counts.
_SCANS = 3
_ROWS_A_SECOND = 5000

_TRIGGERS = """
select t.tgname as name, t.tgfoid::regproc::text as function
from pg_catalog.pg_trigger as t
where t.tgrelid = {oid} and not t.tgisinternal and t.tgenabled <> 'D' and t.tgtype & 8 <> 0
and t.tgname not like 'pgmerit\\_dedupe\\_%'
order by t.tgname
"""

# Internal to foreign keys: what a delete would do to children whose rows are not repointed.
_ACTIONS = """
select conname as name, confdeltype::text as action
from pg_catalog.pg_constraint where contype = 'f' and confrelid = {oid}
"""

_ACTION_WORDS = {"a": "no action", "r": "restrict", "c": "cascade", "n": "set null"}


def read_report(connection: Connection, table: Table, options: Options) -> dict[str, Any]:
    """Count what would be removed and who would notice; inside a transaction of the caller's.

    Gives groups, rows, kept, removed, null_key_rows, foreign_keys, triggers, indexes, size_bytes,
    expected_seconds, examples, notes and has_work.
    """
    work = Statements(table, options, 0)
    began = time.monotonic()
    counts = _one(connection, _count(work))
    scanned = time.monotonic() - began
    indexes = key_indexes(connection, table, options.key)
    is_enforced = any(each.enforces(options.nulls) for each in indexes)
    return {
        "table": table.full_name,
        "key": list(options.key),
        "keep": options.keep,
        "constraint": options.constraint,
        "rows": counts["rows"],
        "groups": counts["groups"],
        "duplicate_rows": counts["duplicates"],
        "removed": counts["removed"],
        "kept": counts["rows"] - counts["removed"],
        "null_key_rows": counts["null_rows"],
        "examples": _examples(connection, work) if counts["groups"] else [],
        "foreign_keys": count_children(connection, work, has_groups=bool(counts["groups"])),
        "triggers": rows(connection, _TRIGGERS, oid=table.oid),
        "indexes": [
            {
                "name": each.name,
                "is_unique": each.is_unique,
                "is_valid": each.is_valid,
                "enforces": each.is_unique and each.is_ready,
                "definition": each.definition,
            }
            for each in indexes
        ],
        "size_bytes": _one(
            connection,
            SQL("select pg_catalog.pg_table_size({}::oid::regclass) as size").format(
                Literal(table.oid)
            ),
        )["size"],
        "expected_seconds": round(scanned * _SCANS + counts["removed"] / _ROWS_A_SECOND, 1),
        "notes": _notes(table, options, counts),
        "has_work": not is_enforced,
    }


def count_null_keys(connection: Connection, work: Statements) -> int:
    """Count the rows with a NULL in the key."""
    if all(each.is_not_null for each in work.key):
        return 0
    return int(_one(connection, work.has_null_keys())["null_rows"])


def count_children(
    connection: Connection, work: Statements, *, has_groups: bool = True
) -> list[dict[str, Any]]:
    """Count, for each foreign key, the children of rows that would be removed."""
    actions = {row["name"]: row["action"] for row in rows(connection, _ACTIONS, oid=work.table.oid)}
    return [
        {
            "table": each.child_name,
            "name": each.name,
            "on_delete": _ACTION_WORDS.get(actions[each.name], "set default"),
            "is_indexed": each.is_indexed,
            "can_be_repointed": bool(each.child_key),
            "child_rows": _one(connection, children_of(work, each))["n"] if has_groups else 0,
        }
        for each in work.table.foreign_keys
    ]


def _count(work: Statements) -> Composed:
    return SQL(
        "select coalesce(pg_catalog.sum(n), 0)::int8 as rows, "
        "pg_catalog.count(*) filter (where n > 1 and counts) as groups, "
        "coalesce(pg_catalog.sum(n) filter (where n > 1 and counts), 0)::int8 as duplicates, "
        "coalesce(pg_catalog.sum(n - 1) filter (where n > 1 and counts), 0)::int8 as removed, "
        "coalesce(pg_catalog.sum(n) filter (where has_null), 0)::int8 as null_rows "
        "from (select pg_catalog.count(*) as n, ({counts}) as counts, ({has_null}) as has_null "
        "from only {table} as t group by {key}) as s"
    ).format(
        counts=work.counts("t"),
        has_null=SQL(" or ").join(SQL("t.{} is null").format(each.identifier) for each in work.key),
        table=work.table.identifier,
        key=comma(SQL("t.{}").format(each.identifier) for each in work.key),
    )


def _examples(connection: Connection, work: Statements) -> list[dict[str, Any]]:
    """Show some of the largest groups: the key as text, how many rows, the value that is kept."""
    shown = comma(
        part
        for each in work.key
        for part in (Literal(each.name), SQL("t.{}::text").format(each.identifier))
    )
    keep = work.table.column(work.options.keep).identifier
    return connection.execute(
        SQL(
            "select pg_catalog.jsonb_build_object({shown}) as key, pg_catalog.count(*) as rows, "
            "(pg_catalog.array_agg(t.{keep}::text order by {order}))[1] as kept "
            "from only {table} as t where {counts} group by {key} "
            "having pg_catalog.count(*) > 1 order by 2 desc, 1 limit {limit}"
        ).format(
            shown=shown,
            keep=keep,
            order=work.order("t"),
            table=work.table.identifier,
            counts=work.counts("t"),
            key=comma(SQL("t.{}").format(each.identifier) for each in work.key),
            limit=Literal(_EXAMPLES),
        )
    ).fetchall()


def children_of(work: Statements, foreign_key: ForeignKey) -> Composed:
    """Count the children of rows that are not the first of their key, and stay themselves."""
    referenced = comma(SQL("t.{}").format(Identifier(name)) for name in foreign_key.referenced)
    removed = SQL(
        "select {referenced}, t.ctid as row_id, pg_catalog.row_number() over "
        "(partition by {key} order by {order}) as place from only {table} as t where {counts}"
    ).format(
        referenced=referenced,
        key=comma(SQL("t.{}").format(each.identifier) for each in work.key),
        order=work.order("t"),
        table=work.table.identifier,
        counts=work.counts("t"),
    )
    joined = [
        column.equal(SQL("c.{}").format(column.identifier), SQL("a.{}").format(Identifier(name)))
        for column, name in zip(foreign_key.columns, foreign_key.referenced, strict=True)
    ]
    if foreign_key.is_own:
        joined.append(
            SQL(
                "not exists (select from removed as o where o.row_id = c.ctid and o.place > 1)"
            ).format()
        )
    return SQL(
        "with removed as ({}) select pg_catalog.count(*) as n from {} as c "
        "join removed as a on a.place > 1 and {}"
    ).format(removed, foreign_key.child, both(joined))


def _notes(table: Table, options: Options, counts: dict[str, Any]) -> list[str]:
    """Say what a person should know before."""
    notes = []
    if counts["null_rows"] and options.nulls == "refuse":
        notes.append(
            f"{counts['null_rows']} rows have a NULL in the key: choose --nulls distinct (they "
            "stay) or not-distinct (NULL equals NULL)"
        )
    if table.is_own:
        notes.append(
            "these are pgmerit's own awards: a removed row is no revocation, so no event is told, "
            "statistics stay, and so do places that are claimed"
        )
    return notes


def _one(connection: Connection, statement: Composed) -> dict[str, Any]:
    found = connection.execute(statement).fetchone()
    assert found is not None  # noqa: S101
    return found
