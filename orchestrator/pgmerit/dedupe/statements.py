"""Every statement of a deduplication, made for one table and one batch.

Statements carry their values as literals and take no parameters, so that the runner and a script
for psql use the same text. Work tables name the key's columns k1, k2 .. .
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from pgmerit.dedupe.table import META, SCHEMA, Column, ForeignKey, Options, Table

REASON = "duplicate"

# What lives as long as any batch is remembered.
STATE = (
    f"create schema if not exists {SCHEMA}",
    f"""
create table if not exists {SCHEMA}.batches (
    batch_id bigint generated always as identity primary key,
    table_oid oid not null,
    table_name text not null,
    key_columns text[] not null,
    keep_column text not null,
    children text not null,
    nulls text not null,
    constraint_name text not null,
    shape text not null,
    phase text not null,
    before_count bigint,
    group_count bigint,
    dropped_indexes text[] not null default '{{}}',
    runner_pid integer,
    runner_started_at timestamptz,
    started_at timestamptz not null default pg_catalog.now(),
    ended_at timestamptz
)
""",
    f"""
create unique index if not exists one_unfinished_batch_a_table
on {SCHEMA}.batches (table_oid) where phase not in ('done', 'undone')
""",
    # Each transaction of ours that removed rows: what they note is not an arrival.
    f"""
create table if not exists {SCHEMA}.steps (
    batch_id bigint not null references {SCHEMA}.batches,
    step bigint not null,
    xid xid8 not null default pg_catalog.pg_current_xact_id(),
    removed_count bigint not null,
    repointed_count bigint not null,
    primary key (batch_id, step)
)
""",
)


def comma(parts: Iterable[Composable]) -> Composed:
    """Join with commas."""
    return SQL(", ").join(parts)


def both(parts: Iterable[Composable]) -> Composed:
    """Join with AND."""
    return SQL(" and ").join(parts)


@dataclass(frozen=True)
class Statements:
    """The statements for a table, a batch and its options."""

    table: Table
    options: Options
    batch_id: int

    # Names

    def work(self, name: str) -> Identifier:
        """Give a work table of the batch: archive, notes, arrivals, groups, claims."""
        return Identifier(SCHEMA, f"{name}_{self.batch_id}")

    @property
    def archive(self) -> Identifier:
        """The removed rows, whole, with step, reason and the row kept."""
        return self.work("archive")

    @property
    def helper_index(self) -> str:
        """The name of our own index on the key, in the table's schema."""
        return f"{SCHEMA}_{self.batch_id}"

    def trigger(self, event: str) -> Identifier:
        """Give one of our triggers on the table."""
        return Identifier(f"{SCHEMA}_{self.batch_id}_{event}")

    def index(self, name: str) -> Identifier:
        """Give an index of the table, with its schema."""
        return Identifier(self.table.schema, name)

    @cached_property
    def key(self) -> list[Column]:
        """The columns of the key."""
        return [self.table.column(name) for name in self.options.key]

    @cached_property
    def work_key(self) -> list[Identifier]:
        """What work tables name them."""
        return [Identifier(f"k{n}") for n in range(1, len(self.key) + 1)]

    @property
    def key_list(self) -> Composed:
        """The key as a list."""
        return comma(each.identifier for each in self.key)

    @property
    def work_list(self) -> Composed:
        """The key of a work table as a list."""
        return comma(self.work_key)

    @cached_property
    def is_nulls_not_distinct(self) -> bool:
        """Whether NULLs in the key are equal to each other."""
        return self.options.nulls == "not-distinct"

    @cached_property
    def nullable(self) -> list[int]:
        """Places of the key where NULL counts as a value."""
        places = [n for n, each in enumerate(self.key) if not each.is_not_null]
        return places if self.is_nulls_not_distinct else []

    def counts(self, alias: str) -> Composable:
        """Say whether a row of the table can be a duplicate: with a NULL in its key it is none."""
        if self.is_nulls_not_distinct:
            return SQL("true")
        return both(SQL("{}.{} is not null").format(SQL(alias), c.identifier) for c in self.key)

    def key_of(self, alias: str) -> Composed:
        """Give the key's columns of a row of the table under the names of work tables."""
        return comma(
            SQL("{}.{} as {}").format(SQL(alias), column.identifier, name)
            for column, name in zip(self.key, self.work_key, strict=True)
        )

    def mask(self, alias: str, names: Sequence[Composable]) -> Composable:
        """Give a number that says which columns of a key are NULL."""
        parts = [
            SQL("case when {}.{} is null then {} else 0 end").format(
                SQL(alias), names[n], Literal(1 << n)
            )
            for n in self.nullable
        ]
        return SQL(" + ").join(parts) if parts else SQL("0")

    def same_key(self, mask: int, row: str = "t", other: str = "g") -> Composed:
        """Compare a row's key with one of a work table whose NULLs the mask tells."""
        return both(
            SQL("{}.{} is null").format(SQL(row), column.identifier)
            if mask & 1 << n
            else column.equal(
                SQL("{}.{}").format(SQL(row), column.identifier),
                SQL("{}.{}").format(SQL(other), name),
            )
            for n, (column, name) in enumerate(zip(self.key, self.work_key, strict=True))
        )

    def order(self, alias: str) -> Composed:
        """Order rows of one key: the first is kept."""
        ties: list[Composable] = [each.identifier for each in self.table.primary_key]
        ties = ties or [SQL("ctid")]
        return comma(
            [
                SQL("{}.{} nulls last").format(SQL(alias), Identifier(self.options.keep)),
                *(SQL("{}.{}").format(SQL(alias), each) for each in ties),
            ]
        )

    @cached_property
    def referenced(self) -> list[str]:
        """The columns that children of other rows point at."""
        names = (name for each in self.table.foreign_keys for name in each.referenced)
        return list(dict.fromkeys(names))

    def kept_column(self, name: str) -> Identifier:
        """Give the column of the archive that holds what children are pointed at."""
        return Identifier(f"{META}kept_{self.referenced.index(name) + 1}")

    # Work tables

    def create_work(self) -> list[Composed]:
        """Make the tables of the batch and the functions of its guard."""
        table, archive = self.table.identifier, self.archive
        meta = [
            SQL("null::int8 as {}").format(Identifier(f"{META}batch")),
            SQL("null::int8 as {}").format(Identifier(f"{META}step")),
            SQL("null::tid as {}").format(Identifier(f"{META}row")),
            SQL("null::text as {}").format(Identifier(f"{META}reason")),
            SQL("null::timestamptz as {}").format(Identifier(f"{META}removed_at")),
            SQL("null::jsonb as {}").format(Identifier(f"{META}kept")),
            *(
                SQL("t.{} as {}").format(Identifier(name), self.kept_column(name))
                for name in self.referenced
            ),
        ]
        made = [
            SQL("create table {} as select {} from only {} as t where false").format(
                archive, comma([*self._columns("t"), *meta]), table
            ),
            SQL("create index on {} ({})").format(archive, Identifier(f"{META}step")),
            SQL(
                "create table {} (xid xid8 not null default pg_catalog.pg_current_xact_id(), "
                "delta int8 not null)"
            ).format(self.work("notes")),
            SQL("create table {} as select {} from only {} as t where false").format(
                self.work("arrivals"), self.key_of("t"), table
            ),
            SQL(
                "create table {} as select 0::int8 as n, 0::int8 as mask, {} from only {} as t "
                "where false"
            ).format(self.work("groups"), self.key_of("t"), table),
            SQL("create index on {} (n)").format(self.work("groups")),
            # A crash ends every transaction, and with them what the claims are for.
            SQL("create unlogged table {} as select {} from only {} as t where false").format(
                self.work("claims"), self.key_of("t"), table
            ),
            SQL("alter table {} add xid xid8, add constraint {} unique {} ({})").format(
                self.work("claims"), self._claims_key, self._nulls, self.work_list
            ),
        ]
        made += [self._create_repointed(each) for each in self.table.foreign_keys]
        logged = [archive, *(self.work(name) for name in ("notes", "arrivals", "groups"))]
        logged += [self.repointed(each) for each in self.table.foreign_keys]
        made += [SQL("alter table {} replica identity full").format(name) for name in logged]
        return made + self._create_functions()

    def drop_work(self) -> list[Composed]:
        """Drop them again; the archive and what was repointed stay."""
        names = ["notes", "arrivals", "groups", "claims"]
        return [
            *(SQL("drop table if exists {}").format(self.work(name)) for name in names),
            *(
                SQL("drop function if exists {}()").format(self._function(name))
                for name in [*_NOTES, "refuse"]
            ),
        ]

    def drop_archive(self) -> list[Composed]:
        """Drop what an undo would need."""
        repointed = [self.repointed(each) for each in self.table.foreign_keys]
        return [SQL("drop table if exists {}").format(name) for name in [self.archive, *repointed]]

    def repointed(self, foreign_key: ForeignKey) -> Identifier:
        """Give the table of the children that a foreign key's repointing changed."""
        return Identifier(SCHEMA, f"repointed_{self.batch_id}_{foreign_key.oid}")

    def _create_repointed(self, foreign_key: ForeignKey) -> Composed:
        columns = [
            *(
                SQL("c.{} as {}").format(each.identifier, Identifier(f"p{n}"))
                for n, each in enumerate(foreign_key.child_key, 1)
            ),
            *(
                SQL("c.{} as {}").format(each.identifier, Identifier(f"{when}{n}"))
                for when in ("old", "new")
                for n, each in enumerate(foreign_key.columns, 1)
            ),
        ]
        return SQL("create table {} as select 0::int8 as step, {} from {} as c where false").format(
            self.repointed(foreign_key), comma(columns), foreign_key.child
        )

    @property
    def _claims_key(self) -> Identifier:
        return Identifier(f"claims_{self.batch_id}_key")

    @property
    def _nulls(self) -> Composable:
        return SQL("nulls not distinct" if self.is_nulls_not_distinct else "")

    def _columns(self, alias: str) -> list[Composed]:
        return [SQL("{}.{}").format(SQL(alias), each.identifier) for each in self.table.columns]

    # The guard

    def _function(self, event: str) -> Identifier:
        return Identifier(SCHEMA, f"guard_{self.batch_id}_{event}")

    def _create_functions(self) -> list[Composed]:
        """Make the guard's functions: they run as who deduplicates, and nobody may call them."""
        note = SQL("insert into {} (delta) select {} having pg_catalog.count(*) > 0;")
        notes, arrivals, table = self.work("notes"), self.work("arrivals"), self.table.identifier
        added = SQL("pg_catalog.count(*) from new_rows")
        taken = SQL("-pg_catalog.count(*) from old_rows")
        emptied = SQL("-pg_catalog.count(*) from only {}").format(table)
        inserted = SQL("insert into {} select {} from new_rows as t where {};").format(
            arrivals, self.key_of("t"), self.counts("t")
        )
        updated = SQL(
            "insert into {} select {} from new_rows as t where {} "
            "except all select {} from old_rows as t;"
        ).format(arrivals, self.key_of("t"), self.counts("t"), self.key_of("t"))
        bodies = {
            "insert": note.format(notes, added) + inserted,
            "update": updated,
            "delete": note.format(notes, taken),
            "truncate": note.format(notes, emptied),
            "refuse": self._refuse_body(),
        }
        # `is null` on a value that is known when planning leaves an index condition.
        plans = SQL("set plan_cache_mode = force_custom_plan" if self.nullable else "")
        made = []
        for name, body in bodies.items():
            text = SQL("begin {} return null; end").format(body).as_string(None)
            made.append(
                SQL(
                    "create or replace function {}() returns trigger language plpgsql "
                    "security definer set search_path = pg_catalog, pg_temp "
                    "set row_security = off {} as {}"
                ).format(self._function(name), plans, Literal(text))
            )
            made.append(SQL("revoke all on function {}() from public").format(self._function(name)))
        return made

    def _refuse_body(self) -> Composed:
        """Refuse a duplicate as the constraint will.

        Writers of one key wait for each other at its claim, and then see each other's rows; a row
        that somebody is deleting is waited for.
        """
        new = [SQL("new.{}").format(each.identifier) for each in self.key]
        same = both(
            SQL("({0} or {1} is null and {2} is null)").format(
                column.equal(SQL("t.{}").format(column.identifier), value),
                SQL("t.{}").format(column.identifier),
                value,
            )
            if n in self.nullable
            else column.equal(SQL("t.{}").format(column.identifier), value)
            for n, (column, value) in enumerate(zip(self.key, new, strict=True))
        )
        has_null = SQL(" or ").join(SQL("{} is null").format(each) for each in new)
        rows = SQL("select from only {} as t where {} limit 2").format(self.table.identifier, same)
        old = [SQL("old.{}").format(each.identifier) for each in self.key]
        unchanged = both(
            SQL("({} or {} is null and {} is null)").format(column.equal(was, now), was, now)
            for column, was, now in zip(self.key, old, new, strict=True)
        )
        names = ", ".join(self.options.key)
        shown = SQL(" || ', ' || ").join(
            SQL("coalesce({}::text, 'null')").format(each) for each in new
        )
        return SQL(
            "if {skips} then return null; end if; "
            "if tg_op = 'UPDATE' then if {unchanged} then return null; end if; end if; "
            "insert into {claims} ({work_list}) values ({new}) "
            "on conflict on constraint {claims_key} "
            "do update set xid = pg_catalog.pg_current_xact_id(); "
            "if (select pg_catalog.count(*) from ({rows}) as s) > 1 "
            "and (select pg_catalog.count(*) from ({rows} for share of t) as s) > 1 then "
            "raise unique_violation using message = {message}, "
            "detail = {detail} || {shown} || ') already exists.', "
            "schema = {schema}, table = {table}, constraint = {constraint}; end if;"
        ).format(
            skips=SQL("false") if self.is_nulls_not_distinct else has_null,
            unchanged=unchanged,
            claims=self.work("claims"),
            work_list=self.work_list,
            new=comma(new),
            claims_key=self._claims_key,
            rows=rows,
            message=Literal(
                f'duplicate key value violates unique constraint "{self.options.constraint}"'
            ),
            detail=Literal(f"Key ({names})=("),
            shown=shown,
            schema=Literal(self.table.schema),
            table=Literal(self.table.name),
            constraint=Literal(self.options.constraint),
        )

    def note_arrivals(self) -> list[Composed]:
        """Put the guard on in mode note; needs SHARE ROW EXCLUSIVE."""
        return [
            each
            for event, when in _NOTES.items()
            for each in (
                SQL("create or replace trigger {} {} on {} {} execute function {}()").format(
                    self.trigger(event),
                    SQL(when[0]),
                    self.table.identifier,
                    SQL(when[1]),
                    self._function(event),
                ),
                self._always(event),
            )
        ]

    def refuse_duplicates(self) -> list[Composed]:
        """Put the guard on in mode refuse as well; needs SHARE ROW EXCLUSIVE."""
        return [
            SQL("truncate {}").format(self.work("claims")),
            # Not `update of`: a trigger before it may change the key as well.
            SQL(
                "create or replace trigger {} after insert or update on {} for each row "
                "execute function {}()"
            ).format(self.trigger("refuse"), self.table.identifier, self._function("refuse")),
            self._always("refuse"),
        ]

    def stop_refusing(self) -> Composed:
        """Take the guard back to mode note; needs SHARE ROW EXCLUSIVE."""
        return SQL("alter table {} disable trigger {}").format(
            self.table.identifier, self.trigger("refuse")
        )

    def drop_guard(self) -> list[Composed]:
        """Take the guard off; needs ACCESS EXCLUSIVE."""
        return [
            SQL("drop trigger if exists {} on {}").format(
                self.trigger(event), self.table.identifier
            )
            for event in ["refuse", *_NOTES]
        ]

    def _always(self, event: str) -> Composed:
        """Let it fire in sessions whose session_replication_role is replica as well."""
        return SQL("alter table {} enable always trigger {}").format(
            self.table.identifier, self.trigger(event)
        )

    # Counting

    def count_before(self) -> Composed:
        """Count the rows as they were when the guard came on; one snapshot."""
        return SQL(
            "select (select pg_catalog.count(*) from only {}) "
            "- (select coalesce(pg_catalog.sum(delta), 0) from {})::int8 as before"
        ).format(self.table.identifier, self.work("notes"))

    def count_after(self) -> Composed:
        """Count what is kept, arrived and archived; one snapshot."""
        return SQL(
            "select (select pg_catalog.count(*) from only {table}) as kept, "
            "(select coalesce(pg_catalog.sum(n.delta), 0)::int8 from {notes} as n "
            "where n.xid not in (select s.xid from {steps} as s where s.batch_id = {batch_id})"
            ") as arrived, "
            "(select pg_catalog.count(*) from {archive}) as archived"
        ).format(
            table=self.table.identifier,
            notes=self.work("notes"),
            steps=Identifier(SCHEMA, "steps"),
            batch_id=Literal(self.batch_id),
            archive=self.archive,
        )

    def has_null_keys(self) -> Composed:
        """Count the rows with a NULL in the key."""
        return SQL("select pg_catalog.count(*) as null_rows from only {} as t where {}").format(
            self.table.identifier,
            SQL(" or ").join(SQL("t.{} is null").format(each.identifier) for each in self.key),
        )

    # Groups

    def find_groups(self) -> Composed:
        """Write down every key that has duplicates, numbered; the number is the upper bound."""
        return SQL(
            "insert into {groups} (n, mask, {work_list}) "
            "select pg_catalog.row_number() over (order by s.mask), s.mask, {work_s} from ("
            "select {mask} as mask, {key} from only {table} as t where {counts} "
            "group by {key_list} having pg_catalog.count(*) > 1) as s"
        ).format(
            groups=self.work("groups"),
            work_list=self.work_list,
            work_s=self._work_of("s"),
            mask=self.mask("t", [each.identifier for each in self.key]),
            key=self.key_of("t"),
            table=self.table.identifier,
            counts=self.counts("t"),
            key_list=comma(SQL("t.{}").format(each.identifier) for each in self.key),
        )

    def take_arrivals(self) -> Composed:
        """Make the keys that arrived, and those that are left, the groups of a round."""
        return SQL(
            "with arrived as (delete from {arrivals} as a returning {work_a}), "
            "remaining as (delete from {groups} as g returning {work_g}), "
            "keys as (select {work_list} from arrived union select {work_list} from remaining) "
            "insert into {groups} (n, mask, {work_list}) "
            "select pg_catalog.row_number() over (order by s.mask), s.mask, {work_s} "
            "from (select {mask} as mask, {work_k} from keys as k) as s"
        ).format(
            arrivals=self.work("arrivals"),
            groups=self.work("groups"),
            work_a=self._work_of("a"),
            work_g=self._work_of("g"),
            work_k=self._work_of("k"),
            work_s=self._work_of("s"),
            work_list=self.work_list,
            mask=self.mask("k", self.work_key),
        )

    def masks(self) -> Composed:
        """List the masks of the groups."""
        return SQL("select distinct mask from {} order by mask").format(self.work("groups"))

    def forget_settled(self, mask: int, first: int, last: int) -> Composed:
        """Drop the groups of a range whose key one row has."""
        return SQL(
            "delete from {} as g where g.mask = {} and g.n between {} and {} "
            "and (select pg_catalog.count(*) from "
            "(select from only {} as t where {} limit 2) as s) < 2"
        ).format(
            self.work("groups"),
            Literal(mask),
            Literal(first),
            Literal(last),
            self.table.identifier,
            self.same_key(mask),
        )

    def forget_groups(self) -> Composed:
        """Drop all groups, before a first scan."""
        return SQL("delete from {}").format(self.work("groups"))

    def count_arrivals(self) -> Composed:
        """Count the keys that arrived and were not looked at."""
        return SQL("select pg_catalog.count(*) as n from {}").format(self.work("arrivals"))

    def tidy_groups(self) -> Composed:
        """Make room where rounds left dead rows: the next scans are short again."""
        return SQL("vacuum (truncate false, skip_locked) {}, {}").format(
            self.work("groups"), self.work("arrivals")
        )

    def next_step(self) -> Composed:
        """Give the number of the next step."""
        return SQL(
            "select coalesce(pg_catalog.max(step), 0) + 1 as step from {} where batch_id = {}"
        ).format(Identifier(SCHEMA, "steps"), Literal(self.batch_id))

    def count_groups(self) -> Composed:
        """Count the groups that are left."""
        return SQL("select pg_catalog.count(*) as n from {}").format(self.work("groups"))

    def next_range(self, after: int, size: int) -> Composed:
        """Give the next range of groups of one mask: mask, first and last number, or no row."""
        return SQL(
            "select mask, pg_catalog.min(n) as first, pg_catalog.max(n) as last, "
            "pg_catalog.count(*) as size from "
            "(select n, mask from {} where n > {} order by n limit {}) as s "
            "group by mask order by 2 limit 1"
        ).format(self.work("groups"), Literal(after), Literal(size))

    # Removing

    def _ranked(self, mask: int, first: int, last: int) -> Composed:
        return SQL(
            "select t.ctid as row_id, g.n, pg_catalog.row_number() over w as place, "
            "pg_catalog.first_value(t.ctid) over w as kept_id "
            "from {groups} as g join only {table} as t on {same} "
            "where g.mask = {mask} and g.n between {first} and {last} "
            "window w as (partition by g.n order by {order})"
        ).format(
            groups=self.work("groups"),
            table=self.table.identifier,
            same=self.same_key(mask),
            mask=Literal(mask),
            first=Literal(first),
            last=Literal(last),
            order=self.order("t"),
        )

    def lock_rows(self, mask: int, first: int, last: int, *, waits: bool) -> Composed:
        """Lock the rows to remove and those to keep; gives `found`, and the ids that are `held`.

        Unless it `waits`, rows that somebody else holds, or has just changed, are passed by.
        """
        return SQL(
            "with extra as materialized (select r.row_id, r.kept_id from ({ranked}) as r "
            "where r.place > 1 order by r.n, r.place limit {limit}) "
            "select (select pg_catalog.count(*) from extra) as found, "
            "(select coalesce(pg_catalog.array_agg(h.ctid), '{{}}')::text from ("
            "select t.ctid from only {table} as t where t.ctid = any(array("
            "select e.row_id from extra as e union select e.kept_id from extra as e)) "
            "for update of t {skip}) as h) as held"
        ).format(
            ranked=self._ranked(mask, first, last),
            limit=Literal(self.options.batch_rows),
            table=self.table.identifier,
            skip=SQL("" if waits else "skip locked"),
        )

    def archive_rows(self, step: int, mask: int, first: int, last: int, held: str) -> Composed:
        """Copy the rows to remove into the archive: both they and the rows kept are held by us."""
        kept = [each.name for each in self.table.primary_key]
        kept = kept or [*self.options.key, self.options.keep]
        described = comma(
            part for name in kept for part in (Literal(name), SQL("k.{}").format(Identifier(name)))
        )
        columns = [each.identifier for each in self.table.columns]
        return SQL(
            "with ranked as ({ranked}) "
            "insert into {archive} ({columns}, {meta}) select {values}, {batch}, {step}, "
            "t.ctid, {reason}, pg_catalog.clock_timestamp(), "
            "pg_catalog.jsonb_build_object({described}) {kept} "
            "from ranked as r join only {table} as t on t.ctid = r.row_id "
            "join only {table} as k on k.ctid = r.kept_id where r.place > 1 "
            "and r.row_id = any({held}::tid[]) and r.kept_id = any({held}::tid[])"
        ).format(
            held=Literal(held),
            ranked=self._ranked(mask, first, last),
            archive=self.archive,
            columns=comma(columns),
            meta=comma(
                [
                    *(
                        Identifier(f"{META}{name}")
                        for name in ("batch", "step", "row", "reason", "removed_at", "kept")
                    ),
                    *(self.kept_column(name) for name in self.referenced),
                ]
            ),
            values=comma(self._columns("t")),
            batch=Literal(self.batch_id),
            step=Literal(step),
            reason=Literal(f"{REASON} of ({', '.join(self.options.key)})"),
            described=described,
            kept=SQL("").join(SQL(", k.{}").format(Identifier(name)) for name in self.referenced),
            table=self.table.identifier,
        )

    def delete_archived(self, step: int) -> Composed:
        """Delete what a step archived."""
        return SQL(
            "delete from only {} as t using {} as a where a.{} = {} and t.ctid = a.{}"
        ).format(
            self.table.identifier,
            self.archive,
            Identifier(f"{META}step"),
            Literal(step),
            Identifier(f"{META}row"),
        )

    def record_step(self, step: int, removed: int, repointed: int) -> Composed:
        """Write down the step and its transaction."""
        return SQL(
            "insert into {} (batch_id, step, removed_count, repointed_count) "
            "values ({}, {}, {}, {})"
        ).format(
            Identifier(SCHEMA, "steps"),
            Literal(self.batch_id),
            Literal(step),
            Literal(removed),
            Literal(repointed),
        )

    # Children

    def _points_at_archived(self, foreign_key: ForeignKey, step: int) -> Composed:
        """Join children, as c, with the rows of a step, as a: those that are removed are none."""
        pairs = zip(foreign_key.columns, foreign_key.referenced, strict=True)
        conditions = [
            SQL("a.{} = {}").format(Identifier(f"{META}step"), Literal(step)),
            *(
                column.equal(
                    SQL("c.{}").format(column.identifier), SQL("a.{}").format(Identifier(name))
                )
                for column, name in pairs
            ),
        ]
        if foreign_key.is_own:
            conditions.append(
                SQL("not exists (select from {} as o where o.{} = {} and o.{} = c.ctid)").format(
                    self.archive,
                    Identifier(f"{META}step"),
                    Literal(step),
                    Identifier(f"{META}row"),
                )
            )
        return both(conditions)

    def count_children(self, foreign_key: ForeignKey, step: int) -> Composed:
        """Count the children that point at the rows of a step."""
        return SQL("select pg_catalog.count(*) as n from {} as c join {} as a on {}").format(
            foreign_key.child, self.archive, self._points_at_archived(foreign_key, step)
        )

    def note_children(self, foreign_key: ForeignKey, step: int) -> Composed:
        """Write down the children that point at the rows of a step, and where to."""
        values = [
            *(SQL("c.{}").format(each.identifier) for each in foreign_key.child_key),
            *(SQL("c.{}").format(each.identifier) for each in foreign_key.columns),
            *(SQL("a.{}").format(self.kept_column(name)) for name in foreign_key.referenced),
        ]
        return SQL("insert into {} select {}, {} from {} as c join {} as a on {}").format(
            self.repointed(foreign_key),
            Literal(step),
            comma(values),
            foreign_key.child,
            self.archive,
            self._points_at_archived(foreign_key, step),
        )

    def repoint_children(self, foreign_key: ForeignKey, step: int) -> Composed:
        """Point them at the rows kept."""
        return self._point_children(foreign_key, step, "old", "new")

    def point_children_back(self, foreign_key: ForeignKey, step: int) -> Composed:
        """Point them at the restored rows again, unless somebody pointed them elsewhere since."""
        return self._point_children(foreign_key, step, "new", "old")

    def _point_children(self, foreign_key: ForeignKey, step: int, now: str, then: str) -> Composed:
        places = {each.name: n for n, each in enumerate(foreign_key.columns, 1)}
        key = [
            each.equal(
                SQL("c.{}").format(each.identifier),
                SQL("r.{}").format(
                    Identifier(f"{now}{places[each.name]}" if each.name in places else f"p{n}")
                ),
            )
            for n, each in enumerate(foreign_key.child_key, 1)
        ]
        is_as_told = [
            each.equal(
                SQL("c.{}").format(each.identifier), SQL("r.{}").format(Identifier(f"{now}{n}"))
            )
            for n, each in enumerate(foreign_key.columns, 1)
        ]
        return SQL("update {} as c set {} from {} as r where r.step = {} and {}").format(
            foreign_key.child,
            comma(
                SQL("{} = r.{}").format(each.identifier, Identifier(f"{then}{n}"))
                for n, each in enumerate(foreign_key.columns, 1)
            ),
            self.repointed(foreign_key),
            Literal(step),
            both([*key, *is_as_told]),
        )

    # Indexes and the constraint

    def create_helper_index(self) -> Composed:
        """Build our own index on the key."""
        return SQL("create index concurrently {} on {} ({})").format(
            Identifier(self.helper_index), self.table.identifier, self.key_list
        )

    def create_unique_index(self) -> Composed:
        """Build the index that the constraint will own; never IF NOT EXISTS."""
        return SQL("create unique index concurrently {} on {} ({}) {}").format(
            Identifier(self.options.constraint or ""),
            self.table.identifier,
            self.key_list,
            self._nulls,
        )

    def drop_index(self, name: str) -> Composed:
        """Drop an index of the table."""
        return SQL("drop index concurrently if exists {}").format(self.index(name))

    def add_constraint(self) -> Composed:
        """Attach the constraint; index and constraint have one name, so nothing is renamed."""
        name = Identifier(self.options.constraint or "")
        return SQL("alter table {} add constraint {} unique using index {}").format(
            self.table.identifier, name, name
        )

    def drop_constraint(self) -> Composed:
        """Take the constraint and its index away."""
        return SQL("alter table {} drop constraint if exists {}").format(
            self.table.identifier, Identifier(self.options.constraint or "")
        )

    # Undo

    def last_step(self) -> Composed:
        """Give the last step that is not restored, or NULL."""
        return SQL("select pg_catalog.max(step) as step from {} where batch_id = {}").format(
            Identifier(SCHEMA, "steps"), Literal(self.batch_id)
        )

    def count_archived(self, step: int) -> Composed:
        """Count the rows that a step archived."""
        return SQL("select pg_catalog.count(*) as n from {} where {} = {}").format(
            self.archive, Identifier(f"{META}step"), Literal(step)
        )

    def restore_rows(self, step: int) -> Composed:
        """Insert the rows of a step as they were; what is generated is generated again."""
        columns = [each.identifier for each in self.table.columns if not each.is_generated]
        return SQL(
            "insert into {} ({}) overriding system value select {} from {} as a where a.{} = {}"
        ).format(
            self.table.identifier,
            comma(columns),
            comma(SQL("a.{}").format(each) for each in columns),
            self.archive,
            Identifier(f"{META}step"),
            Literal(step),
        )

    def forget_step(self, step: int) -> list[Composed]:
        """Forget a step that was restored."""
        return [
            SQL("delete from {} where {} = {}").format(
                self.archive, Identifier(f"{META}step"), Literal(step)
            ),
            *(
                SQL("delete from {} where step = {}").format(self.repointed(each), Literal(step))
                for each in self.table.foreign_keys
            ),
            SQL("delete from {} where batch_id = {} and step = {}").format(
                Identifier(SCHEMA, "steps"), Literal(self.batch_id), Literal(step)
            ),
        ]

    def _work_of(self, alias: str) -> Composed:
        return comma(SQL("{}.{}").format(SQL(alias), each) for each in self.work_key)


# Trigger by trigger: when it fires, and what it sees.
_NOTES = {
    "insert": ("after insert", "referencing new table as new_rows for each statement"),
    "update": (
        "after update",
        "referencing old table as old_rows new table as new_rows for each statement",
    ),
    "delete": ("after delete", "referencing old table as old_rows for each statement"),
    "truncate": ("before truncate", "for each statement"),
}
