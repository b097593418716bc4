from __future__ import annotations

import hashlib
from decimal import Decimal

import pytest

from tests.importing.reading import take

COLUMNS = "peer_mentor_id;activity_type;{};quantity;attributes.hours\n8;visit;{};{};{}\n"

MOMENTS = {
    ("dmy", "02.03.2026 18:30"): "2026-03-02T18:30:00",
    ("dmy", "2.3.2026 kl 18"): None,
    ("dmy", "2/3/2026, 8.05.30"): "2026-03-02T08:05:30",
    ("dmy", "2-3-2026 18:30+01:00"): "2026-03-02T18:30:00+01:00",
    ("dmy", "2026-03-02 18:30"): "2026-03-02T18:30:00",
    ("mdy", "3/2/2026 6:30 PM"): "2026-03-02T18:30:00",
    ("mdy", "3/2/2026 12:05 a.m."): "2026-03-02T00:05:00",
    ("mdy", "3/2/2026 13:05 PM"): None,
    ("ymd", "2026.3.2 18:30:01.5"): "2026-03-02T18:30:01.500000",
    ("ymd", "02.03.2026 18:30"): "has a year without four digits",
    ("dmy", "31.02.2026 18:30"): None,
    ("mdy", "31.01.2026 18:30"): None,
    ("dmy", "02.03.26 18:30"): "has a year without four digits",
    ("dmy", "02.03.2026"): "has no time of day",
    (None, "02.03.2026 18:30"): "--date-order says how days are written",
    (None, "2026-03-02T18:30:00+16:00"): "has an offset of 16 hours or more",
}


@pytest.mark.parametrize(("order", "written"), MOMENTS)
def test_a_moment_in_an_order_of_day_and_month(order: str | None, written: str) -> None:
    right = MOMENTS[order, written]
    taken = take(COLUMNS.format("occurred_at", written, 1, 1), date_order=order)
    if right and right.startswith("2026"):
        (row,) = taken.rows
        assert right in (row["moment"], row["local_moment"])
    else:
        assert (right or f"is not a moment in the order {order}") in taken.errors[2]


def test_a_day_in_an_order_of_day_and_month() -> None:
    days = {"dmy": "5.3.2026", "mdy": "03/05/2026", "ymd": "2026/3/5"}
    for order, written in days.items():
        content = COLUMNS.format("activity_date", written, 1, 1)
        assert take(content, date_order=order).rows[0]["day"] == "2026-03-05"
        assert "--date-order says" in take(content).errors[2]


NUMBERS = [
    # decimal, written, the quantity, the attribute
    (",", "2,5", "2.5", 2.5),
    (",", "-12", "-12", -12),
    (",", "2,5e1", "2.5e1", 25),
    (",", "2.5", "has a point, and --decimal is a comma", "2.5"),
    (",", "1.234,5", "has a point", "1.234,5"),
    (",", "1 234", "is not a number", "1 234"),
    (".", "2,5", "has a decimal comma: --decimal , reads it", "2,5"),
    (".", "1e999999999999999999999", "is out of range", None),
    (".", "-1e-99999999999999999999", "is out of range", None),
    (".", "0." + "1" * 2000, "has too many digits", None),
]


@pytest.mark.parametrize(("decimal", "written", "quantity", "attribute"), NUMBERS)
def test_a_number_with_a_point_or_a_comma(
    decimal: str, written: str, quantity: str, attribute: object
) -> None:
    content = COLUMNS.format("activity_date", "2026-03-02", "{}", "{}")
    taken = take(content.format(written, ""), decimal=decimal)
    assert quantity in (taken.errors[2] if taken.errors else taken.rows[0]["quantity"])
    taken = take(content.format("", written), decimal=decimal)
    if attribute is None:
        assert taken.errors[2].startswith("attributes.hours: ")
    else:
        assert taken.rows[0]["attributes"]["hours"] == attribute


def test_a_json_number_is_taken_exactly_or_told() -> None:
    line = '{"peer_mentor_id":"8","activity_type":"visit","activity_date":"2026-03-02","quantity":'
    assert take(f"{line} 0.7}}").rows[0]["quantity"] == "0.7"
    assert take(f"{line} 0.7}}", decimal=",").rows[0]["quantity"] == "0.7"
    assert take(f'{line} "0,7"}}', decimal=",").rows[0]["quantity"] == "0.7"
    assert "is out of range" in take(f"{line} 1e999999999999999999999}}").errors[1]
    assert "too many digits" in take(f"{line} 0.{'1' * 2000}}}").errors[1]


def test_a_key_is_made_from_what_columns_hold_however_they_are_written() -> None:
    key = ("activity_type", "occurred_at", "quantity", "attributes.hours", "attributes.none")
    made = '["visit", "2026-03-02T17:30:00+00:00", "2.5", "1.5", null]'
    right = hashlib.sha256(made.encode()).hexdigest()
    line = (
        '{"peer_mentor_id":"8","activity_type":"visit","occurred_at":"2026-03-02T17:30:00Z",'
        '"quantity":2.50,"attributes":{"hours":1.50}}'
    )
    german = COLUMNS.format("occurred_at", "2.3.2026 18:30+01:00", "2,50", "1,50")
    german = german.replace("\n", ";attributes.none\n", 1).replace("1,50\n", "1,50;\n")
    assert take(line, key=key).rows[0]["key"] == right
    assert take(german, key=key, decimal=",", date_order="dmy").rows[0]["key"] == right
    of_all = take(line, key=("attributes", "peer_mentor_id", "org_id", "activity_date")).rows[0]
    whole = hashlib.sha256(b'["{\\"hours\\": 1.50}", "8", "nhf", null]').hexdigest()
    assert of_all["key"] == whole
    assert take(line, key=("activity_date",)).errors == {1: "all columns of --key are empty"}
    own = line.replace("}}", '},"idempotency_key":"k"}')
    assert take(own, key=key).errors == {1: "idempotency_key: given, where --key makes one"}
    assert Decimal(take(line).rows[0]["quantity"]) == Decimal("2.5")


def test_an_over_long_key_is_told_before_the_database_sees_it() -> None:
    line = (
        '{{"peer_mentor_id":"8","activity_type":"visit","activity_date":"2026-03-02",'
        '"idempotency_key":"{}"}}'
    )
    assert take(line.format("ø" * 1001)).errors == {1: "idempotency_key: longer than 2000 bytes"}
    assert not take(line.format("ø" * 1000)).errors
