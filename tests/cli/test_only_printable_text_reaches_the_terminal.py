"""Names, types, ids and reasons are anybody's: they neither move a cursor nor forge a line."""

from __future__ import annotations

import ast
import json
import os
import pty
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pgmerit.cli import common
from pgmerit.cli.common import emit, print_text, printable, progress, say
from pgmerit.database import Connection

from tests.conftest import CliResult
from tests.engine import ANN, ORG, activity, apply, insert, rule_set, value

Cli = Callable[..., CliResult]

ESCAPES = "\x1b[31m\x1b]0;owned\x07\r\x7f\x9b2J\x85"
BREAKS = "one\nerror: forged\u2028\u2029"
TURNS = "\u202egnp\u2066x\u2069\u200f\u061c\ufeff"
MARKUP = "[red]red[/red] [link=https://example.org]here[/link] [/]"
NAME = f"Å {ESCAPES}{BREAKS}{TURNS}{MARKUP}"


def is_plain(text: str) -> bool:
    return not any(
        unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")
        or unicodedata.bidirectional(character) in ("LRE", "RLE", "LRO", "RLO", "PDF")
        or character in "\u2066\u2067\u2068\u2069\u200e\u200f\u061c\ufeff"
        for character in text
        if character != "\n"
    )


def assert_plain(result: CliResult, *codes: int) -> None:
    assert result.exit_code in codes, result.stderr
    assert is_plain(result.stdout + result.stderr)
    assert "\nerror: forged" not in result.stdout + result.stderr


def test_what_is_not_printable_is_shown_as_it_is_written() -> None:
    assert (
        printable("\x1b[31m\n\x9b\u202e\u2028\udcff") == "\\x1b[31m\\x0a\\x9b\\u202e\\u2028\\udcff"
    )
    assert printable(f"æøå {MARKUP} 👩‍🚀") == f"æøå {MARKUP} 👩‍🚀"
    assert is_plain(printable("".join(map(chr, range(0x3000)))))


@pytest.fixture
def forged(connection: Connection, tmp_path: Path) -> Path:
    """A rule set, people and reasons that hold such names; gives its file."""
    document = rule_set(
        {
            "odd": {
                "name": NAME,
                "description": NAME,
                "category": "shown",
                "criteria": {
                    "type": "tier",
                    "activity": NAME[:90],
                    "where": {"kind": NAME[:90]},
                    "tiers": [
                        {"tier": "bronze", "at_least": 1, "name": NAME},
                        {"tier": "silver", "at_least": 9, "name": NAME},
                    ],
                },
            },
            "thanks": {"name": NAME, "criteria": {"type": "manual"}},
            "kinds": {
                "name": NAME,
                "criteria": {
                    "type": "training_completion",
                    "activity": NAME[:90],
                    "field": "kind",
                    "courses": [NAME[:90], "other"],
                },
            },
        },
        {ORG: {"name": NAME, "time_zone": "UTC"}},
    )
    apply(connection, document)
    insert(connection, activity("2026-03-01", kind=NAME[:90], attributes={"kind": NAME[:90]}))
    for routine in ("award_badge", "revoke_badge", "deny_badge"):
        value(connection, f"select badges.{routine}(%s, 'thanks', %s, %s)", ANN, ORG, NAME)
    file = tmp_path / "rules.json"
    file.write_text(json.dumps(document))
    return file


def commands(file: Path) -> list[tuple[list[Any], int]]:
    changed = json.loads(file.read_text())
    changed["badges"]["odd"]["name"] += "!"
    changed["organizations"][ORG]["name"] += "!"
    other = file.with_name("other.json")
    other.write_text(json.dumps(changed))
    wrong = file.with_name(f"wrong{ESCAPES[:5]}.json")
    wrong.write_text(json.dumps({"version": 1, NAME: 1, "ruleset": NAME}))
    lines = file.with_name("lines.csv")
    lines.write_text(
        f'peer_mentor_id,org_id,activity_type,occurred_at\n{ANN},"{NAME}",call,"{NAME}"\n'
    )
    return [
        (["mentor", "show", ANN, "--org", ORG], 0),
        *((["mentor", "explain", ANN, badge, "--org", ORG], 0) for badge in ("odd", "thanks")),
        (["mentor", "explain", ANN, "kinds", "--org", ORG], 0),
        (["mentor", "show", ANN, "--org", NAME], 2),
        (["mentor", "explain", NAME, "odd", "--org", ORG], 2),
        (["mentor", "explain", ANN, NAME, "--org", ORG], 2),
        (["rules", "validate", file], 0),
        (["rules", "validate", wrong], 1),
        (["rules", "apply", wrong], 2),
        (["rules", "show"], 0),
        (["rules", "history"], 0),
        (["rules", "history", "--ruleset", NAME], 0),
        (["rules", "show", "--ruleset", NAME], 2),
        (["rules", "diff", "1", other], 0),
        (["rules", "plan", other], 0),
        (["rezone", ORG, NAME], 2),
        (["rezone", NAME, "UTC"], 2),
        (["import", lines], 2),
        (["verify", "--mentor", NAME], 2),
        (["verify"], 1),
        ([NAME], 2),
        (["mentor", NAME], 2),
        (["rules", "apply", file], 0),
    ]


def test_no_command_prints_anything_else(
    forged: Path, connection: Connection, cli: Cli, dsn: str
) -> None:
    connection.execute("update badges.peer_mentor_stats set activity_count = 99")
    for arguments, code in commands(forged):
        assert_plain(cli(*arguments, dsn=dsn), code)
    shown = cli("mentor", "show", ANN, "--org", ORG, dsn=dsn).stdout
    assert printable(NAME) in shown


def test_json_says_the_same_and_is_as_harmless(forged: Path, cli: Cli, dsn: str) -> None:
    told = cli("mentor", "explain", ANN, "odd", "--org", ORG, "--format", "json", dsn=dsn)
    assert_plain(told, 0)
    assert json.loads(told.stdout)["name"] == NAME
    refused = cli("mentor", "show", ANN, "--org", NAME, "--format", "json", dsn=dsn)
    assert_plain(refused, 2)
    assert json.loads(refused.stderr)["error"]["sqlstate"] == "23503"


def test_a_rule_set_that_is_shown_is_the_same_when_it_is_read_again(
    forged: Path, cli: Cli, dsn: str, tmp_path: Path
) -> None:
    shown = cli("rules", "show", dsn=dsn)
    assert_plain(shown, 0)
    (tmp_path / "shown.yaml").write_text(shown.stdout)
    again = cli("rules", "apply", tmp_path / "shown.yaml", dsn=dsn)
    assert "unchanged: this document is version 1 already" in again.stderr


def test_titles_columns_and_lines_are_printable_too(capsys: pytest.CaptureFixture[str]) -> None:
    emit([{NAME: NAME}], "table", title=NAME)
    emit({NAME: {"deep": [NAME]}}, "table", title=NAME)
    emit(NAME, "table")
    print_text(f"{NAME}\n{ESCAPES}")
    say(NAME)
    captured = capsys.readouterr()
    assert is_plain(captured.out + captured.err)
    assert MARKUP in captured.out


def test_a_bar_takes_its_name_as_it_is() -> None:
    """On a terminal, where rich draws with escapes of its own."""
    program = (
        "import sys\nfrom pgmerit.cli.common import progress\n"
        "with progress(sys.argv[1], 3) as advance:\n    advance(1)\n"
    )
    leader, follower = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", program, "[red]\x1b]0;owned"],
        stderr=follower,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "COLUMNS": "200"},
    ) as process:
        os.close(follower)
        said = b""
        while True:
            try:
                part = os.read(leader, 65536)
            except OSError:
                break
            said += part
            if not part:
                break
    os.close(leader)
    assert process.returncode == 0
    assert b"[red]\\x1b]0;owned" in said
    assert b"\x1b]0;owned" not in said
    assert progress is common.progress


def test_one_module_prints() -> None:
    """All else goes through it, so that nothing reaches a terminal past it."""
    printing = {"echo", "secho", "print", "Console"}
    found = set()
    for file in Path(common.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", None) or getattr(node.func, "id", None)
                if name in printing:
                    found.add(file.name)
    assert found == {"common.py"}
