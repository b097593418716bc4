"""Documents in both languages, rezone_organization and the command take the same time zones."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from pgmerit.database import Connection
from pgmerit.rules.documents import is_time_zone

from tests.engine import ANN, ORG, activity, apply, badge_ids, insert, rule_set, value
from tests.rules.test_python_and_the_database_agree_on_whole_documents import both

LASTING = True

ZONES = {
    "Europe/Oslo": True,
    "America/Argentina/Buenos_Aires": True,
    "UTC": True,
    "Etc/GMT+5": True,
    "EST5EDT": True,
    "CET": True,
    "Factory": False,
    "localtime": False,
    "posixrules": False,
    "posix/Europe/Oslo": False,
    "right/Europe/Oslo": False,
    "europe/oslo": False,
    "Europe/Oslo ": False,
    "CEST": False,
    "PDT": False,
    "UTC+3": False,
    "<+03>-3": False,
    "+01": False,
    "Europe": False,
    "leapseconds": False,
    "../zoneinfo/Europe/Oslo": False,
    "Mars/Olympus": False,
}
RULES = {"first": {"type": "threshold", "activity": "call", "at_least": 1}}


@pytest.mark.parametrize(("zone", "is_one"), ZONES.items())
def test_every_way_says_the_same(connection: Connection, zone: str, is_one: bool) -> None:
    assert is_time_zone(zone) is is_one
    found = both(connection, rule_set({}, {ORG: {"time_zone": zone}}))
    assert [each["path"] for each in found] == (
        [] if is_one else [f"$.organizations.{ORG}.time_zone"]
    )
    apply(connection, rule_set(RULES))
    query = "select badges.rezone_organization(%s, %s)"
    if is_one:
        assert value(connection, query, ORG, zone)["rule_set"] == "tests"
    else:
        with pytest.raises(psycopg.errors.InvalidParameterValue) as caught:
            value(connection, query, ORG, zone)
        assert caught.value.diag.column_name == "time_zone"


@pytest.mark.parametrize("zone", ["", None])
def test_no_zone_at_all(connection: Connection, zone: str | None) -> None:
    apply(connection, rule_set(RULES))
    with pytest.raises(psycopg.errors.InvalidParameterValue):
        value(connection, "select badges.rezone_organization(%s, %s)", ORG, zone)


def test_every_zone_of_the_server_is_one_here_or_newer(connection: Connection) -> None:
    """The two lists may be of different years; what both have is judged the same."""
    rows = connection.execute("select name from pg_timezone_names").fetchall()
    names = [row["name"] for row in rows]
    unknown = set(value(connection, "select badges_internal._unknown_time_zones(%s)", names))
    assert {name for name in names if not is_time_zone(name)} >= unknown


def test_the_command_refuses_in_one_line(cli: Any, dsn: str, connection: Connection) -> None:
    apply(connection, rule_set(RULES))
    done = cli("rezone", ORG, "Factory", dsn=dsn)
    assert done.exit_code == 2
    assert done.stderr.splitlines()[0] == 'error: "Factory" is no time zone'


def test_an_organization_that_has_such_a_zone_already_gets_out_of_it(
    connection: Connection,
) -> None:
    apply(connection, rule_set(RULES))
    connection.execute("update badges.organizations set time_zone = 'Factory'")
    connection.execute(
        "update badges.rule_sets set document ="
        " jsonb_set(document, '{organizations,nhf,time_zone}', '\"Factory\"')"
    )
    assert value(connection, "select badges.rezone_organization(%s, 'UTC')", ORG)["changed"]
    apply(connection, rule_set(RULES | {"second": RULES["first"] | {"at_least": 2}}))
    insert(connection, activity("2026-03-01"), activity("2026-03-02"))
    assert badge_ids(connection, ANN) == ["first", "second"]
