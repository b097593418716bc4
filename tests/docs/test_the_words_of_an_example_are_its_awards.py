"""Each badge that the docs or the shipped rule sets show is earned by what its words say.

A sentence stands above each rule of docs/rules.md, a name and a description on each badge. Here
are two histories for each: one that does what the words say, one that just misses it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pgmerit.database import Connection
from pgmerit.rules.files import parse_document

from tests.engine import ORG, activity, apply, awards, insert, person, rule_set, value
from tests.house.documentation import blocks
from tests.house.sources import ROOT

LASTING = True

OSLO = ZoneInfo("Europe/Oslo")
AS_OF = datetime(2026, 3, 1, tzinfo=OSLO)
SHIPPED = ROOT / "orchestrator/pgmerit/demo/rule_sets"

History = list[tuple[str, datetime, float, dict[str, Any]]]


@dataclass(frozen=True)
class Case:
    """Who does `enough` holds the badge (its tier, its number of times), who does `less` not."""

    enough: History
    less: History
    times: int = 1


def at(kind: str, /, *moments: str, quantity: float = 1, **attributes: Any) -> History:
    """Give an activity at each moment; a bare day means its noon."""
    return [
        (
            kind,
            datetime.fromisoformat(each if "T" in each else f"{each}T12:00").replace(tzinfo=OSLO),
            quantity,
            attributes,
        )
        for each in moments
    ]


def some(
    kind: str, count: int, /, first: str = "2025-02-03", every: int = 1, **more: Any
) -> History:
    """Give so many activities, one on every so manieth day from the first."""
    begun = datetime.fromisoformat(f"{first}T12:00")
    days = [begun + timedelta(days=n * every) for n in range(count)]
    return at(kind, *[day.isoformat() for day in days], **more)


def times(count: int, kind: str = "call", /, **more: Any) -> History:
    """Give so many activities at one moment."""
    return at(kind, "2025-02-03", **more) * count


def months(first: int, count: int, days: int = 1, kind: str = "assignment") -> History:
    """Give so many days of each of so many months of 2025."""
    return [
        each
        for month in range(first, first + count)
        for each in some(kind, days, f"2025-{month:02}-03")
    ]


QUIZ = {
    "score": 80,
    "attempt": 3,
    "mode": "exam",
    "subject": "algebra",
    "state": "done",
    "path": "math/1",
}
COURSES = at("training_completed", "2025-01-05", course="role") + at(
    "training_completed", "2025-01-06", course="boundaries"
)
# Wednesday the 5th is closed, and Monday the 17th is missed.
WORKING_DAYS = at(
    "visit",
    *(f"2025-02-{day:02}" for day in (3, 4, 6, 7, 8, 10, 11, 12, 13, 14, 18)),
)
ALL_COURSES = COURSES + at("training_completed", "2025-01-07", course="conversation")
STEADY = some("call", 8, "2025-01-06", every=7)

RULES = {
    "Three quizzes or card sessions of 80 to under 100 points": Case(
        times(2, "quiz_result", **QUIZ)
        + at("flashcard_session", "2025-01-02", **QUIZ | {"score": 99.9, "attempt": 1}),
        times(2, "quiz_result", **QUIZ)
        + at("quiz_result", "2025-01-02", **QUIZ | {"score": 100})
        + at("quiz_result", "2025-01-02", **QUIZ | {"attempt": 4})
        + at("quiz_result", "2025-01-02", **QUIZ | {"mode": "play"})
        + at("quiz_result", "2025-01-02", **QUIZ | {"subject": "history"})
        + at("quiz_result", "2025-01-02", **QUIZ | {"state": "draft"})
        + at("quiz_result", "2025-01-02", **QUIZ | {"path": "art/1"})
        + at("quiz_result", "2025-01-02", **QUIZ | {"hint": "x"})
        + at("reading", "2025-01-02", **QUIZ),
    ),
    "Five calls from 22:30 to 6 on Fridays and Saturdays of 2026": Case(
        at("call", "2026-01-02T22:30", "2026-01-03T05:59", "2026-01-03T23:00")
        + at("call", "2026-01-09T00:30", "2026-01-10T02:00"),
        at("call", "2026-01-02T22:30", "2026-01-03T05:59", "2026-01-03T23:00", "2026-01-09T00:30")
        + at("call", "2026-01-09T22:29", "2026-01-10T06:00", "2026-01-11T01:00")
        + at("call", "2025-12-27T23:00"),
    ),
    "Something on Christmas Eve or Christmas Day": Case(
        at("call", "2024-12-25"), at("call", "2024-12-23", "2024-12-26")
    ),
    "Five articles published in one February": Case(
        some("published", 5, "2025-02-01"),
        some("published", 4, "2025-02-25")
        + some("published", 1, "2024-02-01")
        + some("published", 5, "2025-03-01"),
    ),
    "Something on January 1 or 2, or on day 365 or 366 of a year": Case(
        at("call", "2024-12-30"), at("call", "2024-12-29", "2025-01-03", "2025-12-30")
    ),
    "600 minutes of calls in one calendar month": Case(
        some("call", 2, "2025-01-30", minutes=300),
        some("call", 2, "2025-01-31", minutes=599),
    ),
    "25 reactions to one comment": Case(
        times(25, "reaction", comment_id=1),
        times(24, "reaction", comment_id=1) + times(24, "reaction", comment_id=2),
    ),
    "Four orders of 500 or more within 30 days": Case(
        some("order", 3, quantity=500) + some("order", 1, "2025-03-04", quantity=500),
        some("order", 3, quantity=500)
        + some("order", 1, "2025-03-05", quantity=500)
        + some("order", 9, quantity=499),
    ),
    "An upload of ten files or more": Case(
        times(1, "upload", files=10), times(2, "upload", files=9)
    ),
    "Three tracks of an hour or more each in one quarter": Case(
        [each for n in range(3) for each in some("x", 2, "2025-03-01", track=n, minutes=30)],
        [each for n in range(3) for each in some("x", 2, "2025-03-31", track=n, minutes=30)]
        + [each for n in range(2) for each in some("x", 2, "2025-06-01", track=n, minutes=30)],
    ),
    "Twelve tracks with five solved in each": Case(
        [each for n in range(12) for each in times(5, "solved", track=n)],
        [each for n in range(11) for each in times(5, "solved", track=n)]
        + times(4, "solved", track=11),
    ),
    "For every third article, a hundred times at most": Case(
        times(306, "article"), times(299, "article"), times=100
    ),
    "300 points, at most 100 of them from one day": Case(
        some("points", 3, quantity=100),
        some("points", 1, quantity=500) + some("points", 2, "2025-03-01", quantity=99),
    ),
    "Ten votes in a month, again in each such month": Case(
        some("vote", 10, "2025-01-01") + some("vote", 10, "2025-03-01"),
        some("vote", 10, "2025-01-01") + some("vote", 18, "2025-02-20"),
        times=2,
    ),
    "Bronze at 8 assignments, silver at 25 bronze": Case(
        times(8, "assignment"), times(7, "assignment")
    ),
    "Bronze at 8 assignments, silver at 25 silver": Case(
        times(25, "assignment"), times(24, "assignment")
    ),
    "Evening calls on Sundays: some at 5, many at 50 some": Case(
        some("call", 5, "2025-02-02", every=7, kind="evening"),
        some("call", 4, "2025-02-02", every=7, kind="evening")
        + some("call", 9, "2025-02-03", every=7, kind="evening")
        + some("call", 9, "2025-02-02", every=7, kind="morning"),
    ),
    "Evening calls on Sundays: some at 5, many at 50 many": Case(
        some("call", 50, "2025-02-02", every=7, kind="evening"),
        some("call", 49, "2025-02-02", every=7, kind="evening"),
    ),
    "Five right answers in a row": Case(
        some("answer", 5, right=True),
        some("answer", 4, right=True)
        + some("answer", 1, "2025-02-07", right=False)
        + some("answer", 4, "2025-02-08", right=True),
    ),
    "Parcels on working days, none late: twenty in a row, a hundred in a row 20": (
        Case(
            some("delivery", 20, every=7, kind="parcel", late=0)
            + at("delivery", "2025-02-08", kind="parcel", late=9)
            + at("delivery", "2025-02-04", kind="letter", late=9),
            some("delivery", 19, every=7, kind="parcel", late=0)
            + at("delivery", "2025-02-02", kind="parcel", late=0),
        )
    ),
    "Parcels on working days, none late: twenty in a row, a hundred in a row 100": (
        Case(
            some("delivery", 100, "2023-01-02", every=7, kind="parcel", late=0),
            some("delivery", 99, "2023-01-02", every=7, kind="parcel", late=0),
        )
    ),
    "Nine of ten inquiries answered within a day, of twenty or more": Case(
        some("inquiry", 2, hours=25) + some("inquiry", 18, "2025-02-05", hours=24),
        some("inquiry", 3, hours=25) + some("inquiry", 26, "2025-02-06", hours=24),
    ),
    "Eight of the last ten answers in algebra in the afternoon were right": Case(
        some("answer", 9, subject="algebra", right=False)
        + some("answer", 8, "2025-02-12", subject="algebra", right=True),
        some("answer", 9, subject="algebra", right=False)
        + some("answer", 7, "2025-02-12", subject="algebra", right=True)
        + some("answer", 5, "2025-02-20", subject="latin", right=True)
        + at("answer", "2025-02-20T11:59", "2025-02-21T18:00", subject="algebra", right=True),
    ),
    "Something on the weekend of each of four weeks in a row": Case(
        some("call", 4, "2025-02-01", every=7),
        some("call", 3, "2025-02-01", every=7)
        + at("call", "2025-02-21", "2025-02-24")
        + some("call", 3, "2025-03-02", every=7),
    ),
    "Four weeks in a row with two comments or more in each": Case(
        some("comment", 4, every=7) * 2,
        some("comment", 3, every=7) * 2
        + some("comment", 1, "2025-02-24")
        + some("comment", 3, "2025-03-03", every=7) * 2,
    ),
    "Five days with an article better than -25; up to two days": Case(
        some("article", 5, every=3, score=-24),
        some("article", 4, every=3, score=-24)
        + at("article", "2025-02-16", score=-24)
        + at("article", "2025-02-15", score=-25),
    ),
    "Ten working days in a row, public holidays left out; a day on vacation or ill breaks"
    " nothing": Case(WORKING_DAYS + at("absence", "2025-02-17", reason="illness"), WORKING_DAYS),
    "Six months in a row with ten active days or more in each": Case(
        months(1, 6, 10), months(1, 5, 10) + months(6, 1, 9) + months(7, 5, 10)
    ),
    "A day with 200 points or more: once one, often fifty, gaps or not once": Case(
        times(2, points=100), some("call", 2, points=199)
    ),
    "A day with 200 points or more: once one, often fifty, gaps or not often": Case(
        some("call", 50, every=3, points=200), some("call", 49, every=3, points=200)
    ),
    "Two of three courses": Case(
        COURSES, COURSES[:1] * 2 + at("training_completed", "2025-01-06", course="cooking")
    ),
    "Both exams passed within 365 days": Case(
        at("exam", "2025-01-01", exam_id="a1", passed=True)
        + at("exam", "2025-12-31", exam_id="a2", passed=True),
        at("exam", "2025-01-01", exam_id="a1", passed=True)
        + at("exam", "2026-01-01", exam_id="a2", passed=True)
        + at("exam", "2025-12-31", exam_id="a2", passed=False),
    ),
    "Three badges of the category milestones": Case(
        times(1, "assignment") + times(1, "m1") + times(1, "m2"),
        times(1, "assignment") + times(1, "m1") + times(100, "call"),
    ),
    "Both badges are held": Case(times(5, "assignment"), times(4, "assignment")),
    "A year after the first assignment of kind visit": Case(
        at("assignment", "2025-02-28", kind="visit"),
        at("assignment", "2025-03-02", kind="visit") + at("assignment", "2025-02-28", kind="other"),
    ),
    "Each anniversary of the first call, ten of them": Case(
        at("call", "2015-02-28"), at("call", "2016-03-02"), times=10
    ),
    "Six months after the first activity, and a hundred days after": Case(
        at("visit", "2025-09-01") + at("call", "2025-11-21"),
        at("visit", "2025-09-01") + at("call", "2025-11-22"),
    ),
    "Ten assignments, and either six months in a row or the course": Case(
        times(10, "assignment") + COURSES[:1],
        times(9, "assignment") + COURSES[:1],
    ),
    "Two of: a hundred calls, a hundred assignments, five years": Case(
        times(100) + times(100, "assignment"),
        times(100) + times(99, "assignment"),
    ),
    "A certificate that runs out two years after it was last": Case(
        at("training_completed", "2022-01-05", "2024-03-02", course="first-aid"),
        at("training_completed", "2022-01-05", "2024-03-01", course="first-aid"),
    ),
    "Four visits within the last ninety days": Case(
        at("visit", "2025-12-02", "2026-01-01", "2026-02-01", "2026-02-02"),
        at("visit", "2025-12-01", "2026-01-01", "2026-02-01", "2026-02-02"),
    ),
    "Ten shifts before the first complaint": Case(
        some("shift", 10) + at("complaint", "2025-02-13"),
        some("shift", 10) + at("complaint", "2025-02-12"),
    ),
    "A year with us, in which neither three warnings came nor two": Case(
        at("warning", "2025-02-03", "2025-03-03")
        + at("complaint", "2025-03-03", "2025-03-04")
        + at("warning", "2026-02-10"),
        at("warning", "2025-02-03") + at("complaint", "2026-01-03T09:00", "2026-01-03T21:00"),
    ),
    "Awarded by people": Case([], times(200)),
    "More than twice as many calls as assignments": Case(
        times(3) + times(1, "assignment"), times(2) + times(1, "assignment")
    ),
    "First assignment": Case(times(1, "assignment"), times(1)),
    "Night watch": Case(
        some("call", 9, every=3) * 0
        + at("call", *[f"2025-01-{n:02}T22:00" for n in range(1, 10)])
        + at("call", "2025-02-01T05:59"),
        at("call", *[f"2025-01-{n:02}T22:00" for n in range(1, 10)])
        + at("call", "2025-02-01T06:00", "2025-02-01T21:59"),
    ),
    "Current": Case(
        at("call", "2025-12-02", "2026-01-01", "2026-02-01", "2026-02-02"),
        at("call", "2025-12-01", "2026-01-01", "2026-02-01", "2026-02-02"),
    ),
    "Steady": Case(
        some("call", 4, every=7), some("call", 3, every=7) + some("call", 3, "2025-03-03", every=7)
    ),
    "Present": Case(
        some("call", 12, "2025-01-20"), some("call", 11) * 2 + some("call", 11, "2025-03-01")
    ),
    "Honorar first": Case(times(5, "assignment"), times(4, "assignment")),
    "Honorar second": Case(times(20, "assignment"), times(19, "assignment")),
}

PEER_MENTORS = {
    "First assignment": Case(times(1, "assignment"), times(1)),
    "Assignments bronze": Case(times(10, "assignment"), times(9, "assignment")),
    "Assignments silver": Case(times(50, "assignment"), times(49, "assignment")),
    "Assignments gold": Case(times(150, "assignment"), times(149, "assignment")),
    "Assignments platinum": Case(times(500, "assignment"), times(499, "assignment")),
    "Honorarium first": Case(times(5, "assignment"), times(4, "assignment")),
    "Honorarium second": Case(times(20, "assignment"), times(19, "assignment")),
    "Trained peer mentor": Case(
        ALL_COURSES, COURSES * 2 + at("training_completed", "2025-01-07", course="cooking")
    ),
    "First call": Case(times(1), times(1, "assignment")),
    "Good listener": Case(times(25), times(24)),
    "Group host": Case(
        times(3, "group_meeting", participants=8),
        times(2, "group_meeting", participants=8) + times(9, "group_meeting", participants=7),
    ),
    "Hearing aid helper": Case(
        times(8, "assignment", kind="clinic") + times(7, "assignment", kind="home_visit"),
        times(8, "assignment", kind="clinic")
        + times(6, "assignment", kind="home_visit")
        + times(9, "assignment", kind="walk"),
    ),
    "Hours given 25": Case(
        times(10, "assignment", quantity=2) + times(1, "group_meeting", quantity=5),
        times(10, "assignment", quantity=2)
        + times(1, "group_meeting", quantity=4.75)
        + times(9, quantity=9),
    ),
    "Hours given 100": Case(
        times(10, "assignment", quantity=10), times(10, "assignment", quantity=9.99)
    ),
    "Hours given 500": Case(
        times(10, "assignment", quantity=50), times(10, "assignment", quantity=49.99)
    ),
    "Steady": Case(STEADY, STEADY[:7] + some("call", 7, "2025-03-10", every=7)),
    "Month after month half": Case(months(1, 6), months(1, 5) + months(7, 5)),
    "Month after month whole": Case(months(1, 12), months(2, 11)),
    "A busy month": Case(
        some("assignment", 20, "2025-01-05"), some("assignment", 38, "2025-01-13")
    ),
    "Versatile": Case(
        [each for n in range(4) for each in times(1, "assignment", kind=n)],
        [each for n in range(3) for each in times(2, "assignment", kind=n)]
        + times(1, "assignment")
        + times(1, kind=3),
    ),
    "Fifty more": Case(times(1050, "assignment"), times(999, "assignment"), times=20),
    "Ready for more": Case(
        at("training_completed", "2025-01-05", course="group-leader") + times(3, "assignment"),
        at("training_completed", "2025-01-05", course="group-leader") + times(2, "assignment"),
    ),
    "Pillar": Case(
        ALL_COURSES + STEADY + times(10, "assignment", quantity=10),
        ALL_COURSES + STEADY + times(10, "assignment", quantity=9.99),
    ),
}

STUDY_APP = {
    "Getting started": Case(times(1, "flashcard_session", quantity=0), []),
    "First XP": Case(times(1, "quiz_result", quantity=1), times(3, "quiz_result", quantity=0)),
    "50 XP": Case(times(5, "quiz_result", quantity=10), times(5, "quiz_result", quantity=9.9)),
    "XP collected 500": Case(
        times(5, "quiz_result", quantity=100), times(5, "quiz_result", quantity=99.9)
    ),
    "XP collected 2000": Case(
        times(5, "quiz_result", quantity=400), times(5, "quiz_result", quantity=399.9)
    ),
    "XP collected 5000": Case(
        times(5, "quiz_result", quantity=1000), times(5, "quiz_result", quantity=999.9)
    ),
    "On a roll 3": Case(
        some("quiz_result", 3), some("quiz_result", 2) + some("quiz_result", 2, "2025-02-06")
    ),
    "On a roll 7": Case(some("quiz_result", 7), some("quiz_result", 6)),
    "On a roll 30": Case(some("quiz_result", 30), some("quiz_result", 29)),
    "Week by week": Case(
        some("quiz_result", 4, every=7),
        some("quiz_result", 3, every=7) + some("flashcard_session", 1, "2025-02-24"),
    ),
    "Perfect quiz": Case(times(1, "quiz_result", score=100), times(9, "quiz_result", score=99.9)),
    "Sharp mind": Case(
        times(10, "quiz_result", score=90),
        times(9, "quiz_result", score=90) + times(9, "quiz_result", score=89.9),
    ),
    "Explorer": Case(
        [each for n in range(5) for each in times(1, "quiz_result", subject=n)],
        [each for n in range(4) for each in times(2, "quiz_result", subject=n)]
        + times(1, "flashcard_session", subject=4),
    ),
    "A hundred cards": Case(
        times(51, "flashcard_session", cards=100),
        times(99, "flashcard_session", cards=50),
        times=50,
    ),
    "A big day": Case(
        times(3, "quiz_result", quantity=50), some("quiz_result", 3, quantity=74.9) * 2
    ),
    "Both ways": Case(
        times(10, "quiz_result") + times(10, "flashcard_session"),
        times(20, "quiz_result") + times(9, "flashcard_session"),
    ),
    # Started, first XP, 50 XP, a big day, perfect; and sharp.
    "Collector": Case(
        times(10, "quiz_result", quantity=15, score=100),
        times(9, "quiz_result", quantity=17, score=100),
    ),
}

VISITS = {
    "First visit": Case(times(1, "visit"), times(1)),
    "Third visit": Case(times(3, "visit"), times(2, "visit")),
    "Visitor bronze": Case(times(3, "visit"), times(2, "visit")),
    "Visitor silver": Case(times(10, "visit"), times(9, "visit")),
    "Two days running": Case(some("visit", 2), some("visit", 2, every=2) + times(3, "visit")),
    "First call": Case(times(1), times(1, "visit")),
    "With thanks": Case([], times(200)),
    "Five calls": Case(times(5), times(4) + times(5, "visit")),
    "Caller": Case(times(3), times(2)),
    "Regular": Case(at("call", "2025-01-31", "2025-02-01"), times(9)),
    "Three visits at home": Case(
        times(3, "visit", place="home"),
        times(2, "visit", place="home") + times(2, "visit", place="away"),
    ),
    "Ten hours in a month": Case(
        some("call", 2, "2025-01-30", minutes=300), some("call", 2, "2025-01-31", minutes=599)
    ),
    "Ten hours": Case(
        times(2, "visit", hours=5), times(2, "visit", hours=4.9) + times(1, "visit", hours="5")
    ),
    "Starter": Case(times(1, "quiz"), times(3)),
    "Ten points": Case(some("quiz", 2, quantity=5), some("quiz", 2, quantity=4.75)),
    "Comment with 25 reactions": RULES["25 reactions to one comment"],
    "Twelve tracks with five solved in each": RULES["Twelve tracks with five solved in each"],
    "Two calls a week, four weeks running": Case(
        some("call", 4, every=7) * 2,
        some("call", 3, every=7) * 2 + some("call", 3, "2025-03-03", every=7) * 2,
    ),
}


def badges_of(document: Any) -> dict[str, Any]:
    return {
        slug: badge | {"name": _english(badge["name"])}
        for slug, badge in document["badges"].items()
    }


def _english(text: Any) -> str:
    found: str = text["en"] if isinstance(text, dict) else text
    return found


def rules_page() -> dict[str, Any]:
    """Give the badges of docs/rules.md; a rule's name is the sentence above it."""
    found: dict[str, Any] = {
        f"m{n}": {
            "name": f"m{n}",
            "category": "milestones",
            "criteria": {"type": "threshold", "activity": f"m{n}", "at_least": 1},
        }
        for n in (1, 2)
    }
    for block in blocks((ROOT / "docs/rules.md").read_text()):
        if block.kind == "yaml":
            example = parse_document(block.body).value
            if "badges" in example and "ruleset" in example:
                found |= badges_of(example)
            else:
                sentence = re.match(r"((?:#.*\n)+)", block.body)
                assert sentence, f"line {block.line}: a rule without a sentence above it"
                words = " ".join(sentence[1].replace("#", "").split())
                badge = {"name": words, "criteria": example}
                if re.search("last_days|valid_days", block.body):
                    badge["on_unmet"] = "lapse"
                found[f"line-{block.line}"] = badge
    return found


def pages() -> dict[str, Any]:
    """Give the badges of whole documents in README.md and docs/, two pages told apart left out."""
    found: dict[str, Any] = {}
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for block in blocks(page.read_text()):
            if block.kind == "yaml" and page.name not in ("rules.md", "recipes.md"):
                document = parse_document(block.body).value
                found |= badges_of(document) if "badges" in document else {}
    return found


def shipped(name: str) -> dict[str, Any]:
    return badges_of(parse_document((SHIPPED / name).read_text()).value)


SOURCES = {
    "docs/rules.md": (rules_page, RULES),
    "peer-mentors.yaml": (lambda: shipped("peer-mentors.yaml"), PEER_MENTORS),
    "study-app.yaml": (lambda: shipped("study-app.yaml"), STUDY_APP),
    "README.md and docs": (pages, VISITS),
}


def shown(badges: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Give what can be earned, in words, with the badge and the tier."""
    return {
        f"{badge['name']} {tier}".strip(): (slug, tier)
        for slug, badge in badges.items()
        for tier in [each["tier"] for each in badge["criteria"].get("tiers", [])] or [""]
        if slug not in ("m1", "m2")
    }


def words_of(case: str, all_words: Any) -> str:
    """Give the words that a case is for: its own, or those it begins."""
    found = [words for words in all_words if words == case] or [
        words for words in all_words if words.startswith(case)
    ]
    assert len(found) == 1, f"{case!r} is of {found}"
    return str(found[0])


@pytest.mark.parametrize("source", SOURCES)
def test_every_example_has_its_histories(source: str) -> None:
    badges, cases = SOURCES[source]
    all_words = shown(badges())
    assert {words_of(case, all_words) for case in cases} == all_words.keys()


def test_every_shipped_rule_set_is_looked_at() -> None:
    assert {path.name for path in SHIPPED.glob("*.yaml")} <= SOURCES.keys()


@pytest.mark.parametrize("source", SOURCES)
def test_enough_earns_it_and_less_does_not(source: str, connection: Connection) -> None:
    badges, cases = SOURCES[source]
    value(connection, "select badges.set_setting('criteria_raw', 'true')")
    apply(
        connection,
        rule_set(badges(), {ORG: {"time_zone": "Europe/Oslo", "closed_days": ["2025-02-05"]}}),
    )
    all_words = shown(badges())
    places = {case: all_words[words_of(case, all_words)] for case in cases}
    for case, told in cases.items():
        slug, _ = places[case]
        for name, history in (("enough", told.enough), ("less", told.less)):
            rows = [
                activity(moment, who=person(case + name), kind=kind, quantity=q, attributes=given)
                for kind, moment, q, given in sorted(history, key=lambda each: each[1])
            ]
            if rows:
                insert(connection, *rows)
            elif name == "enough":
                query = "select badges.award_badge(%s, %s, %s, 'by a person')"
                value(connection, query, person(case + name), slug, ORG)
    value(connection, "select badges.award_due_badges(%s)", AS_OF)
    wrong = []
    for case, told in cases.items():
        for name in ("enough", "less"):
            held = [
                each
                for each in awards(connection, person(case + name))
                if (each["badge_definition_id"], each["tier"]) == places[case]
            ]
            is_right = len(held) == told.times if name == "enough" else len(held) < told.times
            if not is_right:
                wrong.append((case, name, len(held)))
    assert wrong == []


def test_no_example_says_a_working_day_streak_by_grace() -> None:
    """Grace leaps over weekends, and forgives two missed working days as well."""

    def nodes(value: Any) -> list[Any]:
        below = value.values() if isinstance(value, dict) else value
        inner = [] if isinstance(value, str) or not hasattr(below, "__iter__") else below
        return [value, *(node for each in inner for node in nodes(each))]

    for badges, _ in SOURCES.values():
        for node in nodes(badges()):
            if isinstance(node, dict) and "grace" in node:
                assert "weekdays" not in node.get("when", {})
