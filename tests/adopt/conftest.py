"""Rules, and a table of awards such as applications keep."""

from __future__ import annotations

import pytest
from pgmerit.database import Connection

from tests.adopt.legacy import DOCUMENT
from tests.engine import apply


def _legacy(connection: Connection) -> None:
    apply(connection, DOCUMENT)
    connection.execute(
        "create table public.user_badges (user_id uuid, badge_id text, earned_at timestamptz)"
    )


PREPARED = {"legacy": _legacy}


@pytest.fixture
def legacy(connection: Connection) -> Connection:
    """Rules, and an empty table public.user_badges."""
    return connection
