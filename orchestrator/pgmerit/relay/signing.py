"""Secrets, and the signature of Standard Webhooks made with them."""

from __future__ import annotations

import base64
import binascii
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from standardwebhooks import Webhook

from pgmerit.errors import PgmeritError

_PREFIX = "whsec_"
_SHORTEST, _LONGEST = 24, 64  # bytes, as the specification has it
_LARGEST_FILE = 4096


@dataclass(frozen=True)
class Signer:
    """One secret, or two while they are changed: then every event carries both signatures."""

    webhooks: tuple[Webhook, ...] = field(repr=False)

    def headers(self, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
        """Give the three headers of a delivery attempted at a moment in UTC."""
        text = body.decode()
        signatures = [each.sign(message_id, at, text) for each in self.webhooks]
        return {
            "webhook-id": message_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": " ".join(signatures),
        }


def read_signer(path: Path) -> tuple[Signer, str | None]:
    """Read the secrets of a file, a line each, and what should be said about the file.

    Raises PgmeritError; nothing that it says holds a part of a secret.
    """
    try:
        with path.open("rb") as file:
            mode = path.stat().st_mode
            content = file.read(_LARGEST_FILE + 1)
    except (OSError, ValueError) as exc:
        told = exc.strerror if isinstance(exc, OSError) else "is no path"
        raise PgmeritError(
            f"the secret file {path} cannot be read: {told}",
            "Put the secret there: whsec_ and the base64 of 24 to 64 random bytes.",
        ) from exc
    signer = make_signer(content.decode("utf-8", "replace").split(), f"the secret file {path}")
    is_open = stat.S_ISREG(mode) and mode & (stat.S_IRGRP | stat.S_IROTH)
    warning = f"{path} can be read by others; `chmod 600` keeps it to its owner"
    return signer, warning if is_open else None


def make_signer(secrets: Sequence[str], source: str) -> Signer:
    """Make a signer of one or two secrets; `source` names where they are from in errors."""
    if not 1 <= len(secrets) <= 2:
        held = "no secret" if not secrets else "more than two secrets"
        raise PgmeritError(
            f"{source} holds {held}",
            "Give one secret, or two while they are changed, each on a line of its own.",
        )
    return Signer(tuple(Webhook(_checked(each, source)) for each in secrets))


def _checked(secret: str, source: str) -> str:
    text = secret.removeprefix(_PREFIX)
    try:
        length = len(base64.b64decode(text + "=" * (-len(text) % 4), validate=True))
    except (binascii.Error, ValueError):
        length = 0
    if not _SHORTEST <= length <= _LONGEST:
        raise PgmeritError(
            f"{source} holds no secret of {_SHORTEST} to {_LONGEST} bytes in base64",
            "Make one: echo whsec_$(openssl rand -base64 32)",
        )
    return secret
