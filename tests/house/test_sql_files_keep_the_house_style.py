"""STYLE.md for `sql/`, one rule a test; a failure names the files that break it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.house.sources import (
    MAY_BUILD_STATEMENTS,
    PATH_IS_SET_BY_CALLER,
    ROOT,
    SqlFile,
    manifest_names,
    sql_files,
)

# Files for something else than one routine.
_NOT_A_ROUTINE = frozenset({"grants.sql"})
_QUOTED = re.compile(r"'(?:[^']|'')*'")

ROUTINE_FILES = [file for file in sql_files() if file.name not in _NOT_A_ROUTINE]


def _breaking(is_broken: Callable[[SqlFile], object], files: list[SqlFile]) -> list[str]:
    return [file.name for file in files if is_broken(file)]


def _none(names: list[str]) -> None:
    assert not names, f"broken by {', '.join(names)}"


def test_the_manifest_names_every_file_once_and_nothing_else() -> None:
    assert sorted(manifest_names()) == sorted(file.name for file in sql_files())


def test_a_file_holds_one_routine_named_after_it() -> None:
    def breaks(file: SqlFile) -> bool:
        routines = {name for kind, name in file.created if kind in ("function", "procedure")}
        return {name.rpartition(".")[2] for name in routines} != {file.stem}

    _none(_breaking(breaks, ROUTINE_FILES))


def test_nothing_but_routines_and_triggers_is_replaceable() -> None:
    def breaks(file: SqlFile) -> bool:
        return any(kind not in ("function", "procedure", "trigger") for kind, _ in file.created)

    _none(_breaking(breaks, sql_files()))


def test_internal_helpers_have_a_leading_underscore_and_public_routines_none() -> None:
    def breaks(file: SqlFile) -> bool:
        name = file.routine or ""
        return name.startswith("badges_internal.") != name.rpartition(".")[2].startswith("_")

    _none(_breaking(breaks, ROUTINE_FILES))


def test_parameters_begin_with_p_and_locals_with_v() -> None:
    def breaks(file: SqlFile) -> bool:
        head = re.search(r"create or replace \w+ [\w.]+\s*\((.*?)\)\s*returns", file.code, re.S)
        named = re.split(r",(?![^()]*\))", head.group(1)) if head else []
        parameters = [part.split()[0] for part in named if part.split()]
        if parameters and parameters[0] in ("variadic", "inout", "out"):
            parameters = [part.split()[1] for part in named if part.split()]
        blocks = re.findall(r"^\s*declare\n(.*?)^\s*begin\b", file.code, re.S | re.M)
        locals_ = [
            name
            for block in blocks
            for name in re.findall(r"^    (\w+)(?:\s+constant)?\s+[\w.]+[^;]*;", block, re.M)
        ]
        return any(not name.startswith("p_") for name in parameters) or any(
            not name.startswith("v_") for name in locals_
        )

    _none(_breaking(breaks, ROUTINE_FILES))


def test_every_file_begins_with_a_sentence_that_is_also_the_comment() -> None:
    def breaks(file: SqlFile) -> bool:
        return not file.first_sentence.endswith(".") or file.comments[:1] != [file.first_sentence]

    _none(_breaking(breaks, ROUTINE_FILES))


def test_every_body_that_runs_late_sets_its_search_path() -> None:
    def breaks(file: SqlFile) -> bool:
        return (
            file.has_string_body
            and not file.may_go_without_path
            and "set search_path = pg_catalog, pg_temp" not in file.code
        )

    _none(_breaking(breaks, ROUTINE_FILES))


def test_functions_without_a_search_path_of_their_own_are_called_only_where_it_is_set() -> None:
    for name in PATH_IS_SET_BY_CALLER:
        callers = [f for f in ROUTINE_FILES if f"{name}(" in f.code and f.routine != name]
        assert callers, f"{name} is called by nobody"
        _none(
            _breaking(
                lambda file: (
                    file.has_string_body
                    and not file.may_go_without_path
                    and "set search_path =" not in file.code
                ),
                callers,
            )
        )


def test_every_raise_has_an_errcode() -> None:
    def breaks(file: SqlFile) -> bool:
        raises = re.findall(r"\braise\b(.*?);", _QUOTED.sub("''", file.code), re.S)
        return any(
            "errcode" not in words
            for words in raises
            if words.strip() and not re.match(r"\s+(log|notice|warning|debug|info)\b", words)
        )

    _none(_breaking(breaks, ROUTINE_FILES))


def test_every_message_is_lower_case_and_has_no_full_stop() -> None:
    def breaks(file: SqlFile) -> bool:
        texts = re.findall(r"\braise (?:exception )?'((?:[^']|'')*)'", file.code)
        texts += re.findall(r"\bmessage = '((?:[^']|'')*)'", file.code)
        return any(text[:1].isupper() or text.endswith(".") for text in texts)

    _none(_breaking(breaks, ROUTINE_FILES))


def test_every_code_of_ours_is_in_the_table_of_errors() -> None:
    used = {
        code for file in sql_files() for code in re.findall(r"errcode\s*=\s*'(MB\d+)'", file.code)
    }
    table = ROOT / "docs" / "errors.md"
    listed = set(re.findall(r"\bMB\d{3}\b", table.read_text())) if table.exists() else set()
    assert used <= listed, f"docs/errors.md does not list {sorted(used - listed)}"
    assert listed <= used, f"docs/errors.md lists {sorted(listed - used)}, which nothing raises"


def test_no_file_has_tabs_long_lines_or_trailing_blanks() -> None:
    def breaks(file: SqlFile) -> bool:
        lines = file.text.split("\n")
        return (
            "\t" in file.text
            or any(len(line) > 100 or line != line.rstrip() for line in lines)
            or not file.text.endswith("\n")
            or file.text.endswith("\n\n")
        )

    _none(_breaking(breaks, sql_files()))


def test_code_is_lower_case() -> None:
    def breaks(file: SqlFile) -> bool:
        # Letters in quotes and in the statements' own quoting are data.
        code = _QUOTED.sub("''", re.sub(r'"[^"]*"', "", file.code))
        return re.search(r"\b[A-Z]{2,}\b", code) is not None

    _none(_breaking(breaks, [f for f in sql_files() if f.name not in MAY_BUILD_STATEMENTS]))


def test_no_handler_catches_everything() -> None:
    # But for the triggers on an application's tables: its statement must not fail by ours.
    theirs = ("sources/_source_function_statement.sql", "sources/_source_erase_function.sql")
    files = [f for f in sql_files() if f.name not in theirs]
    _none(_breaking(lambda file: re.search(r"\bwhen\s+others\b", file.code), files))


def test_no_statement_changes_every_row_without_saying_so() -> None:
    """Supabase loads pg_safeupdate for its API, which refuses such a one in routines too."""
    every = re.compile(
        r"\b(?:delete from|update\s+[\w.]+(?:\s+as\s+\w+)?\s+set)\b(?:(?!\bwhere\b)[^;])*;"
    )
    _none(_breaking(lambda file: every.search(_QUOTED.sub("''", file.code)), sql_files()))


def test_no_routine_selects_every_column_for_a_client() -> None:
    def breaks(file: SqlFile) -> bool:
        public = (file.routine or "").startswith("badges.")
        return public and re.search(r"return query\s+select \*", file.code) is not None

    _none(_breaking(breaks, ROUTINE_FILES))


def test_statements_are_built_as_text_only_where_it_is_named() -> None:
    def breaks(file: SqlFile) -> bool:
        code = re.sub(
            r"\b(execute (function|procedure)|grant execute|revoke execute)\b", "", file.code
        )
        dynamic = [
            words
            for words in re.findall(r"\bexecute\s+([^;]{1,80})", code)
            # The one way to run such a statement is to call what builds it.
            if not re.match(r"badges_internal\._\w+_statement\(", words)
        ]
        return bool(dynamic) and file.name not in MAY_BUILD_STATEMENTS

    _none(_breaking(breaks, [f for f in sql_files() if f.name != "grants.sql"]))


def test_rule_logic_reads_no_clock() -> None:
    folders = ("stats/", "rules/", "awards/", "base/", "upkeep/")
    clocks = re.compile(
        r"\b(now\(\)|current_timestamp\b|current_date\b|\w+_timestamp\(\)|localtime)", re.I
    )
    # Writing down when something was written, refusing the future, and telling today where no day
    # is asked for, is not rule logic.
    allowed = {
        "awards/_award_reached.sql",
        "awards/_write_awards.sql",
        "awards/_move_awards.sql",
        "awards/_settle_badges.sql",
        "base/_require_passed.sql",
        "rules/calibrate/calibrate_badge.sql",
        "rules/versions/_close_gate.sql",
        "rules/versions/_refuse_losses.sql",
        "rules/versions/_apply_version.sql",
        "rules/versions/_save_definitions.sql",
        "rules/versions/backfill_rule_set.sql",
        "rules/versions/plan_rule_set.sql",
        "rules/versions/rezone_organization.sql",
        "upkeep/award_due_badges.sql",
    }
    files = [f for f in sql_files() if f.name.startswith(folders) and f.name not in allowed]
    _none(_breaking(lambda file: clocks.search(_QUOTED.sub("''", file.code)), files))


@pytest.mark.parametrize("word", ["todo", "fixme", "xxx", "hack"])
def test_nothing_is_left_to_do_in_a_comment(word: str) -> None:
    pattern = re.compile(rf"\b{word}\b", re.I)
    _none(_breaking(lambda file: pattern.search(file.text), sql_files()))
