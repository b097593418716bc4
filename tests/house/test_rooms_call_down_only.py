"""The plan of sql/: its rooms, what each may call, and bodies that grew too long."""

from __future__ import annotations

from itertools import chain

from pgmerit.schema import sql_dir

from tests.house.manifest import ROOMS, called, ordered_manifest
from tests.house.sources import SqlFile, sql_files

FILES = sql_files()
MAKERS = {file.routine: file for file in FILES if file.routine}
HEIGHT = {room: height for height, room in enumerate(ROOMS)}

# Bodies of over 100 lines, and how long each may be. A body may be shortened, and taken off at 100;
# none may be added. The grammar is a table and grows with the language.
LONG_BODIES = {
    "activities/_count_new_activities.sql": 405,
    "activities/_count_rest.sql": 105,
    "awards/_met_conditions.sql": 109,
    "awards/_reached_by_elements.sql": 127,
    "awards/_reached_by_value.sql": 103,
    "awards/_settle_badges.sql": 127,
    "rules/compile/_compile_badge.sql": 109,
    "rules/language/_criteria_grammar.sql": 605,
    "rules/plan/_plan_changes.sql": 198,
    "rules/plan/_plan_conditions.sql": 160,
    "rules/plan/_plan_effects.sql": 156,
    "rules/plan/_plan_lasting_values.sql": 176,
    "rules/plan/_plan_rules.sql": 104,
    "rules/versions/_save_compiled.sql": 179,
    "stats/_fold_crossings.sql": 118,
    "stats/_fold_days.sql": 111,
    "stats/_fold_moments.sql": 204,
    "stats/_fold_reading.sql": 139,
    "stats/_fold_statement.sql": 220,
    "stats/_roll_stat.sql": 113,
    "stats/_rolling_windows.sql": 133,
    "verification/_verify_award_differences.sql": 141,
    "verification/_verify_badge_changes.sql": 130,
    "verification/_verify_expected_stats.sql": 158,
    "verification/_verify_run_crossings.sql": 113,
    "verification/_verify_stat_differences.sql": 141,
}


def _calls() -> list[tuple[SqlFile, SqlFile]]:
    return list(chain.from_iterable(((file, to) for to in called(file, MAKERS)) for file in FILES))


def test_every_folder_is_a_room_and_every_room_a_folder() -> None:
    assert {file.room for file in FILES} == set(ROOMS)


def test_rooms_call_themselves_and_lower_rooms_only() -> None:
    found = _calls()
    assert len(found) > 500
    upward = [
        f"{caller.name} calls {callee.name}"
        for caller, callee in found
        if HEIGHT[caller.room] < HEIGHT[callee.room]
    ]
    assert upward == []


def test_verification_calls_no_other_room() -> None:
    inside = [caller for caller, _ in _calls() if caller.room == "verification"]
    assert inside
    outward = [
        f"{caller.name} calls {callee.name}"
        for caller, callee in _calls()
        if caller.room == "verification" != callee.room
    ]
    assert outward == []


def test_the_manifest_is_the_table_of_contents() -> None:
    text = (sql_dir() / "manifest.txt").read_text()
    assert text == ordered_manifest(), "run make manifest"


def test_bodies_over_100_lines_are_listed_and_do_not_grow() -> None:
    lengths = {file.name: len(file.body) for file in FILES if len(file.body) > 100}
    grown = {
        name: length for name, length in lengths.items() if length > LONG_BODIES.get(name, 100)
    }
    assert grown == {}
    assert set(LONG_BODIES) == set(lengths), "take off what is no longer over 100 lines"
