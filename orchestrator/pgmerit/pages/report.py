"""The page of the organizations: their awards, how far people are, and what waits."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pgmerit import languages
from pgmerit.languages import Language
from pgmerit.mentors import Names
from pgmerit.pages import Figure, Share, Table, Tile, render
from pgmerit.pages.charts import Bin, Mark, bars, columns, histogram, round_step
from pgmerit.pages.reading import WEEK_STARTS, Found, Measured, Organization

_BINS = 20
_RAREST = 10
_SHOWN = 6  # organizations with charts of their own
_DRAWN = 4  # thresholds of a repeated badge
_LENGTHS = {"day": 1, "week": 7, "month": 32, "year": 366}
_WAITING = ("people_waiting", "people_due", "events_pending", "events_dead", "alerts_open")
_ALARMING = ("events_dead", "alerts_open", "consumer_disabled")


@dataclass(frozen=True)
class Cell:
    """How many people have a badge, and their share, which is the cell's shade."""

    people: int
    share: float


@dataclass(frozen=True)
class OrganizationPart:
    """The charts of one organization."""

    name: str
    org_id: str
    figures: Sequence[Figure]


def report_page(found: Found, language: str | None = None, names: Names | None = None) -> str:
    """Make the page; with `names` it tells who is nearest to each badge."""
    told = languages.find(language)
    teller = _Teller(found, told)
    one = found.organizations[0].name if len(found.organizations) == 1 else None
    title = told.text("report.title_of_one", name=one) if one else told.text("report.title")
    sections = ["over_time", "who_has_what", "rarest", "how_far", "near", "waits"]
    return render(
        "report.html",
        told,
        title=title,
        subtitle=told.text("report.read_at", moment=told.moment(found.read_at, teller.zone)),
        sections=[(each, told.text(f"report.{each}")) for each in sections],
        tiles=teller.tiles(),
        over_time=[teller.over_time(each) for each in teller.shown],
        organizations=[each.name for each in teller.shown],
        matrix=teller.matrix(),
        rarest=teller.rarest(),
        how_far=[teller.how_far(each) for each in teller.shown],
        near=teller.near(names),
        waits=teller.waits(),
        verified=teller.verified(),
        others=len(found.organizations) - len(teller.shown),
    )


class _Teller:
    """The parts of the page, in one language."""

    def __init__(self, found: Found, language: Language) -> None:
        self.found = found
        self.language = language
        self.text = language.text
        self.shown = sorted(found.organizations[:_SHOWN], key=lambda each: each.name.casefold())
        zones = {each.time_zone for each in found.organizations}
        self.zone = languages.zone_of(zones.pop()) if len(zones) == 1 else UTC
        self.people = {each.org_id: each.people for each in found.organizations}
        self.held = {
            (row["org_id"], row["badge_definition_id"], row["tier"]): row["people"]
            for row in found.awards
        }
        self.names = {
            (row["badge_definition_id"], row["tier"]): row["name"] for row in found.awards
        }
        self.offered = set(self.held)
        self.lowest: dict[tuple[str, str], float] = {}
        for measured in found.measured:
            for target in measured.targets:
                badge = target.badge_definition_id, target.tier
                self.names[badge] = target.name
                self.offered.add((measured.org_id, *badge))
                self.lowest[badge] = min(target.values[0], self.lowest.get(badge, math.inf))

    def tiles(self) -> list[Tile]:
        organizations = self.found.organizations
        people = sum(each.people for each in organizations)
        holders = sum(each.holders for each in organizations)
        # Awards that were taken over came without activities.
        whose = "report.holders" if holders <= people else "report.holders_and_others"
        recent = sum(self.found.over_time.values())
        since = self.language.day(self.found.since)
        waiting = sum(int(self._metric(name)) for name in _WAITING)
        return [
            Tile(self.text("report.organizations"), len(organizations)),
            Tile(self.text("report.people"), people),
            Tile(self.text(whose), holders),
            Tile(self.text("report.awards"), sum(each.awards for each in organizations)),
            Tile(self.text("report.awards_since", since=since), recent),
            Tile(self.text("report.waiting"), waiting, is_alarming=bool(self._alarms())),
        ]

    def over_time(self, organization: Organization) -> Figure:
        days = list(self._days(organization.week_starts))
        counts = [self.found.over_time.get((organization.org_id, day), 0) for day in days]
        labels = [self._label(day) for day in days]
        last = self.found.read_at.date()
        return Figure(
            organization.name,
            columns(organization.name, labels, {organization.name: counts}, self.language.number),
            Table(
                (self.text(f"report.{self.found.unit}"), self.text("report.awards")),
                list(zip(map(self._name, days), counts, strict=True)),
            ),
            note=self.text("report.between", first=days[0], last=last),
        )

    def matrix(self) -> list[tuple[str, list[Cell | None]]]:
        """Give a row a badge and tier, with a cell an organization that has it."""
        return [
            (self._badge(*badge), [self._cell(each, badge) for each in self.shown])
            for badge in sorted(self.names, key=self._place)
        ]

    def rarest(self) -> Figure:
        rows = []
        for badge in self.names:
            places = [org_id for org_id in self.people if (org_id, *badge) in self.offered]
            people = sum(self.people[org_id] for org_id in places)
            holders = sum(self.held.get((org_id, *badge), 0) for org_id in places)
            if people:
                rows.append((self._badge(*badge), holders, people, Share(min(1, holders / people))))
        rows = sorted(rows, key=lambda row: (row[3], row[0]))[:_RAREST]
        title = self.text("report.rarest_badges")
        return Figure(
            title,
            bars(title, [row[:2] for row in rows], self.language.number),
            Table(
                [self.text(f"report.{each}") for each in ("badge", "have_it", "of", "share")], rows
            ),
            note=self.text("report.rarest_note"),
        )

    def how_far(self, organization: Organization) -> OrganizationPart:
        measured = [each for each in self.found.measured if each.org_id == organization.org_id]
        figures = sorted(map(self._distribution, measured), key=lambda each: each.title.casefold())
        return OrganizationPart(organization.name, organization.org_id, figures)

    def near(self, names: Names | None) -> Table:
        places = {each.org_id: each.name for each in self.shown}
        found = [
            (measured, target)
            for measured in self.found.measured
            for target in measured.targets
            if target.near and measured.org_id in places
        ]
        found.sort(key=lambda each: (places[each[0].org_id], -each[1].near, each[1].name))
        columns = ["badge", "organization", "people_near", "nearest", *(["ids"] if names else [])]
        return Table(
            [self.text(f"report.{each}") for each in columns],
            [
                (
                    self._badge(target.badge_definition_id, target.tier),
                    places[measured.org_id],
                    target.near,
                    self.text(
                        "report.of_target", value=target.nearest, target=target.nearest_target
                    ),
                    *([", ".join(map(names.of, target.nearest_ids))] if names else []),
                )
                for measured, target in found
            ],
        )

    def waits(self) -> Table:
        return Table(
            (self.text("report.what"), self.text("report.whose"), self.text("report.how_many")),
            [
                (
                    self.language.word("waits", row["metric"]),
                    ", ".join(str(each) for each in row["labels"].values()),
                    int(row["value"]),
                )
                for row in self.found.metrics
                if row["metric"] in (*_WAITING, "consumer_disabled") and row["value"]
            ],
        )

    def verified(self) -> list[tuple[str, bool]]:
        """Tell the last verifications, and whether each found nothing."""
        told = []
        for scope in ("all", "part"):
            at = self._metric("verify_timestamp_seconds", scope=scope)
            if at:
                differences = int(self._metric("verify_differences", scope=scope))
                moment = self.language.moment(datetime.fromtimestamp(at, UTC), self.zone)
                key = f"report.verified_{scope}"
                told.append((self.text(key, moment=moment, count=differences), not differences))
        return told or [(self.text("report.never_verified"), False)]

    def _distribution(self, measured: Measured) -> Figure:
        names = [self._badge(each.badge_definition_id, each.tier) for each in measured.targets]
        named = list(zip(names, measured.targets, strict=True))
        marks = [Mark(value, name) for name, target in named for value in target.values]
        drawn = [Mark(value, name) for name, target in named for value in target.values[:_DRAWN]]
        title = " · ".join(
            dict.fromkeys(
                self.found.badge_names.get(each.badge_definition_id, each.badge_definition_id)
                for each in measured.targets
            )
        )
        bins = _bins(measured, self.language)
        measure = self.language.word("report_measure", measured.measure or "parts")
        return Figure(
            title,
            histogram(title, bins, drawn, self.language.number),
            Table(
                (measure, self.text("report.people_of")),
                [(each.name, each.many) for each in bins],
            ),
            marks=marks,
            note=self.text("report.by_measure", measure=measure),
        )

    def _place(self, badge: tuple[str, str]) -> tuple[str, float, str]:
        """Sort badges by name, and their tiers by threshold."""
        name = self.found.badge_names.get(badge[0], badge[0])
        return name.casefold(), self.lowest.get(badge, 0.0), badge[1]

    def _badge(self, badge_definition_id: str, tier: str) -> str:
        name = self.names[badge_definition_id, tier]
        badge = self.found.badge_names.get(badge_definition_id, name)
        return name if not tier or name == badge else f"{badge}: {name}"

    def _cell(self, organization: Organization, badge: tuple[str, str]) -> Cell | None:
        if (organization.org_id, *badge) not in self.offered:
            return None
        people = self.held.get((organization.org_id, *badge), 0)
        return Cell(people, min(1.0, people / max(1, organization.people)))

    def _metric(self, name: str, **labels: str) -> float:
        return sum(
            float(row["value"])
            for row in self.found.metrics
            if row["metric"] == name and labels.items() <= row["labels"].items()
        )

    def _alarms(self) -> list[Mapping[str, Any]]:
        return [
            row for row in self.found.metrics if row["metric"] in _ALARMING and row["value"] > 0
        ]

    def _days(self, week_starts: str) -> Iterator[date]:
        """Give the first days of the units from `since` until today, and later where awards are."""
        unit = self.found.unit
        day = _first_of(unit, self.found.since, week_starts)
        last = max([self.found.read_at.date(), *(day for _, day in self.found.over_time)])
        while day <= last:
            yield day
            day = _first_of(unit, day + timedelta(days=_LENGTHS[unit]), week_starts)

    def _label(self, day: date) -> str:
        match self.found.unit:
            case "month":
                return self.language.month(day.month)[:3]
            case "year":
                return str(day.year)
        return f"{day:%m-%d}"

    def _name(self, day: date) -> str:
        match self.found.unit:
            case "month":
                return f"{self.language.month(day.month)} {day.year}"
            case "year":
                return str(day.year)
        return self.language.day(day)


def _first_of(unit: str, day: date, week_starts: str) -> date:
    """Give the first day of the unit that a day lies in."""
    match unit:
        case "week":
            return day - timedelta(days=(day.isoweekday() - WEEK_STARTS[week_starts]) % 7)
        case "month":
            return day.replace(day=1)
        case "year":
            return day.replace(month=1, day=1)
    return day


def _bins(measured: Measured, language: Language) -> list[Bin]:
    """Part the values in bins up to a little above the highest target; the last one is open."""
    values = [float(each) for each in measured.values]
    targets = [value for target in measured.targets for value in target.values]
    ninety_five = _quantile(values, measured.people, 0.95)
    seen = [value for target in measured.targets for value in target.values[:_DRAWN]]
    top = max(1.0, *(1.1 * each for each in seen), ninety_five)
    is_whole = all(each == int(each) for each in (*values, *targets))
    step = round_step(top / _BINS, is_whole)
    count = int(top / step) + 1
    many = [0] * count
    for value, people in zip(values, measured.people, strict=True):
        many[min(count - 1, max(0, int(value / step)))] += people
    found = []
    for place, each in enumerate(many):
        low, high = place * step, (place + 1) * step
        if place == count - 1 and values[-1] >= high:
            name = f"≥ {language.number(low)}"
        elif is_whole and step == 1:
            name = language.number(low)
        elif is_whole:
            name = f"{language.number(low)}–{language.number(high - 1)}"
        else:
            name = f"{language.number(low)} – < {language.number(high)}"
        found.append(Bin(low, high, each, name))
    return found


def _quantile(values: Sequence[float], people: Sequence[int], share: float) -> float:
    reached, total = 0, sum(people)
    for value, each in zip(values, people, strict=True):
        reached += each
        if reached >= share * total:
            return value
    return 0.0
