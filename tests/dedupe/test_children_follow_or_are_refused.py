"""Rows that point at removed ones: refused with their count, or repointed; never cascaded."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from pgmerit.database import Connection

from tests.conftest import CliResult
from tests.dedupe.legacy import (
    LEGACY,
    Once,
    apply,
    apply_hooked,
    content,
    duplicates,
    fill,
)
from tests.engine import rows, value

Cli = Callable[..., CliResult]
CHILDREN = """
create table "Likes" (
    award bigint references user_badges on delete cascade,
    liked_by integer,
    primary key (award, liked_by)
);
create table shares (
    share_id integer primary key,
    award bigint references user_badges on delete set null,
    twin bigint references user_badges
);
insert into "Likes" select id, 1 from user_badges where user_id = 1 order by id limit 1;
insert into "Likes" select max(id), 2 from user_badges where user_id = 1;
insert into shares select id, id, id + 0 from user_badges;
"""


@pytest.fixture
def parents(legacy: Connection) -> Connection:
    """Three people with two equal badges each, the first of them removed, and children."""
    fill(legacy, people=3, copies=2)
    legacy.execute(CHILDREN.encode())
    return legacy


def test_the_report_counts_them(parents: Connection, run: Cli) -> None:
    report = json.loads(run(*LEGACY, "--format", "json").stdout)
    assert [
        (each["table"], each["on_delete"], each["child_rows"], each["is_indexed"])
        for each in report["foreign_keys"]
    ] == [
        ("public.Likes", "cascade", 1, True),
        ("public.shares", "set null", 3, False),
        ("public.shares", "no action", 3, False),
    ]


def test_they_are_refused_with_their_count_before_anything_is_written(
    parents: Connection, run: Cli
) -> None:
    before = content(parents)
    told = run(*LEGACY, "--apply")
    assert told.exit_code == 2
    assert told.stderr == (
        "error: rows to be removed are pointed at: 1 rows of public.Likes by Likes_award_fkey; "
        "3 rows of public.shares by shares_award_fkey; 3 rows of public.shares by "
        "shares_twin_fkey\nhint: --children repoint points them at the rows that are kept.\n"
    )
    assert content(parents) == before
    assert value(parents, "select to_regnamespace('pgmerit_dedupe')") is None


def test_repointed_children_point_at_the_kept_row_and_undo_points_them_back(
    parents: Connection, run: Cli
) -> None:
    before = [content(parents, name) for name in ("user_badges", '"Likes"', "shares")]
    done = apply(run, "--children", "repoint", "--batch-rows", 1)
    assert (done["removed"], done["repointed"]) == (3, 7)
    kept = [row["id"] for row in rows(parents, "select id from user_badges")]
    assert value(parents, 'select count(*) from "Likes"') == 2
    found = rows(parents, "select * from shares")
    assert len(found) == 6
    assert {row["award"] for row in found} == {row["twin"] for row in found} == {*kept}
    assert run("dedupe", "--undo", done["batch"]).exit_code == 0
    after = [content(parents, name) for name in ("user_badges", '"Likes"', "shares")]
    assert after == before


def test_children_that_were_pointed_elsewhere_since_stay_there(
    parents: Connection, run: Cli
) -> None:
    done = apply(run, "--children", "repoint")
    parents.execute("update shares set twin = null where share_id = 1")
    assert run("dedupe", "--undo", done["batch"]).exit_code == 0
    assert rows(parents, "select award, twin from shares where share_id = 1") == [
        {"award": 1, "twin": None}
    ]


def test_a_child_that_comes_later_is_refused_and_not_cascaded(
    legacy: Connection, empty_dsn: str
) -> None:
    fill(legacy, people=3, copies=2)
    legacy.execute(
        "create table likes (like_id int primary key,"
        " award bigint references user_badges on delete cascade)"
    )

    def like() -> None:
        legacy.execute("insert into likes select 1, min(id) from user_badges where user_id = 2")

    with pytest.raises(Exception, match=r"1 rows of public.likes by likes_award_fkey"):
        apply_hooked(empty_dsn, on_progress=Once("Removing duplicates", like))
    assert value(legacy, "select count(*) from likes") == 1
    legacy.execute("delete from likes")
    apply_hooked(empty_dsn)
    assert duplicates(legacy) == 0


def test_children_that_would_be_duplicates_themselves_are_told(
    parents: Connection, run: Cli
) -> None:
    parents.execute('insert into "Likes" select max(id), 1 from user_badges where user_id = 1')
    likes = content(parents, '"Likes"')
    told = run(*LEGACY, "--apply", "--children", "repoint")
    assert told.exit_code == 2
    assert told.stderr.startswith(
        "error: rows of public.Likes cannot be repointed by Likes_award_fkey: duplicate key value "
        'violates unique constraint "Likes_pkey": Key (award, liked_by)='
    )
    assert content(parents, '"Likes"') == likes
    parents.execute('delete from "Likes"')
    assert apply(run, "--children", "repoint")["removed"] == 3


def test_children_without_a_primary_key_cannot_be_repointed(legacy: Connection, run: Cli) -> None:
    fill(legacy, people=1, copies=2)
    legacy.execute("create table likes (award bigint references user_badges)")
    legacy.execute("insert into likes select id from user_badges")
    told = run(*LEGACY, "--apply", "--children", "repoint")
    assert told.exit_code == 2
    assert told.stderr.startswith("error: public.likes has no primary key")


def test_rows_that_point_at_rows_of_their_own_table(legacy: Connection, run: Cli) -> None:
    fill(legacy, people=3, copies=3)
    legacy.execute("alter table user_badges add follows bigint references user_badges")
    # Everybody follows a row that goes, also those that go and those that stay.
    legacy.execute("update user_badges set follows = (id + 3) % 9 + 1")
    before = content(legacy)
    assert run(*LEGACY, "--apply").exit_code == 2
    done = apply(run, "--children", "repoint", "--batch-rows", 2)
    assert done["removed"] == 6
    assert value(legacy, "select count(*) from user_badges") == 3
    assert run("dedupe", "--undo", done["batch"]).exit_code == 0
    assert content(legacy) == before
