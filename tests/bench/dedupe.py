"""The command: python -m tests.bench.dedupe [--rows N] [--format json].

`pgmerit dedupe --apply` beside one transaction that locks, deletes and builds the index, on the
same rows, while the same writers insert.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import click
import psycopg
from pgmerit.cli.common import emit, format_option, say
from pgmerit.errors import PgmeritError

from tests.bench.machine import measured_database
from tests.dedupe import storm

WRITERS = 4
CONSTRAINT = "user_badges_user_id_badge_id_key"
EXTRA_PERCENT = 1

_ONE_SHOT = f"""
begin;
-- Without it a duplicate that arrives in between fails the index.
lock table {storm.TABLE} in share row exclusive mode;
delete from {storm.TABLE} as extra
using {storm.TABLE} as kept
where kept.user_id = extra.user_id
and kept.badge_id = extra.badge_id
and (kept.earned_at, kept.id) < (extra.earned_at, extra.id);
create unique index {CONSTRAINT} on {storm.TABLE} (user_id, badge_id);
commit;
"""


@dataclass(frozen=True)
class Measured:
    """How long a way took, and what its writers saw."""

    way: str
    seconds: float
    removed: int
    longest_wait_ms: float
    written: int
    errors: str


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--rows",
    type=click.IntRange(min=10_000),
    default=10_000_000,
    show_default=True,
    help="Rows of the table; one in a hundred is extra.",
)
@click.option("--dsn", metavar="DSN", help="A server to measure, by a superuser's connection.")
@click.option("--pg-bindir", type=click.Path(path_type=Path), help="The server's programs.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Where the own server keeps its data while it is measured.",
)
@format_option
def command(
    rows: int, dsn: str | None, pg_bindir: Path | None, folder: Path | None, output_format: str
) -> None:
    """Measure deduplication of a live table beside the one-shot."""
    try:
        with measured_database(dsn, pg_bindir, folder) as machine:
            settings = machine.settings()
            ways = [
                _measure(machine.dsn, rows, way, run)
                for way, run in (("dedupe", _dedupe), ("one-shot", _one_shot))
            ]
    except PgmeritError as error:
        say(f"error: {error.message}")
        raise SystemExit(error.exit_code) from None
    ratio = round(ways[0].seconds / ways[1].seconds, 2)
    told = {"rows": rows, "writers": WRITERS, "ratio": ratio}
    results = [asdict(way) for way in ways]
    if output_format == "json":
        emit({"settings": settings | told, "results": results}, output_format)
    else:
        emit(results, output_format, f"{rows} rows, {WRITERS} writers: {ratio} times the one-shot")


def _measure(dsn: str, rows: int, way: str, run: Callable[[str], None]) -> Measured:
    say(f"{way}: making {rows} rows")
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(f"drop table if exists {storm.TABLE}".encode())
        storm.make_table(connection, rows, rows - rows * EXTRA_PERCENT // 100)
        connection.execute(f"vacuum analyze {storm.TABLE}".encode())
        connection.execute("checkpoint")
    # One insert in a hundred meets a key that is there.
    writers = [
        storm.Writer(dsn, seed, keys=100 * rows, pause=0.02, plain=True) for seed in range(WRITERS)
    ]
    say(f"{way}: at work")
    with storm.writing(writers) as ledger:
        time.sleep(1)
        begun = time.monotonic()
        run(dsn)
        seconds = time.monotonic() - begun
    with psycopg.connect(dsn) as connection:
        left = connection.execute(f"select count(*) from {storm.TABLE}".encode()).fetchone()
    assert left is not None
    errors = {name: n for name, n in ledger.outcomes.items() if name[0].isdigit()}
    written = len(ledger.committed)
    return Measured(
        way,
        round(seconds, 1),
        rows + written - left[0],
        round(ledger.slowest * 1000, 1),
        written,
        ", ".join(f"{name}: {n}" for name, n in sorted(errors.items())),
    )


def _dedupe(dsn: str) -> None:
    _, told = (runner := storm.start_runner(dsn)).communicate()
    if runner.returncode != 0:
        raise PgmeritError(f"dedupe failed: {told.strip()}")


def _one_shot(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(_ONE_SHOT.encode())


if __name__ == "__main__":
    command(prog_name="python -m tests.bench.dedupe")
