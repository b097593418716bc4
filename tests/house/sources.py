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
        "badges_internal._advance_thresholds",
        "badges_internal._award_late",
        "badges_internal._award_reached",
        "badges_internal._begin_person",
        "badges_internal._begin_stats",
        "badges_internal._belongs_to_part",
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
        "badges_internal._count_sequence",
        "badges_internal._count_unit",
        "badges_internal._cross_milestones",
        "badges_internal._days_anew",
        "badges_internal._days_without",
        "badges_internal._dies_on",
        "badges_internal._earlier_by_elements",
        "badges_internal._earlier_by_cap",
        "badges_internal._earlier_by_sequence",
        "badges_internal._earlier_by_units",
        "badges_internal._earlier_by_value",
        "badges_internal._earlier_in_part",
        "badges_internal._earlier_states",
        "badges_internal._element_anew",
        "badges_internal._excused_units",
        "badges_internal._finish_counted",
        "badges_internal._goes_on",
        "badges_internal._hashed_key",
        "badges_internal._hold_organizations",
        "badges_internal._is_left_to_backfill",
        "badges_internal._longest_run",
        "badges_internal._mark_falling",
        "badges_internal._mark_looked",
        "badges_internal._may_date_earlier",
        "badges_internal._may_be_reached",
        "badges_internal._may_touch_held",
        "badges_internal._may_touch_lapse",
        "badges_internal._may_touch_tenure",
        "badges_internal._measure_wide",
        "badges_internal._measured_late",
        "badges_internal._missed_units",
        "badges_internal._move_awards",
        "badges_internal._next_milestone",
        "badges_internal._place_in_sequence",
        "badges_internal._place_late_activity",
        "badges_internal._place_late_day",
        "badges_internal._place_late_days",
        "badges_internal._reach_of",
        "badges_internal._read_apart",
        "badges_internal._redate_late",
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
