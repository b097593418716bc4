from __future__ import annotations

import contextlib
import html
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pgmerit import database, languages, routines
from pgmerit.pages.plan import MOVES, plan_page

from tests.conftest import CliResult
from tests.engine import Row
from tests.pages.conftest import CHANGED

Cli = Callable[..., CliResult]
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-")


def _rows(page: str) -> dict[str, list[str]]:
    """Give the cells of each row by its heading, the texts alone; the last row of a name counts."""
    return {
        _told(head): [_told(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", rest, re.S)]
        for head, rest in re.findall(r'<th scope="row">(.*?)</th>(.*?)</tr>', page, re.S)
    }


def _told(markup: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", " ", markup)).replace("\xa0", " ").strip()


def test_the_page_has_before_and_after_and_nobodys_id(
    filled_dsn: str, cli: Cli, tmp_path: Path
) -> None:
    file, page, plan = (tmp_path / name for name in ("rules.json", "plan.html", "rules.plan"))
    file.write_text(json.dumps(CHANGED))
    command = ("rules", "plan", file, "--exit-code", "--format", "json")
    result = cli(*command, "--html", page, "--out", plan, dsn=filled_dsn)
    assert (result.exit_code, page.exists(), plan.exists()) == (1, True, True)
    effects = json.loads(result.stdout)["effects"]
    text = page.read_text()
    assert UUID.search(result.stdout)
    assert not UUID.search(text)
    rows = _rows(text)
    assert rows["Badge no longer given: rare"] == ["", ""]
    assert rows["Threshold of daily  <b>North</b> & 'East'"] == ["5", "8"]
    assert rows["Tier of Calls <i> no longer given: high"] == ["10", ""]
    assert rows["New tier of Calls <i>: top"] == ["", "15"]
    assert rows["When the rule of Hours no longer holds"] == [
        "the badge is kept",
        "the badge is taken back",
    ]
    assert rows["New badge: evenings"] == ["", "how many at least 3; call; on Saturday or Sunday"]
    with contextlib.closing(database.connect(filled_dsn, autocommit=True)) as connection:
        held = {
            (each["org_id"], each["badge_definition_id"], each["tier"]): each["awards"]
            for each in routines.count_awards(connection)
        }
    sections = re.split(r'<h2 id="o\d+">', text)[1:]
    names = [_told(each.partition("</h2>")[0]) for each in sections]
    assert names == ["<b>North</b> & 'East'", "south"]
    for effect in effects:
        slug = effect["badge_definition_id"]
        told = _rows(sections[effect["org_id"] == "south"])
        name = html.unescape(effect["name"])
        moved = effect["tiers"] or [{"tier": ""} | {move: effect[move]["awards"] for move in MOVES}]
        for each in moved:
            before = sum(
                awards
                for (org, badge, tier), awards in held.items()
                if (org, badge) == (effect["org_id"], slug) and each["tier"] in ("", tier)
            )
            cells = [before, *(each[move] for move in MOVES)]
            cells.append(sum(cells[:3]) - sum(cells[3:]))
            row = f"{name}, {each['tier']}" if each["tier"] else name
            assert told[row] == list(map(str, cells))
    assert {slug for _, slug, _ in held} & {each["badge_definition_id"] for each in effects}


def test_every_kind_of_change_is_told_in_words() -> None:
    changes: list[tuple[Row, str, str, str]] = [
        ({"change": "organization added", "org_id": "n"}, "New organization: North", "", ""),
        (
            {"change": "organization dropped", "org_id": "x"},
            "Organization no longer named: x", "", "",
        ),
        (
            {
                "change": "organization changed", "org_id": "n", "key": "name", "old": "N",
                "new": "M",
            },
            "Name of North", "N", "M",
        ),
        (
            {
                "change": "organization changed", "org_id": "n", "key": "time_zone", "old": "UTC",
                "new": "Europe/Oslo",
            },
            "Time zone of North", "UTC", "Europe/Oslo",
        ),
        (
            {
                "change": "organization changed", "org_id": "n", "key": "day_starts",
                "new": "04:00",
            },
            "Start of the day of North", "", "04:00",
        ),
        (
            {
                "change": "organization changed", "org_id": "n", "key": "week_starts",
                "old": "saturday", "new": "sunday",
            },
            "Start of the week of North", "Saturday", "Sunday",
        ),
        (
            {
                "change": "organization changed", "org_id": "n", "key": "closed_days",
                "new": ["12-25", "2026-04-03"],
            },
            "Closed days of North", "", "12-25, 2026-04-03",
        ),
        (_of("badge added"), "New badge: First", "", "how many at least 3; call"),
        (_of("badge dropped"), "Badge no longer given: First", "", ""),
        (_of("enabled", org_ids=["n"]), "First can now be earned  North", "", ""),
        (
            _of("disabled", org_ids=["n", "x"]),
            "First can no longer be earned; who has it keeps it  North and x", "", "",
        ),
        (
            _of("criteria changed", old={"type": "manual"}, new={"type": "tenure", "years": 1}),
            "Rule of First", "awarded by hand", "years passed at least 1; any activity",
        ),
        (_of("tier added", tier="b", new=4), "New tier of First: b", "", "4"),
        (_of("tier removed", tier="b", old=4), "Tier of First no longer given: b", "4", ""),
        (
            _of("threshold changed", tier="", path="$", old=1, old_source="default", new=2.5,
                new_source="organization", org_ids=["n"]),
            "Threshold of First  North", "1", "2.5 (the organization's own)",
        ),
        (
            _of("threshold changed", tier="b", path="$.tiers[0]", old=1, old_source="default",
                new=2, new_source="default", org_ids=["n"]),
            "Threshold of First, b  North", "1", "2",
        ),
        (
            _of("threshold changed", tier="", path="$.criteria[0]", old=1, old_source="default",
                new=2, new_source="default", org_ids=["n"]),
            "Threshold of First, part $.criteria[0]  North", "1", "2",
        ),
        (
            _of("setting changed", key="on_unmet", new="revoke"),
            "When the rule of First no longer holds", "the badge is kept",
            "the badge is taken back",
        ),
        (
            _of("setting changed", key="on_unmet", old="revoke", new="lapse"),
            "When the rule of First no longer holds", "the badge is taken back",
            "the badge lapses, until the rule holds again",
        ),
        (
            _of("setting changed", key="limit", new={"first": 1}),
            "Places of First", "no limit", "for the first 1 person",
        ),
        (_of("setting changed", key="category", old="a"), "Category of First", "a", ""),
        (
            _of("setting changed", key="hidden", new=True),
            "First is hidden until earned", "no", "yes",
        ),
        (
            _of("texts changed", keys=["description", "name"]),
            "Texts of First", "", "description and name",
        ),
        ({"change": "activity types changed", "new": ["a", "b"]}, "Activity types", "", "a, b"),
        ({"change": "moon changed", "new": 4}, "moon changed", "", "4"),
    ]  # fmt: skip
    for change, what, before, after in changes:
        assert _rows(_page([change], [])) == {what: [before, after]}, change
    assert "Reglene blir som de er." in _page([], [], "nb")
    # A third language lacks nothing: each of these is another sentence in Norwegian.
    told = [next(iter(_rows(_page([change], [], "nb")))) for change, *_ in changes[:-1]]
    assert not {what for _, what, *_ in changes} & set(told)


def _of(change: str, **rest: Any) -> Row:
    return {"change": change, "badge_definition_id": "first", **rest}


def test_what_moves_is_told_in_sentences() -> None:
    somebody = "8f8f8f8f-0000-4000-8000-000000000001"
    moved = {"awards": 2, "people": 2, "sample": [somebody]}
    lapsed = {"awards": 3, "people": 3, "sample": [somebody]}
    none = {"awards": 0, "people": 0, "sample": []}
    effect = {
        "org_id": "n", "badge_definition_id": "first", "exact": False, "awarded": moved,
        "restored": none, "revoked": none, "lapsed": lapsed, "tiers": [],
        "tiers_moved": [{"from": None, "to": "b", "people": 1}],
        "nearest": [{"peer_mentor_id": somebody, "value": 1.5, "target": 3}],
    }  # fmt: skip
    page = _page([], [effect])
    assert _rows(page)["First"] == ["5", "2", "0", "0", "3", "4"]
    told = _told(page)
    assert re.search(r"3\s+Badges that lapse|Badges that lapse\s+3", told)
    for sentence in (
        "First: 1 person moves from no tier to b.",
        "Nearest to the next First: 1.5 of 3.",
        "First: the numbers are not exact, since a raw rule is decided after all others.",
    ):
        assert sentence in told
    assert not UUID.search(page)
    assert "Første: 1 person går fra intet nivå til b." in _told(_page([], [effect], "nb"))


def _page(changes: list[Row], effects: list[Row], language: str = "en") -> str:
    document = {
        "organizations": {"n": {"name": "North"}},
        "badges": {
            "first": {
                "name": {"en": "First", "nb": "Første"},
                "criteria": {"type": "threshold", "activity": "call", "at_least": 3},
            }
        },
    }
    plan = {
        "rule_set": "tests", "version": 3, "people": 9, "changes": changes, "effects": effects,
    }  # fmt: skip
    held = [{"org_id": "n", "badge_definition_id": "first", "tier": "", "awards": 5}]
    return plan_page(plan, document, held, languages.find(language))


@pytest.mark.parametrize("version", [0, 3])
def test_the_page_says_which_version_it_would_be(version: int) -> None:
    plan = {"rule_set": "tests", "version": version, "people": 0, "changes": [], "effects": []}
    page = plan_page(plan, {}, [], languages.find("en"))
    assert ("Version 3 becomes 4" in page, "The first version" in page) == (
        version > 0,
        not version,
    )
