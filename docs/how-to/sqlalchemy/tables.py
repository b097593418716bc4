"""The application's own tables."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import DateTime, ForeignKey, func
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """What the tables share."""


class Person(Base):
    """Somebody who calls."""

    __tablename__ = "people"

    person_id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    name: Mapped[str]


class Call(Base):
    """A call that somebody made."""

    __tablename__ = "calls"

    call_id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey(Person.person_id))
    minutes: Mapped[int]
    called_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
