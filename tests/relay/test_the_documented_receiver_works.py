"""docs/webhooks.md: its receiver verifies what the relay sends, its payload is what is sent."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pgmerit.relay.addresses import parse_networks, parse_url
from pgmerit.relay.delivery import Sender
from pgmerit.relay.endpoints import Settings, make_endpoints, read_config
from pgmerit.relay.messages import event_message
from pgmerit.relay.schedule import WAITS
from pgmerit.relay.signing import make_signer
from standardwebhooks import WebhookVerificationError

from tests.house.documentation import blocks
from tests.house.sources import ROOT
from tests.relay.conftest import SECRET, NewReceiver
from tests.relay.receiver import answers
from tests.relay.test_signatures_are_those_of_standard_webhooks import EVENT

PAGE = (ROOT / "docs/webhooks.md").read_text()


def block(kind: str) -> str:
    (found,) = [each.body for each in blocks(PAGE) if each.kind == kind]
    return found


def test_the_receiver_takes_each_event_once(
    new_receiver: NewReceiver, capsys: pytest.CaptureFixture[str]
) -> None:
    names: dict[str, Any] = {}
    exec(block("python"), names)
    receive: Callable[[bytes, dict[str, str]], int] = names["receive"]
    app = new_receiver(
        lambda exchange: answers(receive(exchange.request.body, exchange.request.headers))(exchange)
    )
    sender = Sender(
        parse_url(app.url()),
        make_signer([SECRET], "the test"),
        allowed=parse_networks(["127.0.0.0/8"]),
    )
    assert [sender.send(event_message(EVENT)).status for _ in range(2)] == [204, 204]
    assert capsys.readouterr().out == "badge.awarded Første «samtale»\n"
    with pytest.raises(WebhookVerificationError):
        receive(b"{}", app.requests[0].headers)


def test_the_payload_has_the_keys_that_are_told() -> None:
    def keys(value: Any) -> Any:
        return (
            {name: keys(each) for name, each in value.items() if name != "details"}
            if (isinstance(value, dict))
            else None
        )

    assert keys(json.loads(block("json"))) == keys(json.loads(event_message(EVENT).body))


def test_the_waits_are_those_that_are_told() -> None:
    told = (5, 30, 2 * 60, 10 * 60, 30 * 60, 2 * 3600, 6 * 3600, 12 * 3600, *(86_400,) * 4)
    assert told == WAITS
    page = re.sub(r"\s+", " ", PAGE)
    assert "5 and 30 seconds, 2, 10 and 30 minutes, 2, 6 and 12 hours, then a day, four" in page
    assert f"refused {len(WAITS) + 1} times" in page


def test_the_file_describes_endpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "relay.yaml").write_text(block("yaml"))
    (tmp_path / "secret").write_text(SECRET)
    monkeypatch.setenv("PGMERIT_RELAY_SECRET", SECRET)
    app, engineering = make_endpoints(read_config(tmp_path / "relay.yaml"))[0]
    assert (app.name, engineering.name, engineering.timeout) == ("app", "engineering", 5.0)
    for key in Settings.model_fields:
        assert f"`{key}`" in PAGE or f"{key}:" in block("yaml")
