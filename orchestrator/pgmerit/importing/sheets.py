"""Workbooks: a sheet's rows as texts, its dates and numbers exact, its errors told by cell.

The library gives values alone, and a sheet as a whole. So the sheet's XML is read once before: for
cells that hold an error or a formula that nobody computed, which come as empty ones, and for how
far the sheet reaches.
"""

from __future__ import annotations

import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import IO, Any
from xml.etree import ElementTree
from xml.parsers import expat

import python_calamine as calamine

from pgmerit.errors import PgmeritError
from pgmerit.importing.options import BadLineError, ImportOptions, Progress

_MOST_BYTES = 1 << 31
_MOST_CELLS = 20_000_000
_CHUNK = 1 << 20
_WORKBOOK = "xl/workbook.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    calamine.CalamineError,
    expat.ExpatError,
    ElementTree.ParseError,
    KeyError,
    StopIteration,
    NotImplementedError,
    RuntimeError,
    ValueError,
    EOFError,
)
_HINT = "Save it as .xlsx or CSV anew."


class Sheet:
    """The chosen sheet of a workbook; `header` is its first row that is not empty, as texts."""

    def __init__(
        self, source: IO[bytes], name: str, options: ImportOptions, on_bytes: Progress
    ) -> None:
        # The library jumps about in the file, which neither a pipe nor a packed file allows.
        file = tempfile.TemporaryFile()  # noqa: SIM115
        shutil.copyfileobj(source, file)
        size = file.tell()
        try:
            with zipfile.ZipFile(file) as archive:
                _require_workbook(archive, name)
                file.seek(0)
                workbook = calamine.load_workbook(file)
                title = _chosen(workbook, name, options.sheet)
                self._scan = _Scan(name)
                self._scan.read(archive, _path_of(archive, title))
            self._sheet = workbook.get_sheet_by_name(title)
        except _DAMAGED as exc:
            raise PgmeritError(f"{name}: the workbook cannot be read: {exc}", _HINT) from exc
        self._left = self._sheet.start[1] + 1 if self._sheet.start else 1
        self._has_times: bool | None = None
        self._texts = _texts_of(options.decimal)
        self._step = size / max(1, self._sheet.total_height)
        self._on_bytes = on_bytes
        self._rows = enumerate(self._sheet.iter_rows(), start=1)
        self.header_line, header = next(((n, row) for n, row in self._rows if any(row)), (1, []))
        if not header:
            raise PgmeritError(f"{name}: the sheet is empty", "Its first row names the columns.")
        self.header = [self._texts[type(value)](value) for value in header]

    def rows(self, columns: Sequence[str]) -> Iterator[tuple[int, list[str] | BadLineError]]:
        """Give the rows below the header with their numbers; `columns` without a name are not read.

        A row is as long as the header.
        """
        places = [
            columns.index(name) if name in columns else None
            for name in ("activity_date", "occurred_at")
        ]
        for number, row in self._rows:
            self._on_bytes(self._step)
            if number in self._scan.odd and (trouble := self._trouble(number, columns)):
                yield number, trouble
                continue
            self._tell_days_from_moments(row, *places)
            yield number, [self._texts[type(value)](value) for value in row]

    def _tell_days_from_moments(self, row: list[Any], day: int | None, moment: int | None) -> None:
        """The library gives a midnight as a day: a moment, where the column has times of day."""
        if day is not None and isinstance(row[day], datetime) and row[day].time() == time():
            row[day] = row[day].date()
        if moment is not None and type(row[moment]) is date:
            if self._has_times is None:
                every = (each[moment] for each in self._sheet.iter_rows())
                self._has_times = any(isinstance(value, datetime) for value in every)
            if self._has_times:
                row[moment] = datetime.combine(row[moment], time())

    def _trouble(self, number: int, columns: Sequence[str]) -> BadLineError | None:
        for column, told in self._scan.odd[number]:
            place = column - self._left
            if place < len(columns) and columns[place]:
                return BadLineError(columns[place], told)
        return None


class _Scan:
    """What a sheet's XML tells: `odd` has, by row, the columns of cells without a proper value."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.odd: dict[int, list[tuple[int, str]]] = {}
        self._row = self._column = self._width = 0
        self._numbers: dict[str, int] = {}
        self._kind = ""
        self._text: list[str] = []
        self._is_formula = self._has_value = False
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end

    def read(self, archive: zipfile.ZipFile, path: str) -> None:
        """Read the sheet; raises PgmeritError where it reaches too far to be held."""
        with archive.open(path) as file:
            while chunk := file.read(_CHUNK):
                self._parser.Parse(chunk)
                if self._row * self._width > _MOST_CELLS:
                    raise PgmeritError(
                        f"{self._name}: the sheet reaches over {self._row} rows and {self._width}"
                        f" columns; at most {_MOST_CELLS} cells are read",
                        "Delete what stands far off, or save the sheet as CSV.",
                    )

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        match name.rpartition(" ")[2]:
            case "row":
                self._row = int(attributes.get("r", self._row + 1))
                self._column = 0
            case "c":
                letters = attributes.get("r", "").rstrip("0123456789")
                self._column = self._number(letters) if letters else self._column + 1
                self._kind = attributes.get("t", "")
                self._is_formula = self._has_value = False
                self._text.clear()
            case "f":
                self._is_formula = True
            case "v" | "is":
                self._has_value = True
                if self._kind == "e" or self._is_formula:
                    self._parser.CharacterDataHandler = self._text.append

    def _end(self, name: str) -> None:
        match name.rpartition(" ")[2]:
            case "v":
                self._parser.CharacterDataHandler = None
            case "c":
                if self._has_value:
                    self._width = max(self._width, self._column)
                text = "".join(self._text).strip()
                if self._kind == "e":
                    self._note(f"holds {text or 'an error'}")
                elif self._is_formula and not text and self._kind != "str":
                    self._note("holds a formula that no program has computed")

    def _note(self, told: str) -> None:
        cell = f"cell {_letters(self._column)}{self._row}"
        self.odd.setdefault(self._row, []).append((self._column, f"{cell} {told}"))

    def _number(self, letters: str) -> int:
        """Give the number of a column: 1 for A, 28 for AB."""
        if letters not in self._numbers:
            number = 0
            for letter in letters:
                number = number * 26 + ord(letter) - ord("A") + 1
            self._numbers[letters] = number
        return self._numbers[letters]


def _letters(column: int) -> str:
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _require_workbook(archive: zipfile.ZipFile, name: str) -> None:
    """Refuse what is no workbook, unpacks to too much, or not to what it says."""
    if _WORKBOOK not in archive.namelist():
        raise PgmeritError(f"{name}: a zip archive that holds no .xlsx workbook", _HINT)
    if sum(info.file_size for info in archive.infolist()) > _MOST_BYTES:
        raise PgmeritError(f"{name}: the workbook unpacks to more than {_MOST_BYTES} bytes", _HINT)
    if damaged := archive.testzip():
        raise zipfile.BadZipFile(f"{damaged} is not what it was")


def _chosen(workbook: calamine.CalamineWorkbook, name: str, told: str | None) -> str:
    """Give the name of the sheet to read; raises PgmeritError where that is not certain."""
    sheets = [
        sheet for sheet in workbook.sheets_metadata if sheet.typ == calamine.SheetTypeEnum.WorkSheet
    ]
    names = [sheet.name for sheet in sheets]
    if told is not None and told not in names:
        raise PgmeritError(
            f"{name}: no sheet is named {told}", f"The workbook has: {', '.join(names)}."
        )
    if told is None:
        names = [s.name for s in sheets if s.visible == calamine.SheetVisibleEnum.Visible]
        if len(names) != 1:
            raise PgmeritError(
                f"{name}: the workbook has {len(names)} sheets: {', '.join(names)}",
                "Name the one to read with --sheet.",
            )
    return told or names[0]


def _path_of(archive: zipfile.ZipFile, title: str) -> str:
    """Give the member of the archive that holds a sheet."""
    relation = next(
        value
        for element in ElementTree.fromstring(archive.read(_WORKBOOK)).iter()  # noqa: S314
        if element.tag.endswith("}sheet") and element.get("name") == title
        for attribute, value in element.items()
        if attribute.endswith("}id")
    )
    target = next(
        element.attrib["Target"]
        for element in ElementTree.fromstring(archive.read(_RELATIONS))  # noqa: S314
        if element.get("Id") == relation
    )
    return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"


def _texts_of(decimal: str) -> dict[type, Callable[[Any], str]]:
    """Give for each type of a cell's value how a text file of the same kind would have it."""

    def number(value: float) -> str:
        if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        return repr(value).replace(".", decimal)

    return {
        str: str,
        float: number,
        int: str,
        bool: lambda value: "true" if value else "false",
        datetime: datetime.isoformat,
        date: date.isoformat,
        time: time.isoformat,
        timedelta: lambda value: f"{value.total_seconds() / 86400!r} days",
    }
