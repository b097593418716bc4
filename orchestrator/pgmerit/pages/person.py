"""The page of one person: badges, how far the next ones are, and why each is not there yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo

from pgmerit import languages
from pgmerit.pages import Figure, Share, Table, render
from pgmerit.pages.charts import bars
from pgmerit.report import MentorReport


@dataclass(frozen=True)
class Reason:
    """A line of an explanation, with the lines that stand below it."""

    text: str
    below: Sequence[Reason] = ()


def person_page(
    found: MentorReport,
    name: str,
    reasons: Sequence[Reason],
    zone: tzinfo,
    language: str | None = None,
) -> str:
    """Make the page of who is called `name`; moments are told by the clock of `zone`."""
    told = languages.find(language)
    text = told.text
    title = text("person.title", org=found.org_id)
    to_come = [(row["name"], float(row["fraction"])) for row in found.to_come]
    badge, earned_at, times, current, target, done, lapses = (
        text(f"mentor.{each}")
        for each in ("name", "earned_at", "times", "current", "target", "done", "lapses")
    )
    # When a badge lapses is told where there is one that does.
    width = 4 if any(row["expires_at"] for row in found.earned) else 3
    return render(
        "person.html",
        told,
        title=title,
        subtitle=name,
        sections=[(each, text(f"person.{each}")) for each in ("earned", "to_come", "why")],
        earned=Table(
            (badge, earned_at, times, lapses)[:width],
            [
                (
                    row["name"],
                    told.moment(row["earned_at"], zone),
                    row["occurrence"],
                    row["expires_at"] and told.moment(row["expires_at"], zone),
                )[:width]
                for row in found.earned
            ],
        ),
        to_come=Figure(
            text("person.how_far"),
            bars(text("person.how_far"), to_come, told.percent),
            Table(
                (badge, current, target, done),
                [
                    (row["name"], row["current"], row["target"], Share(row["fraction"]))
                    for row in found.to_come
                ],
            ),
        ),
        reasons=reasons,
    )
