"""Files of activities as lines of values: CSV and JSON Lines."""

from __future__ import annotations

import csv
import difflib
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import IO, Any, Literal

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

_BUFFER_BYTES = 1 << 18
_WIDEST_FIELD = 1 << 20


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


class BadLineError(Exception):
    """A value on the current line that cannot be taken."""

    def __init__(self, column: str | None, message: str) -> None:
        super().__init__(message)
        self.column = column
        self.message = message


@dataclass(slots=True)
class Reader:
    """A file as lines of values in the order of `columns`; a bad line comes as its error."""

    columns: list[str]
    rows: Iterator[tuple[int, Sequence[Any] | BadLineError]]


def open_reader(source: IO[bytes], name: str, options: ImportOptions, on_bytes: Progress) -> Reader:
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


def _csv_reader(lines: _Lines, name: str, options: ImportOptions) -> Reader:
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

    return Reader(columns, rows())


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


def _json_reader(lines: _Lines) -> Reader:
    """Read an object a line; the columns are those that the first objects have, and may vary."""
    reader = Reader(list(PLAIN_COLUMNS), iter(()))

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
    given = load_json(line, None)
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
        row[-1] = dump_json(row[-1])
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


def load_json(text: str, column: str | None) -> Any:
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
        raise BadLineError(None, f"the number {shown(text)} is out of range")
    return float(text) if repr(float(text)) == text else number


def _refuse_constant(text: str) -> None:
    raise BadLineError(None, f"{text} is not a finite number")


def dump_json(value: Any) -> str:
    """Write JSON with its numbers exact."""
    try:
        return json.dumps(value, ensure_ascii=False)
    except TypeError:
        return canonical_text(value)


def shown(text: str) -> str:
    """Quote a value for a message, cut where it is long."""
    return json.dumps(text if len(text) <= 60 else text[:57] + "...", ensure_ascii=False)
