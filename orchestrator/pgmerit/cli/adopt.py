"""`pgmerit adopt`: take over the awards that a table held before pgmerit."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click

from pgmerit import schema
from pgmerit.adopting import (
    AdoptOptions,
    Older,
    Report,
    Source,
    adopt,
    find_older,
    find_source,
    is_installed,
    put_aside,
    report,
)
from pgmerit.cli.common import (
    FILE,
    NAMESPACE,
    Database,
    database_options,
    emit,
    format_option,
    lines_of,
    pairs_of,
    print_line,
    progress,
    say,
)
from pgmerit.database import Connection
from pgmerit.errors import InvalidInputError, StoppedError
from pgmerit.rules import versions

_WORDS = {
    "adopt": "to take over",
    "held": "held already",
    "revoked": "held once, taken back",
    "repeated": "repeated, the earliest counts",
    "denied": "denied to the person",
    "no_person": "no person",
    "not_a_uuid": "person is no uuid",
    "no_badge": "no badge",
    "unknown_badge": "unknown badge",
    "unknown_tier": "unknown tier",
    "unknown_occurrence": "unknown occurrence",
    "no_organization": "no organization",
    "unknown_organization": "unknown organization",
    "no_date": "no date",
    "date_out_of_range": "date before 1900 or in the future",
}


@click.command("adopt")
@click.argument("table")
@click.option("--person", required=True, metavar="COLUMN", help="Who has the award.")
@click.option("--badge", "badge_column", required=True, metavar="COLUMN", help="Which badge.")
@click.option("--earned-at", required=True, metavar="COLUMN", help="When it was earned.")
@click.option(
    "--org",
    metavar="NAME",
    help="The organization of each award, a column; or that of all, where no column has the name.",
)
@click.option("--tier", "tier_column", metavar="COLUMN", help="The tier.")
@click.option("--occurrence", "occurrence_column", metavar="COLUMN", help="The how-manieth time.")
@click.option(
    "--map",
    "mapped",
    multiple=True,
    metavar="OLD=NEW",
    help="The badge that a value stands for, NEW:TIER for one with tiers; repeatable.",
)
@click.option("--map-file", type=FILE, help="Lines OLD=NEW, as --map takes them.")
@click.option(
    "--map-org",
    "mapped_orgs",
    multiple=True,
    metavar="OLD=NEW",
    help="The organization that a value stands for; repeatable.",
)
@click.option(
    "--person-namespace",
    type=NAMESPACE,
    metavar="NAME",
    help="People have ids of your application's own; NAME tells applications apart.",
)
@click.option(
    "--batch",
    type=click.IntRange(1, 100_000),
    default=2000,
    show_default=True,
    help="Awards a transaction.",
)
@click.option("--apply", "is_applied", is_flag=True, help="Take them over; else only report.")
@click.option(
    "--rename-to",
    metavar="SCHEMA",
    help="Put schemas of an older make aside under this name, and install pgmerit.",
)
@click.option(
    "--rules",
    "files",
    type=FILE,
    multiple=True,
    help="With --rename-to: the rule set to apply; repeatable.",
)
@database_options
@format_option
def command(
    table: str,
    person: str,
    badge_column: str,
    earned_at: str,
    org: str | None,
    tier_column: str | None,
    occurrence_column: str | None,
    mapped: tuple[str, ...],
    map_file: Path | None,
    mapped_orgs: tuple[str, ...],
    person_namespace: str | None,
    batch: int,
    is_applied: bool,
    rename_to: str | None,
    files: tuple[Path, ...],
    database: Database,
    output_format: str,
) -> int:
    """Take over the awards of TABLE, with their own dates and without telling anybody.

    Without --apply it only reports, and changes nothing. Awards get the source `import`; what
    somebody has already stays as it is. Run again it takes over what is new, nothing twice.
    Exit codes: 0 all rows fit, 1 some are left out, 2 wrong use or failure.
    """
    if files and rename_to is None:
        raise click.UsageError("--rules goes with --rename-to")
    options = AdoptOptions(
        person=person,
        badge=badge_column,
        earned_at=earned_at,
        org=org,
        tier=tier_column,
        occurrence=occurrence_column,
        badges=pairs_of("--map", [*_mapped_lines(map_file), *mapped]),
        organizations=pairs_of("--map-org", mapped_orgs),
        namespace=person_namespace,
        batch=batch,
    )
    with contextlib.closing(database.connect(autocommit=True)) as connection:
        if rename_to is not None:
            older = find_older(connection, rename_to)
            moved = _moved(connection, table, rename_to)
            if is_applied:
                _install(database, connection, older, files)
            elif older is not None:
                return _plan(connection, table, options, older, files, output_format)
            elif not _is_ruled(connection):
                return _plan(connection, moved, options, Older([], []), files, output_format)
            table = moved
        source = find_source(connection, table)
        options = _whole(connection, source, options)
        if is_applied:
            told = _adopt(connection, source, options)
        else:
            with progress(f"Reading {source}", None):
                told = report(connection, source, options)
    _print(source, told, is_applied, output_format)
    return 1 if told.left_out else 0


def _adopt(connection: Connection, source: Source, options: AdoptOptions) -> Report:
    with contextlib.ExitStack() as bars:
        bars.enter_context(progress(f"Reading {source}", None))

        def on_rows(total: int) -> Any:
            bars.close()
            return bars.enter_context(progress("Taking over", total))

        return adopt(connection, source, options, on_rows)


def _is_ruled(connection: Connection) -> bool:
    """Tell whether pgmerit is installed and knows an organization."""
    return is_installed(connection) and bool(
        connection.execute("select from badges.organizations limit 1").fetchone()
    )


def _whole(connection: Connection, source: Source, options: AdoptOptions) -> AdoptOptions:
    """Find the one organization where none is named; refuse names that nobody knows."""
    known = [
        row["org_id"]
        for row in connection.execute("select org_id from badges.organizations order by org_id")
    ]
    badges = {
        row["badge_definition_id"]
        for row in connection.execute("select badge_definition_id from badges.badge_definitions")
    }
    return _checked(source, options, known, badges)


def _checked(
    source: Source, options: AdoptOptions, known: Sequence[str], badges: set[str]
) -> AdoptOptions:
    if options.org is not None and options.org not in source.types:
        if options.org not in known:
            raise InvalidInputError(
                f'--org "{options.org}" is neither a column of {source} nor an organization',
                f"The table has {', '.join(source.types)}; there is "
                f"{', '.join(known) or 'no organization yet: apply a rule set first'}.",
            )
        options = replace(options, org=None, org_id=options.org)
    for name in options.organizations.values():
        if name not in known:
            raise InvalidInputError(
                f'there is no organization "{name}"',
                f"There is {', '.join(known)}." if known else "Apply a rule set first.",
            )
    for name in options.badges.values():
        if name.partition(":")[0] not in badges:
            raise InvalidInputError(
                f'there is no badge "{name.partition(":")[0]}"', "`pgmerit rules show` lists them."
            )
    if options.org is not None or options.org_id is not None:
        return options
    if len(known) != 1:
        raise InvalidInputError(
            "the organization of the awards is needed",
            f"Give --org with a column of the table, or with one of {', '.join(known)}."
            if known
            else "Apply a rule set that names it: `pgmerit rules apply FILE`.",
        )
    return replace(options, org_id=known[0])


def _plan(
    connection: Connection,
    table: str,
    options: AdoptOptions,
    older: Older,
    files: Sequence[Path],
    output_format: str,
) -> int:
    """Report before the install: the rule files stand in for the database's rules."""
    documents = _documents(files)
    values = [each.value for each in documents]
    known = sorted({slug for value in values for slug in value.get("organizations", {})})
    badges = {slug for value in values for slug in value.get("badges", {})}
    source = find_source(connection, table)
    told = report(connection, source, _checked(source, options, known, badges), values)
    steps = [
        *(f"rename the schema {name} to {new_name}" for name, new_name in older.schemas),
        "migrate",
        *(f"rules apply {file}" for file in files),
        f"adopt {dict(older.schemas).get(source.schema, source.schema)}.{source.name}",
    ]
    if output_format == "table":
        for number, step in enumerate(steps, 1):
            print_line(f"{number}. {step}")
        if older.objects:
            emit(older.objects, output_format, "What goes with the schemas, as it is")
    _print(source, told, False, output_format, {"steps": steps, "objects": older.objects})
    return 1 if told.left_out else 0


def _install(
    database: Database, connection: Connection, older: Older | None, files: Sequence[Path]
) -> None:
    """Put the older schemas aside, migrate and apply; each step that is done already is none."""
    documents = _documents(files)
    done: list[str] = []
    try:
        if older is not None:
            put_aside(connection, older, say)
            done += [f"the schema {name} is now {new}" for name, new in older.schemas]
            say(", ".join(done))
        if warning := schema.migrate(database.dsn, tell=say).warning():
            say(f"warning: {warning}")
        done.append("pgmerit is installed")
        for document in documents:
            versions.apply(connection, document, progress=progress, tell=say)
    except StoppedError:
        raise
    except KeyboardInterrupt as stop:
        standing = ", ".join(done) or "nothing was changed"
        raise StoppedError(f"stopped: {standing}; run the same command again: it goes on") from stop


def _documents(files: Sequence[Path]) -> list[versions.Document]:
    documents = []
    for file in files:
        document, problems = versions.check_file(file)
        if problems:
            raise versions.refusal(file, problems, document.lines)
        documents.append(document)
    return documents


def _moved(connection: Connection, table: str, rename_to: str) -> str:
    """Give the name that a table of the older schemas has now."""
    for name in schema.SCHEMAS:
        if table.startswith(f"{name}."):
            new_name = rename_to + name.removeprefix(schema.SCHEMAS[0])
            row = connection.execute(
                "select format('%%I', %s::text) as quoted", (new_name,)
            ).fetchone()
            return f"{row['quoted'] if row else new_name}{table.removeprefix(name)}"
    return table


def _print(
    source: Source,
    told: Report,
    is_applied: bool,
    output_format: str,
    more: Mapping[str, Any] | None = None,
) -> None:
    if output_format == "json":
        emit(
            {"table": str(source), "is_applied": is_applied, **asdict(told), **(more or {})},
            output_format,
        )
        return
    emit(
        [
            {
                "what": "taken over"
                if is_applied and each.status == "adopt"
                else _WORDS[each.status],
                "badge or value": each.subject,
                "rows": each.rows,
                "people from": each.first_person,
                "to": each.last_person,
            }
            for each in told.groups
        ],
        output_format,
        f"{source}: {told.rows} rows",
    )
    for line in _lines_of(told, is_applied):
        print_line(line)


def _lines_of(told: Report, is_applied: bool) -> Iterator[str]:
    if told.held_with_other_date:
        yield f"{told.held_with_other_date} are held with another date, which stays"
    if told.left_out:
        yield f"{told.left_out} rows are left out"
    if is_applied:
        followed = f", {told.followed} badges for badges followed" if told.followed else ""
        yield f"{told.adopted} awards are taken over{followed}"
    elif told.adopt:
        say("hint: --apply takes them over.")


def _mapped_lines(file: Path | None) -> list[str]:
    return [line for _, line in lines_of(file, "Write lines OLD=NEW.")] if file else []
