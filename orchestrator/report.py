"""What a person has, how far the next badges are, and why: read through routines only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
from rich.text import Text
from rich.tree import Tree

from orchestrator import routines
from orchestrator.database import Connection
from orchestrator.errors import PgmeritError, translate

_MEASURES = {
    "count": "how many",
    "sum": "sum",
    "max": "highest",
    "active_days": "active days",
    "distinct": "different",
    "day_run": "days in a row",
    "week_run": "weeks in a row",
    "month_run": "months in a row",
    "badges": "other badges",
    "raw": "raw criteria",
}
_GROUPS = {"all_of": "all of", "any_of": "any of"}


@dataclass(frozen=True)
class MentorReport:
    """A person in one organization: badges by date, then the badges to come, nearest first."""

    peer_mentor_id: UUID
    org_id: str
    earned: list[dict[str, Any]]
    to_come: list[dict[str, Any]]


def mentor_id(connection: Connection, given: str, namespace: str | None = None) -> UUID:
    """Give the person's uuid, made from an external id when a namespace is named."""
    if namespace is not None:
        return routines.mentor_id_from(connection, namespace, given)
    try:
        return UUID(given)
    except ValueError:
        raise PgmeritError(
            f'"{given}" is not a uuid',
            "Give the person's uuid, or your own id with --mentor-namespace.",
        ) from None


def mentor_report(connection: Connection, peer_mentor_id: UUID, org_id: str) -> MentorReport:
    """Read a person's badges and the progress to the next ones.

    Raises PgmeritError for an unknown organization.
    """
    try:
        rows = routines.get_badge_progress(connection, peer_mentor_id, org_id)
    except psycopg.Error as exc:
        raise translate(exc) from exc
    earned = [row for row in rows if row["earned_at"] is not None]
    for row in rows:
        if row["occurrence"] > 1:
            # Of a repeated badge the routine lists one occurrence; the earlier ones are earned.
            told = explanation(connection, peer_mentor_id, row["badge_definition_id"], org_id)
            earned += [_earlier(award) for award in told["awards"] if _is_earlier(award, row)]
    to_come = [row for row in rows if row["earned_at"] is None]
    earned.sort(key=lambda row: row["earned_at"])
    to_come.sort(key=lambda row: -row["fraction"])
    return MentorReport(peer_mentor_id, org_id, earned, to_come)


def explanation(
    connection: Connection, peer_mentor_id: UUID, badge_definition_id: str, org_id: str
) -> dict[str, Any]:
    """Tell why a person has a badge, or not; see badges.explain_badge for the shape.

    Raises PgmeritError for an unknown badge or organization.
    """
    try:
        return routines.explain_badge(connection, peer_mentor_id, badge_definition_id, org_id)
    except psycopg.Error as exc:
        raise translate(exc) from exc


def explanation_tree(told: Mapping[str, Any]) -> Tree:
    """Draw an explanation: verdict, awards, then each condition below its group."""
    root = Tree(_line(f"{told['name']}: {told['verdict']}", "bold"))
    root.add(
        _line(
            f"{told['criteria_type']} of {told['rule_set']} version {told['rule_set_version']}"
            f" in {told['org_id']}"
        )
    )
    if told["why_not"]:
        root.add(_line(f"not yet: {told['why_not']}", "yellow"))
    for award in told["awards"]:
        root.add(_line(*_award_line(award)))
    branches: dict[int | None, Tree] = {None: root}
    for group in told["groups"]:
        above = branches.get(group["parent"], root)
        branches[group["node"]] = above.add(_line(_group_name(group)))
    for condition in told["conditions"]:
        branch = branches.get(condition["parent"], root)
        place = branch.add(_line(*_condition_line(condition)))
        for detail in _condition_details(condition):
            place.add(_line(detail, "dim"))
    return root


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
    }


def _line(text: str, style: str = "") -> Text:
    return Text(text, style=style)


def _award_line(award: Mapping[str, Any]) -> tuple[str, str]:
    again = f" #{award['occurrence']}" if award["occurrence"] > 1 else ""
    by = f"by activity {award['activity_id']}" if award["activity_id"] else "by no single activity"
    text = (
        f"{award['name']}{again}: earned {_moment(award['earned_at'])} {by},"
        f" source {award['source']}, version {award['rule_set_version']}"
    )
    if award["revoked_at"]:
        return f"{text}; revoked {_moment(award['revoked_at'])}", "red"
    return text, "green"


def _group_name(group: Mapping[str, Any]) -> str:
    return _GROUPS.get(group["kind"], f"{group['required']} of")


def _condition_line(condition: Mapping[str, Any]) -> tuple[str, str]:
    is_met = condition["verdict"] == "met"
    name = f"{condition['tier']}: " if condition["tier"] else ""
    again = f" #{condition['occurrence']}" if condition["occurrence"] > 1 else ""
    measure = _MEASURES.get(condition["measure"], condition["measure"])
    text = (
        f"{name}{measure}{again} {_number(condition['value'])}"
        f" of {_number(condition['target'])}: {condition['verdict']}"
    )
    if not is_met:
        text += f", {_number(condition['remaining'])} remaining"
    return text, "green" if is_met else "yellow"


def _condition_details(condition: Mapping[str, Any]) -> Iterator[str]:
    if condition["selector"]:
        yield f"of {_selector_text(condition['selector'])}"
    if condition["came_true_at"]:
        by = f" by activity {condition['activity_id']}" if condition["activity_id"] else ""
        yield f"came true {_moment(condition['came_true_at'])}{by}"
    source = (
        "this organization's own"
        if condition["threshold_source"] == "organization"
        else ("the badge's")
    )
    yield f"the threshold is {source} ({condition['path']})"


def _selector_text(selector: Mapping[str, Any]) -> str:
    """Say which activities are looked at, in words."""
    types = ", ".join(selector.get("types") or ["any activity"])
    rest = {name: value for name, value in selector.items() if name != "types"}
    where = rest.pop("where", None)
    words = [types]
    if where:
        words.append("where " + ", ".join(f"{name} {_test(test)}" for name, test in where.items()))
    words += [f"{name.replace('_', ' ')} {_test(value)}" for name, value in rest.items()]
    return "; ".join(words)


def _test(test: Any) -> str:
    match test:
        case dict():
            return " and ".join(f"{name} {_test(value)}" for name, value in test.items())
        case list():
            return " or ".join(_test(value) for value in test)
        case _:
            return str(test)


def _number(value: Any) -> str:
    if value is None:
        return "?"
    return f"{value:.4f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def _moment(text: str) -> str:
    return datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M %Z")
