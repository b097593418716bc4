"""The words of pgmerit as immutable models: rules, badges, awards and the stats they look at.

The grammar (grammar.json) is the law: every model checks itself against it, and a test compares
the models' keys with the grammar's. The models add types, JSON Schema and is_eligible.
"""

from __future__ import annotations

import hashlib
from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, get_args
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from pgmerit.models.raw_expression import evaluate, named
from pgmerit.rules.editor_schema import rule_set_schema as rule_set_schema
from pgmerit.rules.grammar import (
    as_number,
    canonical_text,
    criteria_problems,
    grammar,
    json_type,
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
    "badges_earned",
    "tenure",
    "manual",
    "criteria_raw",
]


def _number(value: Any) -> Decimal:
    number = as_number(value)
    if number is None or not number.is_finite() or abs(number) > Decimal("1e30"):
        raise ValueError("must be a number from -1e30 to 1e30")
    return number


def _plain_number(number: Decimal) -> int | float:
    return int(number) if number == number.to_integral_value() else float(number)


def _scalar(value: Any) -> str | bool | Decimal:
    return value if isinstance(value, str | bool) else _number(value)


def _plain_scalar(value: str | bool | Decimal) -> str | bool | int | float:
    return _plain_number(value) if isinstance(value, Decimal) else value


_bounds = {"type": "number", "minimum": -1e30, "maximum": 1e30}
Number = Annotated[
    Decimal,
    PlainValidator(_number),
    PlainSerializer(_plain_number, return_type=int | float, when_used="json-unless-none"),
    WithJsonSchema(_bounds),
]
Amount = Annotated[
    Number, WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": 1e30})
]
Scalar = Annotated[
    str | bool | Decimal,
    PlainValidator(_scalar),
    PlainSerializer(
        _plain_scalar, return_type=str | bool | int | float, when_used="json-unless-none"
    ),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "boolean"}, _bounds]}),
]
Count = Annotated[int, Field(ge=1, le=2147483647)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
Attribute = Annotated[str, StringConstraints(min_length=1, max_length=100)]
ActivityType = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Label = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Prose = Annotated[str, StringConstraints(max_length=2000)]
Language = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$")]
Names = Label | Annotated[dict[Language, Label], Field(min_length=1)]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
RollingDays = Annotated[int, Field(ge=1, le=3660)]


class Model(BaseModel):
    """A value: frozen, closed, equal by its fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def as_document(self) -> dict[str, Any]:
        """Return the value as JSON types, absent keys left out, numbers exact."""
        return self.model_dump(exclude_none=True)


class Tally(Model):
    """What one stat has measured of one person; of a parted stat the best part."""

    count: int = 0
    sum: Number = Decimal(0)
    max: Number | None = None
    active_days: int = 0
    distinct: int = 0
    day_run: int = 0
    week_run: int = 0
    month_run: int = 0
    longest_day_run: int = 0
    longest_week_run: int = 0
    longest_month_run: int = 0
    first_date: date | None = Field(
        default=None, description="The first local day; known where a tenure asks for it."
    )
    first_at: datetime | None = None
    last_at: datetime | None = None


class HeldBadge(Model):
    """A badge that the person holds now: its tiers ('' where it has none) and when it began."""

    tiers: tuple[str, ...] = ("",)
    earned_at: datetime | None = None
    category: str | None = None
    from_badges: bool = Field(
        default=False,
        description="Its own criteria contain badges_earned: category and any pass over it.",
    )


class StatsDocument(Model):
    """A person's stats in one organization, as criteria_raw and is_eligible see them."""

    activities: dict[str, Tally] = Field(
        default={},
        description=(
            "By activity type, each one that the organization knows, at zero where nothing "
            'happened; "*" holds all types together.'
        ),
    )
    selectors: dict[str, Tally] = Field(
        default={},
        description="By the name of a rule's stat, as selector_key gives it; at zero as above.",
    )
    badges: dict[str, HeldBadge] = Field(default={}, description="By badge, held now.")
    time_zone: str = Field(default="UTC", description="The organization's.")
    as_of: datetime | None = Field(
        default=None,
        description="The moment up to which time has passed: the last activity, or the last sweep.",
    )

    def tally(self, key: str) -> Tally:
        """Return what the stat of a name measured, zeros where there is none yet."""
        if key == "*":
            return self.activities.get("*", Tally())
        if key.startswith("="):
            return self.activities.get(key[1:], Tally())
        return self.selectors.get(key, Tally())


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
    """So many local days that end on the day of an activity; the best such window counts."""

    rolling_days: RollingDays


class Limit(Model):
    """The first so many people of an organization get the badge, each tier apart."""

    first: Count


class Element(Model):
    """What a value must reach before distinct counts it."""

    measure: Literal["count", "sum", "max"] | None = None
    field: Attribute | None = None
    at_least: Amount


class UnitElement(Model):
    """What a unit must reach before a streak counts it."""

    measure: Literal["count", "sum", "max", "active_days"] | None = None
    field: Attribute | None = None
    at_least: Amount


class Repeat(Model):
    """The award comes again: occurrence k at at_least + (k - 1) * every, max times."""

    every: Count
    max: Annotated[int, Field(ge=1, le=1000)]


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
            found = validate_value(grammar()["types"][kind], _plain({"type": kind, **data}), "$")
            if found:
                raise ValueError("; ".join(f"{each.path} {each.problem}" for each in found))
        return data

    def is_eligible(self, stats: StatsDocument | Mapping[str, Any]) -> bool:
        """Tell whether the rule holds on a person's stats."""
        raise NotImplementedError


def _plain(value: Any) -> Any:
    if isinstance(value, Model):
        return _plain(value.as_document())
    if isinstance(value, Mapping):
        return {key: _plain(below) for key, below in value.items() if below is not None}
    if isinstance(value, list | tuple):
        return [_plain(below) for below in value]
    return value


def _stats(stats: StatsDocument | Mapping[str, Any]) -> StatsDocument:
    return stats if isinstance(stats, StatsDocument) else StatsDocument.model_validate(stats)


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
            found["where"] = _plain(self.as_document()["where"])
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

    def selector(self) -> dict[str, Any]:
        """Return the canonical selector of the rule's stat; keys at their defaults left out."""
        found = super().selector()
        if self.measure in ("sum", "max") and self.field not in (None, "quantity"):
            found["field"] = self.field
        if self.per is not None:
            found["per"] = self.per
        if self.window != "lifetime":
            found["window"] = _plain(self.window)
        if self.measure == "distinct":
            found["distinct"] = self.field or "quantity"
        if self.per_value is not None:
            found["per_value"] = self.per_value.as_document()
        return found

    def value(self, stats: StatsDocument | Mapping[str, Any]) -> Decimal | int | None:
        """Return what the rule measures, None where there is no value."""
        tally = _stats(stats).tally(selector_key(self))
        measured: Decimal | int | None = getattr(tally, self.measure)
        return measured


def _reaches(value: Decimal | int | None, threshold: Decimal | int) -> bool:
    return value is not None and value >= threshold


class Threshold(Measuring):
    """True when the measure reaches a number."""

    type: Literal["threshold"] = "threshold"
    at_least: Amount
    repeat: Repeat | None = None

    def is_eligible(self, stats: StatsDocument | Mapping[str, Any]) -> bool:
        """Tell whether the measure has reached at_least."""
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

    def measure(self) -> str:
        """Return which measure of the rule's stat counts its units."""
        if self.consecutive:
            return f"longest_{self.unit}_run"
        return "active_days" if self.unit == "day" and self.per_unit is None else "distinct"

    def selector(self) -> dict[str, Any]:
        """Return the canonical selector of the rule's stat; a plain streak has a plain one."""
        found = super().selector()
        if self.per_unit is not None:
            found["per_unit"] = self.per_unit.as_document()
        if self.grace is not None:
            found["grace"] = self.grace
        if found.keys() & {"per_unit", "grace"} or self.measure() == "distinct":
            found["unit"] = self.unit
        return found

    def value(self, stats: StatsDocument | Mapping[str, Any]) -> int:
        """Return the length of the longest run, or the number of units in all."""
        tally = _stats(stats).tally(selector_key(self))
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

    def selector(self) -> dict[str, Any]:
        """Return the canonical selector of the rule's stat: distinct courses among the listed."""
        where = _plain(self.as_document().get("where", {}))
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
        return _stats(stats).tally(selector_key(self)).distinct >= needed


class BadgesEarned(Criteria):
    """True when so many other badges are held."""

    type: Literal["badges_earned"] = "badges_earned"
    badges: Annotated[tuple[Slug, ...], Field(min_length=1)] | None = None
    category: Label | None = None
    at_least: Count | None = None

    def is_eligible(self, stats: StatsDocument | Mapping[str, Any]) -> bool:
        """Tell whether enough of the listed badges, the category or any badges are held."""
        held = _stats(stats).badges
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
    criteria: Annotated[tuple[Part, ...], Field(min_length=1)]

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


class Tenure(Selecting):
    """True when the first such activity is that long ago."""

    type: Literal["tenure"] = "tenure"
    days: Annotated[int, Field(ge=1, le=36500)] | None = None
    months: Annotated[int, Field(ge=1, le=1200)] | None = None
    years: Annotated[int, Field(ge=1, le=100)] | None = None

    def due_at(self, first_date: date, time_zone: str) -> datetime:
        """Return the local midnight at which it falls due, in UTC."""
        months = first_date.month - 1 + (self.months or 0) + 12 * (self.years or 0)
        year, month = first_date.year + months // 12, months % 12 + 1
        last = monthrange(year, month)[1]
        day = date(year, month, min(first_date.day, last)) + timedelta(days=self.days or 0)
        midnight = datetime.combine(day, time.min, ZoneInfo(time_zone))
        # As PostgreSQL reads a local time that comes twice or never: the later of the two moments.
        return max(midnight.replace(fold=fold).astimezone(UTC) for fold in (0, 1))

    def is_eligible(self, stats: StatsDocument | Mapping[str, Any]) -> bool:
        """Tell whether it was due when the stats were taken.

        Raises ValueError where they do not hold the first local day: the database puts it there
        for rules that it knows.
        """
        document = _stats(stats)
        tally = document.tally(selector_key(self))
        if document.as_of is None or (tally.first_at is None and tally.first_date is None):
            return False
        if tally.first_date is None:
            raise ValueError("the stats hold no first_date: only the database decides a tenure")
        return document.as_of >= self.due_at(tally.first_date, document.time_zone)


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
        document = _stats(stats).model_dump(mode="json")
        nothing = Tally(max=Decimal(0)).model_dump(mode="json")
        for key in ("activities", "selectors"):
            document[key] |= dict.fromkeys(
                named(self.expression, key) - document[key].keys(), nothing
            )
        return evaluate(self.expression, document)


Part = Annotated[
    Threshold | Streak | TrainingCompletion | BadgesEarned | AllOf | AnyOf | NOf | Tenure,
    Field(discriminator="type"),
]
BadgeCriteria = Annotated[
    Threshold
    | Tiered
    | Streak
    | TrainingCompletion
    | AllOf
    | AnyOf
    | NOf
    | BadgesEarned
    | Tenure
    | Manual
    | CriteriaRaw,
    Field(discriminator="type"),
]

# The one registered place of criteria types in Python; tests compare it with the database's enum.
CRITERIA_TYPES: dict[str, type[Criteria]] = {
    "threshold": Threshold,
    "tier": Tiered,
    "streak": Streak,
    "training_completion": TrainingCompletion,
    "all_of": AllOf,
    "any_of": AnyOf,
    "n_of": NOf,
    "badges_earned": BadgesEarned,
    "tenure": Tenure,
    "manual": Manual,
    "criteria_raw": CriteriaRaw,
}

for _composed in (AllOf, AnyOf, NOf):
    _composed.model_rebuild()


def selector_key(criteria: Selecting) -> str:
    """Return the name of the stat that a rule looks at, as the database names it."""
    selector = criteria.selector()
    if not selector:
        return "*"
    if selector.keys() == {"types"} and len(selector["types"]) == 1:
        return f"={selector['types'][0]}"
    digest = hashlib.sha256(canonical_text(selector).encode("utf-8")).hexdigest()
    return f"~{digest[:16]}"


class Badge(Model):
    """A badge as a rule set writes it, below its slug."""

    name: Names
    description: Prose | Annotated[dict[Language, Prose], Field(min_length=1)] | None = None
    icon: Prose | None = Field(default=None, description="Anything the application shows.")
    category: Label | None = None
    hidden: bool = Field(default=False, description="Not listed until earned.")
    active: bool = True
    on_unmet: Literal["keep", "revoke"] = "keep"
    limit: Limit | None = None
    criteria: BadgeCriteria

    @model_validator(mode="before")
    @classmethod
    def _keep_to_the_grammar(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and "criteria" in data:
            keys = grammar()["kinds"]["badge"]["keys"]
            plain = _plain({key: below for key, below in data.items() if key in keys})
            found = validate_value("badge", plain, "$") + criteria_problems(plain.get("criteria"))
            if found:
                raise ValueError("; ".join(f"{each.path} {each.problem}" for each in found))
        return data


class BadgeDefinition(Badge):
    """A badge: its texts and the rule by which it is earned."""

    badge_definition_id: Slug

    def is_eligible(self, stats: StatsDocument | Mapping[str, Any]) -> bool:
        """Tell whether a person with these stats earns it now; inactive badges are not earned."""
        if not self.active:
            return False
        document = _stats(stats)
        others = {
            slug: held for slug, held in document.badges.items() if slug != self.badge_definition_id
        }
        return self.criteria.is_eligible(document.model_copy(update={"badges": others}))


class OrgBadgeConfig(Model):
    """What one organization makes of a badge."""

    org_id: Slug
    badge_definition_id: Slug
    is_enabled: bool = True
    custom_thresholds: Amount | dict[Slug, Amount] | None = None


def derive_idempotency_key(
    peer_mentor_id: UUID | str,
    badge_definition_id: str,
    org_id: str,
    tier: str = "",
    occurrence: int = 1,
) -> str:
    """Return the key of an award: SHA-256 in hex, the same as the database's."""
    text = f"{UUID(str(peer_mentor_id))}:{badge_definition_id}:{org_id}"
    if tier or occurrence != 1:
        text += f":{tier}:{occurrence}"
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


class EarnedBadge(Model):
    """An award."""

    peer_mentor_id: UUID
    badge_definition_id: Slug
    org_id: Slug
    tier: Annotated[str, StringConstraints(pattern=r"^([a-z0-9][a-z0-9._-]{0,62})?$")] = ""
    occurrence: Count = 1
    earned_at: datetime
    granted_at: datetime | None = None
    activity_id: int | None = None
    threshold: Number | None = None
    threshold_source: str | None = None
    rule_set: str | None = None
    rule_set_version: int | None = None
    idempotency_key: str | None = None
    source: Literal["rule", "backfill", "sweep", "manual", "import"] = "rule"
    revoked_at: datetime | None = None
    revoked_by: Literal["rule", "person"] | None = None
    revoke_reason: str | None = None

    def derive_idempotency_key(self) -> str:
        """Return the award's key, the same for the same person, badge, place, tier and time."""
        return derive_idempotency_key(
            self.peer_mentor_id, self.badge_definition_id, self.org_id, self.tier, self.occurrence
        )


class NewBadge(Model):
    """An award as record_activity and new_badges tell it."""

    badge_definition_id: Slug
    tier: str = ""
    occurrence: Count = 1
    earned_at: datetime
    name: str
    peer_mentor_id: UUID | None = None
    org_id: Slug | None = None


class BadgeAwardResult(Model):
    """What came of recording an activity; a replay is a duplicate without new badges."""

    activity_id: int
    duplicate: bool = False
    new_badges: tuple[NewBadge, ...] = ()


class Organization(Model):
    """A tenant: its time zone, its badges, its thresholds."""

    name: Label | None = None
    time_zone: Annotated[str, StringConstraints(min_length=1, max_length=100)] = Field(
        default="UTC", description="IANA, such as Europe/Oslo."
    )
    badges: tuple[Slug, ...] | None = Field(
        default=None, description="The badges enabled here; left out = all."
    )
    custom_thresholds: dict[Slug, Amount | dict[Slug, Amount]] | None = Field(
        default=None, description="A number, or numbers by tier or by the id of a part."
    )


class RuleSet(Model):
    """A rule set: organizations and badges of one document."""

    version: Literal[1]
    ruleset: Slug
    activity_types: Annotated[tuple[ActivityType, ...], Field(min_length=1)] | None = Field(
        default=None, description="Closes the list: another type in a rule is an error."
    )
    organizations: dict[Slug, Organization] = {}
    badges: dict[Slug, Badge] = {}

    def definitions(self) -> Sequence[BadgeDefinition]:
        """Return the badges with their slugs."""
        return [
            BadgeDefinition(badge_definition_id=slug, **badge.as_document())
            for slug, badge in self.badges.items()
        ]


def stats_document_schema() -> dict[str, Any]:
    """Return the JSON Schema of the document that criteria_raw and is_eligible see."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **StatsDocument.model_json_schema(mode="serialization"),
    }
