"""The staging table of a session: checked lines, and what the database has to say of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from psycopg.types.json import Jsonb

from pgmerit.database import Connection
from pgmerit.importing.checking import LineChecker
from pgmerit.importing.options import BadLineError, ImportOptions, shown
from pgmerit.importing.reading import Reader

_LINES_PER_WRITE = 2_000


@dataclass(frozen=True, slots=True)
class LineError:
    """What is wrong with one line; `column` is the column's name when one is to blame."""

    line: int
    column: str | None
    message: str

    def as_detail(self) -> dict[str, Any]:
        """Give the error as a detail of a PgmeritError."""
        return {"line": self.line, "path": self.column, "message": self.message}

    def __str__(self) -> str:
        """Give line, column and message as one text."""
        place = f"line {self.line}" + (f", {self.column}" if self.column else "")
        return f"{place}: {self.message}"


@dataclass(frozen=True, slots=True)
class Preview:
    """What rows a dry run found: how many of what, from which day to which, and who it brings what.

    `activity_types` and `badges` count by name, `badges` with tier where there is one.
    """

    people: int
    organizations: list[str]
    first_day: date | None
    last_day: date | None
    activity_types: dict[str, int]
    badges: dict[str, int]


@dataclass(slots=True)
class ImportResult:
    """What an import did, or would do after a dry run, which has a `preview`.

    `differing`: known keys that came with other content. `repeated`: rows without a key that were
    stored before with the same content.
    """

    read: int = 0
    imported: int = 0
    duplicates: int = 0
    differing: int = 0
    rejected: int = 0
    repeated: int = 0
    new_badges: int = 0
    preview: Preview | None = None
    errors: list[LineError] = field(default_factory=list)


_CREATE_STAGING = """
create temporary table import_rows (
    line_number bigint not null,
    peer_mentor_id uuid,
    external_id text,
    org_id text collate "C" not null,
    activity_type text not null,
    occurred_at timestamptz,
    local_moment timestamp,
    activity_date date,
    quantity numeric not null,
    attributes jsonb not null,
    idempotency_key text
)
"""


_COPY_STAGING = """
copy pg_temp.import_rows (
    line_number, peer_mentor_id, external_id, org_id, activity_type, occurred_at, local_moment,
    activity_date, quantity, attributes, idempotency_key
) from stdin
"""


# A row's moment: as given, else by the organization's clock, else noon of its day there.
_CREATE_PLACED = """
create temporary view import_placed as
select
    staged.line_number,
    staged.peer_mentor_id,
    staged.org_id,
    staged.activity_type,
    moment.occurred_at,
    coalesce(
        staged.activity_date,
        ((moment.occurred_at at time zone organization.time_zone) - organization.day_starts)::date
    ) as activity_date,
    staged.occurred_at is null and staged.local_moment is null as is_day_only,
    staged.quantity,
    staged.attributes,
    staged.idempotency_key
from pg_temp.import_rows as staged
join badges.organizations as organization using (org_id)
cross join lateral (
    select coalesce(
        staged.occurred_at,
        coalesce(staged.local_moment, staged.activity_date + time '12:00')
            at time zone organization.time_zone
    )
) as moment (occurred_at)
"""


_CHECK_STAGED = """
select
    line_number,
    case when is_day_only then 'activity_date' else 'occurred_at' end as column_name,
    'more than one day in the future' as message
from pg_temp.import_placed
where occurred_at > now() + interval '24 hours'
union all
select line_number, 'occurred_at', 'before 1900-01-03'
from pg_temp.import_placed
where occurred_at < '1900-01-03 00:00:00+00'
union all
select line_number, 'activity_date', 'more than one day away from occurred_at'
from pg_temp.import_placed
where activity_date not between (occurred_at at time zone 'UTC')::date - 1
                            and (occurred_at at time zone 'UTC')::date + 1
union all
select line_number, 'attributes', 'larger than 262144 bytes'
from pg_temp.import_rows
where pg_column_size(attributes) > 1000
and pg_column_size(attributes || '{}') > 262144
order by 1
limit %(limit)s
"""


# What some condition adds up or compares with a number, of which activity types; null = of all.
_NUMBERS_WANTED = """
select
    organization.org_id,
    named.field,
    node.value -> 'activity' as activity,
    min(definition.badge_definition_id) as badge
from badges.badge_definitions as definition
join badges.organizations as organization using (rule_set)
cross join lateral jsonb_path_query(definition.criteria, 'strict $.** ? (exists (@.type))')
    as node (value)
cross join lateral (
    select node.value ->> 'field'
    where node.value ->> 'measure' in ('sum', 'max')
    union all
    select element.value ->> 'field'
    from (values (node.value -> 'per_value'), (node.value -> 'per_unit')) as element (value)
    where element.value ->> 'measure' in ('sum', 'max')
    union all
    select test.key
    from jsonb_each(node.value -> 'where') as test
    where jsonb_typeof(test.value) = 'object'
    and test.value ?| array['gte', 'gt', 'lte', 'lt']
) as named (field)
where definition.is_active
and named.field <> 'quantity'
group by organization.org_id, named.field, node.value -> 'activity'
"""


_CHECK_NUMBERS = """
select distinct on (staged.line_number, wanted.field)
    staged.line_number,
    'attributes.' || wanted.field as column_name,
    staged.attributes ->> wanted.field as given,
    wanted.badge
from pg_temp.import_rows as staged
join jsonb_to_recordset(%(wanted)s) as wanted (
    org_id text, field text, activity jsonb, badge text
)
    on wanted.org_id = staged.org_id
where jsonb_typeof(staged.attributes -> wanted.field) = 'string'
and staged.attributes ->> wanted.field ~ '[0-9]'
and (wanted.activity is null or wanted.activity @> to_jsonb(staged.activity_type))
order by staged.line_number, wanted.field
limit %(limit)s
"""


# Rows without a key that somebody recorded with the same content before.
_COUNT_REPEATED = """
select count(*) as repeated
from pg_temp.import_placed as placed
where placed.idempotency_key is null
and exists (
    select
    from badges.activities as stored
    where stored.peer_mentor_id = placed.peer_mentor_id
    and stored.org_id = placed.org_id
    and stored.activity_date = placed.activity_date
    and stored.activity_type = placed.activity_type
    and stored.occurred_at = placed.occurred_at
    and stored.quantity = placed.quantity
    and stored.attributes = placed.attributes
)
"""


_DROP_STAGED = "delete from pg_temp.import_rows where line_number = any (%(lines)s)"


_NAME_PEOPLE = """
update pg_temp.import_rows as staged
set peer_mentor_id = named.peer_mentor_id
from (
    select
        external_id,
        badges.find_mentor(%(namespace)s, external_id) as peer_mentor_id
    from pg_temp.import_rows
    group by external_id
) as named
where named.external_id = staged.external_id
"""

# The columns that what follows is planned by.
_ANALYZE_STAGED = """
analyze pg_temp.import_rows (line_number, peer_mentor_id, external_id, org_id, idempotency_key)
"""


def known_organizations(connection: Connection) -> set[str]:
    """Give the organizations that activities may name."""
    rows = connection.execute("select org_id from badges.organizations").fetchall()
    return {row["org_id"] for row in rows}


def stage(
    connection: Connection,
    reader: Reader,
    checker: LineChecker,
    result: ImportResult,
    options: ImportOptions,
) -> None:
    """Copy the good lines into the staging table and keep the errors of the others."""
    drop_staged(connection)
    connection.execute(_CREATE_STAGING)
    connection.execute(_CREATE_PLACED)
    with connection.cursor() as cursor:
        with cursor.copy(_COPY_STAGING) as copy:
            for text in _good_lines(reader, checker, result, options):
                copy.write(text)
        if options.mentor_namespace is not None:
            cursor.execute(_NAME_PEOPLE, {"namespace": options.mentor_namespace})
        cursor.execute(_ANALYZE_STAGED)


def _good_lines(
    reader: Reader, checker: LineChecker, result: ImportResult, options: ImportOptions
) -> Iterator[bytes]:
    """Give the checked lines in buffers; ends early when too many lines are bad."""
    waiting: list[str] = []
    for number, row in reader.rows:
        result.read += 1
        try:
            if isinstance(row, BadLineError):
                raise row
            waiting.append(checker.copy_line(number, row))
        except BadLineError as exc:
            result.errors.append(LineError(number, exc.column, exc.message))
            if not options.skip_errors and len(result.errors) >= options.max_errors:
                return
        if len(waiting) >= _LINES_PER_WRITE:
            yield "".join(waiting).encode()
            waiting.clear()
    yield "".join(waiting).encode()


def check_staged(
    connection: Connection, reader: Reader, options: ImportOptions, errors_before: int
) -> list[LineError]:
    """Find what only the database can judge: the future, days that do not fit moments, and text.

    Text is judged where a rule wants a number of it, and it holds one that would count as none.
    """
    limit = None if options.skip_errors else options.max_errors - errors_before
    rows = connection.execute(_CHECK_STAGED, {"limit": limit}).fetchall()
    errors = [LineError(row["line_number"], row["column_name"], row["message"]) for row in rows]
    if wanted := connection.execute(_NUMBERS_WANTED).fetchall():
        values = {"wanted": Jsonb(wanted), "limit": limit}
        for row in connection.execute(_CHECK_NUMBERS, values).fetchall():
            message = f"{shown(row['given'])} is text, but badge {row['badge']} wants a number"
            has_comma = options.decimal == "." and re.search("[0-9],[0-9]", row["given"])
            if has_comma and row["column_name"] in reader.columns:
                message += ": --decimal , may read it"
            errors.append(LineError(row["line_number"], row["column_name"], message))
    errors = sorted(errors, key=lambda error: error.line)[:limit]
    if errors and options.skip_errors:
        connection.execute(_DROP_STAGED, {"lines": [error.line for error in errors]})
    return errors


def count_repeated(connection: Connection) -> int:
    """Count the rows without a key that are stored already as they come."""
    row = connection.execute(_COUNT_REPEATED).fetchone()
    return int(row["repeated"]) if row else 0


def drop_staged(connection: Connection) -> None:
    """Drop what a session staged."""
    connection.execute("drop table if exists pg_temp.import_rows cascade")
