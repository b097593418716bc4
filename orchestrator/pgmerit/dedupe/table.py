"""The table that is deduplicated, as the catalogue describes it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from pgmerit.database import Connection
from pgmerit.errors import InvalidInputError, PgmeritError, UnknownObjectError

SCHEMA = "pgmerit_dedupe"
META = "pgmerit_"

# pgmerit's own awards: a person has a badge several times over, by tier and occurrence.
_OWN_TABLE = ("badges", "earned_badges")
_OWN_KEY = {"peer_mentor_id", "badge_definition_id", "org_id", "tier", "occurrence"}

_ITEM = re.compile(r'\s*(?:"((?:[^"]|"")+)"|([^",\s](?:[^",]*[^",\s])?))\s*(,|$)')
_LONGEST_NAME = 63


@dataclass(frozen=True)
class Options:
    """What one deduplication is asked to do; names of columns are as the catalogue has them."""

    key: tuple[str, ...]
    keep: str
    children: str = "refuse"
    nulls: str = "refuse"
    constraint: str | None = None
    batch_rows: int = 1000
    lock_timeout: float = 1.0
    give_up_after: float = 300.0


@dataclass(frozen=True)
class Column:
    """A column, with the equality that a unique index on it would use."""

    name: str
    is_not_null: bool
    is_generated: bool
    equality_schema: str
    equality: str

    @property
    def identifier(self) -> sql.Identifier:
        """Its name, quoted."""
        return sql.Identifier(self.name)

    def equal(self, left: sql.Composable, right: sql.Composable) -> sql.Composed:
        """Compare two values of it as the index would; the column's collation decides."""
        return sql.SQL("{} operator({}.{}) {}").format(
            left, sql.Identifier(self.equality_schema), sql.SQL(self.equality), right
        )


@dataclass(frozen=True)
class ForeignKey:
    """A foreign key of another table, or of the same, that points at the table."""

    oid: int
    name: str
    child_oid: int
    child_schema: str
    child_table: str
    columns: tuple[Column, ...]
    referenced: tuple[str, ...]
    child_key: tuple[Column, ...]
    is_own: bool
    is_indexed: bool

    @property
    def child(self) -> sql.Identifier:
        """The child table, quoted."""
        return sql.Identifier(self.child_schema, self.child_table)

    @property
    def child_name(self) -> str:
        """The child table for people."""
        return f"{self.child_schema}.{self.child_table}"


@dataclass(frozen=True)
class Index:
    """An index whose columns are those of the key, in any order, and nothing else decides it."""

    name: str
    definition: str
    columns: tuple[str, ...]
    is_unique: bool
    is_valid: bool
    is_ready: bool
    is_immediate: bool
    is_nulls_not_distinct: bool
    is_constraint: bool

    def enforces(self, nulls: str) -> bool:
        """Whether it refuses every duplicate that the constraint asked for would refuse."""
        is_sound = self.is_unique and self.is_valid and self.is_ready and self.is_immediate
        return is_sound and (self.is_nulls_not_distinct or nulls != "not-distinct")


@dataclass(frozen=True)
class Table:
    """A table of the database, its columns, its primary key, and who points at it.

    `full_name` is as a statement takes it.
    """

    oid: int
    schema: str
    name: str
    full_name: str
    columns: tuple[Column, ...]
    primary_key: tuple[Column, ...]
    foreign_keys: tuple[ForeignKey, ...]
    shape: str

    @property
    def identifier(self) -> sql.Identifier:
        """Its name with its schema, quoted."""
        return sql.Identifier(self.schema, self.name)

    @property
    def is_own(self) -> bool:
        """Whether it holds the awards of this database's pgmerit."""
        return (self.schema, self.name) == _OWN_TABLE and {*_OWN_KEY} <= {
            each.name for each in self.columns
        }

    def column(self, name: str) -> Column:
        """Give a column by its exact name."""
        return next(each for each in self.columns if each.name == name)


_RELATION = """
select
    c.oid::int8 as oid, n.nspname as schema, c.relname as name, c.relkind::text as kind,
    pg_catalog.format('%I.%I', n.nspname, c.relname) as full_name,
    c.relpersistence::text as persistence, c.relispartition as is_partition,
    n.nspname in ('pg_catalog', 'information_schema', 'pg_toast', {schema}) as is_system,
    pg_catalog.pg_has_role(c.relowner, 'usage') as is_owned,
    pg_catalog.pg_get_userbyid(c.relowner) as owner,
    pg_catalog.row_security_active(c.oid) as is_filtered,
    exists (
        select from pg_catalog.pg_inherits as i where c.oid in (i.inhrelid, i.inhparent)
    ) as is_inherited,
    exists (
        select from pg_catalog.pg_rewrite as r where r.ev_class = c.oid
    ) as has_rules,
    exists (
        select from pg_catalog.pg_subscription_rel as s where s.srrelid = c.oid
    ) as is_subscribed,
    (
        select p.pubname
        from pg_catalog.pg_publication_tables as t
        join pg_catalog.pg_publication as p on p.pubname = t.pubname
        where p.pubdelete and t.schemaname = n.nspname and t.tablename = c.relname
        and (
            c.relreplident = 'n'
            or c.relreplident = 'd' and not exists (
                select from pg_catalog.pg_index as i where i.indrelid = c.oid and i.indisprimary
            )
        )
        limit 1
    ) as publication
from pg_catalog.pg_class as c
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
where c.oid = {oid}
"""

# The equality is that of the type's default operator class; what has none of its own (an array, an
# enum, a range) is compared by pg_catalog's.
_COLUMNS = """
select
    a.attname as name, a.attnotnull as is_not_null, a.attgenerated <> '' as is_generated,
    coalesce(e.schema, 'pg_catalog') as equality_schema, coalesce(e.name, '=') as equality
from pg_catalog.pg_attribute as a
join pg_catalog.pg_type as t on t.oid = a.atttypid
left join lateral (
    with recursive base as (
        select t.oid, t.typbasetype
        union all
        select b.oid, b.typbasetype
        from base join pg_catalog.pg_type as b on b.oid = base.typbasetype
    )
    select n.nspname as schema, o.oprname as name
    from base
    join pg_catalog.pg_opclass as c on c.opcintype = base.oid and c.opcdefault
    join pg_catalog.pg_am as m on m.oid = c.opcmethod and m.amname = 'btree'
    join pg_catalog.pg_amop as p on p.amopfamily = c.opcfamily and p.amopstrategy = 3
        and p.amoplefttype = base.oid and p.amoprighttype = base.oid
    join pg_catalog.pg_operator as o on o.oid = p.amopopr
    join pg_catalog.pg_namespace as n on n.oid = o.oprnamespace
    where base.typbasetype = 0
) as e on true
where a.attrelid = {oid} and a.attnum > 0 and not a.attisdropped
order by a.attnum
"""

# Type names would depend on the search path.
SHAPE = """
select pg_catalog.concat_ws(
    '; ',
    (
        select pg_catalog.string_agg(
            pg_catalog.format('%s %s %s', a.attname, a.atttypid::int8, a.atttypmod),
            ', ' order by a.attnum
        )
        from pg_catalog.pg_attribute as a
        where a.attrelid = {oid} and a.attnum > 0 and not a.attisdropped
    ),
    (
        select pg_catalog.string_agg(f.oid::text, ', ' order by f.oid)
        from pg_catalog.pg_constraint as f
        where f.contype = 'f' and f.confrelid = {oid} and f.conparentid = 0
    )
) as shape
"""

_PRIMARY_KEY = """
select a.attname as name
from pg_catalog.pg_index as i
cross join lateral pg_catalog.unnest(i.indkey::int2[]) with ordinality as k (attnum, place)
join pg_catalog.pg_attribute as a on a.attrelid = i.indrelid and a.attnum = k.attnum
where i.indrelid = {oid} and i.indisprimary and k.place <= i.indnkeyatts
order by k.place
"""

_FOREIGN_KEYS = """
select
    f.oid::int8 as oid, f.conname as name, f.conrelid::int8 as child_oid, n.nspname as child_schema,
    c.relname as child_table, f.conrelid = f.confrelid as is_own,
    (
        select pg_catalog.array_agg(a.attname::text order by k.place)
        from pg_catalog.unnest(f.conkey) with ordinality as k (attnum, place)
        join pg_catalog.pg_attribute as a on a.attrelid = f.conrelid and a.attnum = k.attnum
    ) as columns,
    (
        select pg_catalog.array_agg(a.attname::text order by k.place)
        from pg_catalog.unnest(f.confkey) with ordinality as k (attnum, place)
        join pg_catalog.pg_attribute as a on a.attrelid = f.confrelid and a.attnum = k.attnum
    ) as referenced,
    exists (
        select from pg_catalog.pg_index as i
        where i.indrelid = f.conrelid and i.indisvalid and i.indkey[0] = any(f.conkey)
    ) as is_indexed
from pg_catalog.pg_constraint as f
join pg_catalog.pg_class as c on c.oid = f.conrelid
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
where f.contype = 'f' and f.confrelid = {oid} and f.conparentid = 0
order by 3, 4, 1
"""

INDEXES = """
select
    c.relname as name, pg_catalog.pg_get_indexdef(i.indexrelid) as definition, k.columns,
    i.indisunique as is_unique, i.indisvalid as is_valid, i.indisready as is_ready,
    i.indimmediate as is_immediate, i.indnullsnotdistinct as is_nulls_not_distinct,
    exists (
        select from pg_catalog.pg_constraint as o
        where o.conindid = i.indexrelid and o.contype in ('u', 'p')
    ) as is_constraint
from pg_catalog.pg_index as i
join pg_catalog.pg_class as c on c.oid = i.indexrelid
join pg_catalog.pg_am as m on m.oid = c.relam and m.amname = 'btree'
cross join lateral (
    select
        pg_catalog.array_agg(a.attname::text order by k.place) as columns,
        pg_catalog.bool_and(
            o.opcdefault and i.indcollation[k.place - 1] = a.attcollation
        ) as is_plain
    from pg_catalog.unnest(i.indkey::int2[]) with ordinality as k (attnum, place)
    join pg_catalog.pg_attribute as a on a.attrelid = i.indrelid and a.attnum = k.attnum
    join pg_catalog.pg_opclass as o on o.oid = i.indclass[k.place - 1]
    where k.place <= i.indnkeyatts
) as k
where i.indrelid = {oid} and i.indpred is null and i.indexprs is null and k.is_plain
order by i.indexrelid
"""


def rows(connection: Connection, statement: str, **values: Any) -> list[dict[str, Any]]:
    """Run a catalogue query; its values are put in as literals."""
    literals = {name: sql.Literal(value) for name, value in values.items()}
    return connection.execute(sql.SQL(statement).format(**literals)).fetchall()


def read_table(connection: Connection, given: str) -> Table:
    """Find the table that a command line names, and refuse what cannot be deduplicated.

    Raises PgmeritError.
    """
    try:
        found = connection.execute(
            "select pg_catalog.to_regclass(%s)::pg_catalog.oid::int8 as oid", (given,)
        ).fetchone()
    except (psycopg.ProgrammingError, psycopg.DataError, psycopg.NotSupportedError) as exc:
        raise InvalidInputError(
            f'"{given}" is not the name of a table',
            'Write schema.table; a name with capitals or spaces as "My Table".',
        ) from exc
    if found is None or found["oid"] is None:
        raise UnknownObjectError(
            f'there is no table "{given}"',
            'Write schema.table; a name with capitals or spaces as "My Table".',
        )
    return describe_table(connection, found["oid"])


def describe_table(connection: Connection, oid: int) -> Table:
    """Read a table by its oid; see `read_table`."""
    found = rows(connection, _RELATION, oid=oid, schema=SCHEMA)
    if not found:
        raise UnknownObjectError(f"there is no table with the oid {oid}", "It was dropped.")
    relation = found[0]
    _refuse(relation)
    columns = _columns(connection, oid)
    by_name = {each.name: each for each in columns}
    primary_key = [by_name[row["name"]] for row in rows(connection, _PRIMARY_KEY, oid=oid)]
    return Table(
        oid=oid,
        schema=relation["schema"],
        name=relation["name"],
        full_name=relation["full_name"],
        columns=columns,
        primary_key=tuple(primary_key),
        foreign_keys=tuple(
            _foreign_key(connection, row) for row in rows(connection, _FOREIGN_KEYS, oid=oid)
        ),
        shape=shape_of(connection, oid),
    )


def shape_of(connection: Connection, oid: int) -> str:
    """Give a table's columns, their types and who points at it, as one text to compare."""
    return str(rows(connection, SHAPE, oid=oid)[0]["shape"])


def _columns(connection: Connection, oid: int) -> tuple[Column, ...]:
    return tuple(Column(**row) for row in rows(connection, _COLUMNS, oid=oid))


def _foreign_key(connection: Connection, row: dict[str, Any]) -> ForeignKey:
    columns = {each.name: each for each in _columns(connection, row["child_oid"])}
    key = [each["name"] for each in rows(connection, _PRIMARY_KEY, oid=row["child_oid"])]
    return ForeignKey(
        **row
        | {
            "columns": tuple(columns[name] for name in row["columns"]),
            "referenced": tuple(row["referenced"]),
            "child_key": tuple(columns[name] for name in key),
        }
    )


def _refuse(relation: dict[str, Any]) -> None:
    """Refuse what is no plain table, and where removing rows would not go as told."""
    name = relation["full_name"]
    plain = "Name an ordinary, permanent table."
    refusals = [
        (
            relation["kind"] == "p",
            "is partitioned: a unique key must hold its partition key",
            plain,
        ),
        (relation["kind"] != "r", "is not a table", plain),
        (relation["persistence"] == "t", "is a temporary table", plain),
        (relation["persistence"] == "u", "is unlogged: a crash would empty it", plain),
        (relation["is_system"], "is a table of the system", plain),
        (relation["is_partition"], "is a partition: writes to its parent pass it by", plain),
        (relation["is_inherited"], "inherits or is inherited from", plain),
        (relation["has_rules"], "has rules, which change what a statement does", "Drop the rules."),
        (
            not relation["is_owned"],
            f"belongs to {relation['owner']}",
            "Use its owner, or a role that is a member of it.",
        ),
        (
            relation["is_filtered"],
            "has row-level security that hides rows from its owner",
            "Use a role with BYPASSRLS, or `alter table .. no force row level security`.",
        ),
        (
            relation["is_subscribed"],
            "is filled by logical replication, which passes the guard by",
            "Deduplicate it at the publisher.",
        ),
        (
            relation["publication"] is not None,
            f"has no replica identity, and publication {relation['publication']} wants one for "
            "what is removed",
            "`alter table .. replica identity full` lets it.",
        ),
    ]
    for is_so, reason, hint in refusals:
        if is_so:
            raise PgmeritError(f"{name} {reason}", hint)


def key_indexes(connection: Connection, table: Table, key: tuple[str, ...]) -> list[Index]:
    """List the plain btree indexes on exactly the columns of the key, in any order."""
    found = [
        Index(**row | {"columns": tuple(row["columns"])})
        for row in rows(connection, INDEXES, oid=table.oid)
    ]
    return [each for each in found if sorted(each.columns) == sorted(key)]


def parse_names(given: str) -> list[str]:
    """Read a list of names, separated by commas, quoted or not; raises PgmeritError."""
    names: list[str] = []
    place = 0
    while place < len(given) or not names:
        found = _ITEM.match(given, place)
        if not found or (found[3] == "," and found.end() == len(given)):
            raise InvalidInputError(
                f'"{given}" is not a list of columns', "Write --key user_id,badge_id."
            )
        names.append(found[1].replace('""', '"') if found[1] else found[2])
        place = found.end()
    return names


def choose_column(table: Table, given: str) -> Column:
    """Find a column by its name, exactly or as SQL folds it; raises PgmeritError."""
    by_name = {each.name: each for each in table.columns}
    found = by_name.get(given) or by_name.get(given.lower())
    if found is None:
        listed = ", ".join(by_name)
        raise UnknownObjectError(f'{table.full_name} has no column "{given}"', f"It has {listed}.")
    return found


def check_options(connection: Connection, table: Table, options: Options) -> Options:
    """Give the options with the columns' exact names and the constraint's; raises PgmeritError."""
    key = tuple(choose_column(table, name).name for name in options.key)
    if len({*key}) < len(key):
        raise InvalidInputError("--key names a column twice", "Name each column once.")
    if table.is_own and not {*key} >= _OWN_KEY:
        raise PgmeritError(
            f"{table.full_name} is pgmerit's own, and a key without "
            f"{', '.join(sorted(_OWN_KEY - {*key}))} would stop awards",
            f"Its key is {','.join(sorted(_OWN_KEY))}.",
        )
    keep = choose_column(table, options.keep)
    for option, name in [("--key", name) for name in key] + [("--keep", keep.name)]:
        _require_order(connection, table, option, name)
    clash = [each.name for each in table.columns if each.name.startswith(META)]
    if clash:
        raise PgmeritError(
            f'the column "{clash[0]}" has a name of our own in the archive',
            f"Rename it: names that begin with {META} are taken.",
        )
    constraint = options.constraint
    if constraint is None:
        constraint = default_constraint(table, key)
    if not 0 < len(constraint.encode()) <= _LONGEST_NAME or "\0" in constraint:
        raise InvalidInputError(
            "--constraint is not a name of 1 to 63 bytes", "Choose a shorter name."
        )
    return Options(
        key=key,
        keep=keep.name,
        children=options.children,
        nulls=options.nulls,
        constraint=constraint,
        batch_rows=options.batch_rows,
        lock_timeout=options.lock_timeout,
        give_up_after=options.give_up_after,
    )


def default_constraint(table: Table, key: tuple[str, ...]) -> str:
    """Give the name that PostgreSQL itself would give, cut to what a name may hold."""
    whole = "_".join([table.name, *key]).encode()[: _LONGEST_NAME - 4]
    return whole.decode(errors="ignore") + "_key"


def _require_order(connection: Connection, table: Table, option: str, name: str) -> None:
    column = sql.Identifier(name)
    try:
        connection.execute(
            sql.SQL("select from only {} where false group by {} order by {}").format(
                table.identifier, column, column
            )
        )
    except psycopg.errors.UndefinedFunction as exc:
        raise InvalidInputError(
            f'the column "{name}" has a type without an order',
            f"{option} takes columns that a btree index can hold.",
        ) from exc
