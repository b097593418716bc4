"""Reading activities from CSV and JSON Lines into the database, all or nothing.

Every line is checked here as far as it can be alone; what needs the organizations' time zones and
the server's clock is checked in the database, on a staging table of the session. Then one
set-based insert moves everything, sorted by person. This is the one place of driver code that
names tables.
"""

from __future__ import annotations

import csv
import difflib
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import IO, Any, Literal
from uuid import UUID

from pgmerit import routines
from pgmerit.database import Connection, retry
from pgmerit.demo.generator import Correction
from pgmerit.errors import PgmeritError
from pgmerit.rules.grammar import canonical_text

PLAIN_COLUMNS = (
    "peer_mentor_id",
    "org_id",
    "activity_type",
    "occurred_at",
    "activity_date",
    "quantity",
    "idempotency_key",
    "attributes",
)
DEFAULT_MAX_ERRORS = 20
InputFormat = Literal["auto", "csv", "jsonl"]
Progress = Callable[[float], None]

_FIRST_MOMENT = datetime(1900, 1, 3, tzinfo=UTC)
_LAST_MOMENT = datetime(2200, 1, 1, tzinfo=UTC)
_LARGEST_QUANTITY = Decimal("1e30")
_BUFFER_BYTES = 1 << 18
_REMEMBERED = 100_000
_WIDEST_FIELD = 1 << 20
_PLAIN_NUMBER = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,60})?")
_JSON_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_UUID = re.compile(
    r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|[0-9a-fA-F]{32}"
)
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_NEEDS_ESCAPE = re.compile(r"[\\\t\n\r]")
_NULL = "\\N"
_LINES_PER_WRITE = 2_000
_WHOLE = 1 << 62
_HINT = "Mend the lines and run it again, or leave them out with --skip-errors."


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
class ImportOptions:
    """How a file is read.

    `mentor_namespace`: person ids are external ids of this namespace, not uuids.
    `max_errors`: stop reading after so many bad lines.
    `skip_errors`: import the good lines and only tell the bad ones, all of them.
    `chunk`: commit after about so many rows, whole persons; None is all in one transaction.
    """

    input_format: InputFormat = "auto"
    delimiter: str | None = None
    mentor_namespace: str | None = None
    org_id: str | None = None
    max_errors: int = DEFAULT_MAX_ERRORS
    skip_errors: bool = False
    chunk: int | None = None


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


class BadLineError(Exception):
    """A value on the current line that cannot be taken."""

    def __init__(self, column: str | None, message: str) -> None:
        super().__init__(message)
        self.column = column
        self.message = message


def import_file(
    connection: Connection,
    source: IO[bytes],
    name: str,
    options: ImportOptions | None = None,
    *,
    on_bytes: Progress = lambda steps: None,
    on_rows: Callable[[int], Progress] | None = None,
) -> ImportResult:
    """Import activities from an open binary file into the database of an autocommit connection.

    `on_bytes` hears how many bytes were read; `on_rows` gets the number of rows to insert and
    gives the function that hears how many are done.
    Raises PgmeritError with every bad line in its details; then nothing has been written.
    """
    options = options or ImportOptions()
    organizations = _known_organizations(connection)
    if not organizations:
        raise PgmeritError(
            "no organization is known yet, so no activity can be imported",
            "Apply a rule set that names your organizations: `pgmerit rules apply FILE`.",
        )
    result = ImportResult()
    reader = _open_reader(source, name, options, on_bytes)
    checker = _LineChecker(reader.columns, organizations, options)
    try:
        _stage(connection, reader, checker, result, options)
        if options.skip_errors or len(result.errors) < options.max_errors:
            result.errors += _check_staged(connection, options, len(result.errors))
        result.errors.sort(key=lambda error: error.line)
        result.rejected = len({error.line for error in result.errors})
        if result.errors and not options.skip_errors:
            raise _refusal(name, result.errors, options.max_errors)
        _move(connection, result, options, on_rows)
    finally:
        if not connection.closed:
            connection.execute("drop table if exists pg_temp.import_rows")
    return result


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


# Reading ------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Reader:
    """A file as lines of values in the order of `columns`; a bad line comes as its error."""

    columns: list[str]
    rows: Iterator[tuple[int, Sequence[Any] | BadLineError]]


def _open_reader(
    source: IO[bytes], name: str, options: ImportOptions, on_bytes: Progress
) -> _Reader:
    """Look at the beginning of the file and choose how to read it."""
    buffered = io.BufferedReader(_Raw(source), _BUFFER_BYTES)
    start = buffered.peek(4096)
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise PgmeritError(
            f"{name}: the file is UTF-16, but must be UTF-8", "Save it as UTF-8 (CSV UTF-8)."
        )
    if not start:
        raise PgmeritError(f"{name}: the file is empty", "The first line must name the columns.")
    text_start = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    kind = options.input_format
    if kind == "auto":
        kind = "jsonl" if text_start[:1] in (b"{", b"[") else "csv"
    lines = _Lines(buffered, on_bytes)
    if kind == "csv":
        return _csv_reader(lines, name, options)
    if text_start[:1] == b"[":
        raise PgmeritError(
            f"{name}: line 1 begins a JSON array",
            "Give JSON Lines: one object a line, without brackets or commas between.",
        )
    return _json_reader(lines)


class _Raw(io.RawIOBase):
    """Lets any binary file, a pipe too, be buffered again by us."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer with what the source gives."""
        given = self._source.read(len(buffer))
        buffer[: len(given)] = given
        return len(given)


class _Lines:
    """The lines of a file as text; remembers the numbers of those that are no proper text."""

    def __init__(self, source: Iterable[bytes], on_bytes: Progress) -> None:
        self._source = source
        self._on_bytes = on_bytes
        self.number = 0
        self.bad: dict[int, str] = {}

    def __iter__(self) -> Iterator[str]:
        waiting = 0
        for raw in self._source:
            self.number += 1
            waiting += len(raw)
            if waiting >= _BUFFER_BYTES:
                self._on_bytes(waiting)
                waiting = 0
            try:
                line = raw.decode()
            except UnicodeDecodeError as exc:
                self.bad[self.number] = f"byte {exc.start + 1} is not UTF-8"
                line = raw.decode(errors="replace")
            if self.number == 1:
                line = line.removeprefix("\ufeff")
            if "\0" in line:
                self.bad[self.number] = "a NUL character, which no text may hold"
                line = line.replace("\0", " ")
            yield line
        self._on_bytes(waiting)

    def trouble(self, first: int) -> BadLineError | None:
        """Tell what was wrong with the text from a line up to the current one."""
        for number in range(first, self.number + 1):
            if number in self.bad:
                return BadLineError(None, self.bad.pop(number))
        return None


def _csv_reader(lines: _Lines, name: str, options: ImportOptions) -> _Reader:
    csv.field_size_limit(_WIDEST_FIELD)
    source = iter(lines)
    header = next(source, "")
    delimiter = options.delimiter or _guess_delimiter(header)
    names = [part.strip() for part in next(csv.reader([header], delimiter=delimiter), [])]
    columns = _check_header(names, name, options)
    parsed = csv.reader(source, delimiter=delimiter, strict=True)
    width = len(columns)

    def rows() -> Iterator[tuple[int, Sequence[Any] | BadLineError]]:
        while True:
            first = lines.number + 1
            try:
                row = next(parsed)
            except StopIteration:
                return
            except csv.Error as exc:
                yield first, BadLineError(None, f"not CSV: {exc}")
                continue
            if lines.bad and (trouble := lines.trouble(first)):
                yield first, trouble
            elif len(row) == width:
                yield first, row
            elif row:
                yield first, BadLineError(None, f"{len(row)} columns where {width} are expected")

    return _Reader(columns, rows())


def _guess_delimiter(header: str) -> str:
    """Choose what parts the header into most names; spreadsheets in Norway write semicolons."""
    return max(",;\t", key=header.count)


def _check_header(names: list[str], name: str, options: ImportOptions) -> list[str]:
    """Give the columns by their proper names, or tell all that is wrong with them."""
    columns = [part if part.startswith("attributes.") else part.lower() for part in names]
    problems: list[dict[str, Any]] = []
    for column, given in zip(columns, names, strict=True):
        if problem := _column_problem(column):
            problems.append({"line": 1, "path": given or None, "message": problem})
    for column in dict.fromkeys(columns):
        if columns.count(column) > 1:
            problems.append({"line": 1, "path": column, "message": "this column comes twice"})
    wanted = ["peer_mentor_id", "activity_type"] + ([] if options.org_id else ["org_id"])
    missing = [column for column in wanted if column not in columns]
    if "occurred_at" not in columns and "activity_date" not in columns:
        missing.append("occurred_at or activity_date")
    problems += [{"line": 1, "message": f"the column {column} is missing"} for column in missing]
    if problems:
        first = _place_and_message(problems[0])
        raise PgmeritError(
            f"{name}: {first}",
            "The first line names the columns; see `pgmerit import --help`.",
            problems if len(problems) > 1 else None,
        )
    return columns


def _column_problem(column: str) -> str | None:
    if column in PLAIN_COLUMNS:
        return None
    if column.startswith("attributes.") and column.removeprefix("attributes."):
        return None
    if not column:
        return "a column without a name"
    near = difflib.get_close_matches(column, PLAIN_COLUMNS, n=1, cutoff=0.5)
    guess = f"did you mean {near[0]}?" if near else f"did you mean attributes.{column}?"
    return f"unknown column {column}; {guess}"


def _place_and_message(problem: Mapping[str, Any]) -> str:
    return f"line {problem['line']}: {problem['message']}"


def _json_reader(lines: _Lines) -> _Reader:
    """Read an object a line; the columns are those that the first objects have, and may vary."""
    reader = _Reader(list(PLAIN_COLUMNS), iter(()))

    def rows() -> Iterator[tuple[int, Sequence[Any] | BadLineError]]:
        for line in lines:
            number = lines.number
            if lines.bad and (trouble := lines.trouble(number)):
                yield number, trouble
            elif line.strip():
                try:
                    yield number, _json_row(line)
                except BadLineError as exc:
                    yield number, exc

    reader.rows = rows()
    return reader


def _json_row(line: str) -> list[Any]:
    """Give an object's values in the order of PLAIN_COLUMNS."""
    given = _load_json(line, None)
    if not isinstance(given, dict):
        raise BadLineError(None, "not a JSON object")
    row = [given.pop(column, None) for column in PLAIN_COLUMNS]
    if given:
        row[-1] = _with_dotted(row[-1], given)
    quantity = row[5]
    if isinstance(quantity, bool):
        raise BadLineError("quantity", "true or false is not a number")
    if isinstance(quantity, int | Decimal):
        row[5] = str(quantity)
    if isinstance(row[0], int) and not isinstance(row[0], bool):
        row[0] = str(row[0])
    for column, value in zip(PLAIN_COLUMNS[:-1], row[:-1], strict=True):
        if value is not None and not isinstance(value, str):
            raise BadLineError(column, "must be text")
    if row[-1] is not None:
        if not isinstance(row[-1], dict):
            raise BadLineError("attributes", "not a JSON object")
        row[-1] = _dump_json(row[-1])
    return row


def _with_dotted(attributes: Any, dotted: dict[str, Any]) -> dict[str, Any]:
    """Add the keys attributes.NAME of an object to its attributes."""
    merged = {} if attributes is None else attributes
    for key, value in dotted.items():
        if problem := _column_problem(key):
            raise BadLineError(None, problem.replace("column", "key", 1))
        if not isinstance(merged, dict):
            raise BadLineError("attributes", "not a JSON object")
        short = key.removeprefix("attributes.")
        if short in merged:
            raise BadLineError(key, "given twice")
        merged[short] = value
    return merged


def _load_json(text: str, column: str | None) -> Any:
    """Parse JSON that PostgreSQL can hold too."""
    try:
        value = json.loads(
            text,
            parse_float=_checked_number,
            parse_constant=_refuse_constant,
        )
    except BadLineError as exc:
        raise BadLineError(column, exc.message) from None
    except RecursionError:
        raise BadLineError(column, "JSON nested too deeply") from None
    except json.JSONDecodeError as exc:
        raise BadLineError(column, f"bad JSON: {exc.msg} at character {exc.pos + 1}") from None
    except ValueError:
        raise BadLineError(column, "a number with too many digits") from None
    if "\\u" in text:
        try:
            canonical_text(value)
        except UnicodeEncodeError:
            raise BadLineError(column, "bad JSON: half of a surrogate pair") from None
        except ValueError:
            raise BadLineError(column, "a NUL character, which no text may hold") from None
    return value


def _checked_number(text: str) -> float | Decimal:
    """Take a JSON number exactly: as a float only when it is written again as it was read."""
    number = Decimal(text)
    if number and not -400 < number.adjusted() < 400:
        raise BadLineError(None, f"the number {_shown(text)} is out of range")
    return float(text) if repr(float(text)) == text else number


def _refuse_constant(text: str) -> None:
    raise BadLineError(None, f"{text} is not a finite number")


def _dump_json(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except TypeError:
        return canonical_text(value)


# Checking -----------------------------------------------------------------------------------------


class _LineChecker:
    """Checks the values of a line and gives them as a line of COPY text for the staging table."""

    def __init__(self, columns: list[str], organizations: set[str], options: ImportOptions) -> None:
        self._columns = columns
        self._organizations = organizations
        self._options = options
        self._place = {column: number for number, column in enumerate(columns)}
        self._dotted = [
            (number, column, *_dotted_name(column))
            for number, column in enumerate(columns)
            if column.startswith("attributes.")
        ]
        self._people: dict[str, str] = {}
        self._types: dict[str, str] = {}
        self._quantities: dict[str, str] = {"": "0"}
        self._attributes: dict[str, str] = {"": "{}"}

    def copy_line(self, number: int, row: Sequence[Any]) -> str:
        """Check a row; raises BadLineError at its first bad value."""
        place = self._place
        given = place.get
        person = self._person(row[place["peer_mentor_id"]] or "")
        org_id = self._organization(self._value(row, given("org_id")) or self._options.org_id or "")
        activity_type = self._type(row[place["activity_type"]] or "")
        moment, local_moment, day = self._moment(
            self._value(row, given("occurred_at")), self._value(row, given("activity_date"))
        )
        quantity = self._quantity(self._value(row, given("quantity")))
        attributes = self._value(row, given("attributes"))
        if self._dotted:
            attributes = self._join_attributes(attributes, row)
        else:
            attributes = self._attributes.get(attributes) or self._check_attributes(attributes)
        key = self._value(row, given("idempotency_key"))
        key_text = _escape(key) if key else _NULL
        return (
            f"{number}\t{person}\t{org_id}\t{activity_type}\t{moment}\t{local_moment}\t{day}"
            f"\t{quantity}\t{attributes}\t{key_text}\n"
        )

    @staticmethod
    def _value(row: Sequence[Any], number: int | None) -> str:
        if number is None:
            return ""
        value = row[number]
        return value if value is not None else ""

    def _person(self, text: str) -> str:
        if known := self._people.get(text):
            return known
        person = text.strip()
        if not person:
            raise BadLineError("peer_mentor_id", "empty")
        if self._options.mentor_namespace is not None:
            known = f"{_NULL}\t{_escape(person)}"
        elif _UUID.fullmatch(person):
            known = f"{UUID(person)}\t{_NULL}"
        else:
            raise BadLineError("peer_mentor_id", f"{_shown(person)} is not a uuid")
        return _remember(self._people, text, known)

    def _organization(self, text: str) -> str:
        if text in self._organizations:
            return text
        org_id = text.strip()
        if org_id in self._organizations:
            return org_id
        if not org_id:
            raise BadLineError("org_id", "empty")
        near = difflib.get_close_matches(org_id, self._organizations, n=1)
        guess = f"; did you mean {near[0]}?" if near else ""
        raise BadLineError("org_id", f"unknown organization {_shown(org_id)}{guess}")

    def _type(self, text: str) -> str:
        if known := self._types.get(text):
            return known
        activity_type = text.strip()
        if not activity_type:
            raise BadLineError("activity_type", "empty")
        if len(activity_type) > 100:
            raise BadLineError("activity_type", "longer than 100 characters")
        return _remember(self._types, text, _escape(activity_type))

    def _moment(self, occurred_at: str, activity_date: str) -> tuple[str, str, str]:
        """Give moment with zone, moment without, and day, each as text or NULL."""
        day = _NULL
        if activity_date:
            day = _parse_day(activity_date.strip())
        elif not occurred_at:
            raise BadLineError("occurred_at", "neither occurred_at nor activity_date is given")
        if not occurred_at:
            return _NULL, _NULL, day
        moment = _parse_moment(occurred_at.strip())
        if moment.tzinfo is None:
            return _NULL, moment.isoformat(), day
        return moment.isoformat(), _NULL, day

    def _quantity(self, text: str) -> str:
        if known := self._quantities.get(text):
            return known
        quantity = text.strip()
        if not _PLAIN_NUMBER.fullmatch(quantity):
            quantity = _parse_quantity(quantity)
        return _remember(self._quantities, text, quantity)

    def _check_attributes(self, text: str) -> str:
        """Check attributes written as JSON and give them as COPY text."""
        if not text.strip():
            return "{}"
        if not isinstance(_load_json(text, "attributes"), dict):
            raise BadLineError("attributes", "not a JSON object")
        return _remember(self._attributes, text, _escape(text))

    def _join_attributes(self, text: str, row: Sequence[Any]) -> str:
        """Put the columns attributes.NAME together with the attributes written as JSON."""
        joined = _load_json(text, "attributes") if text.strip() else {}
        if not isinstance(joined, dict):
            raise BadLineError("attributes", "not a JSON object")
        for number, column, name, is_text in self._dotted:
            value = row[number]
            if value == "":
                continue
            if name in joined:
                raise BadLineError(column, "given twice")
            joined[name] = value if is_text else _guess_type(value, column)
        return _escape(_dump_json(joined))


def _dotted_name(column: str) -> tuple[str, bool]:
    """Give the attribute of a column attributes.NAME, and whether NAME:text asked for text."""
    name = column.removeprefix("attributes.")
    return (name.removesuffix(":text"), True) if name.endswith(":text") else (name, False)


def _guess_type(value: str, column: str) -> Any:
    """Take what is written like a JSON number, true or false as such, all else as text."""
    if value in ("true", "false"):
        return value == "true"
    if _JSON_NUMBER.fullmatch(value):
        return _load_json(value, column)
    return value


def _parse_day(text: str) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise BadLineError("activity_date", f"{_shown(text)} is not a date YYYY-MM-DD") from None
    if not _FIRST_MOMENT.date() <= day < _LAST_MOMENT.date():
        raise BadLineError("activity_date", f"{_shown(text)} is not within 1900 and 2200")
    return day.isoformat()


def _parse_moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        message = f"{_shown(text)} is not a moment YYYY-MM-DDTHH:MM:SS, with or without an offset"
        raise BadLineError("occurred_at", message) from None
    if len(text) <= 10:
        message = f"{_shown(text)} has no time of day; a day alone belongs to activity_date"
        raise BadLineError("occurred_at", message)
    compared = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    if not _FIRST_MOMENT <= compared < _LAST_MOMENT:
        raise BadLineError("occurred_at", f"{_shown(text)} is not within 1900 and 2200")
    return moment


def _parse_quantity(text: str) -> str:
    """Take a number in any notation; say what is wrong with the others."""
    lowered = text.lower().lstrip("+-")
    if lowered in ("nan", "snan", "inf", "infinity"):
        raise BadLineError("quantity", f"{_shown(text)} is not a finite number")
    if re.fullmatch(r"[+-]?[0-9]+,[0-9]+", text):
        raise BadLineError("quantity", f"{_shown(text)} has a decimal comma; use a point")
    if not re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,6})?", text):
        raise BadLineError("quantity", f"{_shown(text)} is not a number")
    number = Decimal(text)
    if abs(number) > _LARGEST_QUANTITY:
        raise BadLineError("quantity", f"{_shown(text)} is beyond 1e30")
    if number and number.adjusted() < -400:
        raise BadLineError("quantity", f"{_shown(text)} is too small")
    return text


def _escape(text: str) -> str:
    return text.translate(_ESCAPES) if _NEEDS_ESCAPE.search(text) else text


def _shown(text: str) -> str:
    return json.dumps(text if len(text) <= 60 else text[:57] + "...", ensure_ascii=False)


def _remember(known: dict[str, str], text: str, value: str) -> str:
    if len(known) >= _REMEMBERED:
        known.clear()
    known[text] = value
    return value


# Writing ------------------------------------------------------------------------------------------

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


def _known_organizations(connection: Connection) -> set[str]:
    rows = connection.execute("select org_id from badges.organizations").fetchall()
    return {row["org_id"] for row in rows}


def _stage(
    connection: Connection,
    reader: _Reader,
    checker: _LineChecker,
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
    reader: _Reader, checker: _LineChecker, result: ImportResult, options: ImportOptions
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


def _check_staged(
    connection: Connection, options: ImportOptions, errors_before: int
) -> list[LineError]:
    """Find what only the database can judge: the future, and days that do not fit moments."""
    limit = None if options.skip_errors else options.max_errors - errors_before
    rows = connection.execute(_CHECK_STAGED, {"limit": limit}).fetchall()
    errors = [LineError(row["line_number"], row["column_name"], row["message"]) for row in rows]
    if errors and options.skip_errors:
        connection.execute(_DROP_STAGED, {"lines": [error.line for error in errors]})
    return errors


def _refusal(name: str, errors: list[LineError], max_errors: int) -> PgmeritError:
    """Say which lines are bad; one bad line is told whole in the message."""
    if len(errors) == 1:
        return PgmeritError(f"{name}, {errors[0]}; nothing was imported", _HINT)
    count = f"{len(errors)} bad lines" + (" or more" if len(errors) >= max_errors else "")
    details = [error.as_detail() for error in errors]
    return PgmeritError(f"{name}: {count}; nothing was imported", _HINT, details)


def _move(
    connection: Connection,
    result: ImportResult,
    options: ImportOptions,
    on_rows: Callable[[int], Progress] | None,
) -> None:
    """Insert the staged rows, in one transaction or one for each chunk of people."""
    chunks = connection.execute(_CHUNKS, {"chunk": options.chunk or _WHOLE}).fetchall()
    total = sum(chunk["row_count"] for chunk in chunks)
    done = on_rows(total) if on_rows else None
    for chunk in chunks:

        def insert(chunk: dict[str, Any] = chunk) -> tuple[int, int, int]:
            with connection.transaction():
                imported = connection.execute(_INSERT, chunk).rowcount
                differing = 0
                if imported < chunk["row_count"]:
                    row = connection.execute(_COUNT_DIFFERING, chunk).fetchone()
                    differing = row["differing"] if row else 0
                return imported, differing, len(routines.new_badges(connection))

        imported, differing, new_badges = retry(insert)
        result.imported += imported
        result.duplicates += chunk["row_count"] - imported
        result.differing += differing
        result.new_badges += new_badges
        if done:
            done(chunk["row_count"])
