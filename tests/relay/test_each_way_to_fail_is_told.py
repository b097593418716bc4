"""An attempt ends in time however the receiver behaves, and says in words what happened."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from pgmerit.relay import schedule
from pgmerit.relay.addresses import parse_networks, parse_url
from pgmerit.relay.delivery import Answer, Sender
from pgmerit.relay.messages import Message
from pgmerit.relay.signing import make_signer

from tests.relay.conftest import SECRET, NewReceiver
from tests.relay.receiver import (
    Behaviour,
    answers,
    breaks_off,
    drips,
    hangs,
    hangs_up,
    receiving,
    talks_nonsense,
    tells_everything,
)

TIMEOUT = 0.3
LATEST = 3.0


def sender_to(url: str, timeout: float = 10.0) -> Sender:
    return Sender(
        parse_url(url),
        make_signer([SECRET], "the test"),
        allowed=parse_networks(["127.0.0.0/8"]),
        timeout=timeout,
    )


def attempt(url: str, body: bytes = b"{}", timeout: float = 10.0) -> Answer:
    begun = time.monotonic()
    answer = sender_to(url, timeout).send(Message("evt_1", body))
    assert time.monotonic() - begun < LATEST
    return answer


IN_VAIN = "no whole answer within 0.3 seconds"


@pytest.mark.parametrize(
    ("behave", "status", "error"),
    [
        (answers(200), 200, None),
        (answers(204), 204, None),
        (answers(202, body=b"taken"), 202, None),
        (tells_everything, 200, None),
        (answers(400), 400, "the receiver answered 400"),
        (answers(410), 410, "the receiver answered 410"),
        (answers(500, body=b"x" * 100_000), 500, "the receiver answered 500"),
        (answers(304), 304, "the receiver redirects (304), which is not followed"),
        (hangs, None, IN_VAIN),
        (drips(), None, IN_VAIN),
        (drips(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"), 200, IN_VAIN),
        (drips(b"HTTP/1.1 100 Continue\r\n\r\n" * 3), None, IN_VAIN),
        (breaks_off, 200, "peer closed connection without sending complete message body"),
        (hangs_up, None, "server disconnected without sending a response"),
        (talks_nonsense, None, "illegal status line"),
        (lambda exchange: exchange.write(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 40_000), None, ""),
    ],
)
def test_an_attempt_ends_in_time_with_words(
    new_receiver: NewReceiver, behave: Behaviour, status: int | None, error: str | None
) -> None:
    timeout = TIMEOUT if error == IN_VAIN else 10.0
    answer = attempt(new_receiver(behave).url(), timeout=timeout)
    assert answer.status == status
    assert (answer.error is None) == (error is None)
    assert (answer.error or "").startswith(error or "")


def test_a_port_where_nobody_listens_refuses() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert attempt(f"http://127.0.0.1:{port}/").error == "connection refused"


def test_a_server_that_never_accepts_nor_shakes_hands_is_left_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=1) as listener:
        port = listener.getsockname()[1]
        assert attempt(f"https://127.0.0.1:{port}/", timeout=TIMEOUT).error == IN_VAIN
        large = attempt(f"http://127.0.0.1:{port}/", b"x" * 10_000_000, TIMEOUT)
        assert large.error == IN_VAIN


def test_a_name_that_nobody_answers_for_is_left_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: over.wait(5))
    assert attempt("https://slow.test/", timeout=TIMEOUT).error == IN_VAIN
    over.set()


def test_plain_http_on_a_tls_port_is_told(
    new_receiver: NewReceiver, tls_for: Callable[[str], ssl.SSLContext]
) -> None:
    receiver = new_receiver(tls=tls_for("app.test"))
    assert attempt(receiver.url().replace("https", "http")).error is not None
    plain = attempt(new_receiver(talks_nonsense).url().replace("http", "https"))
    assert str(plain.error).startswith("TLS failed: ")


def test_a_connection_serves_many_deliveries(new_receiver: NewReceiver) -> None:
    receiver = new_receiver()
    sender = sender_to(receiver.url())
    assert [sender.send(Message(f"evt_{n}", b"{}")).error for n in range(20)] == [None] * 20
    assert receiver.connections == 1


def test_a_connection_that_failed_is_not_used_again(new_receiver: NewReceiver) -> None:
    receiver = new_receiver(breaks_off)
    sender = sender_to(receiver.url())
    assert sender.send(Message("evt_1", b"{}")).error is not None
    receiver.behave = answers(200)
    assert sender.send(Message("evt_1", b"{}")).error is None


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        ("120", 120, 120),
        ("0", 0, 0),
        (timedelta(seconds=300), 200, 300),
        (timedelta(days=-1), 0, 0),
        ("9" * 400, 1e6, 1e9),
        ("soon", None, None),
        ("-5", None, None),
        ("1.5", None, None),
    ],
)
def test_retry_after_is_read(
    header: str | timedelta, least: float | None, most: float | None
) -> None:
    if isinstance(header, timedelta):
        header = format_datetime(datetime.now(UTC) + header, usegmt=True)
    with receiving(answers(429, f"Retry-After: {header}")) as receiver:
        found = attempt(receiver.url()).retry_after
    if least is None or most is None:
        assert found is None
    else:
        assert found is not None
        assert least <= found <= most


def test_the_waits_grow_to_days_and_end() -> None:
    waits = [schedule.wait_after(attempt) for attempt in range(1, 20)]
    given = [wait for wait in waits if wait is not None]
    assert len(given) == len(schedule.WAITS)
    assert waits[len(given) :] == [None] * (len(waits) - len(given))
    assert 4 <= given[0] <= 6
    assert 3.5 < sum(given) / 86_400 < 6
    assert len({schedule.wait_after(3) for _ in range(20)}) > 10


def test_what_the_receiver_asks_for_is_kept_to_for_an_hour_at_most() -> None:
    assert 120 <= (schedule.wait_after(1, 120) or 0) <= 144
    assert 3600 <= (schedule.wait_after(1, 1e9) or 0) <= 4320
    assert (schedule.wait_after(1, 0) or 0) >= 4
    assert schedule.wait_after(len(schedule.WAITS) + 1, 5) is None


def test_an_endpoint_that_fails_on_is_left_alone_for_a_minute_at_most() -> None:
    pauses = [schedule.pause_after(failures) for failures in range(1, 2000)]
    assert pauses[:5] == [0, 0, 0, 0, 1]
    assert pauses == sorted(pauses)
    assert max(pauses) == 60
