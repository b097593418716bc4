"""`pgmerit rules`: validate, apply, show, history and schema of rule sets."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import click
from psycopg.types.json import set_json_loads
from ruamel.yaml import YAML

from orchestrator import routines, rules
from orchestrator.cli.common import (
    Database,
    database_options,
    emit,
    format_option,
    progress,
    say,
)
from orchestrator.errors import PgmeritError
from orchestrator.grammar import Problem, canonical_text
from orchestrator.models import rule_set_schema, stats_document_schema

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group("rules")
def command() -> None:
    """Check, apply and look at rule sets."""


@command.command()
@click.argument("file", type=_FILE)
@format_option
def validate(file: Path, output_format: str) -> int:
    """List everything that is wrong with FILE, each problem with its place.

    Needs no database. Ends with 1 when there are problems.
    """
    document, problems = rules.check_file(file)
    if output_format == "json":
        shown = {"valid": not problems, "problems": [each.as_dict() for each in problems]}
        emit(shown, output_format)
    else:
        for problem in problems:
            click.echo(_line(file, problem))
        if not problems:
            click.echo(f"{file} is valid: {_size(document.value)}")
    if problems:
        return 1
    _warn(document.value)
    return 0


def _line(file: Path, problem: Problem) -> str:
    place = f"{file}:{problem.line}:{problem.column}"
    return f"{place}: {problem.path} {problem.problem}; allowed: {problem.allowed}"


def _size(document: Any) -> str:
    counts = {key: len(document.get(key, {})) for key in ("badges", "organizations")}
    return f"badges {counts['badges']}, organizations {counts['organizations']}"


def _warn(document: Any) -> None:
    for warning in rules.warnings(document):
        say(f"warning: {warning}")


@command.command("apply")
@click.argument("file", type=_FILE)
@click.option("--allow-empty", is_flag=True, help="Let a document without badges through.")
@click.option(
    "--batch",
    type=click.IntRange(1, 100_000),
    default=1000,
    show_default=True,
    help="People evaluated in one transaction.",
)
@format_option
@database_options
def apply_file(
    file: Path, allow_empty: bool, batch: int, output_format: str, database: Database
) -> None:
    """Make FILE the next version of its rule set and evaluate everybody by it.

    The same document again changes nothing. When the command returns, everybody has been
    evaluated; one that was broken off is taken up by running it again.
    """
    document, problems = rules.check_file(file)
    if problems:
        raise rules.refusal(file, problems)
    with database.connect(autocommit=True) as connection:
        applied = rules.apply(
            connection,
            document,
            allow_empty=allow_empty,
            batch=batch,
            progress=progress,
            tell=say,
        )
    _warn(document.value)
    for warning in applied.pop("warnings", []):
        say(f"warning: {warning}")
    if not applied["changed"]:
        say(f"unchanged: this document is version {applied['version']} already")
    emit(applied, output_format)


@command.command()
@click.option("--ruleset", metavar="NAME", help="The rule set; needed when there are several.")
@click.argument("version", type=click.IntRange(1), required=False)
@format_option
@database_options
def show(ruleset: str | None, version: int | None, output_format: str, database: Database) -> None:
    """Print a rule set as it was applied: the current VERSION unless one is named."""
    with database.connect(autocommit=True) as connection:
        set_json_loads(partial(json.loads, parse_float=Decimal), connection)
        name = ruleset or _only_rule_set(routines.list_rule_sets(connection))
        document = routines.get_rule_set(connection, name, version)
    if document is None:
        raise PgmeritError(
            f'there is no rule set "{name}" in that version', "`pgmerit rules history` lists them."
        )
    _warn(document)
    if output_format == "json":
        emit(document, output_format)
    else:
        click.echo(_as_yaml(document), nl=False)


def _only_rule_set(applied: list[dict[str, Any]]) -> str:
    names = sorted({str(each["rule_set"]) for each in applied})
    if not names:
        raise PgmeritError(
            "no rule set has been applied", "Apply one with `pgmerit rules apply FILE`."
        )
    if len(names) > 1:
        raise PgmeritError(
            f"there are several rule sets: {', '.join(names)}", "Name one with --ruleset."
        )
    return names[0]


def _as_yaml(document: Any) -> str:
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.representer.add_representer(
        Decimal,
        lambda dumper, number: dumper.represent_scalar(
            "tag:yaml.org,2002:float", canonical_text(number)
        ),
    )
    written = StringIO()
    yaml.dump(_in_order(document), written)
    return written.getvalue()


def _in_order(document: Any) -> Any:
    """Return a document with its keys in the order in which people write them."""
    first = ["version", "ruleset", "activity_types", "organizations", "name", "type", "tier", "id"]
    if isinstance(document, dict):
        keys = sorted(
            document, key=lambda key: (first.index(key) if key in first else len(first), key)
        )
        return {key: _in_order(document[key]) for key in keys}
    if isinstance(document, list):
        return [_in_order(each) for each in document]
    return document


@command.command()
@click.option("--ruleset", metavar="NAME", help="Only this rule set.")
@format_option
@database_options
def history(ruleset: str | None, output_format: str, database: Database) -> None:
    """List the versions of every rule set, newest first."""
    with database.connect(autocommit=True) as connection:
        applied = routines.list_rule_sets(connection)
    emit([each for each in applied if ruleset in (None, each["rule_set"])], output_format)


@command.command()
@click.option(
    "--stats-document",
    is_flag=True,
    help="The document that criteria_raw and is_eligible see, instead of rule sets.",
)
def schema(stats_document: bool) -> None:
    """Print the JSON Schema of rule sets, for editors."""
    found = stats_document_schema() if stats_document else rule_set_schema()
    click.echo(json.dumps(found, ensure_ascii=False, indent=2))
