"""Which rows are duplicates, and which one of them is kept."""

from __future__ import annotations

import json
from collections.abc import Callable

import psycopg
import pytest
from pgmerit.database import Connection

from tests.conftest import CliResult
from tests.dedupe.legacy import LEGACY, apply, content
from tests.engine import rows, value

Cli = Callable[..., CliResult]
BY_KEY = ("dedupe", "t", "--key", "k", "--keep", "at")


TYPES = [
    ("text", "'a', 'A', 'a '", 3),
    ("char(3)", "'a', 'a ', 'A'", 2),
    ("numeric", "1, 1.0, 1.00, 2, 'NaN', 'NaN'", 3),
    ("float8", "0, '-0', 'NaN', 'NaN', 'infinity'", 3),
    ("jsonb", """'{"a":1,"b":2}', '{"b":2,"a":1.0}', '{}'""", 2),
    ("int[]", "'{1,2}', '{1,2}', '{2,1}', '{}'", 3),
    ("timestamptz", "'2026-01-01 12:00+00', '2026-01-01 13:00+01', 'infinity'", 2),
    ("short", "'x', 'x', 'y'", 2),
    ("mood", "'sad', 'sad', 'glad'", 2),
]


def test_by_type(legacy: Connection, run: Cli) -> None:
    legacy.execute("create domain short as varchar(3) check (value <> 'zzz')")
    legacy.execute("create type mood as enum ('sad', 'glad')")
    for column, values, kept in TYPES:
        legacy.execute("drop table if exists t")
        legacy.execute(f"create table t (k {column} not null, at serial)".encode())
        listed = values.replace(", ", "), (")
        legacy.execute(f"insert into t (k) values ({listed})".encode())
        apply(run, on=BY_KEY)
        assert (column, value(legacy, "select count(*) from t")) == (column, kept)


def test_a_collation_that_ignores_case_or_citext(legacy: Connection, run: Cli) -> None:
    legacy.execute("create schema ext")
    legacy.execute("create extension citext schema ext")
    legacy.execute("create table t (k ext.citext not null, at serial)")
    legacy.execute("insert into t (k) values ('Ann'), ('ANN'), ('ben'), ('Ben'), ('ben')")
    apply(run, on=BY_KEY)
    assert [row["k"] for row in rows(legacy, "select k from t order by at")] == ["Ann", "ben"]
    with pytest.raises(psycopg.errors.UniqueViolation):
        legacy.execute("insert into t (k) values ('aNN')")


def test_a_nondeterministic_collation(legacy: Connection, run: Cli) -> None:
    try:
        legacy.execute(
            "create collation folded (provider = icu, locale = 'und-u-ks-level2',"
            " deterministic = false)"
        )
    except psycopg.errors.FeatureNotSupported:
        # A server without ICU has no such collation; what remains is the collation itself.
        legacy.execute("""create collation folded from "POSIX" """)
    legacy.execute("create table t (k text collate folded not null, at serial)")
    legacy.execute("insert into t (k) values ('Ann'), ('ANN'), ('ann'), ('ben')")
    expected = value(legacy, "select count(distinct k) from t")
    apply(run, on=BY_KEY)
    assert value(legacy, "select count(*) from t") == expected
    assert value(
        legacy,
        "select indcollation[0] = 'folded'::regcollation from pg_index"
        " where indexrelid = 't_k_key'::regclass",
    )


def test_null_and_tied_dates_keep_exactly_one(legacy: Connection, run: Cli) -> None:
    legacy.execute(
        "insert into user_badges (user_id, badge_id, earned_at, note) values"
        " (1, 'a', null, 'none'), (1, 'a', '2026-01-02', 'late'), (1, 'a', '2026-01-01', 'kept'),"
        " (2, 'a', '2026-01-01', 'kept'), (2, 'a', '2026-01-01', 'tied'),"
        " (3, 'a', null, 'kept'), (3, 'a', null, 'none'),"
        " (4, 'a', 'infinity', 'late'), (4, 'a', '-infinity', 'kept')"
    )
    apply(run)
    notes = rows(legacy, "select note from user_badges")
    assert [row["note"] for row in notes] == ["kept"] * 4


def test_without_a_primary_key_exactly_one_is_kept(legacy: Connection, run: Cli) -> None:
    legacy.execute("alter table user_badges drop id")
    legacy.execute(
        "insert into user_badges select n % 7, 'a', null, 'same' from generate_series(1, 50) as n"
    )
    assert apply(run)["removed"] == 43


def test_null_keys_are_listed_and_refused_first(legacy: Connection, run: Cli) -> None:
    legacy.execute("alter table user_badges alter user_id drop not null")
    legacy.execute(
        "insert into user_badges (user_id, badge_id) values"
        " (null, 'a'), (null, 'a'), (null, 'b'), (1, 'a'), (1, 'a')"
    )
    before = content(legacy)
    report = json.loads(run(*LEGACY, "--format", "json").stdout)
    assert (report["null_key_rows"], report["groups"], report["removed"]) == (3, 1, 1)
    assert "3 rows have a NULL in the key" in report["notes"][0]
    told = run(*LEGACY, "--apply")
    assert told.exit_code == 2
    assert told.stderr.startswith("error: 3 rows of public.user_badges have a NULL in the key\n")
    assert content(legacy) == before
    assert value(legacy, "select to_regnamespace('pgmerit_dedupe')") is None


@pytest.mark.parametrize(("nulls", "kept"), [("distinct", 4), ("not-distinct", 3)])
def test_nulls_are_what_is_chosen(legacy: Connection, run: Cli, nulls: str, kept: int) -> None:
    legacy.execute("alter table user_badges alter user_id drop not null")
    legacy.execute("alter table user_badges alter badge_id drop not null")
    legacy.execute(
        "insert into user_badges (user_id, badge_id) values"
        " (null, 'a'), (null, 'a'), (null, null), (1, 'a'), (1, 'a')"
    )
    apply(run, "--nulls", nulls)
    assert value(legacy, "select count(*) from user_badges") == kept
    insert = "insert into user_badges (user_id, badge_id) values (null, 'a')"
    if nulls == "distinct":
        legacy.execute(insert)
    else:
        with pytest.raises(psycopg.errors.UniqueViolation):
            legacy.execute(insert)


def test_a_group_of_any_size_is_removed_in_batches(legacy: Connection, run: Cli) -> None:
    legacy.execute(
        "insert into user_badges (user_id, badge_id, earned_at, note)"
        " select 1, 'a', '2026-01-01', n::text from generate_series(1, 101) as n"
    )
    done = apply(run, "--batch-rows", 10)
    assert done["removed"] == 100
    assert [row["note"] for row in content(legacy)] == ["1"]
    steps = "select max(removed_count) as most, count(*) as n from pgmerit_dedupe.steps"
    assert rows(legacy, steps) == [{"most": 10, "n": 10}]
