"""Badges and organizations as rule sets write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from pgmerit.models.criteria import BadgeCriteria
from pgmerit.models.values import (
    ActivityType,
    Amount,
    Count,
    Label,
    Language,
    Model,
    Names,
    Prose,
    Slug,
    StatsDocument,
    plain,
    stats_of,
)
from pgmerit.rules.grammar import criteria_problems, grammar, validate_value


class Limit(Model):
    """The first so many people of an organization get the badge, each tier apart."""

    first: Count


class Badge(Model):
    """A badge as a rule set writes it, below its slug."""

    name: Names
    description: Prose | Annotated[dict[Language, Prose], Field(min_length=1)] | None = None
    icon: Prose | None = Field(default=None, description="Anything the application shows.")
    category: Label | None = None
    hidden: bool = Field(default=False, description="Not listed until earned.")
    active: bool = True
    on_unmet: Literal["keep", "revoke", "lapse"] = "keep"
    limit: Limit | None = None
    criteria: BadgeCriteria

    @model_validator(mode="before")
    @classmethod
    def _keep_to_the_grammar(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and "criteria" in data:
            keys = grammar()["kinds"]["badge"]["keys"]
            given = plain({key: below for key, below in data.items() if key in keys})
            found = validate_value("badge", given, "$") + criteria_problems(given.get("criteria"))
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
        document = stats_of(stats)
        if self.on_unmet == "lapse":
            document = document.at_present()
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


class Organization(Model):
    """A tenant: its calendar, its badges, its thresholds."""

    name: Label | None = None
    time_zone: Annotated[str, StringConstraints(min_length=1, max_length=100)] = Field(
        default="UTC", description="IANA, such as Europe/Oslo."
    )
    day_starts: Annotated[
        str, StringConstraints(pattern=r"^((0[0-9]|1[01]):[0-5][0-9]|12:00)$")
    ] = Field(default="00:00", description="When its local day begins, 00:00 to 12:00.")
    week_starts: Literal["monday", "saturday", "sunday"] = Field(
        default="monday", description="The day on which its weeks begin."
    )
    closed_days: tuple[str, ...] | None = Field(
        default=None, description="Days as YYYY-MM-DD, or MM-DD for every year."
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
    organizations: dict[Slug, Organization] = Field(default={})
    badges: dict[Slug, Badge] = Field(default={})

    def definitions(self) -> Sequence[BadgeDefinition]:
        """Return the badges with their slugs."""
        return [
            BadgeDefinition(badge_definition_id=slug, **badge.as_document())
            for slug, badge in self.badges.items()
        ]
