"""What is sent of an event: the same bytes at every attempt."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

TEST_TYPE = "relay.test"


@dataclass(frozen=True)
class Message:
    """The body of a webhook, and the id by which a receiver knows it again."""

    message_id: str
    body: bytes


def event_message(event: Mapping[str, Any]) -> Message:
    """Make the message of a row of `claim_events`, whose details are JSON text."""
    details = event["details"]
    data = {
        "event_id": event["event_id"],
        "peer_mentor_id": str(event["peer_mentor_id"]),
        "org_id": event["org_id"],
        "badge_definition_id": event["badge_definition_id"],
        "name": event["name"],
        "tier": event["tier"],
        "occurrence": event["occurrence"],
        "source": event["source"],
        "created_at": _moment(event["created_at"]),
    }
    kind = f"badge.{event['event_type']}"
    if event["event_type"] == "alert":
        kind = f"alert.{json.loads(details).get('alert', '')}"
    # The details as the database writes them: a number of any size stays what it is.
    body = f'{_json(data)[:-1]},"details":{details}}}'
    return _message(f"evt_{event['event_id']}", kind, _moment(event["created_at"]), body)


def trial_message(at: datetime) -> Message:
    """Make a message that tells of no event."""
    body = _json({"message": "sent by pgmerit relay test"})
    return _message(f"test_{int(at.timestamp() * 1000)}", TEST_TYPE, _moment(at), body)


def _message(message_id: str, kind: str, timestamp: str, data: str) -> Message:
    head = _json({"type": kind, "timestamp": timestamp})
    return Message(message_id, f'{head[:-1]},"data":{data}}}'.encode())


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
