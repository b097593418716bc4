"""`pgmerit rules`: what a rule set lives through, from a file to its versions."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from importlib.resources import files
from io import StringIO
from pathlib import Path
from typing import Any, TypeVar

import click
from psycopg.types.json import set_json_loads
from ruamel.yaml import YAML

from pgmerit import languages, mentors, routines
from pgmerit.cli import calibrate
from pgmerit.cli.common import (
    FILE,
    WRITTEN_FILE,
    Database,
    database_options,
    emit,
    format_option,
    language_option,
    print_json,
    print_line,
    print_text,
    printable,
    progress,
    say,
)
from pgmerit.cli.plans import print_changes, print_plan, would_change
from pgmerit.database import Connection
from pgmerit.errors import PgmeritError
from pgmerit.models import stats_document_schema
from pgmerit.pages.plan import plan_page
from pgmerit.rules import versions
from pgmerit.rules.editor_schema import rule_set_schema
from pgmerit.rules.files import MalformedFileError, excerpt
from pgmerit.rules.grammar import Problem, canonical_text
from pgmerit.rules.versions import Document
from pgmerit.writing import write_whole

F = TypeVar("F", bound=Callable[..., Any])

_VERSION = click.IntRange(1, 2**31 - 1)


@click.group("rules")
def command() -> None:
    """Check, apply and look at rule sets."""


command.add_command(calibrate.command)


@command.command()
@click.argument("given", metavar="FILE...", nargs=-1, required=True, type=FILE)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["table", "json", "github"]),
    default="table",
    show_default=True,
    envvar="PGMERIT_FORMAT",
    show_envvar=True,
    help="How results are printed; github: as annotations of a pull request.",
)
def validate(given: tuple[Path, ...], output_format: str) -> int:
    """List everything that is wrong with each FILE, each problem with its place.

    `-` reads standard input. Needs no database. Ends with 1 when there are problems.
    """
    checked = [(file, *_checked(file, len(given) > 1)) for file in given]
    if output_format == "json":
        shown = [
            {"valid": not problems, "problems": [each.as_dict() for each in problems]}
            for _, _, problems in checked
        ]
        if len(given) > 1:
            named = [{"file": str(file)} | each for file, each in zip(given, shown, strict=True)]
            emit({"valid": all(each["valid"] for each in shown), "files": named}, output_format)
        else:
            emit(shown[0], output_format)
    for file, document, problems in checked if output_format != "json" else ():
        for problem in problems:
            if output_format == "github":
                print_line(_annotation(file, problem))
                continue
            print_line(_line(file, problem))
            for line in excerpt(document.lines, problem.line, problem.column):
                print_line(f"    {line}")
        if not problems and output_format == "table":
            print_line(f"{file} is valid: {_size(document.value)}")
    for _, document, problems in checked:
        if not problems:
            _warn(document.value)
    return int(any(problems for _, _, problems in checked))


def _checked(file: Path, is_one_of_several: bool) -> tuple[Document, list[Problem]]:
    """Check a file; one of several that cannot be understood does not hide the others."""
    try:
        return versions.check_file(file)
    except MalformedFileError as error:
        if not is_one_of_several:
            raise
        (detail,) = error.details
        place = (detail["line"], detail["column"])
        return Document(None), [Problem("$", detail["message"], "YAML 1.2 or JSON", *place)]


def _line(file: Path, problem: Problem) -> str:
    place = f"{file}:{problem.line}:{problem.column}"
    return f"{place}: {problem.path} {problem.problem}; allowed: {problem.allowed}"


def _annotation(file: Path, problem: Problem) -> str:
    """Give a problem as a workflow command of GitHub Actions."""
    said = f"{problem.path} {problem.problem}; allowed: {problem.allowed}".replace("%", "%25")
    place = str(file).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
    return f"::error file={place},line={problem.line},col={problem.column}::{said}"


def _size(document: Any) -> str:
    counts = {key: len(document.get(key, {})) for key in ("badges", "organizations")}
    return f"badges {counts['badges']}, organizations {counts['organizations']}"


def _warn(document: Any, found: Sequence[Mapping[str, str]] = ()) -> None:
    """Tell what the file alone says, and what the database knows beyond it."""
    known = versions.warnings(document)
    for warning in known:
        say(f"warning: {warning}")
    _warn_of([each for each in found if each["message"] not in known])


def _warn_of(found: Sequence[Mapping[str, str]]) -> None:
    for warning in found:
        say(f"warning: {warning['path']}: {warning['message']}")


batch_option = click.option(
    "--batch",
    type=click.IntRange(1, 100_000),
    default=versions.BATCH,
    show_default=True,
    help="People evaluated in one transaction at most; fewer while others write.",
)


def evaluation_options(function: F) -> F:
    """Add --allow-revoke and --batch."""
    allow = click.option(
        "--allow-revoke", is_flag=True, help="Let people lose awards, where badges take back."
    )
    return allow(batch_option(function))


@command.command()
@click.argument("file", type=FILE)
@click.option("--exit-code", is_flag=True, help="End with 1 when something would change.")
@click.option(
    "--out", type=WRITTEN_FILE, metavar="PLANFILE", help="Write a plan that `rules apply` takes."
)
@click.option(
    "--html", type=WRITTEN_FILE, metavar="PAGE", help="Write it as a page, for those who decide."
)
@language_option
@format_option
@database_options
def plan(
    file: Path,
    exit_code: bool,
    out: Path | None,
    html: Path | None,
    language: str | None,
    output_format: str,
    database: Database,
) -> int:
    """Show what applying FILE would change and do to people; changes nothing.

    By organization and badge: awards made, given back and taken, and who is nearest to one. The
    page tells it in words, in the language named, and without anybody's id.
    """
    document = versions.read_file(file)
    with database.connect(autocommit=True) as connection:
        with connection.transaction():
            connection.execute("set transaction isolation level repeatable read, read only")
            planned = versions.plan(connection, document)
            held = routines.count_awards(connection) if html else []
        names = mentors.names_in(connection, planned)
    if html:
        write_whole(html, plan_page(planned, document.value, held, languages.find(language)))
        say(f"{html} is written")
    if out:
        versions.Plan(
            planned["rule_set"], planned["version"], planned["checksum"], document.value
        ).write(out)
    _show_plan(planned, names, output_format)
    _warn(document.value, planned["warnings"])
    return int(exit_code and would_change(planned))


def _show_plan(planned: dict[str, Any], names: mentors.Names, output_format: str) -> None:
    if output_format == "json":
        emit(names.added_to(planned), output_format)
    else:
        print_plan(planned, names)


@command.command("apply")
@click.argument("file", type=FILE)
@click.option("--allow-empty", is_flag=True, help="Let a document without badges through.")
@evaluation_options
@format_option
@database_options
def apply_file(
    file: Path,
    allow_empty: bool,
    allow_revoke: bool,
    batch: int,
    output_format: str,
    database: Database,
) -> None:
    """Make FILE the next version of its rule set and evaluate everybody by it.

    FILE is a rule set, or a plan of `rules plan --out`, which is refused when another version was
    applied since. The same document again changes nothing. When the command returns, everybody has
    been evaluated; one that was broken off is taken up by running it again.
    """
    made = versions.read_plan(file)
    document = Document(made.document) if made else versions.read_file(file)
    with database.connect(autocommit=True) as connection, mentors.naming_losses(connection):
        applied = versions.apply(
            connection,
            document,
            allow_empty=allow_empty,
            allow_revoke=allow_revoke,
            expected_version=made.version if made else None,
            batch=batch,
            progress=progress,
            tell=say,
        )
    _warn(document.value, applied.pop("warnings"))
    _emit_applied(applied, output_format)


def _emit_applied(applied: dict[str, Any], output_format: str) -> None:
    if not applied["changed"]:
        say(f"unchanged: this document is version {applied['version']} already")
    emit(applied, output_format)


@command.command()
@click.option("--ruleset", metavar="NAME", help="The rule set; needed when there are several.")
@click.argument("version", type=_VERSION)
@evaluation_options
@format_option
@database_options
def rollback(
    ruleset: str | None,
    version: int,
    allow_revoke: bool,
    batch: int,
    output_format: str,
    database: Database,
) -> None:
    """Make a new version that equals VERSION, and evaluate everybody by it.

    Prints the plan first. Organizations keep their present time zones.
    """
    with database.connect(autocommit=True) as connection, mentors.naming_losses(connection):
        name = ruleset or _only_rule_set(routines.list_rule_sets(connection))
        planned = versions.plan_rollback(connection, name, version)
        names = mentors.names_in(connection, planned)
        if output_format != "json":
            print_plan(planned, names)
        applied = versions.rollback(
            connection,
            name,
            version,
            allow_revoke=allow_revoke,
            expected_version=planned["version"],
            batch=batch,
            progress=progress,
            tell=say,
        )
    _warn_of(applied.pop("warnings"))
    if output_format == "json":
        applied["plan"] = names.added_to(planned)
    _emit_applied(applied, output_format)


@command.command()
@click.argument("badge")
@click.option("--org", required=True, metavar="SLUG", help="The organization.")
@click.option("--enable/--disable", default=True, show_default=True, help="Whether it is awarded.")
@click.option(
    "--thresholds",
    metavar="JSON",
    help="Its own number, or numbers by tier or part; left out = the badge's own.",
)
@evaluation_options
@format_option
@database_options
def configure(
    badge: str,
    org: str,
    enable: bool,
    thresholds: str | None,
    allow_revoke: bool,
    batch: int,
    output_format: str,
    database: Database,
) -> None:
    """Set BADGE of one organization: enabled or not, with its own thresholds.

    Makes a new version of the rule set, and evaluates everybody by it.
    """
    try:
        custom = None if thresholds is None else json.loads(thresholds, parse_float=Decimal)
    except ValueError as error:
        raise PgmeritError(
            f"--thresholds is no JSON: {error}",
            """For example 5, or {"bronze": 3, "silver": 15}.""",
        ) from error
    with database.connect(autocommit=True) as connection, mentors.naming_losses(connection):
        applied = versions.configure(
            connection,
            badge,
            org,
            enable,
            custom,
            allow_revoke=allow_revoke,
            batch=batch,
            progress=progress,
            tell=say,
        )
    _warn_of(applied.pop("warnings"))
    _emit_applied(applied, output_format)


@command.command()
@click.option("--ruleset", metavar="NAME", help="The rule set; needed when there are several.")
@click.argument("old", metavar="A")
@click.argument("new", metavar="B", default="current")
@format_option
@database_options
def diff(ruleset: str | None, old: str, new: str, output_format: str, database: Database) -> None:
    """List how B differs from A: each a version, `current` or a file; B left out is `current`."""
    with database.connect(autocommit=True) as connection:
        set_json_loads(partial(json.loads, parse_float=Decimal), connection)
        documents = [_document_of(connection, ruleset, each) for each in (old, new)]
        changes = versions.diff(connection, *documents)
    if output_format == "json":
        emit(changes, output_format)
    else:
        print_changes(changes)


def _document_of(connection: Connection, ruleset: str | None, named: str) -> Any:
    if named != "current" and not named.isdecimal():
        return versions.read_file(Path(named)).value
    name = ruleset or _only_rule_set(routines.list_rule_sets(connection))
    version = None if named == "current" else _VERSION(named)
    return routines.get_rule_set(connection, name, version)


@command.command()
@click.option("--ruleset", metavar="NAME", help="The rule set; needed when there are several.")
@batch_option
@format_option
@database_options
def backfill(ruleset: str | None, batch: int, output_format: str, database: Database) -> None:
    """Evaluate everybody whom the current version has not seen yet.

    Takes up what an apply left that was broken off, and what configure_badge left to do.
    """
    with database.connect(autocommit=True) as connection:
        name = ruleset or _only_rule_set(routines.list_rule_sets(connection))
        done = versions.evaluate(connection, name, batch, progress, say)
    emit({"rule_set": name, **done}, output_format)


@command.command()
@click.option("--ruleset", metavar="NAME", help="The rule set; needed when there are several.")
@click.argument("version", type=_VERSION, required=False)
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
        print_text(_as_yaml(document))


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


def _as_yaml(document: Any, allow_unicode: bool = True) -> str:
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.allow_unicode = allow_unicode
    yaml.width = (
        80 if allow_unicode else 2**31
    )  # a folded line of escapes is read with a space more
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.representer.add_representer(
        Decimal,
        lambda dumper, number: dumper.represent_scalar(
            "tag:yaml.org,2002:float", canonical_text(number)
        ),
    )
    written = StringIO()
    yaml.dump(_in_order(document), written)
    text = written.getvalue()
    # What the terminal would be spared is spelled by YAML, so that it stays the same document.
    is_printable = all(printable(line) == line for line in text.split("\n"))
    return text if is_printable or not allow_unicode else _as_yaml(document, False)


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
    print_json(found)


@command.command()
@click.argument("file", type=FILE, default="badges.yaml")
@click.option("--ruleset", metavar="NAME", default="badges", show_default=True, help="Its slug.")
@click.option("--org", metavar="SLUG", default="main", show_default=True, help="An organization.")
def init(file: Path, ruleset: str, org: str) -> None:
    """Write a rule set to begin with to FILE, badges.yaml unless named, and a schema for editors.

    Neither is written where the file is there already.
    """
    schema_file = file.parent / "rule-set.schema.json"
    text = (
        files("pgmerit.rules")
        .joinpath("starter.yaml")
        .read_text(encoding="utf-8")
        .replace("ruleset: badges", f"ruleset: {json.dumps(ruleset)}")
        .replace("  main:", f"  {json.dumps(org)}:")
    )
    problems = versions.check_text(text)
    if problems:
        raise versions.refusal(file, problems, text.split("\n"))
    try:
        with file.open("x", encoding="utf-8") as written:
            written.write(text)
        if not schema_file.exists():
            schema_file.write_text(json.dumps(rule_set_schema(), indent=2) + "\n", encoding="utf-8")
    except FileExistsError:
        raise PgmeritError(f"{file} is there already", "Name another file.") from None
    say(f"{file} is written; `pgmerit rules plan {file}` shows what it would do")
