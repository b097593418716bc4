"""What every model is made of: numbers, slugs, texts, and the stats that rules look at."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
)

from pgmerit.rules.grammar import as_number


def _number(value: Any) -> Decimal:
    number = as_number(value)
    if number is None or not number.is_finite() or number.copy_abs() > Decimal("1e30"):
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
    present: dict[str, dict[str, Tally]] = Field(
        default={},
        description=(
            "Of the stats of badges that lapse, by how many local days that end today; '' = all, "
            "with the runs that are alive as the longest ones. For is_eligible alone."
        ),
    )
    badges: dict[str, HeldBadge] = Field(default={}, description="By badge, held now.")
    time_zone: str = Field(default="UTC", description="The organization's.")
    day_starts: time = Field(default=time.min, description="When the organization's day begins.")
    closed_days: tuple[str, ...] = Field(default=(), description="The organization's.")
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

    def recent(self, key: str, days: int) -> Tally:
        """Return what the stat of a name measured of the days that end today."""
        return self.present.get(key, {}).get(str(days), Tally())

    def at_present(self) -> StatsDocument:
        """Return what there is now instead of the best there was: of runs those that are alive."""
        activities, selectors = dict(self.activities), dict(self.selectors)
        for key, tallies in self.present.items():
            if "" in tallies:
                place = activities if key[0] in "*=" else selectors
                known = tallies[""].model_dump(exclude_unset=True)
                place[key.removeprefix("=")] = self.tally(key).model_copy(update=known)
        return self.model_copy(update={"activities": activities, "selectors": selectors})


def stats_document_schema() -> dict[str, Any]:
    """Return the JSON Schema of the document that criteria_raw and is_eligible see."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **StatsDocument.model_json_schema(mode="serialization"),
    }


def plain(value: Any) -> Any:
    """Give a value as JSON types, absent keys left out."""
    if isinstance(value, Model):
        return plain(value.as_document())
    if isinstance(value, Mapping):
        return {key: plain(below) for key, below in value.items() if below is not None}
    if isinstance(value, list | tuple):
        return [plain(below) for below in value]
    return value


def stats_of(stats: StatsDocument | Mapping[str, Any]) -> StatsDocument:
    """Give stats as their model."""
    return stats if isinstance(stats, StatsDocument) else StatsDocument.model_validate(stats)
