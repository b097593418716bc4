from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from tests.conftest import CliResult
from tests.pages.conftest import CHANGED, NORTH

Cli = Callable[..., CliResult]
CALLS = ("rules", "calibrate", "calls", "--org", NORTH)
# Person n of the 15 in the north, all but every fourth of 20, has n calls.
CURVE = {1: 15, 2: 14, 3: 13, 5: 12, 6: 11, 7: 10, 9: 9, 10: 8, 11: 7, 13: 6, 14: 5, 15: 4, 17: 3}


def test_the_shell_has_the_curve_and_the_nearest_thresholds(filled_dsn: str, cli: Cli) -> None:
    today = date.today()
    result = cli(*CALLS, "--share", "30%", dsn=filled_dsn)
    assert (result.exit_code, result.stderr) == (0, "")
    head, _, title, names, *rows, now, then = result.stdout.splitlines()
    assert head == "Calls <i>: $.at_least of rule set tests"
    assert title.startswith("<b>North</b> & 'East': 15 people, 0 on ")
    earlier = then.split()[2].rstrip(":")
    assert names.split() == ["at_least", "people", "share", earlier, "share", "then", "set"]
    told = {int(row.split()[0]): row.split() for row in rows}
    assert {at: int(cells[1]) for at, cells in told.items()} == CURVE | {18: 2, 19: 1}
    assert told[1][2:] == ["100%", "█" * 30, "0"]
    assert told[3][-1] == "low"
    assert told[10][-1] == "high"
    assert told[15][2:4] == ["26.67%", "█" * 8]
    assert now.endswith(": at_least 14 gives 5 (33.33%); at_least 15 gives 4 (26.67%)")
    assert then.endswith(": no threshold comes near it")
    assert earlier.startswith(str(today.year - 1))


def test_json_and_the_page_have_the_same_numbers(filled_dsn: str, cli: Cli, tmp_path: Path) -> None:
    page, file = tmp_path / "curve.html", tmp_path / "rules.json"
    file.write_text(json.dumps(CHANGED))
    options = ("--share", "0.3", "--file", file, "--language", "nb", "--format", "json")
    result = cli(*CALLS, *options, "--html", page, dsn=filled_dsn)
    assert (result.exit_code, result.stderr) == (0, f"{page} is written\n")
    told = json.loads(result.stdout)
    assert (told["name"], told["share"]) == ("Samtaler", 0.3)
    (north,) = told["organizations"]
    assert north["nearest"]["now"] == {"at_least": 14, "at_most": 15}
    assert [each["tier"] for each in north["thresholds"]] == ["low", "top"]
    text = page.read_text().replace("\xa0", " ")
    assert "<title>Samtaler: hvilken terskel for hvor mange?</title>" in text
    for point in north["curve"]:
        people = point["now"]["people"]
        assert (
            f'<th scope="row">{point["threshold"]}</th>\n<td class="number">{people}</td>' in text
        )
    assert "14 gir 5 personer (33,33 %); 15 gir 4 personer (26,67 %)." in text
    assert "Dagens terskel 15 for top gir det til 4 personer (26,67 %)" in text
    assert "antall; call\n  low: minst 2\n  top: minst 15" in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("calls", "--share", "110%"), '"110%" is not a share between 0% and 100%, such as 10%'),
        (("calls", "--share", "0"), '"0" is not a share between 0% and 100%, such as 10%'),
        (("calls", "--share", "few"), '"few" is not a share between 0% and 100%, such as 10%'),
        (("calls", "--then", "2026-13-01"), "'2026-13-01' does not match the format"),
        (("calls", "--then", "2999-01-01"), "p_as_of and p_then must be days"),
        (("both",), 'badge "both" has several thresholds, one a part'),
        (("both", "--part", "x"), 'badge "both" has no threshold "x"'),
        (("none",), 'badge "none" is not in the rule set'),
        (("calls", "--org", "none"), 'organization "none" does not exist'),
        (("calls", "--html", "/none/page.html"), "/none/page.html cannot be written"),
    ],
)
def test_what_cannot_be_answered_is_one_line(
    filled_dsn: str, cli: Cli, arguments: tuple[str, ...], said: str
) -> None:
    result = cli("rules", "calibrate", *arguments, dsn=filled_dsn)
    assert result.exit_code == 2
    error, hint = result.stderr.splitlines()
    assert error.startswith("error: ")
    assert said in error
    assert hint.startswith("hint: ")
