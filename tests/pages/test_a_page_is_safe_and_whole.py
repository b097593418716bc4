"""What every page keeps to: charts hold their numbers, texts are escaped, no half page is seen."""

from __future__ import annotations

import html
import os
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from pgmerit.errors import PgmeritError
from pgmerit.pages import charts
from pgmerit.writing import write_whole

ODD = "<b> & \"half\" of 'it'"


def _said(chart: str) -> list[str]:
    """List what each bar, dot and mark of a chart says."""
    found = re.findall(r'<g class="(?:bar|histbar|dots)"><title>(.*?)</title>', chart)
    return [html.unescape(each) for each in found]


def test_each_chart_holds_its_numbers_and_no_script() -> None:
    drawn = [
        (
            charts.columns(ODD, ["1", ODD], {"a": [3, 4], ODD: [0, 7]}),
            ["1, a: 3", f"{ODD}, a: 4", f"1, {ODD}: 0", f"{ODD}, {ODD}: 7"],
        ),
        (charts.bars(ODD, [("few", 2), (ODD, 5.5)]), [f"{ODD}: 5.5", "few: 2"]),
        (
            charts.histogram(
                ODD,
                [charts.Bin(0, 5, 8, "low"), charts.Bin(5, 10, 0, ODD)],
                [charts.Mark(3, ODD)],
            ),
            ["low: 8", f"{ODD}: 0", f"{ODD}: 3"],
        ),
        (
            charts.lines(ODD, {"now": [(0, 9), (1, 4)]}, [charts.Mark(1, "today")]),
            ["now, 0: 9", "now, 1: 4"],
        ),
    ]
    for chart, said in drawn:
        assert _said(chart) == said
        assert ElementTree.fromstring(chart).get("aria-label") == ODD
        assert not re.search(r"<(script|style|defs|desc|b)\b|<!--|\bid=|://(?!www\.w3\.org)", chart)


def test_a_chart_of_nothing_is_drawn() -> None:
    for chart in (charts.columns("", [], {}), charts.bars("", []), charts.lines("", {})):
        assert _said(chart) == []
    drawn = charts.histogram("", [charts.Bin(0, 0, 0, "0")], [charts.Mark(0, "none")])
    assert _said(drawn) == ["0: 0", "none: 0"]


def test_a_page_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    write_whole(page, "first")
    with pytest.raises(UnicodeEncodeError):
        write_whole(page, "\ud800")
    assert page.read_text() == "first"
    for place in (tmp_path / "none" / "page.html", tmp_path):
        with pytest.raises(PgmeritError, match="cannot be written"):
            write_whole(place, "x")
    assert [each.name for each in tmp_path.iterdir()] == ["page.html"]


def test_what_is_no_plain_file_is_written_to_and_stays(tmp_path: Path) -> None:
    pipe, link, kept = tmp_path / "pipe", tmp_path / "link", tmp_path / "kept"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_whole(pipe, "page")
    assert os.read(reader, 10) == b"page"
    os.close(reader)
    assert pipe.is_fifo()
    kept.write_text("old")
    link.symlink_to(kept)
    write_whole(link, "page")
    assert (link.is_symlink(), kept.read_text()) == (True, "page")
