from __future__ import annotations

import bz2
import gzip
import json
import tracemalloc
from typing import Any

import pytest

from tests.importing.reading import refused, take

HEADER = "peer_mentor_id;activity_type;occurred_at;quantity;attributes.møte\r\n"
ROW = "8;visit;2026-03-02 18:30;2.5;Første på Tøyen\r\n"
TEXT = HEADER + ROW


SAVED = {
    "UTF-8": (TEXT.encode(), {}),
    "with a mark": (b"\xef\xbb\xbf" + TEXT.encode(), {}),
    "UTF-16": (TEXT.encode("utf-16"), {}),
    "UTF-16, the other way": (b"\xfe\xff" + TEXT.encode("utf-16-be"), {}),
    "UTF-16 without a mark": (TEXT.encode("utf-16-le"), {"encoding": "utf-16-le"}),
    "UTF-16 as told": (TEXT.encode("utf-16"), {"encoding": "utf-16"}),
    "UTF-32": (TEXT.encode("utf-32"), {}),
    "windows-1252": (TEXT.encode("cp1252"), {"encoding": "windows-1252"}),
    "MacRoman, CR": (TEXT.replace("\r\n", "\r").encode("mac_roman"), {"encoding": "mac_roman"}),
    "UTF-16, CR": (TEXT.replace("\r\n", "\r").encode("utf-16"), {}),
    "CR at the end of lines alone": (TEXT.replace("\r\n", "\r").encode(), {}),
    "no line end at the end": (TEXT.rstrip().encode(), {}),
    "gzip": (gzip.compress(TEXT.encode()), {}),
    "gzip of UTF-16": (gzip.compress(TEXT.encode("utf-16")), {}),
    "Excel's line for the separator": (b'"sep=;"\r\n' + TEXT.encode(), {}),
    "a separator that is a bar": (TEXT.replace(";", "|").encode(), {"delimiter": "|"}),
    "a separator told by Excel": (b"sep=|\r\n" + TEXT.replace(";", "|").encode(), {}),
    "empty lines before": (b"\r\n \r\n" + TEXT.encode(), {}),
    "empty columns": (f"{HEADER.strip()};;\n{ROW.strip()};;\n{ROW.strip()}".encode(), {}),
    "empty rows": (f"{TEXT};;;;\r\n; ;;;\r\n;;\r\n\r\n".encode(), {}),
    "a line break in a name": (TEXT.replace("activity_type", '"activity_type\n"').encode(), {}),
}


@pytest.mark.parametrize("saved", SAVED)
def test_the_same_comes_out_however_it_was_saved(saved: str) -> None:
    content, options = SAVED[saved]
    taken = take(content, **options)
    assert not taken.errors
    for row in taken.rows:
        assert (row["person"], row["local_moment"]) == ("8", "2026-03-02T18:30:00")
        assert (row["quantity"], row["attributes"]) == ("2.5", {"møte": "Første på Tøyen"})
    assert len(taken.rows) == 1 + (saved == "empty columns")


def test_a_line_break_within_a_name_is_a_space() -> None:
    name = '"attributes.hours\n(total)"'
    (row,) = take(TEXT.replace("attributes.møte", name)).rows
    assert row["attributes"] == {"hours (total)": "Første på Tøyen"}
    (row,) = take(
        TEXT.replace("attributes.møte", name), mapped={name.strip('"'): "attributes.h"}
    ).rows
    assert row["attributes"] == {"h": "Første på Tøyen"}


def test_line_ends_within_quotes_are_no_line_ends() -> None:
    rows = '8;visit;2026-03-02 18:30;1;"one\ntwo"\r9;visit;2026-03-02 18:30;1;"three\rfour"\r'
    taken = take(HEADER.replace("\r\n", "\r") + rows)
    assert [row["attributes"]["møte"] for row in taken.rows] == ["one\ntwo", "three\nfour"]


REFUSED = {
    "a header in windows-1252": (
        TEXT.encode("cp1252"),
        'line 1: byte 63 is not UTF-8; with --encoding windows-1252 it reads "attributes.møte"',
    ),
    "UTF-16 without a mark": (TEXT.encode("utf-16-le"), "--encoding utf-16-le may read it"),
    "half a character": (TEXT.encode("utf-16")[:-1], "line 2 is not utf-16-le"),
    "cut gzip": (gzip.compress(TEXT.encode() * 100)[:-20], "cannot be unpacked"),
    "bad gzip": (gzip.compress(TEXT.encode())[:20] + b"?" * 40, "cannot be unpacked"),
    "bzip2": (bz2.compress(TEXT.encode()), "the file is packed with bzip2"),
    "old Excel": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "a workbook of an old Excel"),
    "nothing": (b"", "the file is empty"),
    "nothing but lines": (b"\n \n\n", "the file is empty"),
    "an open quote in the header": (b'peer_mentor_id;"activity_type\n8;visit\n', "line 1: a quote"),
    "a doubled name": (
        b"peer_mentor_id,activity_type,occurred_at,attributes.a,attributes.a:text",
        "line 1: the column attributes.a comes twice",
    ),
    "a nameless column": (b"peer_mentor_id,,activity_type,occurred_at", "a column without a name"),
    "many columns": (
        b"peer_mentor_id,activity_type,occurred_at" + b",attributes.a" * 100_000,
        "line 1: 100003 columns; at most 16384 are read",
    ),
    "a header that does not end": (b"a" * 5_000_000, "line 1: longer than 4194304 bytes"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_file_that_cannot_be_read_is_refused_in_one_line(what: str) -> None:
    content, message = REFUSED[what]
    assert message in refused(content)


UNFIT: dict[str, tuple[str, dict[str, Any]]] = {
    "is not windows-1252": ("\ufeff" + TEXT, {"encoding": "windows-1252"}),
    "no workbook: --sheet": (TEXT, {"sheet": "A"}),
    "no workbook: --input-format xlsx": (TEXT, {"input_format": "xlsx"}),
    "JSON Lines: --delimiter": ('{"a": 1}', {"delimiter": ";"}),
    "JSON Lines: --sheet": ('{"a": 1}', {"sheet": "A"}),
    "no column is named Dato, as --map has it": (TEXT, {"mapped": {"Dato": "activity_date"}}),
    "no column is named attributes.x, as --key": (TEXT, {"key": ("quantity", "attributes.x")}),
    "comes twice": (TEXT, {"mapped": {"occurred_at": "quantity"}}),
    "unknown column kind": (TEXT, {"mapped": {"quantity": "kind"}}),
    "--key makes none": (
        TEXT.replace("attributes.møte", "idempotency_key"),
        {"key": ("occurred_at",)},
    ),
}


@pytest.mark.parametrize("message", UNFIT)
def test_what_is_told_of_a_file_must_fit_it(message: str) -> None:
    content, options = UNFIT[message]
    assert message in refused(content, **options)


def test_a_byte_that_no_encoding_has_is_told_by_line() -> None:
    found = take(HEADER.encode() + ROW.encode("cp1252") * 2)
    assert found.errors[2] == (
        'byte 31 is not UTF-8; with --encoding windows-1252 it reads "Første på Tøyen"'
    )
    assert found.errors[3] == "byte 31 is not UTF-8"
    undefined = TEXT.encode("cp1252") + b"8;visit;2026-03-02 18:30;1;\x81\r\n"
    assert take(undefined, encoding="windows-1252").errors == {3: "byte 28 is not WINDOWS-1252"}


def test_a_line_without_an_end_costs_little_and_only_itself() -> None:
    tracemalloc.start()
    content = (HEADER + ROW + "x" * 20_000_000 + "\r\n" + ROW).encode()
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    taken = take(content)
    peak = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    assert taken.errors == {3: "longer than 4194304 bytes"}
    assert len(taken.rows) == 2
    assert peak < 15_000_000


def test_a_quote_that_does_not_end_is_told() -> None:
    assert take(TEXT + '8;visit;2026-03-02 18:30;1;"x\r\n' + ROW).errors == {
        3: "a quote is not closed"
    }
    long = take(TEXT + '8;visit;2026-03-02 18:30;1;"x\r\n' + ROW * 30_000)
    assert long.errors[3].startswith("a value longer than 1048576 characters; is a quote not")
    stray = take(TEXT + ROW.replace("på", "p\rå"))
    assert stray.errors == {3: "a carriage return that neither ends the line nor is in quotes"}


def test_keys_of_json_lines_are_renamed_left_out_and_told_where_they_come_twice() -> None:
    line = {"Id": 8, "activity_type": "visit", "Dato": "2.3.2026", "navn": "Åse", "timer": 2.5}
    lines = json.dumps(line) + "\n" + json.dumps(line | {"quantity": 1})
    mapped = {"id": "peer_mentor_id", "Dato": "activity_date", "Navn": "", "timer": "quantity"}
    taken = take(lines.encode("utf-16"), mapped=mapped, date_order="dmy", decimal=",")
    assert [row["quantity"] for row in taken.rows] == ["2.5"]
    assert taken.rows[0]["day"] == "2026-03-02"
    assert taken.errors == {2: 'the key "quantity" comes twice'}
    assert take('{"quantity": 1, "quantity": 2}').errors == {1: 'the key "quantity" comes twice'}
    assert "no line has the key X, as --map has it" in refused(lines, mapped={"X": "quantity"})
