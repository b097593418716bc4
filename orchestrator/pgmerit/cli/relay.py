"""`pgmerit relay`: award events as signed webhooks."""

from __future__ import annotations

import contextlib
import functools
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from pgmerit import mentors, routines
from pgmerit.cli.common import (
    FILE,
    Database,
    database_options,
    emit,
    format_option,
    moment_option,
    print_people,
    say,
)
from pgmerit.errors import PgmeritError, StoppedError
from pgmerit.relay.endpoints import (
    DEFAULT_TIMEOUT,
    DEFAULT_WORKERS,
    LONGEST_TIMEOUT,
    MOST_WORKERS,
    SECRET_VARIABLE,
    SHORTEST_TIMEOUT,
    Endpoint,
    Settings,
    make_endpoints,
    read_config,
)
from pgmerit.relay.messages import trial_message
from pgmerit.relay.running import Relay

F = TypeVar("F", bound=Callable[..., Any])

_EVENT_ID = click.IntRange(1, 2**63 - 1)


def endpoint_options(command: F) -> F:
    """Add what describes endpoints, and pass the command `endpoints`, a function that makes them.

    They are made when asked for, since a group's options are read for its subcommands too.
    """

    @click.option("--to", "urls", multiple=True, metavar="URL", help="Where to; may be repeated.")
    @click.option(
        "--secret-file",
        "secret_files",
        multiple=True,
        type=FILE,
        help="One secret, or two while they are changed, a line each; one file for every --to, or"
        f" one for each. Default: the variable {SECRET_VARIABLE}.",
    )
    @click.option("--config", type=FILE, help="A file that describes endpoints, instead of --to.")
    @click.option(
        "--allow-network",
        "networks",
        multiple=True,
        metavar="CIDR",
        help="A private network that may be reached, by plain http too; may be repeated.",
    )
    @click.option("--ca-file", type=FILE, help="Authorities to trust beside the system's, in PEM.")
    @click.option(
        "--timeout",
        type=click.FloatRange(SHORTEST_TIMEOUT, LONGEST_TIMEOUT),
        default=DEFAULT_TIMEOUT,
        show_default=True,
        metavar="SECONDS",
        help="How long one attempt may take, from the look-up of the name to the answer's end.",
    )
    @functools.wraps(command)
    def wrapped(
        *args: Any,
        urls: tuple[str, ...],
        secret_files: tuple[Path, ...],
        config: Path | None,
        networks: tuple[str, ...],
        ca_file: Path | None,
        timeout: float,
        **kwargs: Any,
    ) -> Any:
        def endpoints(**more: Any) -> list[Endpoint]:
            if config is None:
                listed = _from_options(
                    urls,
                    secret_files,
                    allow_networks=list(networks),
                    ca_file=None if ca_file is None else str(ca_file),
                    timeout=timeout,
                    **more,
                )
            else:
                _refuse_beside_config(click.get_current_context())
                listed = read_config(config)
            made, warnings = make_endpoints(listed)
            for each in warnings:
                say(f"warning: {each}")
            return made

        return command(*args, endpoints=endpoints, **kwargs)

    return wrapped  # type: ignore[return-value]


def _from_options(
    urls: Sequence[str], secret_files: Sequence[Path], **settings: Any
) -> list[Settings]:
    if not urls:
        raise click.UsageError("say where to with --to or --config")
    if len(secret_files) > 1 and len(secret_files) != len(urls):
        raise click.UsageError("give one --secret-file, or one for each --to")
    files: Sequence[Path | None] = secret_files or [None]
    paired = zip(urls, files if len(files) > 1 else [files[0]] * len(urls), strict=True)
    return [
        Settings.model_construct(to=to, secret_file=None if file is None else str(file), **settings)
        for to, file in paired
    ]


_OF_ENDPOINTS = {
    "urls", "secret_files", "networks", "ca_file", "timeout",
    "workers", "event_types", "org_ids", "badge_definition_ids",
}  # fmt: skip


def _refuse_beside_config(ctx: click.Context) -> None:
    for each in _given(ctx):
        if each.name in _OF_ENDPOINTS:
            raise click.UsageError(f"{each.opts[0]} is said in the file of --config")


def _given(ctx: click.Context) -> list[click.Parameter]:
    """List the parameters that were given on the command line."""
    return [
        each
        for each in ctx.command.params
        if each.name and ctx.get_parameter_source(each.name) is ParameterSource.COMMANDLINE
    ]


@click.group("relay", invoke_without_command=True)
@endpoint_options
@click.option("--event-type", "event_types", multiple=True, help="Only these events; repeatable.")
@click.option("--org", "org_ids", multiple=True, help="Only these organizations; repeatable.")
@click.option(
    "--badge", "badge_definition_ids", multiple=True, help="Only these badges; repeatable."
)
@click.option(
    "--from",
    "beginning",
    type=click.Choice(["beginning", "now"]),
    default="beginning",
    show_default=True,
    help="Which events an endpoint gets that is seen for the first time.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, MOST_WORKERS),
    default=DEFAULT_WORKERS,
    show_default=True,
    help="How many deliveries to one endpoint go on at once.",
)
@click.option("--once", "is_once", is_flag=True, help="Deliver what is due, and end.")
@database_options
@format_option
@click.pass_context
def command(
    ctx: click.Context,
    endpoints: Callable[..., list[Endpoint]],
    event_types: tuple[str, ...],
    org_ids: tuple[str, ...],
    badge_definition_ids: tuple[str, ...],
    beginning: str,
    workers: int,
    is_once: bool,
    database: Database,
    output_format: str,
) -> None:
    """Deliver award events to endpoints as webhooks, signed after Standard Webhooks.

    Runs until it is told to stop (SIGTERM): then what is being sent is finished and the rest given
    back. An event may arrive twice, always with the same webhook-id.
    Exit codes: 0 fine, 1 with --once when a delivery failed, 2 wrong use or failure.
    """
    if ctx.invoked_subcommand is not None:
        for each in _given(ctx):
            raise click.UsageError(f"put {each.opts[0]} behind {ctx.invoked_subcommand}")
        return
    made = endpoints(
        workers=workers,
        event_types=list(event_types) or None,
        org_ids=list(org_ids) or None,
        badge_definition_ids=list(badge_definition_ids) or None,
    )
    relay = Relay(database.dsn, made, say, is_once=is_once)
    with _ending(relay) as received:
        relay.register(from_now=beginning == "now")
        tallies = relay.run()
    if signal.SIGINT in received:
        raise StoppedError(_what_waits(database, [each.name for each in made]))
    emit([{"endpoint": name, **asdict(each)} for name, each in tallies.items()], output_format)
    if is_once and any(each.failed for each in tallies.values()):
        ctx.exit(1)


@contextlib.contextmanager
def _ending(relay: Relay) -> Iterator[list[int]]:
    """End the relay cleanly at the first signal; the second one ends the process."""
    received: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM)

    def handle(number: int, frame: FrameType | None) -> None:
        received.append(number)
        for each in numbers:
            signal.signal(each, signal.SIG_DFL)
        relay.stop()

    before = {each: signal.signal(each, handle) for each in numbers}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _what_waits(database: Database, names: Sequence[str]) -> str:
    try:
        with contextlib.closing(database.connect(autocommit=True)) as connection:
            listed = routines.list_consumers(connection)
    except PgmeritError:
        return "stopped: what waits for delivery stays in the database; `pgmerit relay` goes on"
    pending = sum(each["pending"] for each in listed if each["consumer"] in names)
    waits = "1 event waits" if pending == 1 else f"{pending} events wait"
    return f"stopped: {waits} for delivery; `pgmerit relay` goes on"


@command.command("test")
@endpoint_options
@format_option
def test(endpoints: Callable[..., list[Endpoint]], output_format: str) -> int:
    """Send a message of type relay.test on the same way as events, and tell what came of it.

    Needs no database. Ends with 1 when an endpoint did not take it.
    """
    rows = []
    for each in endpoints():
        with contextlib.closing(each.sender()) as sender:
            answer = sender.send(trial_message(datetime.now(UTC)))
        rows.append(
            {
                "endpoint": each.name,
                "taken": answer.error is None,
                "status": answer.status,
                "milliseconds": answer.milliseconds,
                "error": answer.error,
            }
        )
    emit(rows, output_format)
    return 0 if all(row["taken"] for row in rows) else 1


@command.command("status")
@click.option(
    "--max-age",
    type=click.FloatRange(0, 1e9),
    default=3600.0,
    show_default=True,
    metavar="SECONDS",
    help="How long an event may wait before that counts as trouble.",
)
@database_options
@format_option
def status(max_age: float, database: Database, output_format: str) -> int:
    """Show what waits for each endpoint and for how long, dead letters and the last delivery.

    Ends with 1 when one is disabled, has dead letters, or has let an event wait too long.
    """
    with contextlib.closing(database.connect(autocommit=True)) as connection:
        rows = [_status_row(each, max_age) for each in routines.list_consumers(connection)]
    emit(rows, output_format)
    return 0 if all(row["state"] == "fine" for row in rows) else 1


def _status_row(row: routines.Row, max_age: float) -> dict[str, Any]:
    oldest = row["oldest_pending_at"]
    age = None if oldest is None else max(0, int((datetime.now(UTC) - oldest).total_seconds()))
    state = "fine"
    if row["disabled_at"] is not None:
        state = "disabled"
    elif row["dead"]:
        state = "dead letters"
    elif age is not None and age > max_age:
        state = "late"
    return {
        "endpoint": row["consumer"],
        "state": state,
        "pending": row["pending"],
        "oldest_seconds": age,
        "dead": row["dead"],
        "last_delivery": row["last_done_at"],
        "reason": row["disabled_reason"],
    }


_consumer_option = click.option(
    "--consumer", metavar="NAME", help="One endpoint, by the name that `relay status` shows."
)


@command.command("dead")
@_consumer_option
@database_options
@format_option
def dead(consumer: str | None, database: Database, output_format: str) -> None:
    """List the dead letters: events that were tried for about five days."""
    with contextlib.closing(database.connect(autocommit=True)) as connection:
        rows = routines.list_dead_events(connection, consumer)
        names = mentors.names_in(connection, rows)
    print_people(rows, names, output_format)


@command.command("replay")
@_consumer_option
@click.option(
    "--event",
    "event_ids",
    multiple=True,
    type=_EVENT_ID,
    metavar="ID",
    help="An event, delivered or dead; may be repeated.",
)
@click.option("--all", "is_all", is_flag=True, help="Every dead letter.")
@moment_option("--since", help="Every event since then, delivered or dead, with its offset.")
@database_options
@format_option
def replay(
    consumer: str | None,
    event_ids: tuple[int, ...],
    is_all: bool,
    since: datetime | None,
    database: Database,
    output_format: str,
) -> None:
    """Deliver events again, each with the webhook-id it had.

    Without --consumer to every endpoint.
    """
    if sum((bool(event_ids), is_all, since is not None)) != 1:
        raise click.UsageError("give one of --event, --all and --since")
    with contextlib.closing(database.connect(autocommit=True)) as connection:
        listed = routines.list_consumers(connection)
        names = [consumer] if consumer else [each["consumer"] for each in listed]
        with connection.transaction():
            queued = {
                name: routines.replay_events(connection, name, list(event_ids) or None, since)
                for name in names
            }
    emit([{"endpoint": name, "queued": count} for name, count in queued.items()], output_format)


@command.command("enable")
@click.argument("name")
@database_options
@format_option
def enable(name: str, database: Database, output_format: str) -> None:
    """Deliver again to the endpoint NAME, which was disabled; what waited goes first."""
    with contextlib.closing(database.connect(autocommit=True)) as connection:
        changed = routines.enable_consumer(connection, name)
    emit({"endpoint": name, "changed": changed}, output_format)
