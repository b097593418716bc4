"""Organizations of one rule set: what one configures is neither stopped by nor felt in another."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from pgmerit.database import Connection
from psycopg.types.json import Jsonb

from tests.engine import (
    ANN,
    BEN,
    ORG,
    Row,
    activity,
    apply,
    assert_exact,
    awards,
    badge_ids,
    insert,
    rows,
    rule_set,
    value,
)

LASTING = True

CONFIGURE = "select badges.configure_badge(%s, %s, %s, %s, %s)"
RULES = rule_set(
    {
        "third": {
            "name": "third",
            "on_unmet": "revoke",
            "criteria": {"type": "threshold", "activity": "call", "at_least": 3},
        },
        "runner": {"type": "streak", "activity": "call", "unit": "day", "length": 2},
    },
    {ORG: {"time_zone": "UTC"}, "hlf": {"time_zone": "UTC"}},
)


def _shared(connection: Connection) -> None:
    apply(connection, RULES)
    for who, org in ((ANN, ORG), (BEN, "hlf")):
        insert(connection, *[activity(f"2026-03-0{n}", who=who, org=org) for n in (1, 2, 3)])


PREPARED = {"shared": _shared}


@pytest.fixture
def shared(connection: Connection) -> Connection:
    """Ann in nhf and Ben in hlf, each with three calls on three days."""
    return connection


def configure(
    connection: Connection, badge: str, at_least: int, org: str, *, allow: bool = False
) -> Row:
    done: Row = value(connection, CONFIGURE, badge, org, True, Jsonb(at_least), allow)
    return done


def versions(connection: Connection) -> dict[str, tuple[int, set[int]]]:
    """Give each organization's version, and those its people are built for."""
    return {
        each["org_id"]: (each["version"], set(each["people"]))
        for each in rows(
            connection,
            "select organization.org_id, organization.rule_set_version as version,"
            " array_agg(held.rule_set_version) as people"
            " from badges.organizations as organization"
            " join badges.peer_mentor_stats as held on held.org_id = organization.org_id"
            " and held.stat = '*' group by organization.org_id",
        )
    }


def calls(connection: Connection, name: str) -> int:
    found: int = value(
        connection,
        "select coalesce(sum(pg_stat_get_xact_function_calls(oid)), 0)::integer from pg_proc"
        " where proname = %s",
        name,
    )
    return found


def leave_losses_behind(connection: Connection, org: str) -> None:
    """Apply what would take awards from people of an organization, and evaluate nobody."""
    harder = {**RULES, "organizations": {**RULES["organizations"]}}
    harder["organizations"][org] = {"time_zone": "UTC", "custom_thresholds": {"third": 4}}
    value(connection, "select badges.apply_rule_set(%s, p_allow_revoke => true)", Jsonb(harder))


def test_nobody_elses_losses_stop_it(shared: Connection) -> None:
    leave_losses_behind(shared, "hlf")
    assert configure(shared, "runner", 3, ORG)["changed"]


def test_its_own_losses_are_told_without_anybody_elses(shared: Connection) -> None:
    leave_losses_behind(shared, "hlf")
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState) as caught:
        configure(shared, "third", 4, ORG)
    detail = caught.value.diag.message_detail or ""
    assert str(ANN) in detail
    assert str(BEN) not in detail
    assert caught.value.diag.message_primary == "1 people would lose 1 award(s)"
    assert configure(shared, "third", 4, ORG, allow=True)["people_to_evaluate"] == 1


def test_an_apply_of_everything_is_stopped_by_everybodys(shared: Connection) -> None:
    harder = {**RULES, "organizations": {
        org: {"time_zone": "UTC", "custom_thresholds": {"third": 4}} for org in (ORG, "hlf")
    }}  # fmt: skip
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState) as caught:
        value(shared, "select badges.apply_rule_set(%s)", Jsonb(harder))
    detail = caught.value.diag.message_detail or ""
    assert str(ANN) in detail
    assert str(BEN) in detail


def test_nobody_elses_people_have_to_be_evaluated(shared: Connection) -> None:
    done = configure(shared, "runner", 3, ORG)
    assert done["version"] == 2
    assert done["people_to_evaluate"] == 1
    assert versions(shared) == {ORG: (2, {1}), "hlf": (1, {1})}
    shared.execute("set track_functions = 'pl'")
    for org, who, is_built in (("hlf", BEN, 0), (ORG, ANN, 1)):
        with shared.transaction():
            insert(shared, activity("2026-03-09", who=who, org=org))
            assert calls(shared, "_bring_up_to_date") == is_built
    assert versions(shared) == {ORG: (2, {2}), "hlf": (1, {1})}
    assert_exact(shared)


def test_its_awards_carry_the_version_their_organization_had(shared: Connection) -> None:
    configure(shared, "runner", 3, ORG)
    new = (activity("2026-04-01", who=ANN, org="hlf"), activity("2026-04-02", who=ANN, org="hlf"))
    insert(shared, *new)
    held = {each["org_id"]: each["rule_set_version"] for each in awards(shared, ANN)}
    assert held == {ORG: 1, "hlf": 1}
    configure(shared, "runner", 5, "hlf")
    insert(shared, activity("2026-04-03", who=ANN, org="hlf"))
    third = [each for each in awards(shared, ANN) if each["badge_definition_id"] == "third"]
    assert {each["org_id"]: each["rule_set_version"] for each in third} == {ORG: 1, "hlf": 3}
    assert_exact(shared)


def test_the_next_apply_moves_everybody_on(shared: Connection) -> None:
    configure(shared, "runner", 3, ORG)
    lower: dict[str, Any] = {**RULES, "organizations": {**RULES["organizations"]}}
    lower["organizations"]["hlf"] = {"time_zone": "UTC", "custom_thresholds": {"third": 2}}
    apply(shared, lower)
    assert versions(shared) == {ORG: (3, {3}), "hlf": (3, {3})}
    assert badge_ids(shared, BEN) == ["runner", "third"]
    assert_exact(shared)


def test_another_organizations_time_zone_is_nothing_to_it(shared: Connection) -> None:
    done = value(shared, "select badges.rezone_organization('nhf', 'Europe/Oslo')")
    assert done["people_to_evaluate"] == 1
    assert versions(shared) == {ORG: (2, {1}), "hlf": (1, {1})}
    while value(shared, "select badges.backfill_rule_set('tests')")["remaining"]:
        pass
    assert versions(shared) == {ORG: (2, {2}), "hlf": (1, {1})}
    assert_exact(shared)
