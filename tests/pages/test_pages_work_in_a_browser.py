"""Each page in headless Chromium: no error, no request, charts like tables, axe finds nothing."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.conftest import CliResult
from tests.pages.browser import PHONE, opened
from tests.pages.conftest import CHANGED, NORTH

Cli = Callable[..., CliResult]
PERSON = UUID(hashlib.md5(b"7", usedforsecurity=False).hexdigest())
PAGES: dict[str, tuple[str, ...]] = {
    "report": ("report", "--with-ids", "--language", "nb", "--out"),
    "person": ("mentor", "show", str(PERSON), "--org", NORTH, "--html"),
    "calibration": ("rules", "calibrate", "calls", "--share", "30%", "--html"),
    "plan": ("rules", "plan", "changed.json", "--html"),
}
OPEN_ALL = "() => document.querySelectorAll('details').forEach(each => each.open = true)"
WIDTHS = "() => [document.documentElement.scrollWidth, innerWidth]"
# Of each figure what its bars say and how long they are, and the rows of its table.
FIGURES = """() => [...document.querySelectorAll('figure')].map(figure => ({
    isAcross: figure.querySelector('.horizontal') !== null,
    bars: [...figure.querySelectorAll('.series :is(.bar, .histbar)')].map(bar => {
        const box = bar.querySelector('rect').getBBox();
        return [bar.querySelector('title').textContent, box.width, box.height];
    }),
    rows: [...figure.querySelectorAll('tbody tr')].map(
        row => [...row.cells].map(cell => cell.textContent)
    ),
}))"""


def broken(page: Page, *rules: str) -> list[str]:
    """List the rules of axe that a page breaks, and where; all of them unless some are named."""
    options = {"resultTypes": ["violations"]} | ({"runOnly": list(rules)} if rules else {})
    found = Axe().run(page, options=options).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found]


def number(told: str) -> float:
    return float(re.sub(r"[^\d.]", "", told))


@pytest.mark.parametrize("name", PAGES)
def test_a_page_works_for_everybody(
    name: str, browser: Browser, filled_dsn: str, cli: Cli, tmp_path: Path
) -> None:
    path = tmp_path / "page.html"
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps(CHANGED))
    command = [str(changed) if each == changed.name else each for each in PAGES[name]]
    result = cli(*command, path, dsn=filled_dsn)
    assert result.exit_code == 0, result.stderr
    paper = "() => getComputedStyle(document.body).backgroundColor"
    with opened(browser, path) as seen:
        page = seen.page
        page.evaluate(OPEN_ALL)
        assert broken(page) == []
        light = page.evaluate(paper)
        page.emulate_media(color_scheme="dark")
        assert page.evaluate(paper) != light
        assert broken(page, "color-contrast") == []
        page.set_viewport_size(PHONE)
        scrolled, width = page.evaluate(WIDTHS)
        assert scrolled == width
        page.emulate_media(media="print")
        assert page.evaluate(paper) == "rgb(255, 255, 255)"
        assert not page.locator("nav").is_visible()
        assert (seen.requests, seen.complaints) == ([path.as_uri()], [])


def test_charts_hold_the_numbers_of_their_tables_and_are_all_printed(
    browser: Browser, filled_dsn: str, cli: Cli, tmp_path: Path
) -> None:
    path = tmp_path / "report.html"
    cli("report", "--out", path, dsn=filled_dsn)
    with opened(browser, path) as seen:
        closed = seen.page.locator(".part:not([open]) svg").first
        assert not closed.is_visible()
        seen.page.emulate_media(media="print")
        assert closed.is_visible()
        seen.page.emulate_media(media="screen")
        seen.page.evaluate(OPEN_ALL)
        figures: list[dict[str, Any]] = seen.page.evaluate(FIGURES)
    assert len(figures) > 8
    for figure in figures:
        bars = figure["bars"][::-1] if figure["isAcross"] else figure["bars"]
        assert [said.rpartition(": ")[2] for said, *_ in bars] == [row[1] for row in figure["rows"]]
        lengths = [width if figure["isAcross"] else height for _, width, height in bars]
        numbers = [number(row[1]) for row in figure["rows"]]
        longest = max(lengths) / max(numbers)
        assert lengths == pytest.approx([each * longest for each in numbers], abs=0.5)


def test_a_page_can_be_used_by_keyboard(
    browser: Browser, filled_dsn: str, cli: Cli, tmp_path: Path
) -> None:
    path = tmp_path / "report.html"
    cli("report", "--out", path, dsn=filled_dsn)
    with opened(browser, path) as seen:
        page = seen.page
        page.keyboard.press("Tab")
        assert page.locator(".skip").evaluate("each => each === document.activeElement")
        assert page.locator(".skip").bounding_box()["x"] >= 0  # type: ignore[index]
        page.keyboard.press("Enter")
        assert page.evaluate("() => document.activeElement.id") == "content"
        page.keyboard.press("Tab")
        table = page.locator("figure table").first
        assert not table.is_visible()
        page.keyboard.press("Enter")
        assert table.is_visible()
        outline = "() => getComputedStyle(document.activeElement).outlineStyle"
        assert page.evaluate(outline) == "solid"


def test_what_is_wrong_with_a_page_is_seen(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "bad.html"
    path.write_text(
        "<html lang=en><title>x</title><main><h1 style='color:#ccc'>pale</h1>"
        "<p style='width: 3000px'>wide</p><img src='file:///none.png' alt=''>"
        "<script>throw Error('oh')</script></main></html>"
    )
    with opened(browser, path) as seen:
        seen.page.set_viewport_size(PHONE)
        assert [each.partition(":")[0] for each in broken(seen.page)] == ["color-contrast"]
        assert seen.requests[1:] == ["file:///none.png"]
        assert any("oh" in each for each in seen.complaints)
        scrolled, width = seen.page.evaluate(WIDTHS)
        assert scrolled > width
