"""The files of the manifest load in one transaction; what changed or left is replaced or gone."""

from __future__ import annotations

import psycopg
import pytest
from pgmerit import schema
from pgmerit.errors import PgmeritError

from tests.migrations.conftest import add_migration, function, write_files


def _names(dsn: str) -> list[str]:
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            "select oid::regprocedure::text from pg_proc"
            " where pronamespace = 'badges'::regnamespace order by 1"
        ).fetchall()
    return [row[0].removeprefix("badges.") for row in rows]


def _run(dsn: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        cursor = connection.execute(query.encode())
        return cursor.fetchall() if cursor.description else []


def test_loading_twice_changes_nothing(empty_dsn: str, sources: schema.Sources) -> None:
    schema.migrate(empty_dsn, sources)
    query = "select oid, xmin from pg_proc where pronamespace = 'badges'::regnamespace"
    before = _run(empty_dsn, query)
    assert schema.migrate(empty_dsn, sources).is_empty()
    assert _run(empty_dsn, query) == before


def test_a_changed_body_is_loaded_and_only_its_file_is_told(
    empty_dsn: str, sources: schema.Sources
) -> None:
    files = {"one.sql": function("one", "select 1"), "two.sql": function("two", "select 2")}
    write_files(sources, files)
    schema.migrate(empty_dsn, sources)
    write_files(sources, {**files, "two.sql": function("two", "select 22")})
    assert schema.plan(empty_dsn, sources).loaded == ["two.sql"]
    assert schema.migrate(empty_dsn, sources).loaded == ["two.sql"]
    assert _run(empty_dsn, "select badges.two()") == [(22,)]


def test_a_broken_file_is_named_with_its_line_and_nothing_is_loaded(
    empty_dsn: str, sources: schema.Sources
) -> None:
    schema.migrate(empty_dsn, sources)
    write_files(
        sources,
        {
            "one.sql": function("one", "select 11"),
            "two.sql": "-- a header\n\ncreate or replace funktion badges.two();\n",
        },
    )
    with pytest.raises(PgmeritError, match=r"^sql/two.sql line 3: "):
        schema.migrate(empty_dsn, sources)
    assert _run(empty_dsn, "select badges.one()") == [(1,)]


def test_a_function_that_left_the_manifest_is_dropped(
    empty_dsn: str, sources: schema.Sources
) -> None:
    schema.migrate(empty_dsn, sources)
    write_files(sources, {"two.sql": function("two", "select 2")})
    report = schema.migrate(empty_dsn, sources)
    assert report.dropped == ["badges.one()"]
    assert _names(empty_dsn) == ["two()"]


@pytest.mark.parametrize(
    ("arguments", "returns", "now"),
    [
        ("", "text", "one()"),
        ("p_n integer", "integer", "one(integer)"),
        ("p_other text default 'x'", "integer", "one(text)"),
    ],
)
def test_a_changed_signature_leaves_only_the_new_function(
    empty_dsn: str, sources: schema.Sources, arguments: str, returns: str, now: str
) -> None:
    schema.migrate(empty_dsn, sources)
    changed = function("one", f"select '1'::{returns}", arguments, returns)
    write_files(sources, {"one.sql": changed})
    schema.migrate(empty_dsn, sources)
    assert _names(empty_dsn) == [now]


@pytest.mark.parametrize("change", ["p_m integer", "p_n integer"])
def test_renamed_parameters_and_removed_defaults_load(
    empty_dsn: str, sources: schema.Sources, change: str
) -> None:
    write_files(sources, {"one.sql": function("one", "select 1", "p_n integer default 1")})
    schema.migrate(empty_dsn, sources)
    write_files(sources, {"one.sql": function("one", "select 1", change)})
    schema.migrate(empty_dsn, sources)
    assert _names(empty_dsn) == ["one(integer)"]


def test_what_uses_a_changed_function_is_loaded_again(
    empty_dsn: str, sources: schema.Sources
) -> None:
    early = "create or replace function badges.{0}() returns text begin atomic select {1}; end;\n"
    trigger = (
        "create or replace function badges.fire() returns trigger language plpgsql\n"
        "as $$ begin return new; end; $$;\n"
        "create or replace trigger fire before insert on badges.first\n"
        "for each row when (badges.base() is not null) execute function badges.fire();\n"
    )
    write_files(
        sources,
        {
            "base.sql": function("base", "select 1"),
            "user.sql": early.format("user", "badges.base()::text"),
            "fire.sql": trigger,
        },
    )
    schema.migrate(empty_dsn, sources)
    write_files(
        sources,
        {
            "base.sql": function("base", "select 'changed'::text", "", "text"),
            "user.sql": early.format("user", "badges.base()"),
            "fire.sql": trigger,
        },
    )
    schema.migrate(empty_dsn, sources)
    assert _run(empty_dsn, 'select badges."user"()') == [("changed",)]
    assert _run(
        empty_dsn, "select count(*) from pg_trigger where tgrelid = 'badges.first'::regclass"
    ) == [(1,)]
    assert schema.migrate(empty_dsn, sources).is_empty()


def test_a_function_that_others_lean_on_is_not_torn_away(
    empty_dsn: str, sources: schema.Sources
) -> None:
    schema.migrate(empty_dsn, sources)
    _run(empty_dsn, "create view public.theirs as select badges.one() as n")
    write_files(sources, {"one.sql": function("one", "select '1'::text", "", "text")})
    with pytest.raises(PgmeritError, match="theirs"):
        schema.migrate(empty_dsn, sources)
    write_files(sources, {"two.sql": function("two", "select 2")})
    with pytest.raises(PgmeritError, match="theirs"):
        schema.migrate(empty_dsn, sources)
    assert _run(empty_dsn, "select n from public.theirs") == [(1,)]


def test_a_trigger_that_left_the_manifest_is_dropped(
    empty_dsn: str, sources: schema.Sources
) -> None:
    body = "language plpgsql as $$ begin return new; end; $$;\n"
    files = {"fire.sql": f"create or replace function badges.fire() returns trigger {body}"}
    trigger = (
        "create or replace trigger fire before insert on badges.first\n"
        "for each row execute function badges.fire();\n"
    )
    write_files(sources, {"fire.sql": files["fire.sql"] + trigger})
    schema.migrate(empty_dsn, sources)
    write_files(sources, files)
    assert schema.migrate(empty_dsn, sources).dropped == ["fire on badges.first"]


def test_a_function_of_somebody_else_is_neither_replaced_nor_dropped(
    empty_dsn: str, sources: schema.Sources
) -> None:
    schema.migrate(empty_dsn, sources)
    _run(empty_dsn, function("theirs", "select 7"))
    assert schema.migrate(empty_dsn, sources).is_empty()
    write_files(sources, {"theirs.sql": function("theirs", "select 8")})
    with pytest.raises(PgmeritError, match=r"badges\.theirs\(\) is there already"):
        schema.migrate(empty_dsn, sources)
    assert _run(empty_dsn, "select badges.theirs()") == [(7,)]


def test_a_function_changed_by_hand_is_loaded_as_shipped(
    empty_dsn: str, sources: schema.Sources
) -> None:
    schema.migrate(empty_dsn, sources)
    _run(empty_dsn, function("one", "select 666"))
    assert schema.migrate(empty_dsn, sources).loaded == ["one.sql"]
    assert _run(empty_dsn, "select badges.one()") == [(1,)]


def test_an_upgrade_brings_migration_and_functions_together(
    empty_dsn: str, sources: schema.Sources
) -> None:
    schema.migrate(empty_dsn, sources)
    add_migration(sources, "0003_third", "create table badges.third (n int);")
    write_files(sources, {"one.sql": function("one", "select n from badges.third")})
    report = schema.migrate(empty_dsn, sources)
    assert (report.applied, report.loaded) == (["0003_third"], ["one.sql"])


def test_an_upgrade_is_whole_or_not_at_all(empty_dsn: str, sources: schema.Sources) -> None:
    """Routines of the version before never run on tables of the next one."""
    schema.migrate(empty_dsn, sources)
    add_migration(sources, "0003_third", "create table badges.third (n int);")
    write_files(sources, {"one.sql": "create function badges.one( broken"})
    with pytest.raises(PgmeritError, match=r"sql/one\.sql"):
        schema.migrate(empty_dsn, sources)
    assert _run(empty_dsn, "select to_regclass('badges.third')::text") == [(None,)]
    assert _run(empty_dsn, "select badges.one()") == [(1,)]
    write_files(sources, {"one.sql": function("one", "select 3")})
    report = schema.migrate(empty_dsn, sources)
    assert (report.applied, report.loaded) == (["0003_third"], ["one.sql"])


def test_a_parameter_with_a_default_leaves_no_second_function_to_later_files(
    empty_dsn: str, sources: schema.Sources
) -> None:
    grant = {"grants.sql": "revoke all on function badges.one from public;"}
    write_files(sources, {"one.sql": function("one", "select 1"), **grant})
    schema.migrate(empty_dsn, sources)
    write_files(sources, {"one.sql": function("one", "select 2", "p_n int default 1"), **grant})
    schema.migrate(empty_dsn, sources)
    assert _names(empty_dsn) == ["one(integer)"]
    assert _run(empty_dsn, "select badges.one()") == [(2,)]


def test_a_file_that_moves_and_changes_leaves_no_second_function_to_later_files(
    empty_dsn: str, sources: schema.Sources
) -> None:
    caller = {"two.sql": "revoke all on function badges.one from public;"}
    write_files(sources, {"one.sql": function("one", "select 1"), **caller})
    schema.migrate(empty_dsn, sources)
    changed = function("one", "select 2", "p_n int default 1")
    write_files(sources, {"room/one.sql": changed, **caller})
    schema.migrate(empty_dsn, sources)
    assert _names(empty_dsn) == ["one(integer)"]
    assert _run(empty_dsn, "select badges.one()") == [(2,)]


def test_a_file_that_only_moves_drops_nothing(empty_dsn: str, sources: schema.Sources) -> None:
    schema.migrate(empty_dsn, sources)
    _run(empty_dsn, "create view public.theirs as select badges.one() as n")
    write_files(sources, {"room/one.sql": function("one", "select 1")})
    schema.migrate(empty_dsn, sources)
    assert _run(empty_dsn, "select n from public.theirs") == [(1,)]


def test_a_manifest_that_names_a_missing_file_is_refused(
    empty_dsn: str, sources: schema.Sources
) -> None:
    (sources.files / "manifest.txt").write_text("one.sql\nnowhere.sql # gone\n")
    with pytest.raises(PgmeritError, match=r"line 2 names nowhere\.sql"):
        schema.migrate(empty_dsn, sources)


def test_a_manifest_that_names_a_file_twice_is_refused(
    empty_dsn: str, sources: schema.Sources
) -> None:
    (sources.files / "manifest.txt").write_text("one.sql\none.sql\n")
    with pytest.raises(PgmeritError, match="twice"):
        schema.migrate(empty_dsn, sources)


def test_a_local_that_hides_another_is_an_error_when_it_is_loaded(
    empty_dsn: str, sources: schema.Sources
) -> None:
    shadowing = (
        "create or replace function badges.one(p_n int) returns int language plpgsql as $$\n"
        "declare\n    p_n int;\nbegin\n    return p_n;\nend;\n$$;\n"
    )
    write_files(sources, {"one.sql": shadowing})
    with pytest.raises(PgmeritError, match=r"line 3: .*p_n.* shadows"):
        schema.migrate(empty_dsn, sources)
