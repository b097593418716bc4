"""Which URLs and addresses an event may be sent to.

An administrator names a URL, and whoever answers for its name decides where it leads. So the name
is resolved once, every address that comes of it is looked at, and what was looked at is what is
connected to (`delivery.CheckedBackend`).
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from urllib.parse import urlsplit

import idna

from pgmerit.errors import PgmeritError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_LONGEST_URL = 2000
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?")
_PORTS = {"https": 443, "http": 80}

# What `ipaddress.is_global` of the supported Pythons calls global, or changed its mind about.
_NOT_PUBLIC = tuple(
    map(
        ip_network,
        (
            "100.64.0.0/10",  # shared by a carrier's customers
            "192.0.0.0/24",  # protocol assignments
            "192.88.99.0/24",  # relays of 6to4
            "64:ff9b:1::/48",  # translation to the local IPv4 network
            "100::/16",  # discarded
            "2001::/23",  # protocol assignments, Teredo among them
            "3fff::/20",  # documentation
            "5f00::/16",  # segment routing
            "fec0::/10",  # the old site-local
        ),
    )
)
_TRANSLATED = ip_network("64:ff9b::/96")
_COMPATIBLE = ip_network("::/96")


class RefusedError(Exception):
    """Nothing was sent: the name is not known, or leads where no event may go."""


@dataclass(frozen=True)
class Target:
    """A URL taken apart; `path` holds the query too, `host` is in ASCII and without brackets."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def host_header(self) -> str:
        """What the header Host says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def parse_url(url: str) -> Target:
    """Take a URL apart; raises PgmeritError, which repeats nothing of it: it may hold a secret."""
    if len(url) > _LONGEST_URL:
        raise _bad_url(f"is longer than {_LONGEST_URL} characters")
    if re.search(r"[\x00-\x20\x7f\\]", url) or not url.isprintable():
        raise _bad_url("holds a space, a backslash or a control character")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise _bad_url("cannot be read") from None
    if parts.scheme not in _PORTS:
        raise _bad_url("does not begin with https://")
    if "@" in parts.netloc:
        raise _bad_url("holds a user name or password; the signature is what tells who sends")
    if parts.fragment:
        raise _bad_url("holds a fragment, which is never sent")
    if port == 0:
        raise _bad_url("names the port 0")
    path = parts.path or "/"
    if parts.query:
        path = f"{path}?{parts.query}"
    if not path.isascii():
        raise _bad_url("has a path that is not percent-encoded")
    return Target(parts.scheme, _ascii_host(host), port or _PORTS[parts.scheme], path)


def _ascii_host(host: str) -> str:
    if ":" in host:
        # urlsplit took no other than an address; a zone belongs to one machine alone.
        if "%" in host:
            raise _bad_url("names a zone of this machine")
        return str(ip_address(host))
    try:
        ascii_host = host if host.isascii() else idna.encode(host, uts46=True).decode("ascii")
    except idna.IDNAError:
        raise _bad_url("has a host name that is no domain") from None
    ascii_host = ascii_host.lower().removesuffix(".")
    if not _HOST.fullmatch(ascii_host) or len(ascii_host) > 253:
        raise _bad_url("has no host name")
    return ascii_host


def _bad_url(said: str) -> PgmeritError:
    return PgmeritError(
        f"the URL of the endpoint {said}", "Give one such as https://app.example.org/hooks/badges."
    )


def parse_networks(networks: Sequence[str]) -> tuple[Network, ...]:
    """Read networks such as 10.0.0.0/8; raises PgmeritError."""
    return tuple(map(_network, networks))


def _network(given: str) -> Network:
    try:
        return ip_network(given)
    except ValueError:
        raise PgmeritError(
            f'"{given[:60]}" is no network', "Give one such as 10.0.0.0/8 or fd00::/8."
        ) from None


def find_addresses(
    target: Target, allowed: Sequence[Network], timeout: float
) -> tuple[Address, ...]:
    """Resolve the target's host, once, and check every address it has.

    Raises RefusedError where one of them is not public and in none of the allowed networks, or
    where plain http would leave them; TimeoutError when nobody has answered in time.
    """
    found = _resolve(target, timeout)
    for address in found:
        if _is_within(address, allowed):
            continue
        if target.scheme != "https":
            raise RefusedError("plain http is only sent to an allowed network (--allow-network)")
        if not is_public(address):
            raise RefusedError(
                f"{address} is not a public address, nor in an allowed network (--allow-network)"
            )
    return found


def is_public(address: Address) -> bool:
    """Tell whether an address, and the IPv4 address inside it, is one of the open internet."""
    if isinstance(address, IPv6Address):
        inner = _inside(address)
        if inner is not None:
            return is_public(inner)
    is_special = address.is_multicast or address.is_reserved or address.is_unspecified
    return address.is_global and not is_special and not _is_within(address, _NOT_PUBLIC)


def _inside(address: IPv6Address) -> IPv4Address | None:
    """Give the IPv4 address that a mapped, 6to4 or translated address leads to."""
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and (address in _TRANSLATED or address in _COMPATIBLE):
        inner = IPv4Address(address.packed[-4:])
    return inner


def _is_within(address: Address, networks: Sequence[Network]) -> bool:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return any((mapped or address) in network for network in networks)


def _resolve(target: Target, timeout: float) -> tuple[Address, ...]:
    """Ask the system's resolver, which knows no deadline, from a thread that may be left behind."""
    answer: Future[list[Address]] = Future()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
            answer.set_result([ip_address(str(each[4][0]).partition("%")[0]) for each in found])
        except BaseException as exc:
            answer.set_exception(exc)

    threading.Thread(target=ask, daemon=True).start()
    try:
        return tuple(dict.fromkeys(answer.result(timeout)))
    except TimeoutError:
        raise
    except (OSError, UnicodeError) as exc:
        told = exc.strerror if isinstance(exc, OSError) and exc.strerror else "no such name"
        raise RefusedError(f"the host name cannot be resolved: {told}") from exc
