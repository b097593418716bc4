"""The staging table of a session: checked lines, and what the database has to say of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pgmerit.database import Connection
from pgmerit.importing.checking import LineChecker
from pgmerit.importing.reading import BadLineError, ImportOptions, Reader

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


@dataclass(slots=True)
class ImportResult:
    """What an import did."""

    read: int = 0
    imported: int = 0
    duplicates: int = 0
    differing: int = 0
    rejected: int = 0
    new_badges: int = 0
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
_CHECK_STAGED = """
with placed as (
    select
        staged.line_number,
        staged.activity_date,
        coalesce(
            staged.occurred_at,
            coalesce(staged.local_moment, staged.activity_date + time '12:00')
                at time zone organization.time_zone
        ) as occurred_at,
        staged.occurred_at is null and staged.local_moment is null as is_day_only
    from pg_temp.import_rows as staged
    join badges.organizations as organization using (org_id)
)
select
    line_number,
    case when is_day_only then 'activity_date' else 'occurred_at' end as column_name,
    'more than one day in the future' as message
from placed
where occurred_at > now() + interval '1 day'
union all
select
    line_number,
    'activity_date',
    'more than one day away from occurred_at'
from placed
where activity_date not between (occurred_at at time zone 'UTC')::date - 1
                            and (occurred_at at time zone 'UTC')::date + 1
order by 1
limit %(limit)s
"""
_DROP_STAGED = "delete from pg_temp.import_rows where line_number = any (%(lines)s)"


_NAME_PEOPLE = """
update pg_temp.import_rows as staged
set peer_mentor_id = named.peer_mentor_id
from (
    select
        external_id,
        badges.mentor_id_from(%(namespace)s, external_id) as peer_mentor_id
    from pg_temp.import_rows
    group by external_id
) as named
where named.external_id = staged.external_id
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
    connection.execute("drop table if exists pg_temp.import_rows")
    connection.execute(_CREATE_STAGING)
    with connection.cursor() as cursor:
        with cursor.copy(_COPY_STAGING) as copy:
            for text in _good_lines(reader, checker, result, options):
                copy.write(text)
        if options.mentor_namespace is not None:
            cursor.execute(_NAME_PEOPLE, {"namespace": options.mentor_namespace})
        cursor.execute("analyze pg_temp.import_rows")


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
    connection: Connection, options: ImportOptions, errors_before: int
) -> list[LineError]:
    """Find what only the database can judge: the future, and days that do not fit moments."""
    limit = None if options.skip_errors else options.max_errors - errors_before
    rows = connection.execute(_CHECK_STAGED, {"limit": limit}).fetchall()
    errors = [LineError(row["line_number"], row["column_name"], row["message"]) for row in rows]
    if errors and options.skip_errors:
        connection.execute(_DROP_STAGED, {"lines": [error.line for error in errors]})
    return errors
