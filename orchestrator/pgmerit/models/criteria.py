"""Rules, a model a criteria type; each tells whether it holds on a person's stats."""

from __future__ import annotations

import hashlib
from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from pgmerit.models.raw_expression import evaluate, named
from pgmerit.models.values import (
    ActivityType,
    Amount,
    Attribute,
    Count,
    Label,
    Model,
    Names,
    Number,
    RollingDays,
    Scalar,
    Slug,
    StatsDocument,
    Tally,
    plain,
    stats_of,
)
from pgmerit.rules.grammar import (
    canonical_text,
    grammar,
    json_type,
    part_problems,
    validate_value,
)

# The kinds of rules. A new one is added here and in the enum badges.criteria_type.
CriteriaType = Literal[
    "threshold",
    "tier",
    "streak",
    "training_completion",
    "all_of",
    "any_of",
    "n_of",
    "none_of",
    "badges_earned",
    "tenure",
    "in_a_row",
    "share",
    "manual",
    "criteria_raw",
]

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Operators(Model):
    """Tests of one attribute; all must match."""

    gte: Number | None = None
    gt: Number | None = None
    lte: Number | None = None
    lt: Number | None = None
    ne: Scalar | None = None
    in_: tuple[Scalar, ...] | None = Field(default=None, alias="in", min_length=1)
    prefix: Annotated[str, StringConstraints(min_length=1, max_length=1000)] | None = None
    exists: bool | None = None

    model_config = ConfigDict(
        serialize_by_alias=True, validate_by_name=True, validate_by_alias=True
    )


Where = dict[Attribute, Operators | tuple[Scalar, ...] | Scalar]


class When(Model):
    """The local calendar: hours at the activity's moment, all else on its local day."""

    hours: tuple[int | str, int | str] | None = None
    weekdays: Annotated[tuple[Weekday, ...], Field(min_length=1)] | None = None
    months: Annotated[tuple[int, ...], Field(min_length=1)] | None = None
    dates: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    days_of_year: Annotated[tuple[int, ...], Field(min_length=1)] | None = None
    from_: str | None = Field(default=None, alias="from")
    until: str | None = None

    model_config = ConfigDict(
        serialize_by_alias=True, validate_by_name=True, validate_by_alias=True
    )

    def canonical(self) -> dict[str, Any]:
        """Return it as the database keeps it: hours as HH:MM, weekdays as ISO numbers, sorted."""
        found: dict[str, Any] = {}
        if self.hours is not None:
            found["hours"] = [
                each if isinstance(each, str) else f"{each:02}:00" for each in self.hours
            ]
        if self.weekdays is not None:
            days = get_args(Weekday)
            found["weekdays"] = sorted({days.index(day) + 1 for day in self.weekdays})
        for key in ("months", "dates", "days_of_year"):
            if (listed := getattr(self, key)) is not None:
                found[key] = sorted(set(listed))
        ends = {"from": self.from_, "until": self.until}
        return found | {key: end for key, end in ends.items() if end is not None}


class RollingWindow(Model):
    """So many local days: the best that end on the day of an activity, or those that end today."""

    rolling_days: RollingDays | None = None
    last_days: RollingDays | None = None


class Element(Model):
    """What a value must reach before distinct counts it."""

    measure: Literal["count", "sum", "max"] | None = None
    field: Attribute | None = None
    at_least: Amount


class Cap(Model):
    """What a day, week or month adds at most."""

    per: Literal["day", "week", "month"]
    at: Amount


class UnitElement(Model):
    """What a unit must reach before a streak counts it."""

    measure: Literal["count", "sum", "max", "active_days"] | None = None
    field: Attribute | None = None
    at_least: Amount


class ExistingDays(Model):
    """The days that exist for a streak; others neither count nor break."""

    weekdays: Annotated[tuple[Weekday, ...], Field(min_length=1)] | None = None
    closed_days: bool = Field(
        default=True, description="false: the organization's closed days do not exist."
    )

    def canonical(self, closed_days: Sequence[str]) -> dict[str, Any]:
        """Return them as the database keeps them: ISO weekdays, the closed days on one of them."""
        days = When(weekdays=self.weekdays).canonical().get("weekdays", range(1, 8))
        closed = {
            day
            for day in ([] if self.closed_days else closed_days)
            if len(day) < len("2026-12-25")
            or (day[5:] not in closed_days and date.fromisoformat(day).isoweekday() in days)
        }
        found = {"weekdays": list(days) if len(days) < 7 else [], "closed": sorted(closed)}
        return {key: listed for key, listed in found.items() if listed}


class Excuse(Model):
    """The activities that excuse a unit of a streak where it does not qualify."""

    activity: ActivityType | Annotated[tuple[ActivityType, ...], Field(min_length=1)]
    where: Where | None = None

    def selector(self) -> dict[str, Any]:
        """Return its part of the canonical selector of a streak's stat."""
        chosen = [self.activity] if isinstance(self.activity, str) else self.activity
        found: dict[str, Any] = {"types": sorted(set(chosen))}
        return found | ({"where": plain(self.as_document()["where"])} if self.where else {})


Occurrences = Annotated[int, Field(ge=1, le=1000)]


class Repeat(Model):
    """The award comes again, max times: occurrence k at at_least + (k - 1) * every, or each window.

    each: occurrence k is the k-th window in which at_least was reached.
    """

    every: Count | None = None
    each: Literal["window"] | None = None
    max: Occurrences


class TenureRepeat(Model):
    """The award comes again: occurrence k after k times the span, max times."""

    max: Occurrences


class AmountTier(Model):
    """A tier that a measure reaches."""

    tier: Slug
    at_least: Amount
    name: Names | None = None


class LengthTier(Model):
    """A tier that a streak reaches."""

    tier: Slug
    length: Count
    name: Names | None = None


class Criteria(Model):
    """A rule, or a part of one."""

    id: Slug | None = None

    @model_validator(mode="before")
    @classmethod
    def _keep_to_the_grammar(cls, data: Any) -> Any:
        if isinstance(data, Mapping):
            kind = get_args(cls.model_fields["type"].annotation)[0]
            given = plain({"type": kind, **data})
            found = validate_value(grammar()["types"][kind], given, "$")
            if kind not in grammar()["part_types"]:  # Its place is judged with the whole.
                found += part_problems(given, "$")
            if found:
                raise ValueError("; ".join(f"{each.path} {each.problem}" for each in found))
        return data

    def is_eligible(self, stats: StatsDocument | Mapping[str, Any]) -> bool:
        """Tell whether the rule holds on a person's stats."""
        raise NotImplementedError


class Selecting(Criteria):
    """A rule that chooses activities."""

    activity: ActivityType | Annotated[tuple[ActivityType, ...], Field(min_length=1)] | None = None
    where: Where | None = None

    def selector(self) -> dict[str, Any]:
        """Return the canonical selector of the rule's stat; keys at their defaults left out."""
        found: dict[str, Any] = {}
        if self.activity is not None:
            chosen = [self.activity] if isinstance(self.activity, str) else self.activity
            found["types"] = sorted(set(chosen))
        if self.where:
            found["where"] = plain(self.as_document()["where"])
        return found


class Dated(Selecting):
    """A rule that chooses activities, by the calendar too."""

    when: When | None = None

    def selector(self) -> dict[str, Any]:
        """Return the canonical selector of the rule's stat; keys at their defaults left out."""
        found = super().selector()
        if self.when is not None:
            found["when"] = self.when.canonical()
        return found


class Measuring(Dated):
    """A rule that measures the activities it chooses."""

    measure: Literal["count", "sum", "max", "active_days", "distinct"] = "count"
    field: Attribute | None = None
    per: Attribute | None = None
    window: RollingWindow | Literal["lifetime", "day", "week", "month", "quarter", "year"] = (
        "lifetime"
    )
    per_value: Element | None = None
    cap: Cap | None = None

    def selector(self) -> dict[str, Any]:
        """Return the canonical selector of the rule's stat; keys at their defaults left out."""
        found = super().selector()
        if self.cap is not None:
            measured = {} if self.measure == "count" else {"measure": self.measure}
            found["cap"] = self.cap.as_document() | measured
        if self.measure in ("sum", "max") and self.field not in (None, "quantity"):
            found["field"] = self.field
        if self.per is not None:
            found["per"] = self.per
        if self.window != "lifetime" and self._last_days() is None:
            found["window"] = plain(self.window)
        if self.measure == "distinct":
            found["distinct"] = self.field or "quantity"
        if self.per_value is not None:
            found["per_value"] = self.per_value.as_document()
        return found

    def _last_days(self) -> int | None:
        return self.window.last_days if isinstance(self.window, RollingWindow) else None

    def value(self, stats: StatsDocument | Mapping[str, Any]) -> Decimal | int | None:
        """Return what the rule measures, None where there is no value."""
        document, key, days = stats_of(stats), selector_key(self), self._last_days()
        tally = document.tally(key) if days is None else document.recent(key, days)
        measured: Decimal | int | None = getattr(tally, "sum" if self.cap else self.measure)
        return measured


def _reaches(value: Decimal | int | None, threshold: Decimal | int) -> bool:
    return value is not None and value >= threshold


class Threshold(Measuring):
    """True when the measure reaches a number."""

    type: Literal["threshold"] = "threshold"
    at_least: Amount
    repeat: Repeat | None = None

    def selector(self) -> dict[str, Any]:
        """Return the canonical selector of the rule's stat; repeated windows are counted units."""
        found = super().selector()
        if self.repeat is not None and self.repeat.each is not None:
            limits = UnitElement(
                measure=None if self.measure in ("count", "distinct") else self.measure,
                field=found.pop("field", None),
                at_least=self.at_least,
            )
            found |= {"unit": found.pop("window"), "per_unit": limits.as_document()}
        return found

    def is_eligible(self, stats: StatsDocument | Mapping[str, Any]) -> bool:
        """Tell whether the measure has reached at_least, in some window where it is repeated so."""
        if self.repeat is not None and self.repeat.each is not None:
            return stats_of(stats).tally(selector_key(self)).distinct > 0
        return _reaches(self.value(stats), self.at_least)


class Tiered(Measuring):
    """Each tier true on its own as the measure reaches it."""

    type: Literal["tier"] = "tier"
    tiers: Annotated[tuple[AmountTier, ...], Field(min_length=1)]

    def reached_tiers(self, stats: StatsDocument | Mapping[str, Any]) -> tuple[str, ...]:
        """Return the tiers that the measure has reached, lowest first."""
        value = self.value(stats)
        return tuple(each.tier for each in self.tiers if _reaches(value, each.at_least))

    def is_eligible(self, stats: StatsDocument | Mapping[str, Any]) -> bool:
        """Tell whether the lowest tier has been reached."""
        return bool(self.reached_tiers(stats))


class Streak(Dated):
    """True when the longest run of qualifying units is long enough."""

    type: Literal["streak"] = "streak"
    unit: Literal["day", "week", "month"]
    length: Count | None = None
    tiers: Annotated[tuple[LengthTier, ...], Field(min_length=1)] | None = None
    per_unit: UnitElement | None = None
    grace: Annotated[int, Field(ge=1, le=365)] | None = None
    consecutive: bool = True
    on: ExistingDays | None = None
    excused_by: Excuse | None = None

    def measure(self) -> str:
        """Return which measure of the rule's stat counts its units."""
        if self.consecutive:
            return f"longest_{self.unit}_run"
        return "active_days" if self.unit == "day" and self.per_unit is None else "distinct"

    def selector(self, closed_days: Sequence[str] = ()) -> dict[str, Any]:
        """Return the canonical selector of the rule's stat; a plain streak has a plain one.

        closed_days: the organization's.
        """
        found = super().selector()
        if self.on is not None and (days := self.on.canonical(closed_days)):
            found["on"] = days
        if self.excused_by is not None:
            found["excused_by"] = self.excused_by.selector()
        if self.per_unit is not None:
            found["per_unit"] = self.per_unit.as_document()
        if self.grace is not None:
            found["grace"] = self.grace
        if (
            found.keys() & {"per_unit", "grace", "excused_by"}
            or ("on" in found and self.consecutive)
            or self.measure() == "distinct"
        ):
            found["unit"] = self.unit
        return found

    def value(self, stats: StatsDocument | Mapping[str, Any]) -> int:
        """Return the length of the longest run, or the number of units in all."""
        document = stats_of(stats)
        tally = document.tally(selector_key(self, document.closed_days))
        counted: int = getattr(tally, self.measure())
        return counted

    def reached_tiers(self, stats: StatsDocument | Mapping[str, Any]) -> tuple[str, ...]:
        """Return the tiers that the longest run has reached, lowest first."""
        value = self.value(stats)
        return tuple(each.tier for each in self.tiers or () if value >= each.length)

    def is_eligible(self, stats: StatsDocument | Mapping[str, Any]) -> bool:
        """Tell whether the longest run has the length, or the lowest tier's."""
        if self.length is not None:
            return self.value(stats) >= self.length
        return bool(self.reached_tiers(stats))


def _also_one_of(test: Any, values: Sequence[Any]) -> Any:
    """Return the test that an attribute is one of some values, beside what is asked of it."""
    if test is None:
        return list(values)
    tests = (
        test if isinstance(test, Mapping) else {"in": test if isinstance(test, list) else [test]}
    )
    known = [(json_type(each), each) for each in tests.get("in", values)]
    return {**tests, "in": [each for each in values if (json_type(each), each) in known]}


class TrainingCompletion(Selecting):
    """True when the courses are done."""

    type: Literal["training_completion"] = "training_completion"
    activity: ActivityType | None = None
    courses: Annotated[tuple[Scalar, ...], Field(min_length=1)]
    require: Literal["all"] | Count = "all"
    field: Attribute = "course"
    within_days: RollingDays | None = None
    valid_days: RollingDays | None = None

    def selector(self) -> dict[str, Any]:
        """Return the canonical selector of the rule's stat: distinct courses among the listed."""
        where = plain(self.as_document().get("where", {}))
        found = {
            "types": [self.activity or "training_completed"],
            "where": {**where, self.field: _also_one_of(where.get(self.field), self.courses)},
            "distinct": self.field,
        }
        if self.within_days is not None:
            found["window"] = {"rolling_days": self.within_days}
        return found

    def is_eligible(self, stats: StatsDocument | Mapping[str, Any]) -> bool:
        """Tell whether all the courses, or as many as required, are done."""
        needed = len(self.courses) if self.require == "all" else self.require
        document, key = stats_of(stats), selector_key(self)
        tally = document.recent(key, self.valid_days) if self.valid_days else document.tally(key)
        return tally.distinct >= needed


class Sequenced(Dated):
    """A rule on which of the chosen activities qualify, in the order of time."""

    qualify: Annotated[Where, Field(min_length=1)]

    def selector(self) -> dict[str, Any]:
        """Return the canonical selector of the rule's stat."""
        return super().selector() | {"qualify": plain(self.as_document()["qualify"])}

    def value(self, stats: StatsDocument | Mapping[str, Any]) -> Decimal | int | None:
        """Return the best that the sequence has come to, None where there are too few yet."""
        return stats_of(stats).tally(selector_key(self)).max


class InARow(Sequenced):
    """True when so many in a row have qualified."""

    type: Literal["in_a_row"] = "in_a_row"
    length: Count | None = None
    tiers: Annotated[tuple[LengthTier, ...], Field(min_length=1)] | None = None

    def reached_tiers(self, stats: StatsDocument | Mapping[str, Any]) -> tuple[str, ...]:
        """Return the tiers that the longest run has reached, lowest first."""
        value = self.value(stats)
        return tuple(each.tier for each in self.tiers or () if _reaches(value, each.length))

    def is_eligible(self, stats: StatsDocument | Mapping[str, Any]) -> bool:
        """Tell whether the longest run has the length, or the lowest tier's."""
        if self.length is not None:
            return _reaches(self.value(stats), self.length)
        return bool(self.reached_tiers(stats))


class Share(Sequenced):
    """True when so large a share has qualified: of all that there were by then, or of the last."""

    type: Literal["share"] = "share"
    at_least: Annotated[Amount, Field(le=1)]
    of_at_least: Count | None = None
    of_last: Annotated[int, Field(ge=1, le=1000)] | None = None

    def selector(self) -> dict[str, Any]:
        """Return the canonical selector of the rule's stat."""
        sizes = {"of_at_least": self.of_at_least, "of_last": self.of_last}
        return super().selector() | {key: size for key, size in sizes.items() if size is not None}

    def is_eligible(self, stats: StatsDocument | Mapping[str, Any]) -> bool:
        """Tell whether the share was ever large enough."""
        return _reaches(self.value(stats), self.at_least)


class BadgesEarned(Criteria):
    """True when so many other badges are held."""

    type: Literal["badges_earned"] = "badges_earned"
    badges: Annotated[tuple[Slug, ...], Field(min_length=1)] | None = None
    category: Label | None = None
    at_least: Count | None = None

    def is_eligible(self, stats: StatsDocument | Mapping[str, Any]) -> bool:
        """Tell whether enough of the listed badges, the category or any badges are held."""
        held = stats_of(stats).badges
        if self.badges is not None:
            listed = set(self.badges)
            return len(listed & held.keys()) >= (self.at_least or len(listed))
        counted = [
            badge
            for badge in held.values()
            if not badge.from_badges and self.category in (None, badge.category)
        ]
        return len(counted) >= (self.at_least or 1)


class AllOf(Criteria):
    """True when every part holds."""

    type: Literal["all_of"] = "all_of"
    criteria: Annotated[tuple[PartOfAll, ...], Field(min_length=1)]

    def is_eligible(self, stats: StatsDocument | Mapping[str, Any]) -> bool:
        """Tell whether every part holds."""
        return all(part.is_eligible(stats) for part in self.criteria)


class AnyOf(Criteria):
    """True when one part holds."""

    type: Literal["any_of"] = "any_of"
    criteria: Annotated[tuple[Part, ...], Field(min_length=1)]

    def is_eligible(self, stats: StatsDocument | Mapping[str, Any]) -> bool:
        """Tell whether one part holds."""
        return any(part.is_eligible(stats) for part in self.criteria)


class NOf(Criteria):
    """True when n parts hold."""

    type: Literal["n_of"] = "n_of"
    n: Count
    criteria: Annotated[tuple[Part, ...], Field(min_length=1)]

    def is_eligible(self, stats: StatsDocument | Mapping[str, Any]) -> bool:
        """Tell whether n parts hold."""
        return sum(part.is_eligible(stats) for part in self.criteria) >= self.n


def _clock(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)


class NoneOf(Criteria):
    """A part of all_of: true while none of its own parts holds."""

    type: Literal["none_of"] = "none_of"
    criteria: Annotated[tuple[Part, ...], Field(min_length=1)]

    def is_eligible(self, stats: StatsDocument | Mapping[str, Any]) -> bool:
        """Tell whether no part holds; one that held before and no longer does is not told."""
        return not any(part.is_eligible(stats) for part in self.criteria)


class Tenure(Selecting):
    """True when the first such activity is that long ago."""

    type: Literal["tenure"] = "tenure"
    days: Annotated[int, Field(ge=1, le=36500)] | None = None
    months: Annotated[int, Field(ge=1, le=1200)] | None = None
    years: Annotated[int, Field(ge=1, le=100)] | None = None
    repeat: TenureRepeat | None = None

    def due_at(self, first_date: date, time_zone: str, day_starts: time = time.min) -> datetime:
        """Return the beginning of the local day on which it falls due, in UTC."""
        months = first_date.month - 1 + (self.months or 0) + 12 * (self.years or 0)
        year, month = first_date.year + months // 12, months % 12 + 1
        last = monthrange(year, month)[1]
        day = date(year, month, min(first_date.day, last)) + timedelta(days=self.days or 0)
        zone = ZoneInfo(time_zone)
        clock = datetime.combine(day, day_starts)
        # The later one of a time that comes twice.
        moment = max(clock.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        if _clock(moment, zone) != clock:
            # It never comes: the day begins with the jump over it.
            while _clock(moment - timedelta(minutes=1), zone) >= clock:
                moment -= timedelta(minutes=1)
        return moment

    def is_eligible(self, stats: StatsDocument | Mapping[str, Any]) -> bool:
        """Tell whether it was due when the stats were taken.

        Raises ValueError where they do not hold the first local day: the database puts it there
        for rules that it knows.
        """
        document = stats_of(stats)
        tally = document.tally(selector_key(self))
        if document.as_of is None or (tally.first_at is None and tally.first_date is None):
            return False
        if tally.first_date is None:
            raise ValueError("the stats hold no first_date: only the database decides a tenure")
        return document.as_of >= self.due_at(
            tally.first_date, document.time_zone, document.day_starts
        )


class Manual(Criteria):
    """Never true by itself: people award it."""

    type: Literal["manual"] = "manual"

    def is_eligible(self, stats: StatsDocument | Mapping[str, Any]) -> bool:
        """Tell that no stats earn it."""
        return False


class CriteriaRaw(Criteria):
    """The escape hatch: an SQL/JSON path predicate over the stats document."""

    type: Literal["criteria_raw"] = "criteria_raw"
    expression: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    reason: Label

    def is_eligible(self, stats: StatsDocument | Mapping[str, Any]) -> bool:
        """Tell whether the expression holds.

        A type or stat that the expression names and the stats do not have is at zero. Comparisons
        of paths with values, joined by &&, || and !, are decided here. Anything else raises
        ValueError: only the database decides it.
        """
        document = stats_of(stats).model_dump(mode="json")
        nothing = Tally(max=Decimal(0)).model_dump(mode="json")
        for key in ("activities", "selectors"):
            document[key] |= dict.fromkeys(
                named(self.expression, key) - document[key].keys(), nothing
            )
        return evaluate(self.expression, document)


def selector_key(criteria: Selecting, closed_days: Sequence[str] = ()) -> str:
    """Return the name of the stat that a rule looks at, as the database names it.

    closed_days: the organization's; only a streak asks for them.
    """
    if isinstance(criteria, Streak):
        selector = criteria.selector(closed_days)
    else:
        selector = criteria.selector()
    if not selector:
        return "*"
    if selector.keys() == {"types"} and len(selector["types"]) == 1:
        return f"={selector['types'][0]}"
    digest = hashlib.sha256(canonical_text(selector).encode("utf-8")).hexdigest()
    return f"~{digest[:16]}"


_AnyPart = (
    Threshold
    | Streak
    | TrainingCompletion
    | BadgesEarned
    | AllOf
    | AnyOf
    | NOf
    | Tenure
    | InARow
    | Share
)
Part = Annotated[_AnyPart, Field(discriminator="type")]
PartOfAll = Annotated[_AnyPart | NoneOf, Field(discriminator="type")]
BadgeCriteria = Annotated[_AnyPart | Tiered | Manual | CriteriaRaw, Field(discriminator="type")]

# The one registered place of criteria types in Python; tests compare it with the database's enum.
CRITERIA_TYPES: dict[str, type[Criteria]] = {
    "threshold": Threshold,
    "tier": Tiered,
    "streak": Streak,
    "training_completion": TrainingCompletion,
    "all_of": AllOf,
    "any_of": AnyOf,
    "n_of": NOf,
    "none_of": NoneOf,
    "badges_earned": BadgesEarned,
    "tenure": Tenure,
    "in_a_row": InARow,
    "share": Share,
    "manual": Manual,
    "criteria_raw": CriteriaRaw,
}

for _composed in (AllOf, AnyOf, NOf, NoneOf):
    _composed.model_rebuild()
