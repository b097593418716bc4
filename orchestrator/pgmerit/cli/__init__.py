"""The command line `pgmerit`: it parses, calls and prints."""

from __future__ import annotations

import click

import pgmerit.cli.driver  # noqa: F401  before all that imports psycopg
from pgmerit import __version__
from pgmerit.cli.common import CommandTable

COMMANDS = {
    "adopt": "pgmerit.cli.adopt",
    "attach": "pgmerit.cli.attach",
    "badge": "pgmerit.cli.badge",
    "db": "pgmerit.cli.db",
    "dedupe": "pgmerit.cli.dedupe",
    "demo": "pgmerit.cli.demo",
    "detach": "pgmerit.cli.detach",
    "doctor": "pgmerit.cli.doctor",
    "import": "pgmerit.cli.importing",
    "mentor": "pgmerit.cli.mentor",
    "metrics": "pgmerit.cli.metrics",
    "migrate": "pgmerit.cli.migrate",
    "relay": "pgmerit.cli.relay",
    "report": "pgmerit.cli.report",
    "rezone": "pgmerit.cli.rezone",
    "rules": "pgmerit.cli.rules",
    "sweep": "pgmerit.cli.sweep",
    "verify": "pgmerit.cli.verify",
}


@click.command(
    "pgmerit",
    cls=CommandTable,
    modules=COMMANDS,
    context_settings={"auto_envvar_prefix": "PGMERIT", "help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="pgmerit")
def main() -> None:
    """Badges and achievements, awarded inside PostgreSQL.

    The database is named by --dsn, PGMERIT_DSN, libpq's own variables and service files, or is
    the embedded server that `pgmerit db start` starts. Results go to stdout, all else to stderr.
    Exit codes: 0 fine, 1 found something, 2 wrong use or failure.
    """
