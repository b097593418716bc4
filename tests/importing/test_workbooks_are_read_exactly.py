from __future__ import annotations

import gzip
import io
import zipfile

from tests.importing.reading import refused, take
from tests.importing.workbooks import DAY, DURATION, MOMENT, error, formula, number, workbook

HEADER = [
    "peer_mentor_id",
    "activity_type",
    "occurred_at",
    "quantity",
    "attributes.hours",
    "attributes.is_first",
]
EVENING = number("46083.770833333336", MOMENT)
ROW = [number(8), "visit", EVENING, number("0.30000000000000004"), formula("7.5"), "Åse <&>"]
BOOK = workbook({"Ark1": [HEADER, ROW]})


def test_cells_come_as_they_are() -> None:
    (row,) = take(BOOK).rows
    assert (row["line"], row["person"], row["local_moment"]) == ("2", "8", "2026-03-02T18:30:00")
    assert row["quantity"] == "0.30000000000000004"
    assert row["attributes"] == {"hours": 7.5, "is_first": "Åse <&>"}
    assert take(BOOK, decimal=",", date_order="mdy").rows == [row]
    assert take(gzip.compress(BOOK)).rows == [row]
    text = [*ROW[:3], "2,5", "7,5", '<c t="b"><v>1</v></c>']
    (row,) = take(workbook({"A": [HEADER, text]}), decimal=",").rows
    assert (row["quantity"], row["attributes"]) == ("2.5", {"hours": 7.5, "is_first": True})


def test_rows_have_the_numbers_that_the_program_shows() -> None:
    rows = [["Timer 2026"], HEADER, ROW, [], ["", "", "", "", ""], [*ROW[:3], "x"]]
    assert "line 5: unknown column timer 2026" in refused(workbook({"A": rows}, first_row=5))
    taken = take(workbook({"A": rows[1:]}, first_row=5))
    assert [row["line"] for row in taken.rows] == ["6"]
    assert taken.errors == {9: 'quantity: "x" is not a number'}


def test_a_cell_without_a_value_is_named() -> None:
    rows = [
        [*ROW[:3], error("#DIV/0!"), "", error("#N/A")],
        [*ROW[:4], formula(None), ""],
        [*ROW[:4], formula("", "str"), ""],
    ]
    book = workbook({"A": [[*HEADER[:5], "Name"], *rows]})
    taken = take(book, mapped={"Name": ""})
    assert taken.errors == {
        2: "quantity: cell D2 holds #DIV/0!",
        3: "attributes.hours: cell E3 holds a formula that no program has computed",
    }
    assert [row["attributes"] for row in taken.rows] == [{}]


def test_a_day_is_told_from_a_moment_at_midnight() -> None:
    midnight, day, noon = number(46083, MOMENT), number(46083, DAY), number(46083.5, MOMENT)

    def moments(*cells: str) -> list[str]:
        taken = take(workbook({"A": [HEADER, *([*ROW[:2], cell, *ROW[3:]] for cell in cells)]}))
        return [row["local_moment"] for row in taken.rows] + list(taken.errors.values())

    assert moments(midnight, noon) == ["2026-03-02T00:00:00", "2026-03-02T12:00:00"]
    assert "has no time of day" in moments(day, midnight)[0]
    header = [*HEADER[:2], "activity_date"]
    taken = take(workbook({"A": [header, [*ROW[:2], day], [*ROW[:2], midnight], [*ROW[:2], noon]]}))
    assert [row["day"] for row in taken.rows] == ["2026-03-02", "2026-03-02"]
    assert '"2026-03-02T12:00:00" is not a date' in taken.errors[4]


def test_a_duration_is_no_number() -> None:
    (row,) = take(workbook({"A": [HEADER, [*ROW[:4], number(1.25, DURATION)]]})).rows
    assert row["attributes"]["hours"] == "1.25 days"


def test_one_of_several_sheets_is_named() -> None:
    book = workbook({"A": [HEADER], "B": [HEADER, ROW], "Old": [HEADER]}, hidden=["Old"])
    assert "the workbook has 2 sheets: A, B" in refused(book)
    assert len(take(book, sheet="B").rows) == 1
    assert take(book, sheet="Old").rows == []
    assert "no sheet is named C" in refused(book, sheet="C")
    assert len(take(workbook({"A": [HEADER, ROW], "B": []}, hidden=["B"])).rows) == 1


def test_what_is_no_workbook_is_refused_in_one_line() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("rows.csv", "a,b")
    assert "a zip archive that holds no .xlsx workbook" in refused(archive.getvalue())
    assert "the workbook cannot be read" in refused(BOOK[:400])
    start = BOOK.index(b"xl/worksheets/sheet1.xml")
    for place in (30, 60, 90):
        damaged = bytearray(BOOK)
        damaged[start + place] ^= 0xFF
        assert "the workbook cannot be read" in refused(bytes(damaged))
    assert "the sheet is empty" in refused(workbook({"A": []}))
    for option, value in {"encoding": "utf-8", "delimiter": ";", "input_format": "csv"}.items():
        assert "the file is a workbook: --" in refused(BOOK, **{option: value})


def test_a_sheet_that_reaches_too_far_is_refused_before_it_is_held() -> None:
    far = '<c r="XFD1048576"><v>1</v></c>'
    message = refused(workbook({"A": [HEADER, ROW], "B": []}, hidden=["B"], last=far))
    assert "reaches over 1048576 rows and 16384 columns" in message


def test_a_workbook_that_unpacks_to_too_much_is_refused() -> None:
    told = BOOK.rindex(b"xl/worksheets/sheet1.xml") - 22
    lying = BOOK[:told] + (1 << 31).to_bytes(4, "little") + BOOK[told + 4 :]
    assert "unpacks to more than 2147483648 bytes" in refused(lying)
    short = BOOK[:told] + (100).to_bytes(4, "little") + BOOK[told + 4 :]
    assert "the workbook cannot be read" in refused(short)
