"""Files of activities as lines of values: CSV, JSON Lines and workbooks."""

from __future__ import annotations

import csv
import difflib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import IO, Any

from pgmerit.errors import PgmeritError
from pgmerit.importing.decoding import ZIP, Lines, open_bytes
from pgmerit.importing.options import PLAIN_COLUMNS, BadLineError, ImportOptions, Progress, shown
from pgmerit.importing.sheets import Sheet
from pgmerit.rules.grammar import canonical_text

_WIDEST_FIELD = 1 << 20
_MOST_COLUMNS = 16_384
_LONGEST_NUMBER = 1_000
_SEPARATOR = re.compile(r'"?sep=(.)"?\r?\n?')
_HEADER_HINT = "See `pgmerit import --help` for the columns; --map takes other names."

Rows = Iterator[tuple[int, Sequence[Any] | BadLineError]]


@dataclass(slots=True)
class Reader:
    """A file as lines of values in the order of `columns`; a bad line comes as its error.

    A column that is left out has no name.
    """

    columns: list[str]
    rows: Rows


def open_reader(source: IO[bytes], name: str, options: ImportOptions, on_bytes: Progress) -> Reader:
    """Look at the beginning of the file and choose how to read it."""
    opened, on_rows = open_bytes(source, name, on_bytes)
    if opened.peek().startswith(ZIP):
        _refuse_unfit(name, "a workbook", options, "xlsx", "encoding", "delimiter")
        sheet = Sheet(opened, name, options, on_rows)
        columns = _check_header(sheet.header, sheet.header_line, name, options)
        return Reader(columns, _whole_rows(sheet.rows(columns), len(columns)))
    lines = Lines(opened, name, options.encoding)
    kind = options.input_format
    if kind == "auto":
        kind = "jsonl" if lines.first in (b"{", b"[") else "csv"
    if kind == "jsonl":
        _refuse_unfit(name, "JSON Lines", options, kind, "sheet", "delimiter")
        return _json_reader(lines, name, options)
    _refuse_unfit(name, "no workbook", options, "csv", "sheet")
    return _csv_reader(lines, name, options)


def _refuse_unfit(name: str, what: str, options: ImportOptions, kind: str, *unfit: str) -> None:
    """Refuse what was told of the file and does not go with what it is."""
    given = [f"--{option}" for option in unfit if getattr(options, option) is not None]
    if options.input_format not in ("auto", kind):
        given.append(f"--input-format {options.input_format}")
    if given:
        raise PgmeritError(f"{name}: the file is {what}: {given[0]} is for others", "Leave it out.")


def _csv_reader(lines: Lines, name: str, options: ImportOptions) -> Reader:
    csv.field_size_limit(_WIDEST_FIELD)
    source = iter(lines)
    header, delimiter = _header_of(source, options.delimiter)
    line = max(1, lines.number - header.rstrip("\r\n").count("\n"))
    place = f"{name}: line {line}"
    if trouble := lines.trouble(line):
        raise PgmeritError(f"{place}: {trouble.message}; nothing was imported")
    if not header.strip():
        raise PgmeritError(f"{name}: the file is empty", "The first line must name the columns.")
    delimiter = delimiter or _guess_delimiter(header)
    try:
        names = next(csv.reader([header], delimiter=delimiter, strict=True))
    except csv.Error as exc:
        raise PgmeritError(f"{place}: {_said_of(exc)}", _HEADER_HINT) from exc
    columns = _check_header(names, line, name, options)

    def rows() -> Rows:
        parsed = csv.reader(source, delimiter=delimiter, strict=True)
        while True:
            first = lines.number + 1
            try:
                row = next(parsed)
            except StopIteration:
                return
            except csv.Error as exc:
                yield first, lines.trouble(first) or BadLineError(None, _said_of(exc))
                continue
            if lines.bad and (trouble := lines.trouble(first)):
                yield first, trouble
            elif row:
                yield first, row

    return Reader(columns, _whole_rows(rows(), len(columns)))


def _header_of(source: Iterator[str], delimiter: str | None) -> tuple[str, str | None]:
    """Give the first line that is not empty, to the end of its quotes, and what parts values.

    Excel may say the latter on a line of its own.
    """
    header = next((line for line in source if line.strip()), "")
    if told := _SEPARATOR.fullmatch(header):
        delimiter, header = delimiter or told[1], next(source, "")
    while header.count('"') % 2 and len(header) < _WIDEST_FIELD and (more := next(source, "")):
        header += more
    return header, delimiter


def _guess_delimiter(header: str) -> str:
    """Choose what parts the header into most names; spreadsheets in Norway write semicolons."""
    return max(",;\t", key=re.sub('"[^"]*"', "", header).count)


def _said_of(error: csv.Error) -> str:
    """Say what is wrong with a row, in the words of the file and not of the parser."""
    said = str(error)
    if "field limit" in said:
        return f"a value longer than {_WIDEST_FIELD} characters; is a quote not closed?"
    if "new-line" in said:
        return "a carriage return that neither ends the line nor is in quotes"
    return "a quote is not closed" if "end of data" in said else f"not CSV: {said}"


def _whole_rows(rows: Iterable[tuple[int, Any]], width: int) -> Rows:
    """Pass over empty rows, and what spreadsheets add to others; tell rows of another width."""
    for number, row in rows:
        if isinstance(row, BadLineError):
            yield number, row
        elif not row[0].strip() and not any(map(str.strip, row)):
            continue
        elif len(row) == width:
            yield number, row
        elif len(row) > width and not any(row[width:]):
            yield number, row[:width]
        else:
            yield number, BadLineError(None, f"{len(row)} columns where {width} are expected")


class _Names:
    """The proper names of columns, where --map gives some; `unused` are those that nobody had."""

    def __init__(self, mapped: Mapping[str, str]) -> None:
        self._mapped = {_one_line(given).casefold(): proper for given, proper in mapped.items()}
        self.unused = {_one_line(given).casefold(): given for given in mapped}

    def proper(self, given: str) -> str:
        """Give the proper name, '' for one that is left out."""
        folded = given.casefold()
        if folded in self._mapped:
            self.unused.pop(folded, None)
            return self._mapped[folded]
        return given


def _one_line(name: str) -> str:
    return " ".join(name.split())


def _check_header(names: Sequence[str], line: int, name: str, options: ImportOptions) -> list[str]:
    """Give the columns by their proper names, or tell what is wrong with them."""
    given = [_one_line(each) for each in names]
    while given and not given[-1]:
        given.pop()
    if len(given) > _MOST_COLUMNS:
        raise PgmeritError(
            f"{name}: line {line}: {len(given)} columns; at most {_MOST_COLUMNS} are read",
            "Keep in attributes what rules look at.",
        )
    proper = _Names(options.mapped)
    columns = [proper.proper(each) for each in given]
    columns = [each if each.startswith("attributes.") else each.lower() for each in columns]
    told = _header_problems(given, columns, proper, options)
    problems = [{"line": line, "path": path, "message": message} for path, message in told]
    if problems:
        raise PgmeritError(
            f"{name}: line {line}: {problems[0]['message']}",
            _HEADER_HINT,
            problems[: options.max_errors] if len(problems) > 1 else None,
        )
    return columns


def _header_problems(
    given: list[str], columns: list[str], proper: _Names, options: ImportOptions
) -> Iterator[tuple[str | None, str]]:
    for name, column in zip(given, columns, strict=True):
        is_left_out = bool(name) and not column
        if not is_left_out and (problem := _column_problem(column)):
            yield name or None, problem
    counts = Counter(_plain_name(column) for column in columns if column)
    for column, count in counts.items():
        if count > 1:
            yield column, f"the column {column} comes {'twice' if count == 2 else f'{count} times'}"
    for folded, name in proper.unused.items():
        near = difflib.get_close_matches(folded, [each.casefold() for each in given], n=1)
        guess = f"; did you mean {near[0]}?" if near else ""
        yield None, f"no column is named {name}, as --map has it{guess}"
    wanted = ["peer_mentor_id", "activity_type"] + ([] if options.org_id else ["org_id"])
    missing = [column for column in wanted if column not in counts]
    if "occurred_at" not in counts and "activity_date" not in counts:
        missing.append("occurred_at or activity_date")
    for column in missing:
        yield None, f"the column {column} is missing"
    for column in options.key:
        if _plain_name(column) not in counts:
            yield None, f"no column is named {column}, as --key has it"
    if options.key and "idempotency_key" in counts:
        yield "idempotency_key", "the file has its own keys: --key makes none"


def _plain_name(column: str) -> str:
    """Give the name of a column without what it says of its values' type."""
    return column.removesuffix(":text") if column.startswith("attributes.") else column


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


def _json_reader(lines: Lines, name: str, options: ImportOptions) -> Reader:
    """Read an object a line; the columns are those that objects may have."""
    if lines.first == b"[":
        raise PgmeritError(
            f"{name}: line 1 begins a JSON array",
            "Give JSON Lines: one object a line, without brackets or commas between.",
        )
    proper = _Names(options.mapped)

    def rows() -> Rows:
        for line in lines:
            number = lines.number
            if lines.bad and (trouble := lines.trouble(number)):
                yield number, trouble
            elif line.strip():
                try:
                    yield number, _json_row(line, proper, options)
                except BadLineError as exc:
                    yield number, exc
        if proper.unused:
            raise PgmeritError(
                f"{name}: no line has the key {min(proper.unused.values())}, as --map has it;"
                " nothing was imported"
            )

    return Reader(list(PLAIN_COLUMNS), rows())


def _json_row(line: str, proper: _Names, options: ImportOptions) -> list[Any]:
    """Give an object's values in the order of PLAIN_COLUMNS."""
    given = load_json(line, None)
    if not isinstance(given, dict):
        raise BadLineError(None, "not a JSON object")
    if options.mapped:
        named = [(proper.proper(key), value) for key, value in given.items()]
        given = _once([(key, value) for key, value in named if key])
    row = [given.pop(column, None) for column in PLAIN_COLUMNS]
    if given:
        row[-1] = _with_dotted(row[-1], given)
    quantity = row[5]
    if isinstance(quantity, bool):
        raise BadLineError("quantity", "true or false is not a number")
    if isinstance(quantity, int | float | Decimal):
        row[5] = str(quantity).replace(".", options.decimal)
    if isinstance(row[0], int) and not isinstance(row[0], bool):
        row[0] = str(row[0])
    for column, value in zip(PLAIN_COLUMNS[:-1], row[:-1], strict=True):
        if value is not None and not isinstance(value, str):
            raise BadLineError(column, "must be text")
    if row[-1] is not None:
        if not isinstance(row[-1], dict):
            raise BadLineError("attributes", "not a JSON object")
        row[-1] = dump_json(row[-1])
    if options.key and row[6]:
        raise BadLineError("idempotency_key", "given, where --key makes one")
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
    """Parse JSON that PostgreSQL can hold too, and in which no key comes twice."""
    try:
        value = _DECODER.decode(text)
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


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        (twice, _), *_ = Counter(key for key, _ in pairs).most_common(1)
        raise BadLineError(None, f"the key {shown(twice)} comes twice")
    return made


def _checked_number(text: str) -> float | Decimal:
    """Take a JSON number exactly: as a float only when it is written again as it was read."""
    if len(text) > _LONGEST_NUMBER:
        raise BadLineError(None, "a number with too many digits")
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise BadLineError(None, f"the number {shown(text)} is out of range") from None
    if number and not -400 < number.adjusted() < 400:
        raise BadLineError(None, f"the number {shown(text)} is out of range")
    return float(text) if repr(float(text)) == text else number


def _refuse_constant(text: str) -> None:
    raise BadLineError(None, f"{text} is not a finite number")


_DECODER = json.JSONDecoder(
    parse_float=_checked_number, parse_constant=_refuse_constant, object_pairs_hook=_once
)


def dump_json(value: Any) -> str:
    """Write JSON with its numbers exact."""
    try:
        return json.dumps(value, ensure_ascii=False)
    except TypeError:
        return canonical_text(value)
