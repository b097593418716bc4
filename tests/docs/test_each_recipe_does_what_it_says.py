"""docs/recipes.md: who does what a wish asks gets the badge, who just misses it does not."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pgmerit.database import Connection
from pgmerit.rules.files import parse_document
from pgmerit.rules.grammar import canonical_text

from tests.docs.test_the_words_of_an_example_are_its_awards import OSLO, History, at, some
from tests.engine import ORG, activity, apply, awards, insert, person, rule_set, value
from tests.house.documentation import blocks
from tests.house.sources import ROOT

LASTING = True


@dataclass(frozen=True)
class Wish:
    """Who does `enough` has the badge so many times as of a day, who does `less` fewer times."""

    enough: History
    less: History
    times: int = 1
    as_of: str = "2026-06-01"


def answers(rights: str) -> History:
    """Give answers, an hour each: + is a right one."""
    return [
        each
        for hour, right in enumerate(rights)
        for each in at(
            "answer", f"2026-03-{2 + hour // 24:02}T{hour % 24:02}:00", right=right == "+"
        )
    ]


# 2026-04-02 is a Thursday, and the day after it, Good Friday, is closed.
EASTER = at("visit", "2026-04-01", "2026-04-02", "2026-04-04", "2026-04-05")
WISHES = {
    "A run of five working days": Wish(
        at("visit", "2026-03-05", "2026-03-06", "2026-03-09", "2026-03-10", "2026-03-11"),
        at("visit", "2026-03-05", "2026-03-06", "2026-03-07", "2026-03-09", "2026-03-11")
        + at("visit", "2026-03-12", "2026-03-13"),
    ),
    "A run of five days, closed days left out": Wish(
        EASTER + at("visit", "2026-04-06"), EASTER + at("visit", "2026-04-03", "2026-04-07")
    ),
    "A run of five days, days off passed over": Wish(
        some("visit", 3, "2026-03-02")
        + at("day_off", "2026-03-05")
        + some("visit", 2, "2026-03-06"),
        some("visit", 3, "2026-03-02")
        + some("visit", 2, "2026-03-06")
        + at("day_off", "2026-03-04"),
    ),
    "Three nights in a row": Wish(
        at("game", "2026-03-02T23:00", "2026-03-04T03:59", "2026-03-04T22:00"),
        at("game", "2026-03-02T23:00", "2026-03-04T04:00", "2026-03-04T22:00"),
    ),
    "Three visits in one week": Wish(
        at("visit", "2026-03-01", "2026-03-02", "2026-03-07"),
        at("visit", "2026-03-02", "2026-03-07", "2026-03-08"),
    ),
    "Five right answers in a row": Wish(answers("+-+++++-"), answers("++++-++++")),
    "Nine of the last ten answers are right": Wish(
        answers("---+++++-++++"), answers("+++++++--+++++++-")
    ),
    "Nine tenths of at least twenty answers are right": Wish(
        answers("--" + 18 * "+"), answers("---" + 26 * "+")
    ),
    "Ten shifts without a single complaint": Wish(
        some("shift", 10, "2026-03-02") + at("complaint", "2026-03-12"),
        some("shift", 10, "2026-03-02") + at("complaint", "2026-03-10"),
    ),
    "A certificate for two years": Wish(
        at("training_completed", "2024-06-02", "2022-01-01", course="first-aid"),
        at("training_completed", "2024-06-01", course="first-aid"),
    ),
    "Three visits in the last thirty days": Wish(
        at("visit", "2026-05-03", "2026-05-10", "2026-06-01"),
        at("visit", "2026-05-02", "2026-05-10", "2026-06-01") + some("visit", 9, "2026-03-02"),
    ),
    "Voter of the month, for each month with ten votes": Wish(
        some("vote", 10, "2026-01-01")
        + some("vote", 9, "2026-02-01")
        + some("vote", 20, "2026-03-01"),
        some("vote", 10, "2026-01-01")
        + some("vote", 9, "2026-02-01")
        + some("vote", 9, "2026-03-01"),
        times=2,
    ),
    "A badge for each year since the first shift": Wish(
        at("shift", "2023-06-01"), at("shift", "2023-06-02"), times=3
    ),
    "A hundred points, of which a day brings twenty at most": Wish(
        some("game", 5, "2026-03-02", quantity=12) * 2,
        some("game", 4, "2026-03-02", quantity=50) * 2 + at("game", "2026-03-06", quantity=19),
    ),
}


def recipes() -> dict[str, tuple[dict[str, Any], str]]:
    """Give the rule set that has each badge of the page, by the badge's words, and its slug."""
    found: dict[str, tuple[dict[str, Any], str]] = {}
    alone: dict[str, Any] = {}
    for block in blocks((ROOT / "docs/recipes.md").read_text()):
        if block.kind != "yaml":
            continue
        example = json.loads(canonical_text(parse_document(block.body).value))
        if "ruleset" in example:
            found |= {badge["name"]: (example, slug) for slug, badge in example["badges"].items()}
            continue
        sentence = re.match(r"# (.*)\n", block.body)
        assert sentence, f"line {block.line}: a rule without a sentence above it"
        alone[f"line-{block.line}"] = {"name": sentence[1], "criteria": example}
    together = rule_set(alone, {ORG: {"time_zone": "Europe/Oslo"}})
    return found | {badge["name"]: (together, slug) for slug, badge in alone.items()}


def test_every_recipe_has_its_wish() -> None:
    assert recipes().keys() == WISHES.keys()


def test_enough_fulfils_the_wish_and_less_does_not(connection: Connection) -> None:
    found = recipes()
    for document in {document["ruleset"]: document for document, _ in found.values()}.values():
        apply(connection, document)
    wrong = []
    # A sweep is never of a day before the last one.
    for name, wish in sorted(WISHES.items(), key=lambda each: each[1].as_of):
        document, slug = found[name]
        (org,) = document["organizations"]
        for done, history in (("enough", wish.enough), ("less", wish.less)):
            insert(
                connection,
                *[
                    activity(
                        moment,
                        who=person(name + done),
                        org=org,
                        kind=kind,
                        quantity=quantity,
                        attributes=given,
                    )
                    for kind, moment, quantity, given in sorted(history, key=lambda each: each[1])
                ],
            )
        noon = datetime.fromisoformat(f"{wish.as_of}T12:00").replace(tzinfo=OSLO)
        value(connection, "select badges.award_due_badges(%s)", noon)
        held = {
            done: len(
                [
                    each
                    for each in awards(connection, person(name + done))
                    if each["badge_definition_id"] == slug
                ]
            )
            for done in ("enough", "less")
        }
        if held["enough"] != wish.times or held["less"] >= wish.times:
            wrong.append((name, held))
    assert wrong == []
