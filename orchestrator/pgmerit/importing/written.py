"""Days, moments and numbers as people write them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from pgmerit.importing.options import BadLineError, DateOrder, shown

_FIRST_MOMENT = datetime(1900, 1, 3, tzinfo=UTC)
_LAST_MOMENT = datetime(2200, 1, 1, tzinfo=UTC)
_LARGEST_OFFSET = timedelta(hours=16)
_LONGEST_NUMBER = 500
_DAY = re.compile(r"([0-9]{1,4})([./-])([0-9]{1,2})\2([0-9]{1,4})(?:,?[ T]+(.+))?")
_TIME = re.compile(
    r"([0-9]{1,2})[:.]([0-9]{2})(?:[:.]([0-9]{2}(?:[.,][0-9]+)?))?"
    r"(?: ?([AaPp])\.?[Mm]\.?)? ?(Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def read_day(text: str, order: DateOrder | None) -> str:
    """Give a day as YYYY-MM-DD; raises BadLineError for what is none."""
    try:
        day = date.fromisoformat(_in_iso(text, order, "activity_date"))
    except ValueError:
        message = f"{shown(text)} is not a date {_wanted('YYYY-MM-DD', text, order)}"
        raise BadLineError("activity_date", message) from None
    if not _FIRST_MOMENT.date() <= day < _LAST_MOMENT.date():
        raise BadLineError("activity_date", f"{shown(text)} is not within 1900 and 2200")
    return day.isoformat()


def read_moment(text: str, order: DateOrder | None) -> datetime:
    """Give a moment, with or without a zone; raises BadLineError for what is none."""
    try:
        moment = datetime.fromisoformat(_in_iso(text, order, "occurred_at"))
    except ValueError:
        wanted = _wanted("YYYY-MM-DDTHH:MM:SS, with or without an offset", text, order)
        raise BadLineError("occurred_at", f"{shown(text)} is not a moment {wanted}") from None
    if len(text) <= 10:
        message = f"{shown(text)} has no time of day; a day alone belongs to activity_date"
        raise BadLineError("occurred_at", message)
    offset = moment.utcoffset()
    if offset is not None and not -_LARGEST_OFFSET < offset < _LARGEST_OFFSET:
        raise BadLineError("occurred_at", f"{shown(text)} has an offset of 16 hours or more")
    compared = moment.replace(tzinfo=UTC) if offset is None else moment
    if not _FIRST_MOMENT <= compared < _LAST_MOMENT:
        raise BadLineError("occurred_at", f"{shown(text)} is not within 1900 and 2200")
    return moment


def read_quantity(text: str, decimal: str) -> str:
    """Take a number in any notation; say what is wrong with the others."""
    if text.lower().lstrip("+-") in ("nan", "snan", "inf", "infinity"):
        raise BadLineError("quantity", f"{shown(text)} is not a finite number")
    if decimal == "." and re.fullmatch(r"[+-]?[0-9]+,[0-9]+", text):
        raise BadLineError("quantity", f"{shown(text)} has a decimal comma: --decimal , reads it")
    if decimal == "," and "." in text:
        raise BadLineError("quantity", f"{shown(text)} has a point, and --decimal is a comma")
    plain = text.replace(decimal, ".")
    if not _NUMBER.fullmatch(plain):
        raise BadLineError("quantity", f"{shown(text)} is not a number")
    if len(plain) > _LONGEST_NUMBER:
        raise BadLineError("quantity", f"{shown(text)} has too many digits")
    try:
        number = Decimal(plain)
    except InvalidOperation:
        raise BadLineError("quantity", f"{shown(text)} is out of range") from None
    if number and (number.adjusted() > 30 or not -Decimal("1e30") <= number <= Decimal("1e30")):
        raise BadLineError("quantity", f"{shown(text)} is beyond 1e30")
    if number and number.adjusted() < -400:
        raise BadLineError("quantity", f"{shown(text)} is too small")
    return plain if number else "0"


def _in_iso(text: str, order: DateOrder | None, column: str) -> str:
    """Write a day, with or without a time, as ISO 8601; what is not of the order stays as it is."""
    if order is None or not (found := _DAY.fullmatch(text)):
        return text
    first, _, second, third, time = found.groups()
    parts = {"ymd": (first, second, third), "dmy": (third, second, first)}
    # Four digits come first in no other order.
    year, month, day = parts.get("ymd" if len(first) == 4 else order, (third, first, second))
    if len(year) != 4:
        raise BadLineError(column, f"{shown(text)} has a year without four digits")
    written = f"{year}-{month:0>2}-{day:0>2}"
    if time is None:
        return written
    if not (clock := _TIME.fullmatch(time)):
        return text
    hour, minute, second, half, offset = clock.groups()
    if half:
        if not 1 <= int(hour) <= 12:
            return text
        hour = str(int(hour) % 12 + (12 if half in "Pp" else 0))
    seconds = (second or "00").replace(",", ".")
    return f"{written}T{hour:0>2}:{minute}:{seconds}{offset or ''}"


def _wanted(iso: str, text: str, order: DateOrder | None) -> str:
    if order is not None:
        return f"in the order {order}, nor {iso}"
    if _DAY.fullmatch(text):
        return f"{iso}; --date-order says how days are written"
    return iso
