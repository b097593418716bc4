"""The values of a line, checked as far as the line alone tells."""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from operator import itemgetter
from typing import Any
from uuid import UUID

from pgmerit.importing.options import BadLineError, ImportOptions, shown
from pgmerit.importing.reading import dump_json, load_json
from pgmerit.importing.written import read_day, read_moment, read_quantity
from pgmerit.rules.grammar import canonical_text

_REMEMBERED = 100_000
_LONGEST_REMEMBERED = 500
_LONGEST_KEY = 2_000
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
        self._attributes: dict[Any, str] = {}
        wanted = [number for number, *_ in self._dotted]
        if "attributes" in self._place:
            wanted.append(self._place["attributes"])
        self._given_attributes: Callable[[Sequence[Any]], Any] = (
            itemgetter(*wanted) if wanted else lambda row: None
        )

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
        given_attributes = self._given_attributes(row)
        attributes = self._attributes.get(given_attributes)
        if attributes is None:
            attributes = _escape(dump_json(self._joined(row)))
            _remember(self._attributes, given_attributes, attributes)
        key = self._value(row, given("idempotency_key"))
        if self._options.key:
            key = self._made_key(
                row,
                {
                    "peer_mentor_id": row[place["peer_mentor_id"]].strip(),
                    "org_id": org_id,
                    "activity_type": row[place["activity_type"]].strip(),
                    "occurred_at": local_moment if moment == _NULL else _in_utc(moment),
                    "activity_date": day,
                    "quantity": _plain_text(Decimal(quantity)),
                },
            )
        elif len(key) > _LONGEST_KEY // 4 and len(key.encode()) > _LONGEST_KEY:
            raise BadLineError("idempotency_key", f"longer than {_LONGEST_KEY} bytes")
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
            day = read_day(activity_date.strip(), self._options.date_order)
        elif not occurred_at:
            raise BadLineError("occurred_at", "neither occurred_at nor activity_date is given")
        if not occurred_at:
            return _NULL, _NULL, day
        moment = read_moment(occurred_at.strip(), self._options.date_order)
        if moment.tzinfo is None:
            return _NULL, moment.isoformat(), day
        return moment.isoformat(), _NULL, day

    def _quantity(self, text: str) -> str:
        if known := self._quantities.get(text):
            return known
        quantity = text.strip()
        if self._options.decimal != "." or not _PLAIN_NUMBER.fullmatch(quantity):
            quantity = read_quantity(quantity, self._options.decimal)
        return _remember(self._quantities, text, quantity)

    def _joined(self, row: Sequence[Any]) -> dict[str, Any]:
        """Put the attributes written as JSON together with the columns attributes.NAME."""
        text = self._value(row, self._place.get("attributes"))
        joined = load_json(text, "attributes") if text.strip() else {}
        if not isinstance(joined, dict):
            raise BadLineError("attributes", "not a JSON object")
        for number, column, name, is_text in self._dotted:
            value = row[number]
            if value == "":
                continue
            if name in joined:
                raise BadLineError(column, "given twice")
            joined[name] = value if is_text else self._typed(value, column)
        return joined

    def _typed(self, value: str, column: str) -> Any:
        """Take what is written like a JSON number, true or false as such, all else as text."""
        if value in ("true", "false"):
            return value == "true"
        plain = value
        if self._options.decimal != ".":
            plain = value.translate(
                {ord("."): self._options.decimal, ord(self._options.decimal): "."}
            )
        return load_json(plain, column) if _JSON_NUMBER.fullmatch(plain) else value

    def _made_key(self, row: Sequence[Any], values: dict[str, str | None]) -> str:
        """Make the key of a row from what its columns hold, however they were written."""
        if any(column.startswith("attributes") for column in self._options.key):
            joined = self._joined(row)
            values["attributes"] = canonical_text(joined) if joined else None
            values |= {f"attributes.{name}": _plain_text(value) for name, value in joined.items()}
        texts = [values.get(column.removesuffix(":text")) for column in self._options.key]
        texts = [None if text in ("", _NULL) else text for text in texts]
        if not any(texts):
            raise BadLineError(None, "all columns of --key are empty")
        return hashlib.sha256(canonical_text(texts).encode()).hexdigest()


def _dotted_name(column: str) -> tuple[str, bool]:
    """Give the attribute of a column attributes.NAME, and whether NAME:text asked for text."""
    name = column.removeprefix("attributes.")
    return (name.removesuffix(":text"), True) if name.endswith(":text") else (name, False)


def _in_utc(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone(UTC).isoformat()


def _plain_text(value: Any) -> str | None:
    """Give a JSON value as the one text that stands for all ways to write it."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool | dict | list):
        return canonical_text(value)
    text = f"{Decimal(str(value)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _escape(text: str) -> str:
    return text.translate(_ESCAPES) if _NEEDS_ESCAPE.search(text) else text


def _remember(known: dict[Any, str], given: Any, value: str) -> str:
    if len(value) > _LONGEST_REMEMBERED:
        return value
    if len(known) >= _REMEMBERED:
        known.clear()
    known[given] = value
    return value
