"""rules plan: what would change, what it does to people, as table, JSON, exit code and file."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest
from pgmerit import mentors
from pgmerit.database import Connection
from psycopg.types.json import Jsonb

from tests.engine import ANN, BEN, ORG, Row, apply, rows, value
from tests.lifecycle.conftest import RULES, changed

LASTING = True

LOWER = changed(
    third={"criteria": {"type": "threshold", "activity": "call", "at_least": 2}},
    climb={
        "criteria": {
            "type": "tier",
            "activity": "call",
            "tiers": [{"tier": "low", "at_least": 1}, {"tier": "high", "at_least": 4}],
        }
    },
)


def effect(plan: Row, badge: str, org: str = ORG) -> Row:
    """Give the effect of a plan on a badge."""
    found: Row = next(
        each
        for each in plan["effects"]
        if (each["org_id"], each["badge_definition_id"]) == (org, badge)
    )
    return found


def test_a_plan_works_in_a_read_only_transaction(ruled: Connection) -> None:
    before = rows(ruled, "select * from badges.rule_sets")
    with ruled.transaction():
        ruled.execute("set transaction read only")
        plan = value(ruled, "select badges.plan_rule_set(%s)", Jsonb(LOWER))
    assert plan["version"] == 1
    assert plan["changed"]
    assert rows(ruled, "select * from badges.rule_sets") == before
    assert value(ruled, "select count(*) from badges.badge_definitions") == 2


def test_thresholds_are_told_with_whose_they_are(ruled: Connection) -> None:
    plan = value(ruled, "select badges.plan_rule_set(%s)", Jsonb(LOWER))
    assert [each for each in plan["changes"] if each["badge_definition_id"] == "third"] == [
        {
            "change": "threshold changed",
            "badge_definition_id": "third",
            "tier": "",
            "path": "$",
            "org_ids": [ORG],
            "old": 3,
            "old_source": "default",
            "new": 2,
            "new_source": "default",
        }
    ]
    own = changed()
    own["organizations"]["hlf"]["custom_thresholds"] = {"third": 4}
    own["organizations"][ORG]["custom_thresholds"] = {"third": 3}
    plan = value(ruled, "select badges.plan_rule_set(%s)", Jsonb(own))
    assert [
        (each["org_ids"], each["old"], each["old_source"], each["new"], each["new_source"])
        for each in plan["changes"]
    ] == [
        ([ORG], 3, "default", 3, "organization"),
        (["hlf"], 2, "organization", 4, "organization"),
    ]


def test_people_who_gain_climb_or_are_near_are_told(ruled: Connection) -> None:
    plan = value(ruled, "select badges.plan_rule_set(%s)", Jsonb(LOWER))
    climb = effect(plan, "climb")
    assert climb["exact"]
    assert climb["awarded"] == {"awards": 2, "people": 2, "sample": sorted([str(ANN), str(BEN)])}
    assert climb["tiers_moved"] == [
        {"from": "low", "to": "high", "people": 1},
        {"from": None, "to": "low", "people": 1},
    ]
    assert effect(plan, "third")["nearest"] == [
        {
            "peer_mentor_id": str(BEN),
            "tier": "",
            "occurrence": 1,
            "value": 1,
            "target": 2,
            "fraction": 0.5,
        }
    ]
    assert (plan["people"], plan["waiting"]) == (3, 0)


def test_whoever_lacks_a_part_or_a_badge_is_near_a_composed_one(ruled: Connection) -> None:
    call = {"type": "threshold", "activity": "call", "at_least": 1}
    visit = {"type": "threshold", "activity": "visit", "at_least": 1}
    document = changed(
        both={"criteria": {"type": "all_of", "criteria": [call, visit]}},
        pair={"criteria": {"type": "badges_earned", "badges": ["third", "both"]}},
    )
    plan = value(ruled, "select badges.plan_rule_set(%s)", Jsonb(document))
    near = {
        badge: [
            (each["peer_mentor_id"], each["value"], each["target"])
            for each in effect(plan, badge)["nearest"]
        ]
        for badge in ("both", "pair")
    }
    assert near == {
        "both": [(str(who), 1, 2) for who in sorted((ANN, BEN))],
        "pair": [(str(ANN), 1, 2)],
    }


def test_a_raw_rule_and_what_counts_it_are_not_called_exact(ruled: Connection) -> None:
    value(ruled, "select badges.set_setting('criteria_raw', 'true')")
    raw = {
        "type": "criteria_raw",
        "expression": "$.activities.call.count > 3",
        "reason": "a test",
    }
    document = changed(
        odd={"criteria": raw},
        any_two={"criteria": {"type": "badges_earned", "at_least": 2}},
        fourth={"criteria": {"type": "threshold", "activity": "call", "at_least": 4}},
    )
    plan = value(ruled, "select badges.plan_rule_set(%s)", Jsonb(document))
    found = {each["badge_definition_id"]: each["exact"] for each in plan["effects"]}
    assert found == {"odd": False, "any_two": False, "fourth": True}
    assert 'the raw rule "odd"' in effect(plan, "any_two")["note"]


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (changed(third=None), [("badge dropped", "third")]),
        (changed(third={"active": False}), [("disabled", "third")]),
        (changed(fresh={"criteria": {"type": "manual"}}), [("badge added", "fresh")]),
        (changed(third={"name": {"nb": "Tredje"}}), [("texts changed", "third")]),
        (changed(third={"on_unmet": "revoke"}), [("setting changed", "third")]),
        (
            changed(third={"criteria": {"type": "threshold", "activity": "visit", "at_least": 3}}),
            [("criteria changed", "third")],
        ),
        (
            changed(
                climb={
                    "criteria": {
                        "type": "tier",
                        "activity": "call",
                        "tiers": [{"tier": "low", "at_least": 2}, {"tier": "top", "at_least": 9}],
                    }
                }
            ),
            [("tier added", "climb"), ("tier removed", "climb")],
        ),
    ],
)
def test_each_kind_of_change_has_its_words(
    ruled: Connection, document: Row, told: list[tuple[str, str]]
) -> None:
    plan = value(ruled, "select badges.plan_rule_set(%s)", Jsonb(document))
    found = [(each["change"], each["badge_definition_id"]) for each in plan["changes"]]
    assert found == told


def test_organizations_added_and_dropped_are_told(ruled: Connection) -> None:
    document = changed()
    document["organizations"]["fresh"] = document["organizations"].pop("hlf")
    plan = value(ruled, "select badges.plan_rule_set(%s)", Jsonb(document))
    assert [(each["change"], each["org_id"]) for each in plan["changes"]] == [
        ("organization added", "fresh"),
        ("organization dropped", "hlf"),
    ]


def test_a_document_that_is_not_valid_is_refused_as_apply_refuses_it(ruled: Connection) -> None:
    wrong = changed(third={"criteria": {"type": "threshold"}})
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="problem"):
        value(ruled, "select badges.plan_rule_set(%s)", Jsonb(wrong))
    foreign = changed() | {"ruleset": "others"}
    with pytest.raises(psycopg.errors.UniqueViolation, match="belongs to rule set"):
        value(ruled, "select badges.plan_rule_set(%s)", Jsonb(foreign))


def test_the_command_prints_tables_or_json(
    cli: Any, dsn: str, ruled: Connection, written: Any
) -> None:
    file = written(LOWER)
    shown = cli("rules", "plan", file, dsn=dsn)
    assert shown.exit_code == 0, shown.stderr
    assert "tests: version 1 becomes 2" in shown.stdout
    assert "threshold changed third: 3 (the badge's) becomes 2 (the badge's)" in shown.stdout
    assert "low 1 awarded" in shown.stdout
    assert shown.stdout.endswith("Awards: 3 awarded\n")
    plan = json.loads(cli("rules", "plan", file, "--format=json", dsn=dsn).stdout)
    told = value(ruled, "select badges.plan_rule_set(%s)", Jsonb(LOWER))
    assert plan == mentors.names_in(ruled, told).added_to(told)


def test_the_exit_code_tells_whether_something_would_change(
    cli: Any, dsn: str, ruled: Connection, written: Any
) -> None:
    assert cli("rules", "plan", written(LOWER), dsn=dsn).exit_code == 0
    assert cli("rules", "plan", written(LOWER), "--exit-code", dsn=dsn).exit_code == 1
    same = cli("rules", "plan", written(RULES), "--exit-code", dsn=dsn)
    assert same.exit_code == 0
    assert "nothing changes, this is version 1" in same.stdout


def test_warnings_name_what_was_never_recorded(
    cli: Any, dsn: str, ruled: Connection, written: Any
) -> None:
    rare = changed(rare={"criteria": {"type": "threshold", "activity": "calll", "at_least": 1}})
    shown = cli("rules", "plan", written(rare), dsn=dsn)
    assert 'the activity type "calll" was never recorded' in shown.stderr


def test_a_plan_file_is_applied_unless_the_version_moved(
    cli: Any, dsn: str, ruled: Connection, written: Any, tmp_path: Any
) -> None:
    file = tmp_path / "lower.plan"
    assert cli("rules", "plan", written(LOWER), "--out", file, dsn=dsn).exit_code == 0
    applied = cli("rules", "apply", file, "--format=json", dsn=dsn)
    assert applied.exit_code == 0, applied.stderr
    assert json.loads(applied.stdout)["version"] == 2
    # Once more is no error: it is how a run that was broken off is taken up.
    assert cli("rules", "apply", file, dsn=dsn).exit_code == 0
    apply(ruled, RULES)
    refused = cli("rules", "apply", file, dsn=dsn)
    assert refused.exit_code == 2
    assert refused.stderr == (
        'error: the rule set "tests" is at version 3, not 1\n'
        "hint: Somebody applied another version meanwhile: plan again.\n"
    )
    assert value(ruled, "select max(version) from badges.rule_sets") == 3


def test_a_plan_file_that_was_changed_is_refused(
    cli: Any, dsn: str, ruled: Connection, written: Any, tmp_path: Any
) -> None:
    file = tmp_path / "lower.plan"
    cli("rules", "plan", written(LOWER), "--out", file, dsn=dsn)
    file.write_text(file.read_text().replace('"at_least": 2', '"at_least": 1'))
    refused = cli("rules", "apply", file, dsn=dsn)
    assert refused.exit_code == 2
    assert "is not the plan that was written" in refused.stderr
