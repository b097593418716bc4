"""Every command, each option and argument in turn odd: it works, or one line says what is wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from pgmerit.cli import main
from pgmerit.database import Connection

from tests.conftest import CliResult
from tests.engine import ANN, BEN, ORG, activity, apply, insert, rows, rule_set

Cli = Callable[..., CliResult]

ODD = [
    *("", " ", "a\nb", "\x1b[31m", "\udcff", "\u202eabc", "[/red]", "%s", "x" * 4000, "-", "/"),
    *("0", "-5", "1.5", "99999999999999999999", "1e400", "nan", "infinity", "null", "true"),
    *("0001-01-01", "9999-12-31", "2026-13-45"),
    *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"),
]
# They start servers and open prompts.
LEFT_OUT = {("demo",), ("db", "start"), ("db", "stop"), ("db", "psql")}
FROM_INSIDE = re.compile(
    r"function \w+\.|relation \"|violates|out of range for type|int out of range|index row"
    r"|cannot convert|syntax|cached plan|codec|Traceback"
)
DOCUMENT = rule_set({"first": {"type": "threshold", "at_least": 1}, "by_hand": {"type": "manual"}})


def commands(
    command: click.Command = main, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            part = command.get_command(context, name)
            assert part is not None
            yield from commands(part, (*path, name))
        if not command.invoke_without_command:
            return
    if path not in LEFT_OUT:
        yield path, command


COMMANDS = dict(commands())


def _usual(connection: Connection) -> None:
    apply(connection, DOCUMENT)
    insert(connection, activity("2026-03-01"))
    connection.execute(
        "create table user_badges (user_id uuid, badge_id text, earned_at timestamptz)"
    )


PREPARED = {"usual": _usual}


@pytest.fixture
def usual(dsn: str, tmp_path: Path) -> dict[str, str]:
    """What each needed argument and option is given, by its name."""
    (tmp_path / "rules.json").write_text(json.dumps(DOCUMENT))
    (tmp_path / "lines.csv").write_text(
        "peer_mentor_id,org_id,activity_type,occurred_at,quantity,idempotency_key\n"
        f"{ANN},{ORG},call,2026-03-01T12:00:00Z,1,a\n"
    )
    (tmp_path / "sources.yaml").write_text(
        "version: 1\nsources: {held: {table: public.user_badges, person: user_id,"
        f" organization: {ORG}, type: badge, at: earned_at}}}}\n"
    )
    return {
        "attach": str(tmp_path / "sources.yaml"),
        "source": "held",
        "table": "user_badges",
        "person": "user_id",
        "badge_column": "badge_id",
        "earned_at": "earned_at",
        "rules": str(tmp_path / "rules.json"),
        "import": str(tmp_path / "lines.csv"),
        "report": str(tmp_path / "report.html"),
        "given_id": str(ANN),
        "first": str(ANN),
        "second": str(BEN),
        "badge_definition_id": "first",
        "badge": "first",
        "org": ORG,
        "org_id": ORG,
        "zone": "UTC",
        "name": "app",
        "version": "1",
        "old": "1",
    }


def arguments(
    path: tuple[str, ...], command: click.Command, odd: click.Parameter, usual: dict[str, str]
) -> Iterator[tuple[list[str], str]]:
    """Give the words of the command, with each odd value for one parameter."""
    # By turns: an option of the one command has what that of another has not. A word of a list and
    # a number are judged by click alone.
    is_judged_by_click = isinstance(odd.type, click.Choice | click.types.IntParamType)
    turn = (len(path[-1]) + command.params.index(odd)) % 2
    for given in ODD[turn :: 4 if is_judged_by_click else 2]:
        options = ["--yes"] if path == ("mentor", "merge") else []  # it asks otherwise
        places = []
        for each in command.params:
            name = each.name or ""
            if each is odd:
                said = given
            elif each.required:
                said = usual.get(name) or usual[path[0]]
            else:
                continue
            if isinstance(each, click.Argument):
                places.append(said)
            else:
                options.append(f"{max(each.opts, key=len)}={said}")
        yield [*path, *options, "--", *places], given


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_a_command_takes_it_or_says_what_is_wrong(
    usual: dict[str, str],
    connection: Connection,
    cli: Cli,
    dsn: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    path: tuple[str, ...],
) -> None:
    monkeypatch.chdir(tmp_path)
    command = COMMANDS[path]
    unclear = []
    for odd in command.params:
        if isinstance(odd, click.Option) and odd.is_flag:
            continue
        for words, given in arguments(path, command, odd, usual):
            told = cli(*words, dsn=None if odd.name == "dsn" else dsn)
            first, *rest = [*told.stderr.splitlines(), ""]
            is_clear = told.exit_code in (0, 1) or (
                told.exit_code == 2 and first.startswith("error: ") and len(first) <= 1010
            )
            if not is_clear or FROM_INSIDE.search(told.stderr) or len(rest) > 25:
                unclear.append((odd.name, given[:30], told.exit_code, told.stderr[:200]))
    assert unclear == []
    kept = rows(connection, "select activity_type, quantity from badges.activities limit 3")
    assert [(each["activity_type"], int(each["quantity"])) for each in kept][:1] == [("call", 1)]


ODD_TEXT = ["\\u0000", "a\\u0000b", "\\ud800", "\\udfff\\ud800"]


@pytest.mark.parametrize("text", ODD_TEXT)
@pytest.mark.parametrize("place", ["name", "slug", "key", "criteria", "type"])
def test_text_that_the_database_cannot_hold_is_a_problem_of_the_file(
    cli: Cli, dsn: str, tmp_path: Path, place: str, text: str
) -> None:
    document = json.dumps(DOCUMENT)
    for old, new in {
        "name": ('"name": "first"', f'"name": "{text}"'),
        "slug": ('"by_hand": {', f'"{text}": {{'),
        "key": ('"ruleset"', f'"{text}": 1, "ruleset"'),
        "criteria": ('"at_least": 1', f'"at_least": 1, "where": {{"k": "{text}"}}'),
        "type": ('"at_least": 1', f'"at_least": 1, "activity": "{text}"'),
    }.items():
        if old == place:
            assert new[0] in document
            document = document.replace(*new, 1)
    file = tmp_path / "rules.json"
    file.write_text(document)
    for command in (["validate"], ["apply", "--dsn", dsn]):
        told = cli("rules", *command, file)
        assert told.exit_code in (1, 2)
        assert not FROM_INSIDE.search(told.stderr)
        # Below four spaces the file's own line is quoted.
        lines = [*told.stdout.splitlines(), *told.stderr.splitlines()]
        said = "\n".join(line for line in lines if not line.startswith("    "))
        assert "\\u0000" not in said or "$" in said


@pytest.mark.parametrize("version", ["true", "1.0", '"1"', "null", "-1", "9999999999", "[1]"])
def test_a_plan_file_with_an_odd_version_is_no_plan(
    usual: dict[str, str], cli: Cli, dsn: str, tmp_path: Path, version: str
) -> None:
    file = tmp_path / "a.plan"
    assert cli("rules", "plan", usual["rules"], "--out", file, dsn=dsn).exit_code == 0
    whole = json.loads(file.read_text())
    for key in ("version", "pgmerit_plan"):
        file.write_text(json.dumps(whole | {key: json.loads(version)}))
        refused = cli("rules", "apply", file, dsn=dsn)
        assert refused.exit_code == 2
        assert "is not the plan that was written" in refused.stderr
