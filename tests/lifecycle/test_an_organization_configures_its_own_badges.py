"""configure_badge: an administrator of one organization saves alone, and no other can."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from pgmerit.database import Connection
from psycopg import sql
from psycopg.types.json import Jsonb

from tests.engine import ANN, BEN, ORG, Row, activity, assert_exact, badge_ids, insert, value
from tests.lifecycle.conftest import RULES

CALL = "select badges.configure_badge(%s, %s, %s, %s, %s)"


def configure(
    connection: Connection,
    badge: str,
    is_enabled: bool,
    thresholds: Any = None,
    org: str = ORG,
    allow_revoke: bool = False,
) -> Row:
    """Configure a badge, and evaluate everybody."""
    custom = None if thresholds is None else Jsonb(thresholds)
    done: Row = value(connection, CALL, badge, org, is_enabled, custom, allow_revoke)
    while value(connection, "select badges.backfill_rule_set('tests')")["remaining"]:
        pass
    return done


def organization(connection: Connection, org: str = ORG) -> Row:
    """Give an organization of the current document."""
    found: Row = value(connection, "select badges.get_rule_set('tests')")["organizations"][org]
    return found


def test_it_makes_a_version_whose_document_has_the_change(ruled: Connection) -> None:
    done = configure(ruled, "climb", True, {"low": 1, "high": 4})
    assert (done["version"], done["changed"]) == (2, True)
    assert organization(ruled) == {
        "time_zone": "UTC",
        "custom_thresholds": {"climb": {"low": 1, "high": 4}},
    }
    assert value(ruled, "select origin from badges.rule_sets where version = 2") == "configure"
    assert organization(ruled, "hlf") == RULES["organizations"]["hlf"]
    assert badge_ids(ruled, BEN) == ["climb"]
    row = ruled.execute(
        "select threshold, threshold_source, rule_set_version, source"
        " from badges.earned_badges where tier = 'high'"
    ).fetchone()
    assert row is not None
    assert tuple(row.values()) == (4, "organization", 2, "backfill")
    assert_exact(ruled)
    assert not configure(ruled, "climb", True, {"low": 1, "high": 4})["changed"]
    # No thresholds are the badge's own.
    configure(ruled, "climb", True)
    assert organization(ruled) == RULES["organizations"][ORG]


def test_a_disabled_badge_stops_here_alone_and_keeps_what_was_earned(ruled: Connection) -> None:
    configure(ruled, "third", False)
    assert organization(ruled)["badges"] == ["climb"]
    insert(ruled, *[activity(f"2026-04-0{n}", who=BEN) for n in (1, 2, 3)])
    insert(ruled, activity("2026-04-01", who=BEN, org="hlf"))
    assert badge_ids(ruled, ANN) == ["climb", "third"]
    held = "select array_agg(org_id order by 1) from badges.earned_badges where peer_mentor_id = %s"
    assert value(ruled, f"{held} and badge_definition_id = 'third'", BEN) == ["hlf"]
    configure(ruled, "third", True)
    assert value(ruled, f"{held} and badge_definition_id = 'third'", BEN) == ["hlf", ORG]
    assert_exact(ruled)


@pytest.mark.parametrize(
    ("badge", "thresholds", "problem"),
    [
        ("third", {"low": 2}, "must not be an object"),
        ("third", 0, "must be"),
        ("climb", {"low": 9, "high": 3}, "rise"),
        ("climb", {"top": 9}, "top"),
    ],
)
def test_thresholds_that_do_not_fit_are_refused_with_their_path(
    ruled: Connection, badge: str, thresholds: Any, problem: str
) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue) as caught:
        configure(ruled, badge, True, thresholds)
    [told, *_] = json.loads(str(caught.value.diag.message_detail))
    assert told["path"].startswith(f"$.organizations.{ORG}.custom_thresholds.{badge}")
    assert value(ruled, "select max(version) from badges.rule_sets") == 1


def test_unknown_badges_and_organizations_are_refused(ruled: Connection) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="does not exist"):
        configure(ruled, "fourth", True)
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        configure(ruled, "third", True, org="nobody")


@contextmanager
def acting(connection: Connection, claims: Any = None) -> Iterator[None]:
    """Act as PostgREST does: a role without rights of its own, and the token's claims."""
    name = sql.Identifier(f"api_{connection.info.dbname}")
    connection.execute(sql.SQL("create role {} nologin").format(name))
    try:
        connection.execute(
            sql.SQL(
                "grant usage on schema badges to {0}; grant execute on function"
                " badges.configure_badge to {0}; set role {0}"
            ).format(name)
        )
        said = claims if isinstance(claims, str) else json.dumps(claims or {})
        connection.execute("select set_config('request.jwt.claims', %s, false)", [said])
        yield
    finally:
        connection.execute("reset role")
        connection.execute(sql.SQL("drop owned by {0}; drop role {0}").format(name))


@pytest.mark.parametrize(
    "claims",
    [
        {"pgmerit_admin_of": [ORG]},
        {"pgmerit_admin_of": ORG},
        {"pgmerit_admin_of": {ORG: True, "hlf": False}},
        {"pgmerit_admin_of": False, "app_metadata": {"pgmerit_admin_of": ["x", ORG]}},
    ],
)
def test_a_token_that_names_the_organization_may(ruled: Connection, claims: Any) -> None:
    with acting(ruled, claims):
        assert value(ruled, CALL, "third", ORG, False, None, False)["changed"]
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match='organization "hlf"'):
            value(ruled, CALL, "third", "hlf", False, None, False)


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"pgmerit_admin_of": ["hlf"]},
        {"pgmerit_admin_of": "nothing"},
        # What users write into their own profile proves nothing.
        {"user_metadata": {"pgmerit_admin_of": [ORG]}},
        *(
            {"pgmerit_admin_of": shape}
            for shape in (
                *({ORG: said} for said in (False, None, 1, "true", [True], {"is": True})),
                *([ORG, other] for other in (1, None, True, [ORG], {ORG: True})),
                *(None, True, 1, [[ORG]], [{ORG: True}], {"of": [ORG]}),
            )
        ),
        {"app_metadata": [{"pgmerit_admin_of": [ORG]}]},
        {"app_metadata": ORG},
        [{"pgmerit_admin_of": [ORG]}],
        "",
        " ",
        "no json",
        "null",
        f'"{ORG}"',
        f'{{"pgmerit_admin_of": ["{ORG}"]',
        f'{{"pgmerit_admin_of": ["{ORG}", "\\u0000"]}}',
        f'{{"pgmerit_admin_of": ["{ORG}", "\\ud800"]}}',
        f'{{"pgmerit_admin_of": ["{ORG}"], "n": 1e999999}}',
        f'{{"pgmerit_admin_of": ["{ORG}"], "n": ' + "[" * 20_000 + "]" * 20_000 + "}",
    ],
)
def test_any_other_token_may_not(ruled: Connection, claims: Any) -> None:
    with acting(ruled, claims), pytest.raises(psycopg.errors.InsufficientPrivilege):
        value(ruled, CALL, "third", ORG, False, None, False)


def test_losses_are_refused_here_too(ruled: Connection, cli: Any, dsn: str, written: Any) -> None:
    document = json.loads(json.dumps(RULES))
    document["badges"]["third"]["on_unmet"] = "revoke"
    assert cli("rules", "apply", written(document), dsn=dsn).exit_code == 0
    refused = cli("rules", "configure", "third", "--org", ORG, "--thresholds", "9", dsn=dsn)
    assert refused.exit_code == 2
    assert "1 people would lose 1 award(s)" in refused.stderr
    done = cli(
        "rules", "configure", "third", "--org", ORG, "--thresholds", "9", "--allow-revoke", dsn=dsn
    )
    assert done.exit_code == 0, done.stderr
    assert badge_ids(ruled, ANN) == ["climb"]
    assert_exact(ruled)


def test_the_command_takes_json_and_tells_what_is_none(
    ruled: Connection, cli: Any, dsn: str
) -> None:
    wrong = cli("rules", "configure", "climb", "--org", ORG, "--thresholds", "{low}", dsn=dsn)
    assert wrong.exit_code == 2
    assert "--thresholds is no JSON" in wrong.stderr
    done = cli("rules", "configure", "climb", "--org", ORG, "--disable", dsn=dsn)
    assert done.exit_code == 0
    assert organization(ruled)["badges"] == ["third"]
