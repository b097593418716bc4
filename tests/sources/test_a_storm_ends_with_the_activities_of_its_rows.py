"""Writers of every kind on a source's table, while it is attached, brought in and repaired."""

from __future__ import annotations

import collections
import contextlib
import itertools
import os
import random
import threading
import time
from collections.abc import Callable, Iterator

import psycopg
import pytest
from pgmerit.database import Connection, retry

from tests.engine import activity, apply, assert_exact, in_background, insert, until, value
from tests.sources.stand import (
    RULES,
    add,
    assert_mapped,
    attach,
    prepare,
    repair,
)

PREPARED = {"connection": prepare}
Opening = Callable[..., Connection]
PEOPLE = 60
# What writers of one table do to each other, engine or not.
THEIR_OWN = {"40001", "40P01", "23505"}


class Writer(threading.Thread):
    """Writes at random until it is stopped; counts how its transactions ended.

    Between two of them it rests, seconds, so that a minute leaves other tests a processor.
    """

    def __init__(self, session: Connection, seed: int, rest: float) -> None:
        super().__init__(daemon=True)
        self.outcomes: collections.Counter[str] = collections.Counter()
        self.stopping = threading.Event()
        self._session = session
        self._rest = rest
        self._chance = random.Random(seed)

    def run(self) -> None:
        """Write transactions of one to four statements, some at higher levels, some undone."""
        while not self.stopping.wait(self._rest):
            level = self._chance.choice(["read committed"] * 4 + ["repeatable read"])
            try:
                self._session.execute(f"begin isolation level {level}".encode())
                for _ in range(self._chance.choice([1, 1, 2, 4])):
                    self._write()
                if self._chance.random() < 0.02:
                    time.sleep(self._chance.random() / 2)
                end = "rollback" if self._chance.random() < 0.15 else "commit"
                self._session.execute(end.encode())
                self.outcomes[end] += 1
            except psycopg.Error as error:
                self._session.execute("rollback")
                self.outcomes[str(error.sqlstate)] += 1

    def _write(self) -> None:
        statement = self._chance.choice(
            [
                self._insert,
                self._insert,
                self._change,
                self._change,
                self._delete,
                self._upsert,
                self._merge,
                self._copy,
                self._both,
                self._truncate,
            ]
        )()
        if statement:
            self._session.execute(statement.encode())

    def _values(self) -> dict[str, str]:
        pick = self._chance.choice
        return {
            "user_id": pick(["null"] + [str(n) for n in range(PEOPLE)] * 3),
            "club": pick(["'nhf'"] * 8 + ["'hlf'"] * 4 + ["'nowhere'", "null"]),
            "kind": pick(["'q'"] * 8 + ["'call'", "''"]),
            "finished_at": pick(
                [f"'2026-01-{self._chance.randint(1, 28):02} 22:30+00'::timestamptz"] * 12
                + ["null", "now() + '1 month'::interval", "'infinity'", "'1066-10-14'"]
            ),
            "score": pick([str(self._chance.randint(-2, 9))] * 12 + ["null", "'NaN'", "1e31"]),
            "course": pick(["'maths'", "'art'", "null"]),
            "status": pick(["'done'"] * 5 + ["'open'"]),
            "note": pick(["'a'", "'b'"]),
        }

    def _row(self) -> str:
        return f"({', '.join(self._values().values())})"

    def _keys(self, most: int) -> str:
        # In key order, as statements that lock rows in any other may deadlock by themselves.
        return (
            "array(select id from public.quiz_results where id % 7 ="
            f" {self._chance.randrange(7)} order by id limit {self._chance.randint(1, most)}"
            " for update skip locked)"
        )

    def _insert(self) -> str:
        values = ", ".join(self._row() for _ in range(self._chance.choice([1, 1, 1, 5, 40])))
        return f"insert into public.quiz_results ({', '.join(self._values())}) values {values}"

    def _change(self) -> str:
        values = self._values()
        some = self._chance.sample(sorted(values), self._chance.choice([1, 1, 2, 8]))
        changes = ", ".join(f"{name} = {values[name]}" for name in some)
        if self._chance.random() < 0.1:
            changes = "id = id + 1000000"
        return f"update public.quiz_results set {changes} where id = any({self._keys(6)})"

    def _delete(self) -> str:
        return f"delete from public.quiz_results where id = any({self._keys(3)})"

    def _upsert(self) -> str:
        values = self._values()
        rest = ", ".join(f"{name} = excluded.{name}" for name in values)
        return (
            f"insert into public.quiz_results (id, {', '.join(values)})"
            f" values ({self._chance.randint(1, 400)}, {', '.join(values.values())})"
            f" on conflict (id) do update set {rest}"
        )

    def _merge(self) -> str:
        values = self._values()
        return (
            "merge into public.quiz_results as held using"
            f" (values ({self._chance.randint(1, 400)})) as given (id) on held.id = given.id"
            f" when matched and held.id % 2 = 0 then update set score = {values['score']}"
            " when matched then delete when not matched then"
            f" insert ({', '.join(values)}) values ({', '.join(values.values())})"
        )

    def _copy(self) -> str:
        lines = "".join(
            f"{self._chance.randrange(PEOPLE)}\tnhf\t2026-02-{day:02} 10:00+00\t{day}\n"
            for day in range(1, 25)
        )
        with self._session.cursor().copy(
            "copy public.quiz_results (user_id, club, finished_at, score) from stdin"
        ) as stream:
            stream.write(lines)
        return ""

    def _both(self) -> str:
        return (
            f"with gone as (delete from public.quiz_results where id = any({self._keys(3)})"
            " returning user_id, club, finished_at, score)"
            " insert into public.quiz_results (user_id, club, finished_at, score)"
            " select user_id, 'hlf', finished_at, score from gone"
        )

    def _truncate(self) -> str:
        if self._chance.random() < 0.98:
            return ""
        return "truncate public.quiz_results"


@contextlib.contextmanager
def writing(sessions: list[Connection], seed: int, rest: float) -> Iterator[list[Writer]]:
    """Let writers work as long as the block lasts."""
    writers = [Writer(session, seed + n, rest) for n, session in enumerate(sessions)]
    for each in writers:
        each.start()
    try:
        yield writers
    finally:
        for each in writers:
            each.stopping.set()
        for each in writers:
            each.join(60)
            assert not each.is_alive(), "a writer hangs"


def hold(session: Connection, number: int) -> None:
    """Record by hand and stay, so that triggers meet people they cannot have."""
    who = value(session, "select badges.mentor_id_from('users', %s)", str(number % PEOPLE))
    # Two writers' own deadlock may be found by whoever waits between them.
    with contextlib.suppress(psycopg.errors.DeadlockDetected), session.transaction():
        insert(session, activity("2026-03-01", who=who))
        time.sleep(1.3)


def storm(
    connection: Connection, connect: Opening, seconds: float, seed: int, rest: float = 0
) -> None:
    """Attach, apply and repair while writers write; then all must be exact."""
    end = time.monotonic() + seconds
    documents = [RULES, {**RULES, "badges": {"ten": RULES["badges"]["ten"]}}]
    add(connection, 300)
    one, other, third = connect(), connect(), connect()
    with writing([connect() for _ in range(3)], seed, rest) as writers:
        until(lambda: all(each.outcomes["commit"] for each in writers))
        retry(lambda: attach(connection, batch=100))
        for number in itertools.count():
            works = [
                in_background(lambda n=number: hold(one, n)),  # type: ignore[misc]
                in_background(lambda n=number: apply(other, documents[(n + 1) % 2])),  # type: ignore[misc]
            ]
            retry(lambda n=number: repair(third, from_start=n % 2 == 0))  # type: ignore[misc]
            for work in works:
                work.result(timeout=90)
            if time.monotonic() > end:
                break
    outcomes = sum((each.outcomes for each in writers), collections.Counter())
    assert set(outcomes) <= {"commit", "rollback"} | THEIR_OWN, outcomes
    left = repair(connection)["left"]
    assert_mapped(connection)
    odd = "select count(*) from badges_sources.quiz as row where row.problem is not null"
    assert left == value(connection, odd)
    assert_exact(connection)


@pytest.mark.long
def test_a_storm(connection: Connection, connect: Opening) -> None:
    storm(connection, connect, 10, 1, rest=0.05)


@pytest.mark.soak
def test_a_long_storm(connection: Connection, connect: Opening) -> None:
    storm(
        connection,
        connect,
        float(os.environ.get("SOAK_SECONDS", "600")),
        int(os.environ.get("SOAK_SEED", "1000")),
    )
