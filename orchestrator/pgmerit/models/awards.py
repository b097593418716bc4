"""Awards, and what recording an activity answers."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import StringConstraints

from pgmerit.models.values import (
    Count,
    Model,
    Number,
    Slug,
)


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
    revoked_by: Literal["rule", "time", "person"] | None = None
    revoke_reason: str | None = None
    seen_at: datetime | None = None

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
