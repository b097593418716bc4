"""`pgmerit doctor`: is everything in force that keeps snapshot and awards right?"""

from __future__ import annotations

import contextlib

import click

from pgmerit import doctor
from pgmerit.cli.common import Database, database_options, emit, format_option


@click.command("doctor")
@database_options
@format_option
@click.pass_context
def command(ctx: click.Context, database: Database, output_format: str) -> None:
    """Check server, migrations, owners, rights, functions, triggers, award guard, rules, sources.

    Changes nothing. Exit code 1 when a problem or a warning was found.
    """
    with contextlib.closing(database.connect(autocommit=True)) as connection:
        connection.execute("set search_path = pg_catalog, pg_temp")
        findings = doctor.examine(connection)
    emit(findings, output_format)
    ctx.exit(0 if all(finding.status == "ok" for finding in findings) else 1)
