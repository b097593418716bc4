"""The project's files as the house rules and linters see them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pgmerit.schema import read_manifest, sql_dir

ROOT = Path(__file__).resolve().parents[2]

# Called for every activity, by functions that have set the path: setting it again costs more than
# the work. Nothing in them is of our schemas without saying so.
PATH_IS_SET_BY_CALLER = frozenset(
    {
        "badges_internal._advance_others",
        "badges_internal._advance_thresholds",
        "badges_internal._award_late",
        "badges_internal._award_reached",
        "badges_internal._begin_person",
        "badges_internal._begin_stats",
        "badges_internal._belongs_to_part",
        "badges_internal._best_stands",
        "badges_internal._best_with_late",
        "badges_internal._change_elements",
        "badges_internal._change_row",
        "badges_internal._change_sequence",
        "badges_internal._change_windows",
        "badges_internal._changed_parts",
        "badges_internal._changed_values",
        "badges_internal._choice_variables",
        "badges_internal._chosen_activities",
        "badges_internal._count_capped",
        "badges_internal._count_element",
        "badges_internal._count_rest",
        "badges_internal._count_parts",
        "badges_internal._count_sequence",
        "badges_internal._count_unit",
        "badges_internal._count_new_values",
        "badges_internal._counts_already",
        "badges_internal._cross_milestones",
        "badges_internal._days_anew",
        "badges_internal._days_without",
        "badges_internal._dies_on",
        "badges_internal._earlier_awards",
        "badges_internal._earlier_by_elements",
        "badges_internal._earlier_by_cap",
        "badges_internal._earlier_by_reading",
        "badges_internal._earlier_by_rolling",
        "badges_internal._earlier_by_sequence",
        "badges_internal._earlier_by_units",
        "badges_internal._earlier_by_value",
        "badges_internal._earlier_in_part",
        "badges_internal._earlier_states",
        "badges_internal._element_anew",
        "badges_internal._excuse_units",
        "badges_internal._excused_units",
        "badges_internal._finish_counted",
        "badges_internal._goes_on",
        "badges_internal._hashed_key",
        "badges_internal._hold_organizations",
        "badges_internal._is_left_to_backfill",
        "badges_internal._left_to_decide",
        "badges_internal._longest_run",
        "badges_internal._mark_falling",
        "badges_internal._mark_looked",
        "badges_internal._may_date_earlier",
        "badges_internal._may_be_reached",
        "badges_internal._may_have_held",
        "badges_internal._may_touch_held",
        "badges_internal._may_touch_lapse",
        "badges_internal._may_touch_tenure",
        "badges_internal._measure_wide",
        "badges_internal._measured_late",
        "badges_internal._missed_units",
        "badges_internal._monthly_stat",
        "badges_internal._move_awards",
        "badges_internal._next_milestone",
        "badges_internal._place_in_sequence",
        "badges_internal._place_late_activity",
        "badges_internal._place_late_day",
        "badges_internal._place_late_days",
        "badges_internal._reach_of",
        "badges_internal._redate_late",
        "badges_internal._redate_simply",
        "badges_internal._roll_one",
        "badges_internal._run_complete_at",
        "badges_internal._run_edge",
        "badges_internal._runs_go_on",
        "badges_internal._scalar_text",
        "badges_internal._sequence_best",
        "badges_internal._sequence_bits",
        "badges_internal._sequence_edges",
        "badges_internal._sequence_stretch",
        "badges_internal._share_stays",
        "badges_internal._stat_definition",
        "badges_internal._store_elements",
        "badges_internal._store_units",
        "badges_internal._unbroken_until",
        "badges_internal._unit_in",
        "badges_internal._units_around",
        "badges_internal._value_between",
        "badges_internal._wanted_stats",
        "badges_internal._write_awards",
        "badges_internal._write_late_days",
        "badges_internal._write_row",
    }
)

# The only places that build statements as text: plans made for hundreds must not serve a million,
# a transition table is visible in its own trigger alone, policies name roles that may not be there,
# a source is another's table, and servers before 17 find rows in another way.
MAY_BUILD_STATEMENTS = frozenset(
    {
        "base/_join_before_17.sql",
        "base/_keep_policy.sql",
        "stats/_fold_crossings.sql",
        "stats/_fold_days.sql",
        "stats/_fold_elements.sql",
        "stats/_fold_few.sql",
        "stats/_fold_moments.sql",
        "stats/_fold_reading.sql",
        "stats/_fold_statement.sql",
        "sources/_forget_source_rows.sql",
        "sources/_hold_source_rows.sql",
        "sources/_read_rows.sql",
        "sources/_read_source_rows.sql",
        "sources/_source_erase_function.sql",
        "sources/_source_function_statement.sql",
        "sources/_source_statement.sql",
        "sources/_usable_source_keys.sql",
        "sources/attach_source.sql",
        "sources/detach_source.sql",
        "sources/verify_source.sql",
    }
)

_CREATED = re.compile(
    r"^create\s+(?:or\s+replace\s+)?(?:constraint\s+)?"
    r"(function|procedure|trigger|view|aggregate|type|table|event trigger)\s+([\w.]+)",
    re.IGNORECASE | re.MULTILINE,
)
_COMMENT = re.compile(
    r"^comment on (?:function|procedure|view) [^;]*?\bis\s*\n?'((?:[^']|'')*)';",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True)
class SqlFile:
    """A replaceable file: its path below `sql/` and its text."""

    name: str
    text: str

    @property
    def stem(self) -> str:
        """The file's name without its ending."""
        return Path(self.name).stem

    @property
    def room(self) -> str:
        """The folder below `sql/` that it lies in."""
        return self.name.rpartition("/")[0]

    @property
    def body(self) -> list[str]:
        """The lines of its routine's body."""
        found = re.search(
            r"^(?:as \$|do \$|begin atomic|return\b)[^\n]*\n(.*?)(?=^comment on)",
            self.text,
            re.S | re.M,
        )
        return found.group(1).rstrip().splitlines()[:-1] if found else []

    @cached_property
    def code(self) -> str:
        """The text without comments."""
        return re.sub(r"--[^\n]*", "", self.text)

    @cached_property
    def created(self) -> list[tuple[str, str]]:
        """What the file creates: kind and name."""
        return [(kind.lower(), name) for kind, name in _CREATED.findall(self.code)]

    @property
    def routine(self) -> str | None:
        """The function or procedure that the file is for."""
        names = [name for kind, name in self.created if kind in ("function", "procedure")]
        return names[0] if names else None

    @property
    def is_plpgsql(self) -> bool:
        """Whether it holds PL/pgSQL."""
        return re.search(r"language\s+plpgsql", self.code, re.IGNORECASE) is not None

    @property
    def has_string_body(self) -> bool:
        """Whether its body is looked up when it runs, not when it is loaded."""
        return re.search(r"\bas\s+\$\w*\$", self.code, re.IGNORECASE) is not None

    @property
    def may_go_without_path(self) -> bool:
        """Whether it may run under its caller's search path: named so, or put in line."""
        is_inlined = not self.is_plpgsql and "security definer" not in self.code
        is_internal = (self.routine or "").startswith("badges_internal.")
        return self.routine in PATH_IS_SET_BY_CALLER or (is_internal and is_inlined)

    @property
    def first_sentence(self) -> str:
        """The first sentence of the header comment."""
        header: list[str] = []
        for line in self.text.splitlines():
            if not line.startswith("--"):
                break
            header.append(line.removeprefix("--").strip())
        paragraph = " ".join(header).split("  ")[0]
        text = re.match(r".*?[.!?](?=\s|$)", paragraph)
        return text.group(0) if text else paragraph

    @property
    def comments(self) -> list[str]:
        """The texts of its COMMENT statements."""
        return [text.replace("''", "'") for text in _COMMENT.findall(self.text)]


def sql_files() -> list[SqlFile]:
    """List every file below `sql/`, in the manifest or not."""
    return [
        SqlFile(str(path.relative_to(sql_dir())), path.read_text())
        for path in sorted(sql_dir().rglob("*.sql"))
    ]


def manifest_names() -> list[str]:
    """List the paths that the manifest names, in its order."""
    return [file.name for file in read_manifest(sql_dir())]
