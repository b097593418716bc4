"""The batches that were begun: who works on one, and how far it is."""

from __future__ import annotations

import shlex
import time
from dataclasses import replace
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier, Literal

from pgmerit.database import Connection
from pgmerit.dedupe.statements import STATE, Statements
from pgmerit.dedupe.table import META, SCHEMA, Options, Table
from pgmerit.errors import BusyError, NoRightsError, PgmeritError, UnknownObjectError

Batch = dict[str, Any]

BATCHES = Identifier(SCHEMA, "batches")
STEPS = Identifier(SCHEMA, "steps")
# What the guard does in a phase is told by `guard_of`.
PHASES = (
    *("made", "guarded", "counted", "indexed", "scanned", "fenced", "drained", "built"),
    *("verified", "attached", "done", "undoing", "undone"),
)
_RUNNER_SECONDS = 3.0

RUNNER = """
select a.pid, a.state, a.query_start, a.application_name, pg_catalog.left(a.query, 60) as query
from pg_catalog.pg_stat_activity as a
where a.pid = {pid} and a.pid <> pg_catalog.pg_backend_pid()
and (a.backend_start is null or a.backend_start = {started_at})
"""


def guard_of(phase: str) -> str:
    """Say what the guard does to writers in a phase: none, note or refuse."""
    if phase in ("fenced", "drained", "built", "verified"):
        return "refuse"
    return "note" if phase in ("guarded", "counted", "indexed", "scanned") else "none"


def has_state(connection: Connection) -> bool:
    """Whether there was ever a batch in this database; refuses a schema of somebody else's.

    Raises PgmeritError.
    """
    row = connection.execute(
        SQL(
            "select pg_catalog.pg_get_userbyid(n.nspowner) as owner, "
            "pg_catalog.pg_has_role(n.nspowner, 'usage') as is_owned, "
            "exists (select from pg_catalog.pg_class as c "
            "where c.relnamespace = n.oid and c.relname = 'batches') as has_batches "
            "from pg_catalog.pg_namespace as n where n.nspname = {}"
        ).format(Literal(SCHEMA))
    ).fetchone()
    if row is None:
        return False
    if not row["is_owned"]:
        raise NoRightsError(
            f"the schema {SCHEMA} belongs to {row['owner']}",
            "Use that role: archives and batches are its own.",
        )
    return bool(row["has_batches"])


def find(connection: Connection, batch_id: int) -> Batch:
    """Read a batch; raises PgmeritError when there is none."""
    found = None
    if has_state(connection):
        found = connection.execute(
            SQL("select * from {} where batch_id = {}").format(BATCHES, Literal(batch_id))
        ).fetchone()
    if found is None:
        raise UnknownObjectError(
            f"there is no batch {batch_id}", "`pgmerit dedupe --status` lists them."
        )
    return found


def find_unfinished(connection: Connection, table: Table) -> Batch | None:
    """Read the batch of a table that is not at its end."""
    if not has_state(connection):
        return None
    return connection.execute(
        SQL("select * from {} where table_oid = {} and phase not in ('done', 'undone')").format(
            BATCHES, Literal(table.oid)
        )
    ).fetchone()


def create(connection: Connection, table: Table, options: Options) -> Batch:
    """Begin a batch, with its work tables, as this session's own; raises PgmeritError."""
    try:
        with connection.transaction():
            for text in STATE:
                connection.execute(text.encode())
                has_state(connection)
            inserted = connection.execute(
                SQL(
                    "insert into {} (table_oid, table_name, key_columns, keep_column, children, "
                    "nulls, constraint_name, shape, phase, runner_pid, runner_started_at) "
                    "select {}, 'made', a.pid, a.backend_start "
                    "from pg_catalog.pg_stat_activity as a "
                    "where a.pid = pg_catalog.pg_backend_pid() returning *"
                ).format(
                    BATCHES,
                    SQL(", ").join(
                        Literal(value)
                        for value in (
                            table.oid,
                            table.full_name,
                            list(options.key),
                            options.keep,
                            options.children,
                            options.nulls,
                            options.constraint,
                            table.shape,
                        )
                    ),
                )
            ).fetchone()
            assert inserted is not None  # noqa: S101
            for statement in Statements(table, options, inserted["batch_id"]).create_work():
                connection.execute(statement)
    except psycopg.errors.UniqueViolation as exc:
        raise BusyError(
            f"another session has just begun to deduplicate {table.full_name}",
            "`pgmerit dedupe --status` shows how far it is.",
        ) from exc
    return inserted


def claim(connection: Connection, batch_id: int) -> None:
    """Make this session the batch's runner; raises BusyError while another one lives."""
    deadline = time.monotonic() + _RUNNER_SECONDS
    while True:
        with connection.transaction():
            row = connection.execute(
                SQL("select * from {} where batch_id = {} for update").format(
                    BATCHES, Literal(batch_id)
                )
            ).fetchone()
            assert row is not None  # noqa: S101
            runner = living_runner(connection, row)
            if runner is None:
                connection.execute(
                    SQL(
                        "update {} set runner_pid = a.pid, runner_started_at = a.backend_start "
                        "from pg_catalog.pg_stat_activity as a "
                        "where batch_id = {} and a.pid = pg_catalog.pg_backend_pid()"
                    ).format(BATCHES, Literal(batch_id))
                )
                return
        # A server that builds for a client that died notices it within a second.
        if time.monotonic() > deadline:
            raise BusyError(
                f"batch {batch_id} is worked on by pid {runner['pid']} "
                f"({runner['state'] or 'of another role'}: {runner['query'] or ''})",
                "Let it end, or stop it; `pgmerit dedupe --status` shows how far it is.",
            )
        time.sleep(0.1)


def release(connection: Connection, batch_id: int) -> None:
    """Let go of a batch."""
    connection.execute(
        SQL(
            "update {} set runner_pid = null, runner_started_at = null "
            "where batch_id = {} and runner_pid = pg_catalog.pg_backend_pid()"
        ).format(BATCHES, Literal(batch_id))
    )


def living_runner(connection: Connection, batch: Batch) -> dict[str, Any] | None:
    """Find the session that works on a batch, other than this one."""
    if batch["runner_pid"] is None:
        return None
    return connection.execute(
        SQL(RUNNER).format(
            pid=Literal(batch["runner_pid"]), started_at=Literal(batch["runner_started_at"])
        )
    ).fetchone()


def update(connection: Connection, batch_id: int, **values: Any) -> None:
    """Write down how far a batch is."""
    connection.execute(
        SQL("update {} set {} where batch_id = {}").format(
            BATCHES,
            SQL(", ").join(
                SQL("{} = {}").format(Identifier(name), Literal(value))
                for name, value in values.items()
            ),
            Literal(batch_id),
        )
    )


def options_of(batch: Batch, **limits: Any) -> Options:
    """Give the options that a batch was begun with."""
    return Options(
        key=tuple(batch["key_columns"]),
        keep=batch["keep_column"],
        children=batch["children"],
        nulls=batch["nulls"],
        constraint=batch["constraint_name"],
        **limits,
    )


def command_of(batch: Batch) -> str:
    """Give the command that goes on with a batch."""
    words = ["pgmerit", "dedupe", batch["table_name"]]
    words += ["--key", ",".join(_listed(name) for name in batch["key_columns"])]
    words += ["--keep", batch["keep_column"], "--apply"]
    words += [] if batch["children"] == "refuse" else ["--children", batch["children"]]
    words += [] if batch["nulls"] == "refuse" else ["--nulls", batch["nulls"]]
    return shlex.join(words)


def _listed(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if {*name} & {*'," '} else name


def as_archived(connection: Connection, table: Table, batch_id: int) -> Table:
    """Give the table with the columns and foreign keys that its archive knows.

    Raises PgmeritError when the archive is gone, or holds a column that the table lost.
    """
    archived = _columns_of(connection, f"archive_{batch_id}")
    if not archived:
        raise PgmeritError(f"the archive of batch {batch_id} is gone", "Nothing can be put back.")
    known = {each.name for each in table.columns}
    lost = [name for name in archived if name not in known and not name.startswith(META)]
    if lost:
        raise PgmeritError(
            f'{table.full_name} has no column "{lost[0]}" any more, and removed rows have',
            "Add it again, with its type, then run it again.",
        )
    return replace(
        table,
        columns=tuple(each for each in table.columns if each.name in archived),
        foreign_keys=tuple(
            each
            for each in table.foreign_keys
            if _columns_of(connection, f"repointed_{batch_id}_{each.oid}")
        ),
    )


def _columns_of(connection: Connection, name: str) -> list[str]:
    """List the columns of one of our own tables; none when it is not there."""
    found = connection.execute(
        SQL(
            "select a.attname from pg_catalog.pg_attribute as a "
            "where a.attrelid = pg_catalog.to_regclass({}) and a.attnum > 0 "
            "and not a.attisdropped order by a.attnum"
        ).format(Literal(f"{SCHEMA}.{name}"))
    )
    return [row["attname"] for row in found.fetchall()]
