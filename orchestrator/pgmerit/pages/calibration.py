"""The page of a calibration: which threshold gives a badge to which share of the people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pgmerit.languages import Language
from pgmerit.languages.rules import RuleWords
from pgmerit.pages import Figure, Table, Tile, render
from pgmerit.pages.charts import Mark, lines

MOMENTS = ("now", "then")
_SEEN_FROM = 0.015  # a share that the chart shows as more than nothing

Told = Mapping[str, Any]


@dataclass(frozen=True)
class Section:
    """What a page shows of one organization."""

    anchor: str
    name: str
    tiles: Sequence[Tile]
    sentences: Sequence[str]
    figure: Figure


def calibration_page(told: Told, language: Language) -> str:
    """Draw what badges.calibrate_badge gives."""
    sections = [
        _section(f"o{place}", each, told, language)
        for place, each in enumerate(told["organizations"])
    ]
    return render(
        "curves.html",
        language,
        title=language.text("calibration.title", badge=told["name"]),
        subtitle=language.text(
            "calibration.subtitle", rule_set=told["rule_set"], number=told["path"]
        ),
        sections=[(each.anchor, each.name) for each in sections],
        rule="\n".join(RuleWords(language).criteria_lines(told["criteria"])),
        organizations=sections,
    )


def nearest(organization: Told, moment: str) -> list[Told]:
    """Give the points nearest to the share that was asked for: with more people, with fewer.

    One where a threshold gives exactly that share, or one side has none.
    """
    sides = organization["nearest"][moment]
    wanted = dict.fromkeys((sides["at_least"], sides["at_most"]))
    return [
        point for each in wanted for point in organization["curve"] if point["threshold"] == each
    ]


def _section(anchor: str, organization: Told, told: Told, language: Language) -> Section:
    days = {moment: language.day(told[moment]) for moment in MOMENTS}
    marks = [
        Mark(each["threshold"], each["tier"] or language.text("calibration.present_mark"))
        for each in organization["thresholds"]
    ]
    curve = organization["curve"]
    seen = [point for place, point in enumerate(curve) if place < 2 or _is_seen(point)]
    title = language.text("calibration.chart")
    return Section(
        anchor,
        organization["name"],
        [
            Tile(
                language.text("calibration.people", day=days[moment]),
                organization["people"][moment],
            )
            for moment in MOMENTS
        ],
        list(_sentences(organization, told, language)),
        Figure(
            title,
            lines(
                f"{organization['name']}: {title}",
                {days[moment]: [_place(point, moment) for point in seen] for moment in MOMENTS},
                marks,
                lambda percent: _percent(percent / 100, language),
                language.number,
            ),
            Table(
                [
                    language.text("calibration.threshold"),
                    language.text("calibration.having", day=days["now"]),
                    language.text("calibration.share", day=days["now"]),
                    language.text("calibration.having", day=days["then"]),
                    language.text("calibration.share", day=days["then"]),
                ],
                [
                    [
                        point["threshold"],
                        point["now"]["people"],
                        _percent(point["now"]["share"], language),
                        point["then"]["people"],
                        _percent(point["then"]["share"], language),
                    ]
                    for point in curve
                ],
            ),
            list(days.values()),
            marks,
        ),
    )


def _is_seen(point: Told) -> bool:
    return any((point[moment]["share"] or 0) >= _SEEN_FROM for moment in MOMENTS)


def _place(point: Told, moment: str) -> tuple[float, float]:
    return point["threshold"], 100 * (point[moment]["share"] or 0)


def _percent(share: float | None, language: Language) -> str:
    return language.text("calibration.percent", share=round(100 * (share or 0), 2))


def _sentences(organization: Told, told: Told, language: Language) -> Iterator[str]:
    for each in organization["thresholds"]:
        for point in organization["curve"]:
            if point["threshold"] == each["threshold"]:
                yield language.text(
                    "calibration.present_tier" if each["tier"] else "calibration.present",
                    tier=each["tier"],
                    threshold=each["threshold"],
                    count=point["now"]["people"],
                    share=_percent(point["now"]["share"], language),
                    then=language.day(told["then"]),
                    before=point["then"]["people"],
                    share_before=_percent(point["then"]["share"], language),
                )
    for moment in MOMENTS if told["share"] is not None else ():
        given = [
            language.text(
                "calibration.gives",
                threshold=point["threshold"],
                count=point[moment]["people"],
                share=_percent(point[moment]["share"], language),
            )
            for point in nearest(organization, moment)
        ]
        yield language.text(
            "calibration.nearest" if given else "calibration.none",
            share=_percent(told["share"], language),
            day=language.day(told[moment]),
            given="; ".join(given),
        )
