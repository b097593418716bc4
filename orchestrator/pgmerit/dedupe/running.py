"""A batch from its first lock to the constraint, taken up again at the phase it had reached."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

import psycopg

from pgmerit.database import Connection
from pgmerit.dedupe import batches
from pgmerit.dedupe.session import Session
from pgmerit.dedupe.statements import Statements
from pgmerit.dedupe.table import SCHEMA, Options, Table, key_indexes, rows, shape_of
from pgmerit.errors import BusyError, NoRightsError, PgmeritError

ROUNDS = 20
BUILDS = 5

NAMED = """
select
    c.relkind::text as kind, i.indrelid::int8 as table_oid, i.indisvalid as is_valid,
    i.indisready as is_ready
from pg_catalog.pg_class as c
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
left join pg_catalog.pg_index as i on i.indexrelid = c.oid
where n.nspname = {schema} and c.relname = {name}
"""

CONSTRAINT = """
select from pg_catalog.pg_constraint where conrelid = {oid} and conname = {name}
"""

_RIGHTS = """
select
    pg_catalog.has_schema_privilege({schema}, 'create') as may_index,
    pg_catalog.to_regnamespace({own_schema}) is not null
    or pg_catalog.has_database_privilege(pg_catalog.current_database(), 'create') as may_keep
"""

BUILDER = """
select p.pid from pg_catalog.pg_stat_progress_create_index as p
where p.datname = pg_catalog.current_database() and p.relid = {oid}
and p.pid <> pg_catalog.pg_backend_pid()
"""


class UnbalancedError(PgmeritError):
    """The rows before, arrived, kept and archived do not add up."""


@dataclass
class Run:
    """One batch of one table, worked on by this session."""

    session: Session
    table: Table
    options: Options
    batch: batches.Batch
    statements: Statements = field(init=False)

    def __post_init__(self) -> None:
        self.statements = Statements(self.table, self.options, self.batch["batch_id"])

    @property
    def batch_id(self) -> int:
        """The batch's number."""
        return int(self.batch["batch_id"])

    def finish(self) -> None:
        """Go through the phases that are left; raises PgmeritError."""
        steps: dict[str, Callable[[], None]] = {
            "made": self._put_guard_on,
            "guarded": self._count,
            "counted": self._index_key,
            "indexed": self._scan,
            "scanned": self._remove,
            "fenced": self._drain,
            "drained": self._build,
            "built": self._balance,
            "verified": self._attach,
            "attached": self._tidy,
        }
        while self.batch["phase"] in steps:
            if self.batch["phase"] in ("built", "verified") and not self._is_built():
                # Somebody dropped the index since; the guard still refuses.
                self.reach("drained")
            # Each may be begun anew, also after a lock that none of its parts waits for patiently.
            self.session.patiently(self.table, steps[self.batch["phase"]])

    def reach(self, phase: str, **values: Any) -> None:
        """Write down that a phase is reached."""
        batches.update(self.session.connection, self.batch_id, phase=phase, **values)
        self.batch = {**self.batch, **values, "phase": phase}

    # Phases

    def _put_guard_on(self) -> None:
        def work() -> None:
            self._require_shape()
            self.session.run(self.statements.note_arrivals())
            batches.update(self.session.connection, self.batch_id, phase="guarded")

        self.session.locked(self.table, "share row exclusive", work)
        self.batch["phase"] = "guarded"

    def _count(self) -> None:
        with self.session.snapshot():
            before = self.session.one(self.statements.count_before())["before"]
        self.reach("counted", before_count=before)

    def _index_key(self) -> None:
        """Have a usable index on the key; what is left invalid on it is dropped and told."""
        refuse_builders(self.session.connection, self.table)
        indexes = key_indexes(self.session.connection, self.table, self.options.key)
        dropped = list(self.batch["dropped_indexes"])
        for index in indexes:
            if index.is_unique and not index.is_valid and not index.is_constraint:
                # Written down first: dropping it and then dying would forget it.
                dropped.append(index.definition)
                batches.update(self.session.connection, self.batch_id, dropped_indexes=dropped)
                self._drop_invalid(index.name, is_ready=index.is_ready)
        if not any(index.is_valid for index in indexes):
            name = self.statements.helper_index
            if (found := self._named(name)) and not found["is_valid"]:
                self.drop(name)
                found = None
            if not found:
                self.session.watched(
                    self.statements.create_helper_index(), "Building an index on the key"
                )
        self.reach("indexed", dropped_indexes=dropped)

    def _scan(self) -> None:
        connection, work = self.session.connection, self.statements
        with connection.transaction():
            with self.session.progress("Looking for duplicates", None):
                self.session.run([work.forget_groups(), work.find_groups()])
            count = self.session.one(work.count_groups())["n"]
            self.reach("scanned", group_count=count)

    def _remove(self) -> None:
        """Remove in rounds while they get shorter; then let the guard refuse duplicates.

        Nothing is removed under the lock. From then on no duplicate can come, so what is left is
        bounded, however fast writers are.
        """
        self._round()
        unread = self._count_unread()
        for _ in range(ROUNDS):
            if unread <= self.options.batch_rows:
                break
            self._round()
            before, unread = unread, self._count_unread()
            if unread > before / 2:
                break

        def work() -> None:
            self._require_shape()
            self.session.run(self.statements.refuse_duplicates())
            batches.update(self.session.connection, self.batch_id, phase="fenced")

        self.session.locked(self.table, "share row exclusive", work)
        self.batch["phase"] = "fenced"

    def _drain(self) -> None:
        """Remove what came before the guard refused, and what others held until now."""
        self._round()
        for _ in range(ROUNDS):
            if not self._count_groups():
                self.reach("drained")
                return
            self._round(waits=True)
        raise BusyError(
            f"gave up after {ROUNDS} rounds: {self._count_groups()} keys still have duplicates, "
            "whose rows are changed all the while",
            "What was removed is archived. Run it again when fewer write: it goes on.",
        )

    def _build(self) -> None:
        name = str(self.options.constraint)
        refuse_builders(self.session.connection, self.table)
        for _ in range(BUILDS):
            found = self._named(name)
            if found and not found["is_valid"]:
                self._drop_invalid(name, is_ready=found["is_ready"])
                found = None
            try:
                if not found:
                    self.session.watched(
                        self.statements.create_unique_index(), "Building the unique index"
                    )
            except psycopg.errors.UniqueViolation as exc:
                # Only a writer with a snapshot from before the fence brings one past the guard.
                self.session.tell(f"{exc.diag.message_detail}: it is removed and built again")
                self._drain()
                continue
            if not self._is_built():
                raise PgmeritError(
                    f'the index "{name}" is not a valid unique index on '
                    f"({', '.join(self.options.key)})",
                    "Drop it, or choose another name with --constraint.",
                )
            self.reach("built")
            return
        raise BusyError(
            f'the index "{name}" found duplicates in {BUILDS} builds',
            "Writers at REPEATABLE READ bring them past the guard; run it again.",
        )

    def _balance(self) -> None:
        """Assert that no row was lost: before + arrived = kept + archived, in one snapshot."""
        before = self.batch["before_count"]
        with self.session.snapshot():
            now = self.session.one(self.statements.count_after())
        if before + now["arrived"] != now["kept"] + now["archived"]:
            raise UnbalancedError(
                f"the rows do not add up: {before} before + {now['arrived']} arrived is not "
                f"{now['kept']} kept + {now['archived']} archived",
                "Somebody wrote past the guard. Every removed row was put back.",
            )
        self.reach("verified")

    def _attach(self) -> None:
        def work() -> None:
            self.session.run([self.statements.add_constraint(), *self.statements.drop_guard()])
            batches.update(self.session.connection, self.batch_id, phase="attached")

        self.session.locked(self.table, "access exclusive", work)
        self.batch["phase"] = "attached"

    def _tidy(self) -> None:
        self.drop(self.statements.helper_index)
        with self.session.connection.transaction():
            self.session.run(self.statements.drop_work())
            self.reach("done", ended_at=datetime.now(UTC))

    def stop_refusing(self) -> None:
        """Take the guard back to mode note, at the first try or not at all."""
        with self.session.connection.transaction():
            self.session.run([self.statements.stop_refusing()])
            self.reach("scanned")

    # Removing

    def _round(self, *, waits: bool = False) -> None:
        """Take the keys that arrived, and remove range by range the rows that are duplicates.

        Unless it `waits`, what others hold is left for the next round.
        """
        connection, work, most = self.session.connection, self.statements, self.options.batch_rows
        connection.execute(work.take_arrivals())
        after, size = 0, most
        with self.session.progress("Removing duplicates", self._count_groups()) as advance:
            while found := connection.execute(work.next_range(after, size)).fetchone():
                place = (found["mask"], found["first"], found["last"])
                remove = partial(self._remove_some, place, waits)
                has_more = self.session.patiently(self.table, remove)
                if has_more and found["size"] > 1:
                    # Ranking a range again for each batch of it would be dear: a shorter one.
                    size = max(1, size // 4)
                    continue
                while has_more:
                    has_more = self.session.patiently(self.table, remove)
                after, size = found["last"], min(most, size * 2)
                advance(found["size"])
        connection.execute(work.tidy_groups())

    def _remove_some(self, place: tuple[int, int, int], waits: bool) -> bool:
        """Remove from a range in a transaction of its own; whether the range may have more."""
        with self.session.batch():
            self._require_shape()
            return self._step(place, waits=waits)

    def _step(self, place: tuple[int, int, int], *, waits: bool) -> bool:
        """Archive and delete at most a batch of rows; whether the range may have more."""
        work, execute = self.statements, self.session.connection.execute
        with self.session.bounded() if waits else nullcontext():
            locked = self.session.one(work.lock_rows(*place, waits=waits))
        step = self._next_step()
        archived = execute(work.archive_rows(step, *place, locked["held"])).rowcount
        if archived:
            repointed = self._move_children(step)
            deleted = execute(work.delete_archived(step)).rowcount
            if deleted != archived:
                raise PgmeritError(
                    f"{archived} rows of {self.table.full_name} were to be removed, and {deleted} "
                    "were: a trigger of the table keeps or changes them",
                    "Nothing of this step stands. Disable the trigger meanwhile.",
                )
            execute(work.record_step(step, deleted, repointed))
        execute(work.forget_settled(*place))
        return bool(archived and locked["found"] >= self.options.batch_rows)

    def _move_children(self, step: int) -> int:
        """Repoint what points at the rows of a step, or refuse."""
        moved = 0
        for foreign_key in self.table.foreign_keys:
            if self.options.children == "refuse":
                count = self.session.one(self.statements.count_children(foreign_key, step))["n"]
                if count:
                    raise children_refused([(foreign_key.child_name, foreign_key.name, count)])
                continue
            execute = self.session.connection.execute
            noted = execute(self.statements.note_children(foreign_key, step)).rowcount
            if not noted:
                continue
            try:
                pointed = execute(self.statements.repoint_children(foreign_key, step)).rowcount
            except (psycopg.errors.UniqueViolation, psycopg.errors.ExclusionViolation) as exc:
                raise PgmeritError(
                    f"rows of {foreign_key.child_name} cannot be repointed by {foreign_key.name}: "
                    f"{exc.diag.message_primary}: {exc.diag.message_detail}",
                    "Nothing of this step stands. Settle those rows by hand, then run it again.",
                ) from exc
            if pointed != noted:
                raise PgmeritError(
                    f"{noted} rows of {foreign_key.child_name} were to be repointed, and {pointed} "
                    "were: a trigger of that table keeps or changes them",
                    "Nothing of this step stands. Disable the trigger meanwhile.",
                )
            moved += noted
        return moved

    def _next_step(self) -> int:
        return int(self.session.one(self.statements.next_step())["step"])

    def _count_groups(self) -> int:
        return int(self.session.one(self.statements.count_groups())["n"])

    def _count_unread(self) -> int:
        return int(self.session.one(self.statements.count_arrivals())["n"])

    # Checks

    def _require_shape(self) -> None:
        """Stop when the table was altered since: an archived row would not be whole."""
        now = shape_of(self.session.connection, self.table.oid)
        if now != self.batch["shape"]:
            raise altered(self.table, self.batch_id)

    def _named(self, name: str) -> dict[str, Any] | None:
        found = rows(self.session.connection, NAMED, schema=self.table.schema, name=name)
        return found[0] if found else None

    def _is_built(self) -> bool:
        """Read in the catalogue whether the index is what the constraint needs."""
        found = key_indexes(self.session.connection, self.table, self.options.key)
        return any(
            each.name == self.options.constraint
            and each.columns == self.options.key
            and each.enforces(self.options.nulls)
            and each.is_nulls_not_distinct == (self.options.nulls == "not-distinct")
            for each in found
        )

    def _drop_invalid(self, name: str, *, is_ready: bool) -> None:
        does = "refuses some duplicates" if is_ready else "refuses nothing"
        self.session.tell(f'the index "{name}" is invalid and {does}: dropped')
        self.drop(name)

    def drop(self, name: str) -> None:
        """Drop an index of the table, if it is there."""
        if self._named(name):
            self.session.watched(self.statements.drop_index(name), f'Dropping the index "{name}"')


def altered(table: Table, batch_id: int) -> PgmeritError:
    """Say that a batch cannot go on with a table that is another by now."""
    return PgmeritError(
        f"{table.full_name} was altered since batch {batch_id} began",
        f"`pgmerit dedupe --undo {batch_id}` puts back what was removed; then begin anew.",
    )


def children_refused(found: list[tuple[str, str, int]]) -> PgmeritError:
    """Say which children point at rows that are to be removed."""
    told = "; ".join(f"{count} rows of {child} by {name}" for child, name, count in found)
    return PgmeritError(
        f"rows to be removed are pointed at: {told}",
        "--children repoint points them at the rows that are kept.",
    )


def require_free_name(connection: Connection, table: Table, options: Options) -> None:
    """Refuse a constraint's name that something else has; raises PgmeritError."""
    name = str(options.constraint)
    found = rows(connection, NAMED, schema=table.schema, name=name)
    taken = bool(rows(connection, CONSTRAINT, oid=table.oid, name=name))
    ours = [
        each.name
        for each in key_indexes(connection, table, options.key)
        if each.is_unique and not each.is_valid and not each.is_constraint
    ]
    if taken or (found and name not in ours):
        raise PgmeritError(
            f'the name "{name}" is taken in schema {table.schema}',
            "Choose another with --constraint.",
        )


def refuse_builders(connection: Connection, table: Table) -> None:
    """Name who builds an index on the table, perhaps for a client that died; raises BusyError."""
    found = rows(connection, BUILDER, oid=table.oid)
    if found:
        raise BusyError(
            f"pid {found[0]['pid']} is building an index on {table.full_name}",
            "Wait until it has ended, then run it again.",
        )


def require_rights(connection: Connection, table: Table) -> None:
    """Refuse when indexes or our own schema cannot be made; raises PgmeritError."""
    found = rows(connection, _RIGHTS, schema=table.schema, own_schema=SCHEMA)[0]
    if not found["may_index"]:
        raise NoRightsError(
            f"this role may not make an index in schema {table.schema}",
            f"`grant create on schema {table.schema} to ..` lets it.",
        )
    if not found["may_keep"]:
        raise NoRightsError(
            f"this role may not make the schema {SCHEMA}",
            "`grant create on database .. to ..` lets it.",
        )
