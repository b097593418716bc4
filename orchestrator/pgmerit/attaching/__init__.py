"""Sources: an application's own tables, whose rows are kept as activities."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from psycopg.types.json import set_json_dumps

from pgmerit import routines
from pgmerit.attaching.documents import definitions, problems_of, read_file, refuse, sources_schema
from pgmerit.database import LOCKED_OUT, Connection, analyze_filled, retry
from pgmerit.errors import StoppedError, UnknownObjectError, translate
from pgmerit.rules.files import Document
from pgmerit.rules.grammar import canonical_text

__all__ = [
    "BATCH",
    "Attached",
    "attach",
    "detach",
    "plan",
    "read_file",
    "repair",
    "sources_schema",
]

BATCH = 2000
TOLD_REASONS = 5
# A trigger is made when nobody writes to the table; others wait for that no longer than the
# routine's own lock_timeout, and get on between two tries.
_ATTEMPTS = 30
_REST = 0.02  # seconds

Progress = Callable[[str, float | None], AbstractContextManager[Callable[[float], None]]]


def _quiet(
    description: str, total: float | None
) -> AbstractContextManager[Callable[[float], None]]:
    return nullcontext(lambda steps: None)


@dataclass
class Attached:
    """What attaching a source came to; `first_set_aside`: rows with their reasons."""

    source: str
    changed: bool
    brought_in: int = 0
    set_aside: int = 0
    first_set_aside: list[dict[str, Any]] = field(default_factory=list)
    differences: int = 0


def plan(connection: Connection, path: str | Path, document: Document) -> dict[str, str]:
    """Give by source the SQL that attaching would run, "" where it stands; changes nothing.

    Raises PgmeritError with every problem of the document and its place in the file.
    """
    set_json_dumps(canonical_text, connection)
    planned = {}
    problems = []
    held = {each["source"]: each for each in routines.list_sources(connection)}
    for source, definition in definitions(document).items():
        try:
            sql = routines.plan_source(connection, source, definition)
            planned[source] = "" if _stands(held.get(source), definition) else sql
        except psycopg.Error as error:
            problems += problems_of(source, translate(error))
    refuse(path, document, problems)
    return planned


def _stands(held: Mapping[str, Any] | None, definition: Any) -> bool:
    """Tell whether a source is attached by this definition; the key that was found counts."""
    if held is None or held["state"] == "broken" or not isinstance(definition, Mapping):
        return False
    return bool(held["definition"] == {"key": held["definition"]["key"], **definition})


def attach(
    connection: Connection,
    document: Document,
    *,
    batch: int = BATCH,
    progress: Progress = _quiet,
) -> list[Attached]:
    """Attach every source of a document that `plan` let through, bring in its rows, and verify.

    `connection` is in autocommit mode; every step is a transaction of its own, so a run that was
    broken off is taken up by the next. `progress(description, total)` gives a function that takes
    the rows done; `total` is an estimate.
    """
    set_json_dumps(canonical_text, connection)
    done: list[Attached] = []
    with _stoppable(lambda: f"{sum(each.brought_in for each in done)} rows are brought in"):
        for source, definition in definitions(document).items():
            with progress(f"Attaching {source}", None):
                step = retry(
                    partial(routines.attach_source, connection, source, definition),
                    attempts=_ATTEMPTS,
                    on=LOCKED_OUT,
                )
            done.append(Attached(source, step["changed"]))
            with progress(f"Bringing in {source}", step["rows"] or None) as advance:
                advance(_brought_in(connection, source))
                _bring_in(connection, done[-1], batch, advance)
        for each in done:
            with progress(f"Verifying {each.source}", None):
                each.differences = len(routines.verify_source(connection, each.source))
    return done


def _brought_in(connection: Connection, source: str) -> int:
    """Give how many rows came in before, of a run that was broken off."""
    found = {each["source"]: each["brought_in"] for each in routines.list_sources(connection)}
    return int(found[source])


def _bring_in(
    connection: Connection, attached: Attached, batch: int, advance: Callable[[float], None]
) -> None:
    work = partial(routines.bring_in_source, connection, attached.source, batch)
    for written, attached.set_aside in _batches(work, work, "brought_in", "set_aside"):
        attached.brought_in += written
        advance(written)
    if attached.set_aside:
        attached.first_set_aside = routines.list_set_aside(
            connection, attached.source, TOLD_REASONS
        )
    analyze_filled(connection, attached.brought_in)


def repair(
    connection: Connection,
    source: str,
    *,
    from_start: bool = False,
    batch: int = BATCH,
    progress: Progress = _quiet,
) -> dict[str, int]:
    """Try again what was set aside, or with `from_start` read every row: `repaired` and `left`.

    Broken off, it is taken up by the next; see `attach`.
    """
    done = {"repaired": 0, "left": 0}
    work = partial(routines.repair_source, connection, source, batch)
    first = partial(work, from_start=from_start)
    with (
        _stoppable(lambda: f"{done['repaired']} rows are repaired"),
        progress(f"Repairing {source}", None) as advance,
    ):
        for written, done["left"] in _batches(first, work, "repaired", "left"):
            done["repaired"] += written
            advance(written)
    return done


def _batches(
    first: Callable[[], Mapping[str, Any]],
    then: Callable[[], Mapping[str, Any]],
    written: str,
    left: str,
) -> Iterator[tuple[int, int]]:
    """Run batches until one is the last; gives what each wrote, and what is set aside by then.

    Where that is nothing, somebody may hold what is left: asking on and on would not have it
    sooner.
    """
    step = retry(first, on=LOCKED_OUT)
    yield step[written], step[left]
    while not step["is_done"]:
        if step[left] and not step[written]:
            time.sleep(_REST)
        step = retry(then, on=LOCKED_OUT)
        yield step[written], step[left]


def detach(
    connection: Connection,
    source: str,
    *,
    is_removed: bool,
    batch: int = BATCH,
    progress: Progress = _quiet,
) -> int:
    """Take the triggers off a source's table, and remove its activities where asked: how many.

    A removal that was broken off is taken up. Raises UnknownObjectError where nothing is left of
    such a source.
    """
    removed = 0
    is_attached = any(each["source"] == source for each in routines.list_sources(connection))
    with _stoppable(lambda: f"{source} is detached, {removed} activities are removed"):
        if is_attached:
            with progress(f"Detaching {source}", None):
                retry(
                    partial(routines.detach_source, connection, source, remove=is_removed),
                    attempts=_ATTEMPTS,
                    on=LOCKED_OUT,
                )
        with progress(f"Removing the activities of {source}", None) as advance:
            is_done = not is_removed
            while not is_done:
                step = retry(
                    partial(routines.remove_source_activities, connection, source, batch),
                    on=LOCKED_OUT,
                )
                removed += step
                advance(step)
                is_done = step == 0
    if not is_attached and not removed:
        raise UnknownObjectError(
            f'there is no source "{source}"', "`pgmerit attach status` lists them."
        )
    return removed


@contextmanager
def _stoppable(standing: Callable[[], str]) -> Iterator[None]:
    """Say on Ctrl-C what stands, and that the same command goes on."""
    try:
        yield
    except KeyboardInterrupt as stop:
        raise StoppedError(
            f"stopped: {standing()}; run the same command again: it goes on"
        ) from stop
