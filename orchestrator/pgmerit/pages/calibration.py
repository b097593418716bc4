"""The page of a calibration: which threshold gives a badge to which share of the people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pgmerit.pages import Figure, Table, Tile, render
from pgmerit.pages.charts import Mark, lines
from pgmerit.pages.words import Words

MOMENTS = ("now", "then")
_SEEN_FROM = 0.004  # a share that the chart shows as more than nothing


@dataclass(frozen=True)
class Section:
    """What a page shows of one organization."""

    anchor: str
    name: str
    tiles: Sequence[Tile]
    sentences: Sequence[str]
    figure: Figure


def calibration_page(told: Mapping[str, Any], words: Words, made_at: datetime) -> str:
    """Draw what badges.calibrate_badge gives; `made_at` is the moment the page tells."""
    sections = [_section(place, each, told, words) for place, each in _numbered(told)]
    return render(
        "calibration.html",
        words,
        title=words("calibration_title", badge=told["name"]),
        subtitle=words("calibration_subtitle", rule_set=told["rule_set"], number=told["path"]),
        sections=[(each.anchor, each.name) for each in sections],
        organizations=sections,
        made_at=made_at,
    )


def nearest(organization: Mapping[str, Any], moment: str) -> list[Mapping[str, Any]]:
    """Give the points nearest to the share that was asked for: with more people, with fewer.

    One where a threshold gives exactly that share, or one side has none.
    """
    sides = organization["nearest"][moment]
    wanted = list(dict.fromkeys(sides[name] for name in ("at_least", "at_most")))
    return [
        point for each in wanted for point in organization["curve"] if point["threshold"] == each
    ]


def _numbered(told: Mapping[str, Any]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    yield from enumerate(told["organizations"], 1)


def _section(
    place: int, organization: Mapping[str, Any], told: Mapping[str, Any], words: Words
) -> Section:
    days = {moment: date.fromisoformat(told[moment]) for moment in MOMENTS}
    marks = [
        Mark(each["threshold"], each["tier"] or words("calibration_set"))
        for each in organization["thresholds"]
    ]
    curve = organization["curve"]
    return Section(
        f"o{place}",
        organization["name"],
        [
            Tile(words("calibration_people", day=days[moment]), organization["people"][moment])
            for moment in MOMENTS
        ],
        list(_sentences(organization, told, words)),
        Figure(
            words("calibration_chart", name=organization["name"]),
            lines(
                words("calibration_chart", name=organization["name"]),
                {str(days[moment]): _points(curve, moment) for moment in MOMENTS},
                marks,
                lambda share: f"{words.number(share)} %",
                words.number,
            ),
            Table(
                [
                    words("calibration_threshold"),
                    *(
                        words(f"calibration_{column}", day=days[moment])
                        for moment in MOMENTS
                        for column in ("having", "share")
                    ),
                ],
                [
                    [
                        point["threshold"],
                        *(
                            value
                            for moment in MOMENTS
                            for value in (point[moment]["people"], _percent(point[moment], words))
                        ),
                    ]
                    for point in curve
                ],
            ),
            [str(days[moment]) for moment in MOMENTS],
            marks,
        ),
    )


def _points(curve: Sequence[Mapping[str, Any]], moment: str) -> list[tuple[float, float]]:
    """Give the part of a curve that can be seen, in percent."""
    seen = [
        point
        for place, point in enumerate(curve)
        if place < 2 or any((point[each]["share"] or 0) >= _SEEN_FROM for each in MOMENTS)
    ]
    return [(point["threshold"], 100 * (point[moment]["share"] or 0)) for point in seen]


def _percent(counted: Mapping[str, Any], words: Words) -> str:
    return f"{words.number(round(100 * (counted['share'] or 0), 2))} %"


def _sentences(
    organization: Mapping[str, Any], told: Mapping[str, Any], words: Words
) -> Iterator[str]:
    for each in organization["thresholds"]:
        for point in organization["curve"]:
            if point["threshold"] == each["threshold"]:
                yield words(
                    "calibration_present",
                    tier=f" ({each['tier']})" if each["tier"] else "",
                    threshold=each["threshold"],
                    people=point["now"]["people"],
                    share=_percent(point["now"], words),
                    people_then=point["then"]["people"],
                    share_then=_percent(point["then"], words),
                    then=told["then"],
                )
    if told["share"] is None:
        return
    for moment in MOMENTS:
        found = nearest(organization, moment)
        given = [
            words(
                "calibration_gives",
                threshold=point["threshold"],
                people=point[moment]["people"],
                share=_percent(point[moment], words),
            )
            for point in found
        ]
        share = f"{words.number(100 * told['share'])} %"
        yield words(
            "calibration_nearest" if found else "calibration_none",
            share=share,
            day=told[moment],
            given="; ".join(given),
        )
