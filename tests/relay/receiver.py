"""A real HTTP(S) server on a port of this machine that answers in every way there is."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Request:
    """What came in; header names are in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float = field(default_factory=time.monotonic)

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


@dataclass
class Exchange:
    """One request, and the means to answer it."""

    request: Request
    connection: socket.socket
    closing: threading.Event

    def write(self, *parts: bytes) -> None:
        self.connection.sendall(b"".join(parts))


Behaviour = Callable[[Exchange], Any]


def answers(status: int, *headers: str, body: bytes = b"") -> Behaviour:
    """Answer with a status and headers."""
    head = [f"HTTP/1.1 {status} x", *headers, f"Content-Length: {len(body)}", "", ""]
    return lambda exchange: exchange.write("\r\n".join(head).encode(), body)


def hangs(exchange: Exchange) -> bool:
    """Never answer."""
    exchange.closing.wait()
    return False


def drips(start: bytes = b"HTTP/1.1 200 OK\r\nX: ") -> Behaviour:
    """Send a byte now and then, for ever."""

    def drip(exchange: Exchange) -> bool:
        exchange.write(start)
        while not exchange.closing.wait(0.02):
            exchange.write(b"a")
        return False

    return drip


def breaks_off(exchange: Exchange) -> bool:
    """Send half of an answer."""
    exchange.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    return False


def hangs_up(exchange: Exchange) -> bool:
    """Close without a word."""
    return False


def talks_nonsense(exchange: Exchange) -> bool:
    """Answer what is no HTTP."""
    exchange.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
    return False


def tells_everything(exchange: Exchange) -> bool:
    """Answer 200, and send for ever as fast as it goes."""
    exchange.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n")
    while not exchange.closing.is_set():
        exchange.write(b"x" * 65_536)
    return False


class Receiver:
    """Listens until closed; `behave` may be set to another behaviour at any time.

    A behaviour that gives False ends the connection.
    """

    def __init__(self, behave: Behaviour, tls: ssl.SSLContext | None, host: str) -> None:
        self.behave = behave
        self.requests: list[Request] = []
        self.connections = 0
        self.open: set[socket.socket] = set()
        self._tls = tls
        self._closing = threading.Event()
        self._listener = socket.create_server((host, 0), backlog=128)
        self.host = host
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, path: str = "/hook") -> str:
        scheme = "https" if self._tls else "http"
        return f"{scheme}://{self.host}:{self.port}{path}"

    def ids(self) -> list[str]:
        return [each.id for each in self.requests]

    def close(self) -> None:
        self._closing.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self.open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with contextlib.suppress(OSError, ValueError), connection:
                self._answer(connection)
        finally:
            self.open.discard(connection)

    def _answer(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._tls:
            connection = self._tls.wrap_socket(connection, server_side=True)
        with connection, connection.makefile("rb") as incoming:
            while not self._closing.is_set() and (request := _read(incoming)):
                self.requests.append(request)
                if self.behave(Exchange(request, connection, self._closing)) is False:
                    return


def _read(incoming: Any) -> Request | None:
    """Read a request; None where the sender ended before its end."""
    line = incoming.readline().decode()
    headers = {}
    while (header := incoming.readline().decode()) not in ("\r\n", ""):
        name, _, value = header.partition(":")
        headers[name.lower()] = value.strip()
    size = int(headers.get("content-length", 0))
    body = incoming.read(size)
    if not header or len(body) < size:
        return None
    return Request(line.split()[1], headers, body)


@contextlib.contextmanager
def receiving(
    behave: Behaviour | None = None, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> Iterator[Receiver]:
    """Listen as long as the block lasts."""
    receiver = Receiver(behave or answers(200), tls, host)
    try:
        yield receiver
    finally:
        receiver.close()
