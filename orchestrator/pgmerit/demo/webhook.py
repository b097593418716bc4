"""One award on its way out: a receiver on this machine, and the relay that delivers to it."""

from __future__ import annotations

import base64
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from pgmerit import routines
from pgmerit.database import Connection, is_free
from pgmerit.relay.addresses import parse_networks, parse_url
from pgmerit.relay.endpoints import Endpoint
from pgmerit.relay.running import Relay
from pgmerit.relay.signing import make_signer
from standardwebhooks import Webhook, WebhookVerificationError

CONSUMER = "demo"


class Receiver(ThreadingHTTPServer):
    """Takes what is signed with the secret, and remembers it."""

    daemon_threads = True

    def __init__(self, secret: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.webhook = Webhook(secret)
        self.received: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}/badges"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        """Check the signature; only then read what came."""
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        try:
            self.server.webhook.verify(body, dict(self.headers.items()))
        except WebhookVerificationError:
            self.send_response(401)
        else:
            self.server.received.append(
                {"webhook-id": self.headers["webhook-id"], **json.loads(body)}
            )
            self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing on stderr."""


@contextmanager
def receiver(secret: str) -> Iterator[Receiver]:
    """Run a receiver for as long as the block."""
    with Receiver(secret) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield running
        finally:
            running.shutdown()
            thread.join()


@contextmanager
def delivering(connection: Connection, dsn: str) -> Iterator[list[dict[str, Any]]]:
    """Deliver what the block awards to a receiver of its own; the list fills as the block ends."""
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    with receiver(secret) as running:
        endpoint = Endpoint(
            name=CONSUMER,
            target=parse_url(running.url),
            signer=make_signer([secret], "the demo"),
            event_types=None,
            org_ids=None,
            badge_definition_ids=None,
            allowed=parse_networks(["127.0.0.0/8"]),
            ca_file=None,
            timeout=15.0,
            workers=1,
        )
        relay = Relay(dsn, [endpoint], lambda said: None, is_once=True)
        relay.register(from_now=True)
        try:
            yield running.received
            relay.run()
        finally:
            if is_free(connection):
                routines.remove_consumer(connection, CONSUMER)
