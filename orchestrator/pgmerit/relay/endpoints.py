"""Endpoints: where events go, with which secret, and which events."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from pgmerit.errors import PgmeritError
from pgmerit.relay.addresses import Network, Target, parse_networks, parse_url
from pgmerit.relay.delivery import Sender, tls_context
from pgmerit.relay.signing import Signer, make_signer, read_signer
from pgmerit.rules.files import load_document
from pgmerit.rules.grammar import Problem, step

SECRET_VARIABLE = "PGMERIT_RELAY_SECRET"  # noqa: S105
DEFAULT_TIMEOUT = 15.0
SHORTEST_TIMEOUT, LONGEST_TIMEOUT = 0.1, 300.0
DEFAULT_WORKERS = 4
MOST_WORKERS = 64


def _number(given: Any) -> Any:
    """Take the reader's exact number for a float."""
    return float(given) if isinstance(given, Decimal) else given


Text = Annotated[str, Field(min_length=1, max_length=4000)]


class Settings(BaseModel):
    """What is said of one endpoint, in a file or by options."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")] | None = None
    to: Text
    secret_file: Text | None = None
    secret_env: Text | None = None
    event_types: list[Text] | None = None
    org_ids: list[Text] | None = None
    badge_definition_ids: list[Text] | None = None
    allow_networks: list[Text] = []
    ca_file: Text | None = None
    timeout: Annotated[
        float, BeforeValidator(_number), Field(ge=SHORTEST_TIMEOUT, le=LONGEST_TIMEOUT)
    ] = DEFAULT_TIMEOUT
    workers: Annotated[int, Field(ge=1, le=MOST_WORKERS)] = DEFAULT_WORKERS

    @model_validator(mode="after")
    def _names_one_secret(self) -> Settings:
        if self.secret_file and self.secret_env:
            raise ValueError("has both secret_file and secret_env")
        return self


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    endpoints: Annotated[list[Settings], Field(min_length=1)]


@dataclass(frozen=True)
class Endpoint:
    """One consumer of events; `name` is the consumer's."""

    name: str
    target: Target
    signer: Signer
    event_types: list[str] | None
    org_ids: list[str] | None
    badge_definition_ids: list[str] | None
    allowed: tuple[Network, ...]
    ca_file: Path | None
    timeout: float
    workers: int

    def sender(self) -> Sender:
        """Open what delivers to it."""
        return Sender(
            self.target,
            self.signer,
            allowed=self.allowed,
            timeout=self.timeout,
            ca_file=self.ca_file,
        )


def read_config(path: Path) -> list[Settings]:
    """Read the endpoints of a file in YAML or JSON; raises PgmeritError with every problem.

    Relative paths in it begin at its folder.
    """
    document = load_document(path, "a list of endpoints")
    problems = list(document.problems)
    try:
        listed = _File.model_validate(document.value).endpoints
    except ValidationError as exc:
        problems += [
            Problem(_path(each["loc"]), _lowered(each["msg"]), "") for each in exc.errors()
        ]
    if problems:
        raise PgmeritError(
            f"{path} does not describe endpoints",
            "Look up the keys in docs/webhooks.md.",
            [
                {
                    "path": each.path,
                    "message": each.problem,
                    "allowed": each.allowed,
                    "line": each.line,
                    "column": each.column,
                }
                for each in map(document.place, problems)
            ],
        )
    beside = path.parent
    return [
        each.model_copy(
            update={
                key: str(beside / value)
                for key in ("secret_file", "ca_file")
                if (value := getattr(each, key))
            }
        )
        for each in listed
    ]


def _path(location: Sequence[str | int]) -> str:
    path = "$"
    for each in location:
        path = step(path, each)
    return path


def _lowered(said: str) -> str:
    said = said.removeprefix("Value error, ")
    return said[:1].lower() + said[1:]


def make_endpoints(listed: Sequence[Settings]) -> tuple[list[Endpoint], list[str]]:
    """Make endpoints of what was said of them, and what should be said about their secrets.

    Raises PgmeritError where a URL, a secret or a network cannot be used, or a name stands twice.
    """
    endpoints, warnings = [], []
    for settings in listed:
        target = parse_url(settings.to)
        signer, warning = _find_signer(settings)
        warnings += [warning] if warning else []
        ca_file = Path(settings.ca_file) if settings.ca_file else None
        tls_context(ca_file)
        endpoints.append(
            Endpoint(
                settings.name or derive_name(target),
                target,
                signer,
                settings.event_types,
                settings.org_ids,
                settings.badge_definition_ids,
                parse_networks(settings.allow_networks),
                ca_file,
                settings.timeout,
                settings.workers,
            )
        )
    (name, count), *_ = Counter(each.name for each in endpoints).most_common(1)
    if count > 1:
        raise PgmeritError(
            f'two endpoints have the name "{name}"', "Name them apart in a file for --config."
        )
    return endpoints, list(dict.fromkeys(warnings))


def derive_name(target: Target) -> str:
    """Name the consumer of a target without a name: its host, and a hash of port and path.

    The path itself may be a secret and is not shown; the query, which may change, plays no part.
    """
    path = target.path.partition("?")[0]
    host = target.host.replace(":", "-").strip("-_")
    digest = hashlib.sha256(f"{target.host_header}{path}".encode()).hexdigest()[:8]
    return f"{host[:50].rstrip('.-')}-{digest}"


def _find_signer(settings: Settings) -> tuple[Signer, str | None]:
    if settings.secret_file:
        return read_signer(Path(settings.secret_file))
    variable = settings.secret_env or SECRET_VARIABLE
    value: Any = os.environ.get(variable)
    if not value:
        raise PgmeritError(
            "no secret is named for an endpoint"
            if settings.secret_env is None
            else f"the environment variable {variable} is not set",
            f"Give --secret-file, secret_file in the configuration, or {SECRET_VARIABLE}.",
        )
    return make_signer(value.split(), f"the environment variable {variable}"), None
