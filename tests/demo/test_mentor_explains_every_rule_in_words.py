"""`pgmerit mentor explain`: what each kind of rule has, lacks and waits for, line by line."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pgmerit import languages, routines
from pgmerit.database import Connection

from tests.engine import ANN, BEN, ORG, activity, apply, insert, rule_set, value
from tests.languages import third

Cli = Callable[..., Any]
VISIT = {"type": "threshold", "activity": "visit", "at_least": 1}
NIGHTS = {
    "weekdays": ["sat", "sun"],
    "hours": [22, 6],
    "months": [2, 3],
    "dates": ["12-24"],
    "days_of_year": [1, 366],
    "from": "2025-01-01",
    "until": "2026-12-31",
}
RULES: dict[str, Any] = {
    "nights": {"type": "threshold", "activity": "call", "when": NIGHTS, "at_least": 2},
    "month": {"type": "threshold", "measure": "sum", "window": "month", "at_least": 9.5},
    "post": {"type": "threshold", "activity": "reaction", "per": "post", "at_least": 3},
    "lately": {"type": "threshold", "window": {"rolling_days": 3}, "at_least": 9},
    "held": {"type": "threshold", "where": {"earned_at": "school"}, "at_least": 9},
    "tracks": {
        "type": "threshold",
        "activity": "solved",
        "measure": "distinct",
        "field": "track",
        "per_value": {"measure": "sum", "field": "points", "at_least": 5},
        "at_least": 2,
    },
    "daily": {"type": "streak", "unit": "day", "length": 5},
    "weeks": {
        "type": "streak",
        "unit": "week",
        "grace": 1,
        "per_unit": {"measure": "active_days", "at_least": 3},
        "length": 4,
    },
    "open_days": {
        "type": "streak",
        "unit": "day",
        "on": {"weekdays": ["mon", "tue"], "closed_days": False},
        "excused_by": {"activity": "absence"},
        "length": 5,
    },
    "months": {"type": "streak", "unit": "month", "consecutive": False, "length": 6},
    "course": {"type": "training_completion", "courses": ["role", "first-aid"]},
    "soon": {"type": "training_completion", "courses": ["role", "x"], "within_days": 30},
    "year": {"type": "tenure", "years": 1},
    "badges": {"type": "badges_earned", "badges": ["visits", "thanks"]},
    "visits": VISIT,
    "thanks": {"type": "manual"},
    "many": {
        "type": "n_of",
        "n": 2,
        "criteria": [
            VISIT,
            {"type": "any_of", "criteria": [{"type": "tenure", "days": 90}, VISIT]},
            {"type": "threshold", "activity": "call", "at_least": 99, "id": "calls"},
        ],
    },
    "clean": {
        "type": "all_of",
        "criteria": [
            {"type": "threshold", "activity": "visit", "at_least": 9},
            {"type": "none_of", "criteria": [{"type": "tenure", "days": 1}]},
            {"type": "none_of", "criteria": [VISIT]},
            {"type": "none_of", "criteria": [{"type": "threshold", "at_least": 9999}]},
        ],
    },
    "first": {"name": "First", "limit": {"first": 1}, "criteria": VISIT},
    "ours": {"type": "threshold", "activity": "call", "at_least": 7},
    "raw": {
        "type": "criteria_raw",
        "expression": "$.activities.call.count > 99",
        "reason": "a test",
    },
}
EXPECTED: dict[str, list[str]] = {
    "nights": [
        "nights: not earned",
        "not yet: a condition is not met",
        "how many 0 of 2: not met, 2 remaining",
        "of call; on Saturday or Sunday; between 22:00 and 06:00; in February or March; on 12-24;"
        " on day 1 or 366 of the year; from 2025-01-01; until 2026-12-31",
    ],
    "month": [
        "sum 7.5 of 9.5: not met, 2 remaining",
        "of any activity; within a month",
        "best and now 2026-03-01 to 2026-03-31: 7.5",
    ],
    "post": ["how many 2 of 3: not met, 1 remaining", "of reaction; per post", "best p1: 2"],
    "lately": [
        "of any activity; within 3 days",
        "best and now 2026-03-02 to 2026-03-04: 7",
    ],
    "held": ["of any activity; where earned_at school"],
    "tracks": [
        "different 1 of 2: not met, 1 remaining",
        "of solved; each value with sum of points at least 5; distinct track",
        "not yet go: 3 of 5, 2 remaining",
    ],
    "daily": [
        "days in a row 4 of 5: not met, 1 remaining",
        "the current run of 4 began 2026-03-01 and lives until 2026-03-05; the longest is 4",
        "this day (2026-03-04) counts",
    ],
    "weeks": [
        "weeks in a row 1 of 4: not met, 3 remaining",
        "of any activity; each week with active days at least 3; up to 1 week in succession may"
        " lack\n",
        "the current run of 1 began 2026-03-02 and lives until 2026-03-22; the longest is 1",
        "this week (2026-03-02 to 2026-03-08) counts",
    ],
    "open_days": [
        "on Monday and Tuesday alone: other days neither count nor break",
        "a day with absence is excused",
    ],
    "months": ["months in all 1 of 6: not met, 5 remaining"],
    "course": [
        "courses 1 of 2: not met, 1 remaining",
        "of training_completed; where course role or first-aid; distinct course",
        "has role",
        "missing first-aid",
    ],
    "soon": ["within 30 days", "best and now 2026-02-03 to 2026-03-04: 1", "has role", "missing x"],
    "year": [
        "years passed 0 of 1: not met, 1 remaining",
        "since 2026-03-01, due 2027-03-01 00:00 CET, 362 days left",
    ],
    "badges": ["other badges 1 of 2: not met, 1 remaining", "has visits", "missing thanks"],
    "visits": [
        "visits: earned",
        "visits: earned 2026-03-03 13:00 CET by activity",
        "how many 1 of 1: met",
        "came true 2026-03-03 13:00 CET by activity",
        "the threshold is the badge's ($, since version 1)",
    ],
    "thanks": ["not yet: the badge is awarded by hand"],
    "many": [
        "2 of: 2 of 2, met",
        "any of: 1 of 1, met",
        "days passed 3 of 90: not met, 87 remaining",
        "how many 2 of 99: not met, 97 remaining",
    ],
    "clean": [
        "all of: 0 of 1, not met",
        "none of: not met since 2026-03-02 00:00",
        "none of: not met since 2026-03-03",
        ", by activity ",
        "none of: met",
    ],
    "first": [
        "not yet: no place is left: 1 of 1 are taken",
        "1 of 1 places are taken",
        "how many 1 of 1: met",
    ],
    "ours": ["the threshold is this organization's own, the badge's is 7 ($, since version 1)"],
    "raw": [
        "raw criteria 0 of 1: not met, 1 remaining",
        "expression $.activities.call.count > 99",
        "because a test",
    ],
}


def _kept(connection: Connection) -> None:
    value(connection, "select badges.set_setting('criteria_raw', 'true')")
    organization = {"time_zone": "Europe/Oslo", "custom_thresholds": {"ours": 8}}
    apply(connection, rule_set(RULES, {ORG: organization}))
    insert(connection, activity("2026-03-01", kind="visit", who=BEN))
    insert(connection, activity("2026-03-01 02:00", quantity="1.5"))
    insert(connection, activity("2026-03-02", quantity=2))
    insert(connection, activity("2026-03-03", kind="visit", quantity=1))
    insert(
        connection,
        *[
            activity("2026-03-03", kind="reaction", quantity=1, attributes={"post": "p1"}),
            activity("2026-03-03", kind="reaction", quantity=1, attributes={"post": "p1"}),
            activity("2026-03-04", kind="solved", attributes={"track": "c", "points": 5}),
            activity("2026-03-04", kind="solved", attributes={"track": "go", "points": 3}),
        ],
    )
    role = {"course": "role"}
    insert(
        connection, activity("2026-03-04", kind="training_completed", quantity=-1, attributes=role)
    )


PREPARED = {"kept": _kept}


@pytest.fixture
def kept(connection: Connection) -> Connection:
    return connection


def test_each_rule_is_told_line_by_line(kept: Connection, cli: Cli, dsn: str) -> None:
    for badge in RULES:
        told = cli("mentor", "explain", ANN, badge, "--org", ORG, "--as-of", "2026-03-04", dsn=dsn)
        assert told.exit_code == 0, told.stderr
        for words in EXPECTED[badge]:
            assert words in told.stdout, told.stdout


def test_no_word_of_an_explanation_stands_in_the_code(
    kept: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of it is said in a language that is a file in the folder, by the database too."""
    third.write_third(tmp_path)
    monkeypatch.setattr(languages, "FOLDER", tmp_path)
    third.load_third(kept)
    value(kept, "select badges.deny_badge(%s, 'visits', %s, 'unfit')", ANN, ORG)
    for day in ("2026-03-04", "2026-04-02", "2027-01-01"):
        for badge in RULES:
            told = routines.explain_badge(
                kept, ANN, badge, ORG, date.fromisoformat(day), third.CODE
            )
            assert third.words_in_code(told) == set(), told
    denied = third.disguise("the badge is denied to this person")
    assert routines.explain_badge(kept, ANN, "visits", ORG, None, "el-GR")["why_not"] == denied


def test_what_people_decided_is_told_with_reason(kept: Connection, cli: Cli, dsn: str) -> None:
    value(kept, "select badges.revoke_badge(%s, 'visits', %s, 'a mistake')", ANN, ORG)
    told = cli("mentor", "explain", ANN, "visits", "--org", ORG, dsn=dsn).stdout
    assert "not yet: a person revoked the award" in told
    assert "by a person: a mistake" in told
    value(kept, "select badges.deny_badge(%s, 'visits', %s, 'unfit')", ANN, ORG)
    told = cli("mentor", "explain", ANN, "visits", "--org", ORG, dsn=dsn).stdout
    assert "not yet: the badge is denied to this person" in told
    assert ": unfit" in told


def test_parts_that_never_held_together_are_told(
    connection: Connection, cli: Cli, dsn: str
) -> None:
    high = {"type": "threshold", "measure": "sum", "activity": "points", "at_least": 5}
    apply(connection, rule_set({"both": {"type": "all_of", "criteria": [high, VISIT]}}))
    insert(connection, activity("2026-03-01", kind="points", quantity=5))
    insert(connection, activity("2026-03-02", kind="points", quantity=-5))
    insert(connection, activity("2026-03-03", kind="visit"))
    told = cli("mentor", "explain", ANN, "both", "--org", ORG, dsn=dsn).stdout
    assert "all of: 2 of 2, not met: the parts never held at the same moment" in told


def test_a_run_that_ended_and_a_unit_that_lacks_are_told(
    kept: Connection, cli: Cli, dsn: str
) -> None:
    told = cli("mentor", "explain", ANN, "daily", "--org", ORG, "--as-of", "2026-04-01", dsn=dsn)
    assert "days in a row 0 of 5: not met, 5 remaining" in told.stdout
    assert "no run is alive; the longest was 4" in told.stdout
    assert "this day (2026-04-01) has 0 of 1, 1 remaining" in told.stdout


def test_a_best_window_of_the_past_is_told_beside_the_present(
    kept: Connection, cli: Cli, dsn: str
) -> None:
    options = ("mentor", "explain", ANN, "month", "--org", ORG, "--as-of", "2026-04-02")
    told = cli(*options, dsn=dsn).stdout
    assert "best 2026-03-01 to 2026-03-31: 7.5" in told
    assert "now 2026-04-01 to 2026-04-30: 0" in told


def test_parts_stand_in_the_order_of_the_rule(kept: Connection, cli: Cli, dsn: str) -> None:
    options = ("mentor", "explain", ANN, "many", "--org", ORG, "--as-of", "2026-03-04")
    told = cli(*options, dsn=dsn).stdout
    words = ["2 of: 2", "of visit", "any of: 1", "days passed", "how many 2 of 99"]
    assert sorted(words, key=told.index) == words


def test_a_period_that_is_over_is_told(kept: Connection, cli: Cli, dsn: str) -> None:
    options = ("mentor", "explain", ANN, "nights", "--org", ORG, "--as-of")
    assert "the period is over" in cli(*options, "2027-01-01", dsn=dsn).stdout
    assert "the period is" not in cli(*options, "2026-12-31", dsn=dsn).stdout


def test_show_takes_a_day_and_a_language(connection: Connection, cli: Cli, dsn: str) -> None:
    visits = {"name": {"en": "Visits", "nb": "Besøk"}, "criteria": {**VISIT, "at_least": 2}}
    run = {"type": "streak", "unit": "day", "length": 4}
    apply(connection, rule_set({"visits": visits, "run": run}))
    insert(connection, activity("2026-03-01", kind="visit"))
    options = ("--org", ORG, "--format", "json")
    for day, current in (("2026-03-02", 1), ("2026-03-03", 0)):
        shown = cli("mentor", "show", ANN, *options, "--as-of", day, "--language", "nb", dsn=dsn)
        coming = {row["badge_definition_id"]: row for row in json.loads(shown.stdout)["to_come"]}
        assert coming["visits"]["name"] == "Besøk"
        assert coming["run"]["current"] == current
    told = cli("mentor", "explain", ANN, "visits", "--org", ORG, "--language", "nb", dsn=dsn)
    assert "Besøk: ikke oppnådd" in told.stdout
    assert "ikke ennå: et vilkår er ikke oppfylt" in told.stdout
    assert told.stderr == ""
    shown = cli("mentor", "show", ANN, "--org", ORG, "--language", "nb-NO", dsn=dsn).stdout
    assert "Merker\n(ingen)\n\nI vente\nmerke" in shown
    assert "50\xa0%" in shown


def test_a_language_that_is_not_written_is_told_in_english_and_said(
    kept: Connection, cli: Cli, dsn: str
) -> None:
    told = cli("mentor", "show", ANN, "--org", ORG, "--language", "no", dsn=dsn)
    assert told.exit_code == 0
    assert 'explanations are written in en, nb and not in "no": they are told in English' in (
        told.stderr
    )
    assert "To come" in told.stdout
    told = cli("mentor", "show", ANN, "--org", ORG, "--language", "../nb", dsn=dsn)
    assert told.exit_code == 2
    assert '"../nb" is not a language tag such as nb or nb-NO' in told.stderr


def test_a_day_that_is_none_is_wrong_use(kept: Connection, cli: Cli, dsn: str) -> None:
    result = cli("mentor", "show", ANN, "--org", ORG, "--as-of", "soon", dsn=dsn)
    assert result.exit_code == 2
    assert "soon" in result.stderr


def test_show_lists_what_people_awarded(kept: Connection, cli: Cli, dsn: str) -> None:
    value(kept, "select badges.award_badge(%s, 'thanks', %s, 'well done')", ANN, ORG)
    shown = cli("mentor", "show", ANN, "--org", ORG, "--format", "json", dsn=dsn)
    earned = {row["badge_definition_id"] for row in json.loads(shown.stdout)["earned"]}
    assert "thanks" in earned
