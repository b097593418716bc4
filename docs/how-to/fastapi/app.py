"""A helpline that shows its callers their badges."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from fastapi import Body, Depends, FastAPI, Header, Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates
from pgmerit import aio
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

ORGANIZATION = "helpline"
templates = Jinja2Templates(Path(__file__).parent / "templates")


def make_app(dsn: str = "") -> FastAPI:
    """Make the application; without a connection string libpq's own variables name the database."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncConnectionPool(dsn, open=False) as app.state.pool:
            yield

    app = FastAPI(lifespan=lifespan)
    app.post("/calls")(record_call)
    app.get("/badges", response_class=HTMLResponse)(show_badges)
    return app


async def transaction(request: Request) -> AsyncIterator[AsyncConnection]:
    """Give a connection for a request: one transaction, committed when the request went well."""
    async with request.app.state.pool.connection() as connection:
        yield connection


Connection = Annotated[AsyncConnection, Depends(transaction, scope="function")]


async def signed_in(connection: Connection, x_user: Annotated[int, Header()]) -> UUID:
    """Give who calls, by the number that the proxy before us put there after signing in."""
    (mentor,) = await aio.remember_mentors(connection, "helpline", [str(x_user)])
    return mentor


Mentor = Annotated[UUID, Depends(signed_in)]


async def record_call(
    connection: Connection,
    mentor: Mentor,
    call_id: Annotated[str, Body()],
    minutes: Annotated[int, Body(ge=0)],
) -> dict[str, Any]:
    """Record a call; the same call_id again changes nothing."""
    return await aio.record_activity(
        connection, mentor, ORGANIZATION, "call", quantity=minutes, idempotency_key=call_id
    )


async def show_badges(request: Request, connection: Connection, mentor: Mentor) -> HTMLResponse:
    """Show the badges, how far the next ones are, and once what is new."""
    unseen = await aio.unseen_awards(connection, mentor, ORGANIZATION)
    # Of two pages that are opened at once, one congratulates.
    is_first = bool(unseen) and await aio.mark_seen(connection, mentor, ORGANIZATION) > 0
    return templates.TemplateResponse(
        request,
        "badges.html",
        {
            "new": unseen if is_first else [],
            "badges": await aio.get_badge_progress(connection, mentor, ORGANIZATION),
        },
    )


app = make_app()
