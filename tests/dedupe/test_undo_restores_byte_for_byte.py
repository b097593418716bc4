"""Every type comes back as it was stored, with its identity, and generated columns too."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pgmerit.database import Connection

from tests.conftest import CliResult
from tests.dedupe.legacy import LEGACY, apply, content, fill
from tests.engine import rows, value

Cli = Callable[..., CliResult]
WIDE = r"""
create domain positive as numeric(12, 4) check (value > 0);
create type pair as (a integer, b text);
create type "Odd Mood" as enum ('so so', 'glad');
create table wide (
    id bigint generated always as identity (start 100) primary key,
    k integer not null,
    at timestamptz,
    single real,
    double double precision,
    exact numeric,
    scaled numeric(10, 3),
    money_like positive,
    raw bytea,
    as_json json,
    as_jsonb jsonb,
    list text[],
    grid integer[][],
    "when" timestamp,
    span interval,
    mood "Odd Mood",
    both_of pair,
    range numrange,
    bits bit varying,
    fixed char(10),
    address inet,
    name_like name,
    doubled integer generated always as (k * 2) stored,
    short varchar(5) default 'never'
);
insert into wide (
    k, at, single, double, exact, scaled, money_like, raw, as_json, as_jsonb, list, grid, "when",
    span, mood, both_of, range, bits, fixed, address, name_like, short
)
select
    n / 2, '2026-03-01 12:00:00.000001+01'::timestamptz + n * interval '1 us',
    0.1::real / 3, 0.1::float8 / 3, 1.000000000000000000000000000100, 12.3, 0.0001,
    '\x00ff0a', '{"b": 1,   "a": 1.0, "a": 2}', '{"b": 1, "a": 1.0}',
    array['a,"b"', null, ''], '[0:1][2:3]={{1,2},{3,4}}', 'infinity', '1 mon -3 days 00:00:01.5',
    'so so', '(1,)', '[1.10,)', B'10101', 'x', '::1/64', 'n', null
from generate_series(2, 9) as n;
update wide set double = '-0', single = 'NaN', exact = 'NaN', at = '-infinity' where k = 2;
"""
# As they travel, each type in its own bytes.
BYTES = "select id::text, record_send(t)::text, as_json::text from wide as t order by id"


def test_every_type_comes_back(legacy: Connection, run: Cli) -> None:
    legacy.execute(WIDE.encode())
    before = rows(legacy, BYTES)
    done = apply(run, on=("dedupe", "wide", "--key", "k", "--keep", "at"))
    assert done["removed"] == 4
    assert run("dedupe", "--undo", done["batch"]).exit_code == 0
    assert rows(legacy, BYTES) == before
    assert value(legacy, "insert into wide (k) values (50) returning id") == 108


def test_a_generated_column_that_is_not_stored(legacy: Connection, run: Cli) -> None:
    if legacy.info.server_version >= 180000:
        legacy.execute("alter table user_badges add shout text generated always as (upper(note))")
    fill(legacy, people=2, copies=2)
    before = content(legacy)
    done = apply(run)
    assert run("dedupe", "--undo", done["batch"]).exit_code == 0
    assert content(legacy) == before


def test_a_row_that_cannot_come_back_is_told_and_the_rest_goes_on(
    legacy: Connection, run: Cli
) -> None:
    fill(legacy, people=3, copies=2)
    before = content(legacy)
    done = apply(run)
    removed = value(legacy, f"select min(id) from {done['archive']}")
    legacy.execute(
        "insert into user_badges (id, user_id, badge_id) overriding system value"
        " values (%s, 9, 'x')",
        (removed,),
    )
    told = run("dedupe", "--undo", done["batch"])
    assert told.exit_code == 2
    assert f"Key (id)=({removed}) already exists." in told.stderr
    legacy.execute("delete from user_badges where user_id = 9")
    assert run("dedupe", "--undo", done["batch"]).exit_code == 0
    assert content(legacy) == before


def test_a_trigger_that_keeps_rows_stops_it_and_nothing_is_lost(
    legacy: Connection, run: Cli
) -> None:
    fill(legacy, people=3, copies=2)
    before = content(legacy)
    legacy.execute(
        "create function keep() returns trigger language plpgsql as 'begin return null; end'"
    )
    legacy.execute(
        "create trigger keep before delete on user_badges for each row execute function keep()"
    )
    assert '"name": "keep"' in run(*LEGACY, "--format", "json").stdout
    told = run(*LEGACY, "--apply")
    assert told.exit_code == 2
    assert "3 rows of public.user_badges were to be removed, and 0 were" in told.stderr
    assert content(legacy) == before
    legacy.execute("drop trigger keep on user_badges")
    assert apply(run)["removed"] == 3


@pytest.mark.parametrize("batch", ["0", "7", "99999999999999999999", "x"])
def test_a_batch_that_is_not_there(legacy: Connection, run: Cli, batch: str) -> None:
    told = run("dedupe", "--undo", batch)
    assert told.exit_code == 2
    assert told.stderr.startswith("error: ")


def test_a_batch_of_another_table_is_not_undone(legacy: Connection, run: Cli) -> None:
    fill(legacy, people=1, copies=2)
    legacy.execute("create table other (like user_badges)")
    done = apply(run)
    told = run("dedupe", "other", "--undo", done["batch"])
    assert told.exit_code == 2
    assert told.stderr.startswith("error: batch 1 is one of public.user_badges, not of other\n")
    assert run("dedupe", "user_badges", "--undo", done["batch"]).exit_code == 0
