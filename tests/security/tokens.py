"""Calls in the shape of PostgREST: a transaction, read-only for GET, with a role and claims."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from pgmerit.database import Connection


@contextlib.contextmanager
def request(
    connection: Connection,
    claims: Mapping[str, Any] | str | None,
    *,
    role: str = "pgmerit_person",
    is_get: bool = True,
) -> Iterator[Connection]:
    """Open the transaction of a request; only a POST keeps what it wrote."""
    text = claims if isinstance(claims, str) else json.dumps(claims) if claims else ""
    with connection.transaction():
        if is_get:
            connection.execute("set transaction read only")
        connection.execute(
            "select set_config('role', %s, true), set_config('request.jwt.claims', %s, true)",
            (role, text),
        )
        yield connection


def token(person: UUID | str, **claims: Any) -> dict[str, Any]:
    """Give the claims of a person's token."""
    return {"sub": str(person), "role": "authenticated", **claims}
