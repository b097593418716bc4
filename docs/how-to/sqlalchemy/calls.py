"""What the application does with them."""

from pgmerit.contrib.sqlalchemy import record_activity
from sqlalchemy.orm import Session
from tables import Call


def keep_call(session: Session, call: Call) -> list[str]:
    """Keep a call and record it as an activity; gives the names of the badges it earned."""
    session.add(call)
    session.flush()
    told = record_activity(
        session,
        call.person_id,
        "helpline",
        "call",
        call.called_at,
        quantity=call.minutes,
        idempotency_key=f"call:{call.call_id}",
    )
    return [badge["name"] for badge in told["new_badges"]]
