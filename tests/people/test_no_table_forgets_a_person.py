"""Every table of ours keeps people or nobody; export, erase and merge leave none of them out.

A row of somebody is put into each table that the catalogue has, whatever its columns.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from pgmerit.database import Connection

from tests.engine import ANN, BEN, ORG, Row, apply, rows, rule_set, value

# Tables that keep nobody, and why. A new table goes here or into _person_tables.sql.
NOBODY = {
    "badges.badge_definitions": "rules",
    "badges.org_badge_configs": "rules",
    "badges.organizations": "rules",
    "badges.rule_sets": "rules",
    "badges_internal._yoyo_log": "what was migrated",
    "badges_internal._yoyo_migration": "what was migrated",
    "badges_internal._yoyo_version": "what was migrated",
    "badges_internal.activity_routes": "compiled rules",
    "badges_internal.alerts": "a subject may name somebody: _erase_names",
    "badges_internal.badge_places": "how many places are taken, not by whom",
    "badges_internal.condition_groups": "compiled rules",
    "badges_internal.erasure_receipts": "what went, and not whose it was",
    "badges_internal.event_consumers": "services",
    "badges_internal.event_progress": "services",
    "badges_internal.loaded_files": "what was loaded",
    "badges_internal.loaded_objects": "what was loaded",
    "badges_internal.loaded_rights": "roles",
    "badges_internal.migration_files": "what was migrated",
    "badges_internal.milestones": "compiled rules",
    "badges_internal.rule_gate": "empty",
    "badges_internal.settings": "switches",
    "badges_internal.sources": "tables of applications",
    "badges_internal.stat_changes": "compiled rules",
    "badges_internal.stat_definitions": "compiled rules",
    "badges_internal.verifications": "a scope may name somebody: _erase_names",
    "badges_internal.yoyo_lock": "what is migrated",
}
_VALUES = {
    "uuid": f"'{ANN}'",
    "text": "'x'",
    "jsonb": "'{}'",
    "boolean": "false",
    "timestamp with time zone": "now()",
    "date": "now()",
    "xid8": "'3'",
    "xid": "'3'",
}
_SPECIAL = {"org_id": f"'{ORG}'", "into_peer_mentor_id": f"'{BEN}'"}


def tables(connection: Connection) -> dict[str, str]:
    """Give every table that keeps people, and what becomes of its rows in a merge."""
    found = rows(
        connection, "select table_name::text, on_merge from badges_internal._person_tables()"
    )
    return {each["table_name"]: each["on_merge"] for each in found}


def fill(connection: Connection, table: str) -> None:
    """Put a row of Ann into a table, whatever its columns and checks."""
    for check in rows(
        connection,
        "select conname from pg_constraint where conrelid = %s::regclass and contype in ('c', 'f')",
        table,
    ):
        connection.execute(f'alter table {table} drop constraint "{check["conname"]}"'.encode())
    columns = rows(
        connection,
        "select attname, format_type(atttypid, null) as kind from pg_attribute"
        " where attrelid = %s::regclass and attnum > 0 and not attisdropped and attnotnull"
        " and not atthasdef and attidentity = '' and attgenerated = ''",
        table,
    )
    names = ", ".join(each["attname"] for each in columns)
    filled = ", ".join(
        _SPECIAL.get(each["attname"]) or _VALUES.get(each["kind"], "1") for each in columns
    )
    connection.execute(f"insert into {table} ({names}) values ({filled})".encode())


def naming(connection: Connection, who: UUID) -> set[str]:
    """Find the tables of which a row names somebody, anywhere in it."""
    every = rows(
        connection,
        "select oid::regclass::text as name from pg_class where relkind = 'r'"
        " and relnamespace::regnamespace::text ~ '^(badges|pgmerit)'",
    )
    asked = " union all ".join(
        f"select '{each['name']}' as name where exists"
        f" (select from {each['name']} as held where held::text ilike '%{who}%')"
        for each in every
    )
    return {each["name"] for each in connection.execute(asked.encode())}


@pytest.fixture
def everywhere(connection: Connection, connect: Callable[..., Connection]) -> Connection:
    """A database in which every table that keeps people, and every text, names Ann."""
    apply(connection, rule_set({"third": {"type": "threshold", "at_least": 3}}))
    connection.execute("create schema pgmerit_dedupe")
    connection.execute(
        "create table pgmerit_dedupe.archive_1 as select * from badges.earned_badges"
    )
    for column in ("peer_mentor_id", "org_id"):
        connection.execute(
            f"alter table pgmerit_dedupe.archive_1 alter {column} set not null".encode()
        )
    filling = connect()
    filling.execute("set session_replication_role = replica")  # no trigger
    for table in tables(connection):
        fill(filling, table)
    for table in ("event_queue", "delivery_attempts"):
        connection.execute(
            f"update badges_internal.{table}"
            " set event_id = (select event_id from badges.award_events)".encode()
        )
    connection.execute("select badges.raise_alert('duplicate_stopped', %s)", (f"{ANN} third",))
    connection.execute("select badges.register_consumer('all')")
    connection.execute("select badges.claim_events('all')")
    connection.execute("select badges.record_verification(0, 0, 1, %s)", (f"person {ANN}",))
    return connection


def test_every_table_keeps_people_or_nobody(connection: Connection) -> None:
    found = {
        each["name"]: each
        for each in rows(
            connection,
            "select relnamespace::regnamespace || '.' || relname as name, exists ("
            "  select from pg_attribute where attrelid = pg_class.oid and atttypid in"
            "  ('uuid'::regtype, 'uuid[]'::regtype) and attnum > 0 and not attisdropped"
            ") as has_person from pg_class where relkind in ('r', 'p', 'f', 'm')"
            " and relnamespace::regnamespace::text ~ '^badges'",
        )
    }
    kept = tables(connection)
    assert set(found) == set(kept) | set(NOBODY)
    assert [name for name in NOBODY if found[name]["has_person"]] == []
    assert set(kept.values()) == {"moved", "dropped", "own"}


def test_an_export_has_every_table(everywhere: Connection) -> None:
    found: Row = value(everywhere, "select badges.export_person(%s)", ANN)["tables"]
    assert set(found) == set(tables(everywhere))
    assert [table for table, kept in found.items() if len(kept) != 1] == []
    of_one: Row = value(everywhere, "select badges.export_person(%s, %s)", ANN, ORG)["tables"]
    assert of_one == found


def test_an_erasure_leaves_no_trace(everywhere: Connection) -> None:
    kept = set(tables(everywhere))
    assert naming(everywhere, ANN) == kept | {
        "badges_internal.alerts",
        "badges_internal.verifications",
    }
    receipt = value(everywhere, "select badges.erase_peer_mentor(%s)", ANN)
    assert naming(everywhere, ANN) == set()
    # The alert's event, the alert and the verification.
    assert receipt["removed"].pop("names") == 3
    assert set(receipt["removed"]) == kept
    assert [table for table, count in receipt["removed"].items() if count < 1] == []
    assert value(everywhere, "select scope from badges_internal.verifications") == "person erased"


def test_a_merge_leaves_only_that_it_was(everywhere: Connection) -> None:
    everywhere.execute("delete from badges_internal.merged_people")
    planned = value(everywhere, "select badges.plan_merge(%s, %s)", ANN, BEN)
    merged = tables(everywhere)
    assert {table for table, count in planned["rows"].items() if count} == {
        table for table, how in merged.items() if how != "dropped"
    } - {"badges_internal.merged_people"}
    everywhere.execute("select badges.merge_peer_mentors(%s, %s)", (ANN, BEN))
    traces = {"badges_internal.alerts", "badges_internal.verifications", "badges.award_events"}
    assert naming(everywhere, ANN) - traces == {"badges_internal.merged_people"}
    assert naming(everywhere, BEN) >= {table for table, how in merged.items() if how != "dropped"}
