"""The year as files that organizations hand in, made by a process beside the demo."""

from __future__ import annotations

import csv
import gc
import io
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from multiprocessing import get_context
from multiprocessing.connection import Connection

from pgmerit.demo.generator import COLUMNS, STUDY_ORG, Activity, generate
from pgmerit.errors import PgmeritError
from pgmerit.importing import Correction


@dataclass(frozen=True)
class DemoOptions:
    """What to make: `scale` 1 is true size; everything happened before `today`."""

    today: date
    seed: int = 1
    scale: float = 1.0


@dataclass(frozen=True)
class MadeYear:
    """The peer mentors' file, the two of the study app, and what was mended later."""

    mentors: bytes
    study_app: tuple[bytes, bytes]
    corrections: list[Correction]
    size: dict[str, int]


@contextmanager
def year_in_the_making(options: DemoOptions) -> Iterator[Callable[[], MadeYear]]:
    """Have the year made for as long as the block lasts; the function waits for it.

    By a process: beside a thread, each answer of the server would wait for a turn.
    """
    context = get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_send_year, args=(options, sending), daemon=True)
    process.start()
    sending.close()

    def made() -> MadeYear:
        try:
            year: MadeYear = receiving.recv()
        except EOFError:
            raise PgmeritError("the process that makes the year up has ended") from None
        return year

    try:
        yield made
    finally:
        process.terminate()
        process.join()
        receiving.close()


def _send_year(options: DemoOptions, sending: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()  # all of it is needed to the end
    sending.send(make_year(options))


def make_year(options: DemoOptions) -> MadeYear:
    """Make the year and write it as files."""
    year = generate(options.seed, options.today, options.scale)
    size = {
        "rows": len(year.activities),
        "people": len({(a.peer_mentor_id, a.org_id) for a in year.activities}),
        "corrections": len(year.corrections),
    }
    files: tuple[list[Activity], ...] = ([], [], [])
    for activity in year.activities:
        # By person, so that none is in two files, which sessions import side by side.
        is_study = activity.org_id == STUDY_ORG
        files[1 + activity.peer_mentor_id.int % 2 if is_study else 0].append(activity)
    mentors, *study_app = map(_as_csv, files)
    return MadeYear(mentors, (study_app[0], study_app[1]), year.corrections, size)


def _as_csv(activities: Iterable[Activity]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(activities)
    return text.getvalue().encode()
