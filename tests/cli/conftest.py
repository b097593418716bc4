"""A server that only pretends, for what no real one here would say."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator

import pytest


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body


def _parameter(name: str, value: str) -> bytes:
    return _message(b"S", f"{name}\0{value}\0".encode())


def greeting(version: str) -> bytes:
    """Welcome any client, as a server of this version."""
    return (
        _message(b"R", struct.pack("!i", 0))
        + _parameter("server_version", version)
        + _parameter("client_encoding", "UTF8")
        + _message(b"K", struct.pack("!ii", 1, 1))
        + _message(b"Z", b"I")
    )


def refusal(state: str, text: str) -> bytes:
    """Refuse any client with an error."""
    fields = f"SFATAL\0VFATAL\0C{state}\0M{text}\0\0".encode()
    return _message(b"E", fields)


def _read(client: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        part = client.recv(size - len(found))
        if not part:
            raise ConnectionError
        found += part
    return found


@pytest.fixture
def pretend_server() -> Iterator[Callable[[bytes], int]]:
    """Listen and answer every client with the same bytes; gives the port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer(reply: bytes) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with client:
                try:
                    _read(client, struct.unpack("!i", _read(client, 4))[0] - 4)
                    client.sendall(reply)
                    client.recv(1)
                except OSError:
                    continue

    def start(reply: bytes) -> int:
        threading.Thread(target=answer, args=(reply,), daemon=True).start()
        port: int = listener.getsockname()[1]
        return port

    yield start
    listener.close()
