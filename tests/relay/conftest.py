"""Receivers, a certificate authority and secrets."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import trustme

from tests.relay.receiver import Behaviour, Receiver, receiving

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NewReceiver = Callable[..., Receiver]


@pytest.fixture
def new_receiver() -> Iterator[NewReceiver]:
    """Make receivers that listen until the test ends."""
    with ExitStack() as opened:

        def make(
            behave: Behaviour | None = None,
            *,
            tls: ssl.SSLContext | None = None,
            host: str = "127.0.0.1",
        ) -> Receiver:
            return opened.enter_context(receiving(behave, tls, host))

        yield make


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """An authority that nobody knows."""
    return trustme.CA()


@pytest.fixture(scope="session")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The authority's certificate."""
    path = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return path


@pytest.fixture(scope="session")
def tls_for(authority: trustme.CA) -> Callable[[str], ssl.SSLContext]:
    """Give a server's TLS settings with a certificate for a name."""

    def make(name: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name).configure_cert(context)
        return context

    return make


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    """A secret in a file that only its owner reads."""
    path = tmp_path / "secret"
    path.write_text(f"{SECRET}\n")
    path.chmod(0o600)
    return path
