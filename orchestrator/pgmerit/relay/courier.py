"""One endpoint's deliveries: claim, send, settle.

The courier's thread alone speaks with the database; its workers send. A batch is split by person:
a person's events go one after the other, those of different people side by side.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from queue import Empty, SimpleQueue
from threading import Event, Lock
from typing import Any

from psycopg.types.json import set_json_loads

from pgmerit import routines
from pgmerit.database import Connection, retry
from pgmerit.relay.connecting import Reconnecting
from pgmerit.relay.delivery import Answer, Sender
from pgmerit.relay.endpoints import Endpoint
from pgmerit.relay.messages import event_message
from pgmerit.relay.schedule import pause_after, wait_after

Row = dict[str, Any]

_POLL = 2.0
_CLAIMED_PER_WORKER = 16
_LEASE_MARGIN = 30.0
_GONE = 410
_ASKS_TO_WAIT = (429, 503)
# An endpoint that took nothing while an event went through all its tries is disabled.
_DISABLED_AFTER = timedelta(days=3)
_KEPT_FOR = 60.0


@dataclass
class Tally:
    """What an endpoint has seen since the relay began, in attempts."""

    delivered: int = 0
    failed: int = 0
    dead: int = 0


@dataclass(frozen=True)
class Settlement:
    """What became of a claimed event."""

    event_id: int
    outcome: str
    answer: Answer | None = None
    retry_in: float | None = None


class Courier:
    """Delivers to one endpoint until it is told to stop, or once until nothing is due."""

    def __init__(
        self,
        endpoint: Endpoint,
        connecting: Reconnecting,
        stop: Event,
        tell: Callable[[str], None],
        *,
        is_once: bool = False,
    ) -> None:
        self.endpoint = endpoint
        self.tally = Tally()
        self._connecting = connecting
        self._stop = stop
        self._tell = tell
        self._is_once = is_once
        self._lease = 2 * endpoint.timeout + _LEASE_MARGIN
        self._most_claimed = endpoint.workers * _CLAIMED_PER_WORKER
        # Only the courier's thread touches these; workers put what they did into the inbox.
        self._claimed = 0
        self._lanes: dict[Future[None], list[Row]] = {}
        self._unsettled: list[Settlement] = []
        self._is_failing = False
        # These are for both.
        self._lock = Lock()
        self._failures = 0  # in a row
        self._broken: Exception | None = None
        self._paused_until = 0.0
        self._inbox: SimpleQueue[Settlement | None] = SimpleQueue()

    def wake(self) -> None:
        """Look for events now; may be called from anywhere, a signal's handler too."""
        self._inbox.put(None)

    def run(self) -> None:
        """Deliver; raises PgmeritError when the database refuses for good."""
        with (
            contextlib.closing(self.endpoint.sender()) as sender,
            ThreadPoolExecutor(self.endpoint.workers, self.endpoint.name) as workers,
        ):
            self._connecting.keep(lambda connection: self._work(connection, sender, workers))

    def _work(self, connection: Connection, sender: Sender, workers: ThreadPoolExecutor) -> None:
        # Details go into the message as the database writes them.
        set_json_loads(_as_text, connection)
        while True:
            if self._broken is not None:
                raise self._broken
            self._settle(connection)
            if self._stop.is_set():
                self._give_back_what_is_not_begun()
            self._lanes = {each: lane for each, lane in self._lanes.items() if not each.done()}
            is_idle = False
            if not self._stop.is_set() and self._has_room():
                lease_ends = time.monotonic() + self._lease
                events = self._claim(connection)
                for lane in _by_person(events):
                    self._lanes[workers.submit(self._deliver, sender, lane, lease_ends)] = lane
                is_idle = not events
            if not self._claimed and not self._unsettled:
                is_over = self._is_once and (is_idle or self._is_paused())
                if is_over or self._stop.is_set():
                    return
            self._wait()

    def _has_room(self) -> bool:
        return not self._is_paused() and self._claimed <= self._most_claimed // 2

    def _is_paused(self) -> bool:
        return time.monotonic() < self._paused_until

    def _claim(self, connection: Connection) -> list[Row]:
        limit = self._most_claimed - self._claimed
        lease = timedelta(seconds=self._lease)
        events = retry(lambda: routines.claim_events(connection, self.endpoint.name, limit, lease))
        self._claimed += len(events)
        return events

    def _give_back_what_is_not_begun(self) -> None:
        for each, lane in self._lanes.items():
            if each.cancel():
                self._give_back(lane)

    def _give_back(self, events: Iterable[Row]) -> None:
        for event in events:
            self._inbox.put(Settlement(event["event_id"], "release"))

    def _wait(self) -> None:
        """Wait for what workers have done, a wake-up, or the time to look again."""
        received: list[Settlement | None] = []
        with contextlib.suppress(Empty):
            received.append(self._inbox.get(timeout=_POLL))
            while True:
                received.append(self._inbox.get_nowait())
        for each in received:
            if each is not None:
                self._claimed -= 1
                self._unsettled.append(each)

    def _settle(self, connection: Connection) -> None:
        """Write down what became of events; what fails here is written on the next connection."""
        if not self._unsettled:
            return
        if any(each.outcome == "dead" for each in self._unsettled):
            self._keep_what_nobody_takes(connection)
        # What is written with the same values takes one statement.
        alike: dict[tuple[str, Answer | None, float | None], list[int]] = {}
        for each in self._unsettled:
            key = each.outcome, each.answer, each.retry_in
            alike.setdefault(key, []).append(each.event_id)

        def write() -> None:
            with connection.transaction():
                for (outcome, answer, retry_in), event_ids in alike.items():
                    routines.settle_events(
                        connection,
                        self.endpoint.name,
                        event_ids,
                        outcome,
                        retry_in=None if retry_in is None else timedelta(seconds=retry_in),
                        status=answer.status if answer else None,
                        error=answer.error if answer else None,
                        milliseconds=answer.milliseconds if answer else None,
                    )

        retry(write)
        settled, self._unsettled = self._unsettled, []
        for each in settled:
            self._learn(connection, each)

    def _keep_what_nobody_takes(self, connection: Connection) -> None:
        """Disable an endpoint that takes nothing at all; its events wait, none is a dead letter."""
        last_done = {
            each["consumer"]: each["last_done_at"] for each in routines.list_consumers(connection)
        }.get(self.endpoint.name)
        if last_done is not None and last_done > datetime.now(UTC) - _DISABLED_AFTER:
            return
        self._unsettled = [
            replace(each, outcome="retry", retry_in=_KEPT_FOR) if each.outcome == "dead" else each
            for each in self._unsettled
        ]
        self._disable(connection, "it has taken nothing for days")

    def _learn(self, connection: Connection, settled: Settlement) -> None:
        """Count, tell, and disable an endpoint that is gone."""
        answer = settled.answer
        if answer is None:
            return
        name = self.endpoint.name
        if answer.error is None:
            if self._is_failing:
                self._tell(f"{name}: takes events again")
            self._is_failing = False
            self.tally.delivered += 1
            return
        if not self._is_failing:
            self._tell(f"{name}: {answer.error}; it is tried again")
        self._is_failing = True
        self.tally.failed += 1
        if settled.outcome == "dead":
            self.tally.dead += 1
            self._tell(f"{name}: event {settled.event_id} is a dead letter: {answer.error}")
        if answer.status == _GONE:
            self._disable(connection, f"the receiver answered {_GONE}")

    def _disable(self, connection: Connection, reason: str) -> None:
        name = self.endpoint.name
        if retry(lambda: routines.disable_consumer(connection, name, reason)):
            self._tell(f"{name}: disabled, {reason}; `pgmerit relay enable {name}` goes on")

    # What follows runs in the workers.

    def _deliver(self, sender: Sender, lane: Sequence[Row], lease_ends: float) -> None:
        """Deliver a person's events in order; what follows a failure is given back."""
        waiting = list(lane)
        try:
            while waiting:
                is_short = lease_ends - time.monotonic() < self.endpoint.timeout * 1.2
                if is_short or self._is_paused() or self._stop.is_set():
                    return
                event = waiting[0]
                answer = sender.send(event_message(event))
                settled = _settlement(event, answer)
                self._pause_after(settled, answer)
                waiting.pop(0)
                self._inbox.put(settled)
                if answer.error is not None:
                    return
        except Exception as exc:
            self._broken = exc
        finally:
            self._give_back(waiting)

    def _pause_after(self, settled: Settlement, answer: Answer) -> None:
        """Leave an endpoint alone that fails and fails, is gone, or asks for time."""
        with self._lock:
            self._failures = 0 if answer.error is None else self._failures + 1
            pause = pause_after(self._failures)
            if _is_about_the_endpoint(answer):
                pause = max(pause, settled.retry_in or 0.0)
            self._paused_until = max(self._paused_until, time.monotonic() + pause)


def _is_about_the_endpoint(answer: Answer) -> bool:
    asks_for_time = answer.status in _ASKS_TO_WAIT and answer.retry_after is not None
    return asks_for_time or answer.status == _GONE


def _as_text(json: str | bytes) -> str:
    return json if isinstance(json, str) else json.decode()


def _settlement(event: Row, answer: Answer) -> Settlement:
    event_id = event["event_id"]
    if answer.error is None:
        return Settlement(event_id, "done", answer)
    retry_after = answer.retry_after if answer.status in _ASKS_TO_WAIT else None
    wait = wait_after(event["attempt"], retry_after)
    return Settlement(event_id, "dead" if wait is None else "retry", answer, wait)


def _by_person(events: Iterable[Row]) -> list[list[Row]]:
    lanes: dict[Any, list[Row]] = {}
    for event in events:
        lanes.setdefault(event["peer_mentor_id"], []).append(event)
    return list(lanes.values())
