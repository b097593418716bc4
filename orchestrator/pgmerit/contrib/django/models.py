"""The tables of schema badges as Django's models, which `pgmerit migrate` makes and changes.

Activities may be created, changed and deleted; all else is the engine's, and read-only.
"""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models, router

from pgmerit.contrib.django.recording import awarding

# Any numeric is read and written; a float is taken by as many digits as it surely has.
_AMOUNT: dict[str, Any] = {"max_digits": 15, "decimal_places": 6}


class IdentityField(models.BigAutoField):
    """A number that the database gives, and a part of the primary key rather than all of it."""

    def _check_primary_key(self) -> list[Any]:
        return []


class LocalDayField(models.DateField):
    """A day that the database fills where it is left out, and gives back."""

    db_returning = True


class AwardingQuerySet(models.QuerySet):
    """Rows whose writing may earn badges: `badges_awarded` tells them after the commit."""

    def bulk_create(self, *args: Any, **kwargs: Any) -> Any:
        """Insert many by few statements, all in one transaction."""
        with awarding(self._written):
            return super().bulk_create(*args, **kwargs)

    def update(self, **kwargs: Any) -> int:
        """Change rows."""
        with awarding(self._written):
            changed: int = super().update(**kwargs)
            return changed

    def delete(self) -> Any:
        """Delete rows."""
        with awarding(self._written):
            return super().delete()

    @property
    def _written(self) -> str:
        return str(self._db or router.db_for_write(self.model, **self._hints))


class AwardingModel(models.Model):
    """A model whose rows earn badges: activities, or a table that is attached to pgmerit."""

    objects = AwardingQuerySet.as_manager()

    class Meta:
        """No table of its own."""

        abstract = True

    def save(self, **kwargs: Any) -> None:
        """Write the row; `badges_awarded` tells what it earned."""
        using = kwargs.get("using") or router.db_for_write(type(self), instance=self)
        with awarding(using, savepoint=False):
            super().save(**kwargs)

    def delete(self, **kwargs: Any) -> Any:
        """Delete the row."""
        using = kwargs.get("using") or router.db_for_write(type(self), instance=self)
        with awarding(using, savepoint=False):
            return super().delete(**kwargs)


class Organization(models.Model):
    """A tenant."""

    org_id = models.TextField(primary_key=True)
    name = models.TextField()
    time_zone = models.TextField()
    rule_set = models.TextField(null=True)
    rule_set_version = models.IntegerField()
    is_active = models.BooleanField()
    previous_time_zone = models.TextField(null=True)
    day_starts = models.TimeField()
    week_starts = models.TextField()
    closed_days = ArrayField(models.TextField())
    previous_day_starts = models.TimeField(null=True)
    previous_activity_id = models.BigIntegerField(null=True)
    evaluated_version = models.IntegerField()

    class Meta:
        """Made by pgmerit."""

        managed = False
        db_table = '"badges"."organizations"'

    def __str__(self) -> str:
        """Give the name."""
        return str(self.name)


class BadgeDefinition(models.Model):
    """Name, texts and criteria of a badge."""

    badge_definition_id = models.TextField(primary_key=True)
    rule_set = models.TextField(null=True)
    name = models.TextField()
    description = models.TextField()
    translations = models.JSONField()
    icon = models.TextField(null=True)
    category = models.TextField(null=True)
    is_hidden = models.BooleanField()
    is_active = models.BooleanField()
    on_unmet = models.TextField()
    criteria_type = models.TextField()
    criteria = models.JSONField()
    criteria_version = models.IntegerField()
    place_limit = models.IntegerField(null=True)

    class Meta:
        """Made by pgmerit."""

        managed = False
        db_table = '"badges"."badge_definitions"'

    def __str__(self) -> str:
        """Give the name."""
        return str(self.name)


class Activity(AwardingModel):
    """One thing that a person did; to write one may earn badges."""

    pk = models.CompositePrimaryKey("peer_mentor_id", "activity_id")
    activity_id = IdentityField()
    org = models.ForeignKey(Organization, models.DO_NOTHING)
    peer_mentor_id = models.UUIDField()
    activity_type = models.TextField()
    occurred_at = models.DateTimeField()
    activity_date = LocalDayField(null=True, blank=True)
    quantity = models.DecimalField(default=0, **_AMOUNT)
    attributes = models.JSONField(default=dict)
    idempotency_key = models.TextField(null=True, blank=True)

    class Meta:
        """Made by pgmerit."""

        managed = False
        db_table = '"badges"."activities"'
        verbose_name_plural = "activities"

    def __str__(self) -> str:
        """Tell what and when."""
        return f"{self.activity_type} at {self.occurred_at}"


class _Award(models.Model):
    badge_definition = models.ForeignKey(BadgeDefinition, models.DO_NOTHING)
    org = models.ForeignKey(Organization, models.DO_NOTHING)
    peer_mentor_id = models.UUIDField()
    tier = models.TextField(default="")
    occurrence = models.IntegerField(default=1)
    earned_at = models.DateTimeField()
    granted_at = models.DateTimeField()
    activity_id = models.BigIntegerField(null=True)
    threshold = models.DecimalField(null=True, **_AMOUNT)
    threshold_source = models.TextField(null=True)
    rule_set = models.TextField(null=True)
    rule_set_version = models.IntegerField(null=True)
    idempotency_key = models.TextField()
    source = models.TextField()
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.TextField(null=True)
    revoke_reason = models.TextField(null=True)
    seen_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.badge_definition_id} {self.tier}".strip()


class EarnedBadge(_Award):
    """An award."""

    pk = models.CompositePrimaryKey(
        "peer_mentor_id", "badge_definition_id", "org_id", "tier", "occurrence"
    )

    class Meta:
        """Made by pgmerit."""

        managed = False
        db_table = '"badges"."earned_badges"'


class AwardEntry(_Award):
    """An award as the admin lists it, which takes no composite key."""

    idempotency_key = models.TextField(primary_key=True)

    class Meta:
        """Made by pgmerit."""

        managed = False
        db_table = '"badges"."earned_badges"'
        verbose_name = "award"


class AwardEvent(models.Model):
    """What became of an award: the outbox and audit trail."""

    pk = models.CompositePrimaryKey("peer_mentor_id", "event_id")
    event_id = models.BigIntegerField()
    peer_mentor_id = models.UUIDField()
    org = models.ForeignKey(Organization, models.DO_NOTHING)
    badge_definition = models.ForeignKey(BadgeDefinition, models.DO_NOTHING)
    tier = models.TextField()
    occurrence = models.IntegerField()
    event_type = models.TextField()
    source = models.TextField()
    is_delivered_by_default = models.BooleanField()
    transaction_id = models.TextField()
    created_at = models.DateTimeField()
    details = models.JSONField()

    class Meta:
        """Made by pgmerit."""

        managed = False
        db_table = '"badges"."award_events"'


class ActivityTotal(models.Model):
    """How much of a type of activity a person has done; of no type, of all together."""

    pk = models.CompositePrimaryKey("peer_mentor_id", "org_id", "activity_type")
    peer_mentor_id = models.UUIDField()
    org = models.ForeignKey(Organization, models.DO_NOTHING)
    activity_type = models.TextField()
    activity_count = models.BigIntegerField()
    value_sum = models.DecimalField(**_AMOUNT)
    value_max = models.DecimalField(null=True, **_AMOUNT)
    active_days = models.IntegerField(null=True)
    longest_day_run = models.IntegerField(null=True)
    longest_week_run = models.IntegerField(null=True)
    longest_month_run = models.IntegerField(null=True)
    first_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)
    last_date = models.DateField(null=True)

    class Meta:
        """Made by pgmerit."""

        managed = False
        db_table = '"badges"."mentor_activity_totals"'


class ExternalId(models.Model):
    """What an application calls a person."""

    pk = models.CompositePrimaryKey("peer_mentor_id", "namespace", "external_id")
    peer_mentor_id = models.UUIDField()
    namespace = models.TextField()
    external_id = models.TextField()

    class Meta:
        """Made by pgmerit."""

        managed = False
        db_table = '"badges"."external_ids"'
