"""SQLAlchemy 2: models of the tables that applications read and write, and hooks for Alembic.

The models have a metadata of their own, so that an application's says nothing of these tables.
Functions that take a session are for `AsyncSession.run_sync` too.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, TypeAlias
from uuid import UUID

import psycopg
from sqlalchemy import (
    BigInteger,
    Connection,
    DateTime,
    FetchedValue,
    ForeignKey,
    Identity,
    MetaData,
    Numeric,
    Text,
    func,
    literal,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from pgmerit import database, schema
from pgmerit.errors import PgmeritError
from pgmerit.schema.state import SOURCES

Row: TypeAlias = dict[str, Any]

_SCHEMAS = (*schema.SCHEMAS, SOURCES)


class Base(DeclarativeBase):
    """What the models share."""

    metadata = MetaData(schema="badges")
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own name, read once
        str: Text,
        int: BigInteger,
        Decimal: Numeric,
        datetime: DateTime(timezone=True),
        Row: JSONB,
        list[str]: ARRAY(Text),
    }


class Organization(Base):
    """A tenant."""

    __tablename__ = "organizations"

    org_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    time_zone: Mapped[str]
    rule_set: Mapped[str | None]
    rule_set_version: Mapped[int]
    is_active: Mapped[bool]
    previous_time_zone: Mapped[str | None]
    day_starts: Mapped[time]
    week_starts: Mapped[str]
    closed_days: Mapped[list[str]]
    previous_day_starts: Mapped[time | None]
    previous_activity_id: Mapped[int | None]
    evaluated_version: Mapped[int]


class BadgeDefinition(Base):
    """Name, texts and criteria of a badge."""

    __tablename__ = "badge_definitions"

    badge_definition_id: Mapped[str] = mapped_column(primary_key=True)
    rule_set: Mapped[str | None]
    name: Mapped[str]
    description: Mapped[str]
    translations: Mapped[Row]
    icon: Mapped[str | None]
    category: Mapped[str | None]
    is_hidden: Mapped[bool]
    is_active: Mapped[bool]
    on_unmet: Mapped[str]
    criteria_type: Mapped[str]
    criteria: Mapped[Row]
    criteria_version: Mapped[int]
    place_limit: Mapped[int | None]


class Activity(Base):
    """One thing that a person did; to write one may earn badges."""

    __tablename__ = "activities"

    peer_mentor_id: Mapped[UUID] = mapped_column(primary_key=True)
    activity_id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    org_id: Mapped[str] = mapped_column(ForeignKey(Organization.org_id))
    activity_type: Mapped[str]
    occurred_at: Mapped[datetime]
    activity_date: Mapped[date] = mapped_column(server_default=FetchedValue())
    quantity: Mapped[Decimal] = mapped_column(server_default="0")
    attributes: Mapped[Row] = mapped_column(server_default="{}")
    idempotency_key: Mapped[str | None]


class EarnedBadge(Base):
    """An award; the engine's to write."""

    __tablename__ = "earned_badges"

    peer_mentor_id: Mapped[UUID] = mapped_column(primary_key=True)
    badge_definition_id: Mapped[str] = mapped_column(
        ForeignKey(BadgeDefinition.badge_definition_id), primary_key=True
    )
    org_id: Mapped[str] = mapped_column(ForeignKey(Organization.org_id), primary_key=True)
    tier: Mapped[str] = mapped_column(primary_key=True)
    occurrence: Mapped[int] = mapped_column(primary_key=True)
    earned_at: Mapped[datetime]
    granted_at: Mapped[datetime]
    activity_id: Mapped[int | None]
    threshold: Mapped[Decimal | None]
    threshold_source: Mapped[str | None]
    rule_set: Mapped[str | None]
    rule_set_version: Mapped[int | None]
    idempotency_key: Mapped[str]
    source: Mapped[str]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str | None]
    revoke_reason: Mapped[str | None]
    seen_at: Mapped[datetime | None]

    badge_definition: Mapped[BadgeDefinition] = relationship(viewonly=True)


class ExternalId(Base):
    """What an application calls a person."""

    __tablename__ = "external_ids"

    peer_mentor_id: Mapped[UUID] = mapped_column(primary_key=True)
    namespace: Mapped[str] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(primary_key=True)


def record_activity(
    session: Session,
    peer_mentor_id: UUID,
    org_id: str,
    activity_type: str,
    occurred_at: datetime | None = None,
    quantity: Decimal | int = 0,
    attributes: Mapping[str, Any] | None = None,
    idempotency_key: str | None = None,
    activity_date: date | None = None,
) -> Row:
    """Record one activity in the session's transaction: `activity_id`, `duplicate`, `new_badges`.

    What the session holds is flushed first. Raises SQLAlchemy's errors.
    """
    session.flush()
    call = func.badges.record_activity(
        peer_mentor_id,
        org_id,
        activity_type,
        occurred_at,
        quantity,
        literal(dict(attributes or {}), JSONB),
        idempotency_key,
        activity_date,
        type_=JSONB,
    )
    told: Row = session.execute(select(call)).scalar_one()
    return told


def new_badges(session: Session) -> list[Row]:
    """List the awards that the session's transaction has brought so far, oldest first."""
    session.flush()
    return [
        dict(row) for row in session.execute(text("select * from badges.new_badges()")).mappings()
    ]


def include_name(name: str | None, type_: str, parent_names: Any) -> bool:
    """Have Alembic leave the schemas of pgmerit unread; for `context.configure`."""
    return type_ != "schema" or name not in _SCHEMAS


def include_object(
    object_: Any, name: str | None, type_: str, reflected: bool, compare_to: Any
) -> bool:
    """Have Alembic leave the tables of pgmerit as they are; for `context.configure`."""
    return type_ != "table" or object_.schema not in _SCHEMAS


def install(connection: Connection | None) -> None:
    """Do what `pgmerit migrate` does; in a revision of Alembic: `install(op.get_bind())`.

    On a connection of its own, which commits by itself: where the revision fails behind it, the
    next run finds it done. Raises PgmeritError with the reason.
    """
    schema.migrate(_dsn_of(connection))


def uninstall(connection: Connection | None) -> None:
    """Take everything of pgmerit away; raises PgmeritError where that would drop data."""
    schema.roll_back(_dsn_of(connection), everything=True)


def _dsn_of(connection: Connection | None) -> str:
    if connection is None:
        raise PgmeritError(
            "Alembic writes SQL here and connects to nothing",
            "Print the SQL of pgmerit beside it: `pgmerit migrate --sql`.",
        )
    driver = connection.connection.driver_connection
    if isinstance(driver, psycopg.Connection | psycopg.AsyncConnection):
        return database.dsn_of(driver)
    url = connection.engine.url.set(drivername="postgresql")
    return url.render_as_string(hide_password=False)
