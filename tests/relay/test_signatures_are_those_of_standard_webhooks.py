"""What is signed is what a receiver checks, by the library's own hand and by its vector."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pgmerit.errors import PgmeritError
from pgmerit.relay.addresses import parse_networks, parse_url
from pgmerit.relay.delivery import Sender
from pgmerit.relay.messages import event_message, trial_message
from pgmerit.relay.signing import make_signer, read_signer
from standardwebhooks import Webhook, WebhookVerificationError

from tests.engine import ANN
from tests.relay.conftest import SECRET, NewReceiver

OTHER = "whsec_" + base64.b64encode(b"o" * 32).decode()
LOOPBACK = parse_networks(["127.0.0.0/8"])
EVENT = {
    "event_id": 7,
    "peer_mentor_id": ANN,
    "org_id": "nhf",
    "badge_definition_id": "first",
    "name": "Første «samtale»",
    "tier": "",
    "occurrence": 1,
    "event_type": "awarded",
    "source": "rule",
    "created_at": datetime(2026, 3, 1, 12, tzinfo=UTC),
    "details": '{"n": 1.10, "huge": 1e400}',
}


def test_the_published_vector() -> None:
    # https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
    headers = make_signer([SECRET], "the test").headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, UTC),
        b'{"test": 2432232314}',
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_delivery_is_verified_by_the_library(new_receiver: NewReceiver) -> None:
    receiver = new_receiver()
    sender = Sender(parse_url(receiver.url()), make_signer([SECRET], "the test"), allowed=LOOPBACK)
    assert sender.send(event_message(EVENT)).error is None
    (request,) = receiver.requests
    told = Webhook(SECRET).verify(request.body, request.headers)
    assert told["type"] == "badge.awarded"
    assert told["data"]["name"] == "Første «samtale»"
    assert told["data"]["details"]["n"] == 1.1
    assert request.id == "evt_7"
    assert request.headers["content-type"] == "application/json"
    with pytest.raises(WebhookVerificationError):
        Webhook(OTHER).verify(request.body, request.headers)


def test_two_secrets_sign_while_they_are_changed(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text(f"{OTHER}\n{SECRET}\n")
    path.chmod(0o600)
    signer, warning = read_signer(path)
    assert warning is None
    message = trial_message(datetime.now(UTC))
    headers = signer.headers(message.message_id, datetime.now(UTC), message.body)
    for secret in (OTHER, SECRET):
        assert Webhook(secret).verify(message.body, headers)["type"] == "relay.test"


def test_the_body_keeps_every_number_and_its_bytes() -> None:
    body = event_message(EVENT).body
    assert body == event_message(dict(EVENT)).body
    assert b'"details":{"n": 1.10, "huge": 1e400}' in body
    told = json.loads(body)
    assert told["timestamp"] == told["data"]["created_at"] == "2026-03-01T12:00:00.000000Z"


def test_an_alert_is_named_in_the_type() -> None:
    event = EVENT | {"event_type": "alert", "details": '{"alert": "drift_found"}'}
    assert json.loads(event_message(event).body)["type"] == "alert.drift_found"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "holds no secret"),
        ("whsec_c2hvcnQ=", "holds no secret of 24 to 64 bytes"),
        ("whsec_!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!", "holds no secret of 24 to 64 bytes"),
        (f"{SECRET}\n{OTHER}\n{SECRET}", "more than two"),
        (f"{SECRET}\nwhsec_c2hvcnQ=", "holds no secret of 24 to 64 bytes"),
    ],
)
def test_a_file_without_a_usable_secret_is_refused_and_not_repeated(
    tmp_path: Path, content: str, said: str
) -> None:
    path = tmp_path / "secret"
    path.write_text(content)
    with pytest.raises(PgmeritError, match=said) as refused:
        read_signer(path)
    told = f"{refused.value.message} {refused.value.hint}"
    assert not any(line[6:] in told for line in content.split())


def test_a_file_that_others_read_is_told(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text(SECRET)
    path.chmod(0o644)
    signer, warning = read_signer(path)
    assert warning is not None
    assert "chmod 600" in warning
    assert SECRET[6:] not in repr(signer)
