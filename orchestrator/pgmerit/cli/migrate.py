"""`pgmerit migrate`: bring a database up to this version, or take a version back."""

from __future__ import annotations

import click

from pgmerit import schema
from pgmerit.cli.common import Database, database_options, emit, format_option, print_file, say


@click.command("migrate")
@click.option("--plan", is_flag=True, help="Show what would run; change nothing.")
@click.option("--adopt", is_flag=True, help="Take over tables that plain yoyo made.")
@click.option("--down", is_flag=True, help="Take the newest migration back, for development.")
@click.option("--all", "everything", is_flag=True, help="With --down: take every migration back.")
@click.option("--yes", is_flag=True, help="With --down: do not ask, and drop what holds data.")
@click.option("--sql", "prints_sql", is_flag=True, help="Print it as a file of SQL for any client.")
@click.option(
    "--from",
    "after",
    metavar="MIGRATION",
    help="With --sql: leave out what a database has whose last migration this is, by number.",
)
@click.option("--verbose", is_flag=True, help="List every file of routines, not only how many.")
@database_options
@format_option
def command(
    database: Database,
    output_format: str,
    plan: bool,
    adopt: bool,
    down: bool,
    everything: bool,
    yes: bool,
    prints_sql: bool,
    after: str | None,
    verbose: bool,
) -> None:
    """Run pending migrations and load the routines; concurrent runs wait for each other.

    With --sql no database is asked: what is printed runs in one transaction, whole or not at all,
    as the owner of the schemas, and `pgmerit migrate` goes on from there.
    """
    if (everything or yes) and not down:
        raise click.UsageError("--all and --yes go with --down")
    if down and (plan or adopt):
        raise click.UsageError("--down goes with neither --plan nor --adopt")
    if after is not None and not prints_sql:
        raise click.UsageError("--from goes with --sql")
    if prints_sql:
        if plan or adopt or down or output_format == "json":
            raise click.UsageError("--sql goes with --from alone")
        script = schema.write_script(after)
        for notice in script.notices:
            say(f"notice: {notice}")
        print_file(script.text)
        return
    if plan:
        report = schema.plan(database.dsn, adopt=adopt)
    elif down:
        if not yes:
            what = "every migration" if everything else "the newest migration"
            click.confirm(f"Take back {what}?", abort=True, err=True)
        report = schema.roll_back(database.dsn, everything=everything, drop_data=yes, tell=say)
    else:
        report = schema.migrate(database.dsn, tell=say, adopt=adopt)
    if warning := report.warning():
        say(f"warning: {warning}")
    if output_format == "json":
        emit(report.as_dict(), output_format)
        return
    if report.is_empty():
        if not warning:
            say("nothing to do")
        return
    loaded = report.loaded
    if not verbose and len(loaded) > 1:
        loaded = [f"{len(loaded)} files of routines"]
    emit(
        [
            {"action": action, "name": name}
            for action, names in (
                ("adopt", report.adopted),
                ("apply", report.applied),
                ("roll back", report.rolled_back),
                ("load", loaded),
                ("drop", report.dropped),
            )
            for name in names
        ],
        output_format,
    )
