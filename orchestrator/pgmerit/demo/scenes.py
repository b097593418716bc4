"""The demo: a year of three organizations and a study app, from an empty database to badges."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from importlib.resources import as_file, files
from pathlib import Path
from typing import IO, Any

import psycopg
from pgmerit import importing, report, routines, schema, verify
from pgmerit.database import Connection, connect
from pgmerit.demo import legacy, webhook
from pgmerit.demo.generator import PROTAGONIST
from pgmerit.demo.making import DemoOptions, MadeYear
from pgmerit.errors import PgmeritError, translate
from pgmerit.pages import reading
from pgmerit.pages.report import report_page
from pgmerit.rules import versions
from pgmerit.writing import write_whole
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

DATABASE = "pgmerit_demo"
RULE_SETS = ("peer-mentors", "study-app")
BADGE_TO_EXPLAIN = "honorar"

_MARK = "made by pgmerit demo; dropped and made anew by the next run"
_IMPORT = importing.ImportOptions(chunk=40_000)

Bar = Callable[[str, float | None], AbstractContextManager[Callable[[float], None]]]
Submit = Callable[[Callable[[Connection], Any]], Future[Any]]
Import = Callable[[Connection, IO[bytes], str, importing.ImportOptions], importing.ImportResult]


@dataclass(frozen=True)
class Step:
    """One step of the demo, its time, and what there is to show; `data` differs by `name`."""

    name: str
    title: str
    seconds: float
    data: Any = field(default=None)


def make_database(server_dsn: str, into: str | None = None) -> str:
    """Make the demo's own database anew and give its connection string.

    With `into` an existing database is taken as it is. Raises PgmeritError when the demo's name is
    taken by a database that the demo did not make, or when `into` does not exist.
    """
    if into is not None:
        dsn = make_conninfo(server_dsn, dbname=into)
        connect(dsn).close()
        return dsn
    with closing(_connect_beside(server_dsn)) as connection:
        name = sql.Identifier(DATABASE)
        try:
            found = connection.execute(_FIND_DATABASE, (DATABASE,)).fetchone()
            if found and found["comment"] != _MARK:
                raise PgmeritError(
                    f'the database "{DATABASE}" exists already and was not made by the demo',
                    f"Rename it, or load the demo into it with --into {DATABASE}.",
                )
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(name))
            connection.execute(
                sql.SQL("create database {} template template0 encoding 'UTF8'").format(name)
            )
            connection.execute(
                sql.SQL("comment on database {} is {}").format(name, sql.Literal(_MARK))
            )
        except psycopg.Error as exc:
            raise translate(exc) from exc
    return make_conninfo(server_dsn, dbname=DATABASE)


def run(
    dsn: str,
    options: DemoOptions,
    making: Callable[[], MadeYear],
    import_year: Import,
    bar: Bar,
    page: Path,
) -> Iterator[Step]:
    """Run the demo on a database, a step at a time; `import_year` imports with progress bars.

    It ends with a `page` about it. Sessions work side by side: the old table is made right and its
    awards are taken over while the year is in the making and comes in, the study app's files beside
    the peer mentors', the page's reading beside the verification.
    """
    with _timed() as seconds:
        loaded = schema.migrate(dsn)
    yield Step("migrate", "Tables and routines", seconds(), loaded)
    with closing(connect(dsn, autocommit=True)) as connection, _beside(dsn, 4) as submit:
        with _timed() as seconds:
            applied = [_apply(connection, name, bar) for name in RULE_SETS]
        yield Step("rules", "Rule sets applied", seconds(), applied)
        old_table = submit(lambda session: _bring_old_table(session, dsn, options))
        with _timed() as seconds:
            made = making()
        yield Step("generate", "A year made up", seconds(), made.size)
        with _timed() as seconds:
            others = [submit(partial(_import_study_app, file=file)) for file in made.study_app]
            imported = import_year(connection, io.BytesIO(made.mentors), "the year", _IMPORT)
            for other in others:
                for each in fields(imported):
                    one, more = getattr(imported, each.name), getattr(other.result(), each.name)
                    if one is not None:
                        setattr(imported, each.name, one + more)
        yield Step("import", "The year imported", seconds(), imported)
        yield from old_table.result()
        yield from _look_at_it(connection, dsn, made, options)
        yield from _look_it_over(connection, submit, bar, page)


@contextmanager
def _beside(dsn: str, count: int) -> Iterator[Submit]:
    """Have so many works done beside, each in a session; an exception cancels them."""
    with ExitStack() as stack, ThreadPoolExecutor(count) as pool:
        sessions = [
            stack.enter_context(closing(connect(dsn, autocommit=True))) for _ in range(count)
        ]
        free = iter(sessions)
        works: list[Future[Any]] = []

        def submit(work: Callable[[Connection], Any]) -> Future[Any]:
            works.append(pool.submit(work, next(free)))
            return works[-1]

        try:
            yield submit
        except BaseException:
            # A cancel that comes between two statements is lost: again until nobody works.
            while not all(work.done() for work in works):
                for session in sessions:
                    with suppress(psycopg.Error):
                        session.cancel()
                time.sleep(0.05)
            raise


def _bring_old_table(session: Connection, dsn: str, options: DemoOptions) -> list[Step]:
    until = datetime.combine(options.today, datetime.min.time(), UTC)
    legacy.make_table(session, options.scale, until)
    with _timed() as seconds:
        made_right = legacy.make_right(session, dsn, until)
    title = "An old table made right while it is written to"
    done = [Step("dedupe", title, seconds(), made_right)]
    with _timed() as seconds:
        adopted = legacy.take_over(session)
    return [*done, Step("adopt", "Its awards taken over", seconds(), adopted)]


def _import_study_app(session: Connection, file: bytes) -> importing.ImportResult:
    return importing.import_file(session, io.BytesIO(file), "the study app", _IMPORT)


def _look_at_it(
    connection: Connection, dsn: str, made: MadeYear, options: DemoOptions
) -> Iterator[Step]:
    with _timed() as seconds:
        counted = routines.count_awards(connection)
    yield Step("awards", "Awards by badge and organization", seconds(), counted)

    hero = PROTAGONIST
    with _timed() as seconds:
        found = report.mentor_report(connection, hero.peer_mentor_id, hero.org_id)
        told = report.explanation(connection, hero.peer_mentor_id, BADGE_TO_EXPLAIN, hero.org_id)
    data = {"name": hero.name, "report": found, "explanation": told}
    yield Step("mentor", f"One mentor: {hero.name} of {hero.org_id}", seconds(), data)

    with _timed() as seconds, webhook.delivering(connection, dsn) as received:
        answers = _record_twice(connection, options.today)
    yield Step("replay", "An activity, and its replay", seconds(), answers)
    yield Step("webhook", "What a webhook receiver got, its signature checked", 0.0, received)

    with _timed() as seconds:
        corrected = importing.apply_corrections(connection, made.corrections)
    yield Step("corrections", "Corrections applied", seconds(), corrected)


def _look_it_over(connection: Connection, submit: Submit, bar: Bar, page: Path) -> Iterator[Step]:
    """Verify, and write the page; what it tells of people is read beside."""
    reading_beside = submit(reading.read)
    with _timed() as seconds, bar("Verifying", 100) as advance:
        differences = verify.find_differences(connection, progress=advance)
    verify.record(connection, len(differences), 0, seconds())
    yield Step("verify", "Verified against the activities", seconds(), differences)

    with _timed() as seconds:
        found = replace(reading_beside.result(), metrics=routines.list_metrics(connection))
        page.parent.mkdir(parents=True, exist_ok=True)
        write_whole(page, report_page(found))
    yield Step("report", "The report as a page", seconds(), str(page))


def _connect_beside(server_dsn: str) -> Connection:
    """Connect to the named database, or to `postgres` where that would be the demo's own."""
    if conninfo_to_dict(server_dsn).get("dbname") == DATABASE:
        server_dsn = make_conninfo(server_dsn, dbname="postgres")
    return connect(server_dsn, autocommit=True)


def _apply(connection: Connection, name: str, bar: Bar) -> dict[str, Any]:
    with as_file(files("pgmerit.demo") / "rule_sets" / f"{name}.yaml") as path:
        document, problems = versions.check_file(path)
    if problems:
        raise versions.refusal(name, problems)
    return versions.apply(connection, document, progress=bar)


def _record_twice(connection: Connection, today: date) -> list[Mapping[str, Any]]:
    """Record the assignment that the mentor was short of, then send the same event again."""
    hero = PROTAGONIST
    yesterday = datetime.combine(today - timedelta(days=1), datetime.min.time(), UTC)
    return [
        routines.record_activity(
            connection,
            hero.peer_mentor_id,
            hero.org_id,
            "assignment",
            occurred_at=yesterday + timedelta(hours=16),
            quantity=Decimal("1.5"),
            attributes={"kind": "home_visit", "local_branch": "Blindeforbundet Hordaland"},
            idempotency_key=f"demo-{today.isoformat()}",
        )
        for _ in range(2)
    ]


@contextmanager
def _timed() -> Iterator[Callable[[], float]]:
    """Measure a block; the function gives its seconds, afterwards too."""
    began = time.perf_counter()
    ended: list[float] = []
    yield lambda: (ended[0] if ended else time.perf_counter()) - began
    ended.append(time.perf_counter())


_FIND_DATABASE = """
select shobj_description(oid, 'pg_database') as comment
from pg_database
where datname = %s
"""
