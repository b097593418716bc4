"""The values of a line, checked as far as the line alone tells."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from pgmerit.importing.reading import BadLineError, ImportOptions, dump_json, load_json, shown

_FIRST_MOMENT = datetime(1900, 1, 3, tzinfo=UTC)
_LAST_MOMENT = datetime(2200, 1, 1, tzinfo=UTC)
_LARGEST_QUANTITY = Decimal("1e30")
_REMEMBERED = 100_000
_PLAIN_NUMBER = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,60})?")
_JSON_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")


_UUID = re.compile(
    r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|[0-9a-fA-F]{32}"
)
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_NEEDS_ESCAPE = re.compile(r"[\\\t\n\r]")
_NULL = "\\N"


class LineChecker:
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
            raise BadLineError("peer_mentor_id", f"{shown(person)} is not a uuid")
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
        raise BadLineError("org_id", f"unknown organization {shown(org_id)}{guess}")

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
        if not isinstance(load_json(text, "attributes"), dict):
            raise BadLineError("attributes", "not a JSON object")
        return _remember(self._attributes, text, _escape(text))

    def _join_attributes(self, text: str, row: Sequence[Any]) -> str:
        """Put the columns attributes.NAME together with the attributes written as JSON."""
        joined = load_json(text, "attributes") if text.strip() else {}
        if not isinstance(joined, dict):
            raise BadLineError("attributes", "not a JSON object")
        for number, column, name, is_text in self._dotted:
            value = row[number]
            if value == "":
                continue
            if name in joined:
                raise BadLineError(column, "given twice")
            joined[name] = value if is_text else _guess_type(value, column)
        return _escape(dump_json(joined))


def _dotted_name(column: str) -> tuple[str, bool]:
    """Give the attribute of a column attributes.NAME, and whether NAME:text asked for text."""
    name = column.removeprefix("attributes.")
    return (name.removesuffix(":text"), True) if name.endswith(":text") else (name, False)


def _guess_type(value: str, column: str) -> Any:
    """Take what is written like a JSON number, true or false as such, all else as text."""
    if value in ("true", "false"):
        return value == "true"
    if _JSON_NUMBER.fullmatch(value):
        return load_json(value, column)
    return value


def _parse_day(text: str) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise BadLineError("activity_date", f"{shown(text)} is not a date YYYY-MM-DD") from None
    if not _FIRST_MOMENT.date() <= day < _LAST_MOMENT.date():
        raise BadLineError("activity_date", f"{shown(text)} is not within 1900 and 2200")
    return day.isoformat()


def _parse_moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        message = f"{shown(text)} is not a moment YYYY-MM-DDTHH:MM:SS, with or without an offset"
        raise BadLineError("occurred_at", message) from None
    if len(text) <= 10:
        message = f"{shown(text)} has no time of day; a day alone belongs to activity_date"
        raise BadLineError("occurred_at", message)
    compared = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    if not _FIRST_MOMENT <= compared < _LAST_MOMENT:
        raise BadLineError("occurred_at", f"{shown(text)} is not within 1900 and 2200")
    return moment


def _parse_quantity(text: str) -> str:
    """Take a number in any notation; say what is wrong with the others."""
    lowered = text.lower().lstrip("+-")
    if lowered in ("nan", "snan", "inf", "infinity"):
        raise BadLineError("quantity", f"{shown(text)} is not a finite number")
    if re.fullmatch(r"[+-]?[0-9]+,[0-9]+", text):
        raise BadLineError("quantity", f"{shown(text)} has a decimal comma; use a point")
    if not re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,6})?", text):
        raise BadLineError("quantity", f"{shown(text)} is not a number")
    number = Decimal(text)
    if abs(number) > _LARGEST_QUANTITY:
        raise BadLineError("quantity", f"{shown(text)} is beyond 1e30")
    if number and number.adjusted() < -400:
        raise BadLineError("quantity", f"{shown(text)} is too small")
    return text


def _escape(text: str) -> str:
    return text.translate(_ESCAPES) if _NEEDS_ESCAPE.search(text) else text


def _remember(known: dict[str, str], text: str, value: str) -> str:
    if len(known) >= _REMEMBERED:
        known.clear()
    known[text] = value
    return value
