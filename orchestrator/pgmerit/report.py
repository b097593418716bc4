"""What a person has, how far the next badges are, and why: read through routines only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg

from pgmerit import routines
from pgmerit.database import Connection
from pgmerit.errors import translate


@dataclass(frozen=True)
class MentorReport:
    """A person in one organization: badges by date, then the badges to come, nearest first."""

    peer_mentor_id: UUID
    org_id: str
    time_zone: str
    earned: list[dict[str, Any]]
    to_come: list[dict[str, Any]]


def mentor_report(
    connection: Connection,
    peer_mentor_id: UUID,
    org_id: str,
    as_of: date | None = None,
    language: str | None = None,
) -> MentorReport:
    """Read a person's badges and the progress to the next ones.

    `as_of` is the local day that counts as today; `language` is that of names and words. Raises
    PgmeritError for an unknown organization.
    """
    try:
        rows = routines.get_badge_progress(connection, peer_mentor_id, org_id, as_of, language)
    except psycopg.Error as exc:
        raise translate(exc) from exc
    earned = [row for row in rows if row["earned_at"] is not None]
    for row in rows:
        if row["occurrence"] > 1:
            # Of a repeated badge the routine lists one occurrence; the earlier ones are earned.
            badge = row["badge_definition_id"]
            told = explanation(connection, peer_mentor_id, badge, org_id, as_of, language)
            earned += [_earlier(award) for award in told["awards"] if _is_earlier(award, row)]
    to_come = [row for row in rows if row["earned_at"] is None]
    earned.sort(key=lambda row: row["earned_at"])
    to_come.sort(key=lambda row: -row["fraction"])
    zone = time_zone(connection, org_id)
    return MentorReport(peer_mentor_id, org_id, zone, earned, to_come)


def explanation(
    connection: Connection,
    peer_mentor_id: UUID,
    badge_definition_id: str,
    org_id: str,
    as_of: date | None = None,
    language: str | None = None,
) -> dict[str, Any]:
    """Tell why a person has a badge, or not; see badges.explain_badge for the shape.

    Raises PgmeritError for an unknown badge or organization.
    """
    try:
        return routines.explain_badge(
            connection, peer_mentor_id, badge_definition_id, org_id, as_of, language
        )
    except psycopg.Error as exc:
        raise translate(exc) from exc


def time_zone(connection: Connection, org_id: str) -> str:
    """Give an organization's time zone, in which its people read a moment."""
    return time_zones(connection).get(org_id, "UTC")


def time_zones(connection: Connection) -> dict[str, str]:
    """Give the time zone of each organization."""
    found = connection.execute("select org_id, time_zone from badges.organizations").fetchall()
    return {row["org_id"]: row["time_zone"] for row in found}


def _is_earlier(award: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    return award["revoked_at"] is None and award["occurrence"] < row["occurrence"]


def _earlier(award: Mapping[str, Any]) -> dict[str, Any]:
    """Give an award in the shape of a row of progress."""
    threshold = Decimal(str(award["threshold"])) if award["threshold"] is not None else None
    return {
        "badge_definition_id": award["badge_definition_id"],
        "tier": award["tier"],
        "occurrence": award["occurrence"],
        "name": award["name"],
        "current": threshold,
        "target": threshold,
        "fraction": Decimal(1),
        "earned_at": datetime.fromisoformat(award["earned_at"]),
        "expires_at": None,
    }
