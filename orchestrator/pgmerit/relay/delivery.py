"""One attempt to deliver a message, and what came of it.

httpcore2 speaks HTTP: it follows no redirects, knows no proxies of the environment, and lets a
network backend say where a connection goes, which is where addresses are checked.
"""

from __future__ import annotations

import functools
import math
import ssl
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpcore2

from pgmerit import __version__
from pgmerit.errors import PgmeritError
from pgmerit.relay.addresses import Network, RefusedError, Target, find_addresses
from pgmerit.relay.messages import Message
from pgmerit.relay.signing import Signer

_LARGEST_ANSWER = 16_384
_LONGEST_ERROR = 200
_CHUNK = 16_384
# Servers close idle connections after two seconds and more; a race with that is a failed attempt.
_KEPT_OPEN = 1.0


@dataclass(frozen=True)
class Answer:
    """How an attempt ended: `error` is None when the receiver took the message.

    `status` is None when there was no answer; `retry_after` is in seconds, where it was asked for.
    """

    status: int | None
    error: str | None
    milliseconds: int
    retry_after: float | None = None


class _Clock(threading.local):
    """When the attempt of this thread must be over."""

    ends_at = 0.0

    def left(self) -> float:
        """Give the seconds left; raises TimeoutException when there are none."""
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout
        return left


class _TimedStream(httpcore2.NetworkStream):
    """A connection whose every operation ends with the attempt: bytes that drip gain no time."""

    def __init__(self, stream: httpcore2.NetworkStream, clock: _Clock) -> None:
        self._stream = stream
        self._clock = clock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._clock.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _CHUNK):
            self._stream.write(buffer[start : start + _CHUNK], self._clock.left())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        inner = self._stream.start_tls(ssl_context, server_hostname, self._clock.left())
        return _TimedStream(inner, self._clock)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


class CheckedBackend(httpcore2.NetworkBackend):
    """Connects to the addresses that were checked, and to no others."""

    def __init__(self, target: Target, allowed: Sequence[Network], clock: _Clock) -> None:
        self._target = target
        self._allowed = allowed
        self._clock = clock
        self._tcp = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Resolve the target's host, check what comes of it, and connect to that."""
        try:
            addresses = find_addresses(self._target, self._allowed, self._clock.left())
        except TimeoutError as exc:
            raise httpcore2.ConnectTimeout(exc) from exc
        for number, address in enumerate(addresses, start=1):
            # One address that swallows everything leaves time for the others.
            share = self._clock.left() / (len(addresses) - number + 1)
            try:
                stream = self._tcp.connect_tcp(str(address), port, share)
                return _TimedStream(stream, self._clock)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                if number == len(addresses):
                    raise
        raise RefusedError("the host name has no address")


class Sender:
    """Delivers to one target; may be used by many threads at once."""

    def __init__(
        self,
        target: Target,
        signer: Signer,
        *,
        allowed: Sequence[Network] = (),
        timeout: float = 15.0,
        ca_file: Path | None = None,
    ) -> None:
        self._target = target
        self._signer = signer
        self._timeout = timeout
        self._clock = _Clock()
        self._url = httpcore2.URL(
            scheme=target.scheme, host=target.host, port=target.port, target=target.path
        )
        self._pool = httpcore2.ConnectionPool(
            ssl_context=tls_context(ca_file),
            max_connections=None,
            keepalive_expiry=_KEPT_OPEN,
            network_backend=CheckedBackend(target, allowed, self._clock),
        )

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()

    def send(self, message: Message) -> Answer:
        """Make one attempt, which ends within the timeout however the receiver behaves."""
        begun = time.monotonic()
        self._clock.ends_at = begun + self._timeout
        status: int | None = None
        retry_after: float | None = None
        error: str | None
        try:
            with self._pool.stream(
                "POST", self._url, headers=self._headers(message), content=message.body
            ) as response:
                status = response.status
                retry_after = _retry_after(response.headers)
                size = 0
                for chunk in response.iter_stream():
                    size += len(chunk)
                    if size > _LARGEST_ANSWER:
                        break
            error = _refusal(status)
        except RefusedError as exc:
            error = str(exc)
        except httpcore2.TimeoutException:
            error = f"no whole answer within {self._timeout:g} seconds"
        except (httpcore2.NetworkError, httpcore2.ProtocolError) as exc:
            error = _in_words(exc)
        milliseconds = math.ceil((time.monotonic() - begun) * 1000)
        return Answer(status, error and error[:_LONGEST_ERROR], milliseconds, retry_after)

    def _headers(self, message: Message) -> list[tuple[bytes | str, bytes | str]]:
        signed = self._signer.headers(message.message_id, datetime.now(UTC), message.body)
        return [
            ("Host", self._target.host_header),
            ("User-Agent", f"pgmerit/{__version__}"),
            ("Content-Type", "application/json"),
            ("Accept", "*/*"),
            *signed.items(),
        ]


@functools.cache
def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """Trust the system's authorities, and those of a file; raises PgmeritError.

    One for all who deliver: reading the authorities takes longer than a delivery.
    """
    context = httpcore2.default_ssl_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=ca_file)
        except (OSError, ValueError) as exc:
            raise PgmeritError(
                f"{ca_file} holds no certificates that can be read", "Give a file in PEM format."
            ) from exc
    return context


def _refusal(status: int) -> str | None:
    if 200 <= status < 300:
        return None
    if 300 <= status < 400:
        return f"the receiver redirects ({status}), which is not followed"
    return f"the receiver answered {status}"


def _in_words(exc: Exception) -> str:
    """Give the system's or the library's own words for what failed."""
    cause = exc.args[0] if exc.args else None
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"the certificate is not trusted: {cause.verify_message}"
    if isinstance(cause, ssl.SSLError):
        return f"TLS failed: {(cause.reason or 'the connection ended').lower().replace('_', ' ')}"
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror.lower()
    # What a receiver sent is not repeated: it may be meant for somebody else.
    said = str(exc).partition(": bytearray")[0]
    return " ".join(said.split()).rstrip(".").lower() or "the connection failed"


def _retry_after(headers: Iterable[tuple[bytes, bytes]]) -> float | None:
    """Read Retry-After, in seconds from now: it is a number, or a date."""
    for name, value in headers:
        if name.lower() != b"retry-after":
            continue
        text = value.decode("latin-1").strip()
        if text.isascii() and text.isdigit():
            return float(text[:9])
        try:
            at = parsedate_to_datetime(text)
        except ValueError:
            return None
        return max(0.0, (at.astimezone(UTC) - datetime.now(UTC)).total_seconds())
    return None
