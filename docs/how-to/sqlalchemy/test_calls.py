"""Calls bring badges, in the session's own transaction."""

import asyncio

import psycopg
from calls import keep_call
from pgmerit.contrib.sqlalchemy import Activity, EarnedBadge, new_badges
from sqlalchemy import create_engine, func, select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session
from tables import Call, Person


def test_what_rolls_back_was_never_earned(dsn):
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(dsn))
    with Session(engine) as session:
        ann = Person(name="Ann")
        session.add(ann)
        session.commit()
        assert keep_call(session, Call(person_id=ann.person_id, minutes=20)) == ["First call"]
        session.rollback()
        assert session.scalar(select(func.count()).select_from(Activity)) == 0

        # Mapped rows count as well.
        session.add_all(
            Activity(
                org_id="helpline",
                peer_mentor_id=ann.person_id,
                activity_type="call",
                occurred_at=func.now(),
                quantity=minutes,
            )
            for minutes in (20, 45)
        )
        assert {badge["name"] for badge in new_badges(session)} == {"First call", "Listener"}
        session.commit()
        held = session.scalars(select(EarnedBadge).where(EarnedBadge.revoked_at.is_(None)))
        assert {each.badge_definition.name for each in held} == {"First call", "Listener"}
    engine.dispose()


def test_an_asynchronous_session_does_the_same(dsn):
    async def work():
        engine = create_async_engine(
            "postgresql+psycopg://", async_creator=lambda: psycopg.AsyncConnection.connect(dsn)
        )
        async with AsyncSession(engine) as session, session.begin():
            ann = Person(name="Ann")
            session.add(ann)
            await session.flush()
            call = Call(person_id=ann.person_id, minutes=60)
            assert set(await session.run_sync(keep_call, call)) == {"First call", "Listener"}
        await engine.dispose()

    asyncio.run(work())
