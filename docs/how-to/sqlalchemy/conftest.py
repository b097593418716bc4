"""A migrated database for each test; see the page about testing rules."""

from pathlib import Path

import psycopg
import pytest
from pgmerit.rules import versions
from sqlalchemy import create_engine
from tables import Base

pytest_plugins = ["pgmerit.testing"]


@pytest.fixture
def dsn(pgmerit_dsn, pgmerit_connection):
    """The application's tables and rules in a database of the test's own."""
    versions.apply(
        pgmerit_connection, versions.load_document(Path(__file__).with_name("badges.yaml"))
    )
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(pgmerit_dsn))
    Base.metadata.create_all(engine)
    engine.dispose()
    return pgmerit_dsn
