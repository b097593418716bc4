"""Only https, only public addresses or allowed networks, and only the address that was checked."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from contextlib import ExitStack
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from pgmerit.errors import PgmeritError
from pgmerit.relay.addresses import is_public, parse_networks, parse_url
from pgmerit.relay.delivery import Answer, Sender
from pgmerit.relay.messages import Message
from pgmerit.relay.signing import make_signer

from tests.relay.conftest import SECRET, NewReceiver
from tests.relay.receiver import answers

MESSAGE = Message("evt_1", b"{}")


def send(url: str, *networks: str, ca_file: Path | None = None, timeout: float = 5.0) -> Answer:
    sender = Sender(
        parse_url(url),
        make_signer([SECRET], "the test"),
        allowed=parse_networks(networks),
        ca_file=ca_file,
        timeout=timeout,
    )
    return sender.send(MESSAGE)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Answer for host names that end in .test, each time with the next answer; gives what asked."""

    def answer(*turns: list[str]) -> list[str]:
        asked: list[str] = []
        real = socket.getaddrinfo

        def getaddrinfo(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
            if not str(host).endswith(".test"):
                return real(host, port, *args, **kwargs)
            asked.append(host)
            turn = turns[min(len(asked), len(turns)) - 1]
            return [found for each in turn for found in real(each, port, *args, **kwargs)]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        return asked

    return answer


NOT_PUBLIC = """
127.0.0.1 127.255.255.254 0.0.0.0 0.1.2.3 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1
169.254.169.254 100.64.0.1 100.127.255.255 192.0.0.1 192.0.2.1 198.18.0.1 198.51.100.1 203.0.113.1
192.88.99.1 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255 :: ::1 fe80::1 fc00::1
fd00:ec2::254 fec0::1 ff02::1 100::1 2001:db8::1 2001::1 2001:10::1 3fff::1 5f00::1 64:ff9b:1::1
::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::127.0.0.1 2002:7f00:1:: 2002:a9fe:a9fe::
2002:a00:1:: 64:ff9b::127.0.0.1 64:ff9b::10.1.2.3 64:ff9b::a9fe:a9fe
"""
PUBLIC = """
8.8.8.8 1.1.1.1 172.15.255.255 172.32.0.1 100.63.255.255 100.128.0.1 169.253.255.255 223.255.255.1
2606:4700:4700::1111 2a00:1450:400f:80a::200e ::ffff:8.8.8.8 64:ff9b::808:808
"""


def test_an_address_of_a_private_or_special_network_is_not_public() -> None:
    assert [each for each in NOT_PUBLIC.split() if is_public(ip_address(each))] == []


def test_an_address_of_the_open_internet_is_public() -> None:
    assert [each for each in PUBLIC.split() if not is_public(ip_address(each))] == []


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "localhost", "0x7f.1", "2130706433", "0177.0.0.1", "127.1", "0"),
        *("[::1]", "[::ffff:127.0.0.1]", "[::]", "[::ffff:7f00:1]", "LOCALHOST."),
    ],
)
def test_no_spelling_of_this_machine_is_sent_to(new_receiver: NewReceiver, host: str) -> None:
    receiver = new_receiver()
    answer = send(f"https://{host}:{receiver.port}/hook")
    assert answer.status is None
    assert answer.error is not None
    assert "is not a public address" in answer.error or "resolved" in answer.error
    assert receiver.connections == 0


def test_the_metadata_service_behind_a_name_is_refused(names: Callable[..., list[str]]) -> None:
    names(["169.254.169.254"])
    assert "169.254.169.254 is not a public address" in str(send("https://app.test/").error)


def test_one_private_address_among_public_ones_refuses_the_name(
    names: Callable[..., list[str]], new_receiver: NewReceiver
) -> None:
    receiver = new_receiver()
    names(["93.184.216.34", "127.0.0.1"])
    answer = send(f"https://app.test:{receiver.port}/")
    assert "127.0.0.1 is not a public address" in str(answer.error)
    assert receiver.connections == 0


def test_the_checked_address_is_the_one_connected_to(
    names: Callable[..., list[str]], new_receiver: NewReceiver
) -> None:
    # The name leads to an allowed address when it is checked, to another when asked again.
    elsewhere = new_receiver()
    asked = names(["127.0.0.2"], ["127.0.0.1"])
    url = f"http://rebound.test:{elsewhere.port}/"
    assert send(url, "127.0.0.2/32").error == "connection refused"
    assert asked == ["rebound.test"]
    assert elsewhere.connections == 0
    assert "plain http" in str(send(url, "127.0.0.2/32").error)
    assert elsewhere.connections == 0


def test_a_second_address_is_tried_when_the_first_does_not_answer(
    names: Callable[..., list[str]], new_receiver: NewReceiver
) -> None:
    receiver = new_receiver()
    names(["127.0.0.2", "127.0.0.1"])
    assert send(f"http://app.test:{receiver.port}/", "127.0.0.0/8").error is None
    assert receiver.requests[0].headers["host"] == f"app.test:{receiver.port}"


def test_an_address_that_swallows_everything_leaves_time_for_the_next(
    names: Callable[..., list[str]], new_receiver: NewReceiver
) -> None:
    receiver = new_receiver()
    names(["127.0.0.2", "127.0.0.1"])
    with ExitStack() as opened:
        place = ("127.0.0.2", receiver.port)
        opened.enter_context(socket.create_server(place, backlog=0))
        for _ in range(4):  # nobody accepts, and no more find room to wait
            waiting = opened.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(place)
        url = f"http://app.test:{receiver.port}/"
        assert send(url, "127.0.0.0/8", timeout=0.8).error is None


def test_plain_http_goes_to_an_allowed_network_only(
    names: Callable[..., list[str]], new_receiver: NewReceiver
) -> None:
    receiver = new_receiver()
    assert send(receiver.url(), "127.0.0.0/8").error is None
    names(["93.184.216.34"])
    assert "plain http" in str(send("http://app.test/", "127.0.0.0/8").error)
    assert "plain http" in str(send(receiver.url(), "10.0.0.0/8").error)


def test_no_redirect_is_followed(new_receiver: NewReceiver) -> None:
    inner = new_receiver()
    for status in (301, 302, 303, 307, 308):
        outer = new_receiver(answers(status, f"Location: {inner.url('/secret')}"))
        answer = send(outer.url(), "127.0.0.0/8")
        assert answer.status == status
        assert answer.error == f"the receiver redirects ({status}), which is not followed"
    assert inner.connections == 0


def test_no_proxy_of_the_environment_is_used(
    new_receiver: NewReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, receiver = new_receiver(), new_receiver()
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, proxy.url(""))
    assert send(receiver.url(), "127.0.0.0/8").error is None
    assert (proxy.connections, receiver.connections) == (0, 1)


def test_the_certificate_is_that_of_the_name(
    names: Callable[..., list[str]],
    new_receiver: NewReceiver,
    tls_for: Callable[[str], ssl.SSLContext],
    ca_file: Path,
) -> None:
    receiver = new_receiver(tls=tls_for("app.test"))
    names(["127.0.0.1"])
    url = f"https://app.test:{receiver.port}/"
    assert send(url, "127.0.0.0/8", ca_file=ca_file).error is None
    unknown = send(url, "127.0.0.0/8")
    assert str(unknown.error).startswith("the certificate is not trusted: ")
    other = send(f"https://other.test:{receiver.port}/", "127.0.0.0/8", ca_file=ca_file)
    assert "certificate is not valid for 'other.test'" in str(other.error)
    assert len(receiver.requests) == 1


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://app.example.org/", "does not begin with https://"),
        ("file:///etc/passwd", "does not begin with https://"),
        ("app.example.org/hook", "does not begin with https://"),
        ("https://tom:geheim@app.example.org/", "holds a user name or password"),
        ("https://tom@app.example.org/", "holds a user name or password"),
        ("https:///hook", "has no host name"),
        ("https://app.example.org/#part", "holds a fragment"),
        ("https://app.example.org:0/", "names the port 0"),
        ("https://app.example.org:99999/", "cannot be read"),
        ("https://[::1/", "cannot be read"),
        ("https://[fe80::1%25eth0]/", "names a zone"),
        ("https://app.example.org/a b", "holds a space"),
        ("https://app.example.org\\@127.0.0.1/", "holds a space, a backslash"),
        ("https://app.example.org/\r\nX: y", "holds a space"),
        ("https://app.example.org/smørbrød", "is not percent-encoded"),
        ("https://-bad-.example.org/", "has no host name"),
        ("https://" + "a" * 300 + ".org/", "has no host name"),
        ("https://app.example.org/" + "a" * 2000, "is longer than 2000"),
        ("https://a..ø/", "is no domain"),
    ],
)
def test_an_odd_url_is_refused_without_being_repeated(url: str, said: str) -> None:
    with pytest.raises(PgmeritError, match=said) as refused:
        parse_url(url)
    assert "geheim" not in refused.value.message


def test_a_url_is_taken_apart() -> None:
    assert parse_url("https://BLÅBÆR.example.org./a?b=c") == parse_url(
        "https://xn--blbr-roah.example.org/a?b=c"
    )
    target = parse_url("https://[2001:db8::1]:8443")
    assert (target.host, target.host_header) == ("2001:db8::1", "[2001:db8::1]:8443")
    assert (target.path, parse_url("https://a.org?x=1").path) == ("/", "/?x=1")
