"""The cases would find it out: an engine whose routine ignores a key, or shifts its bound.

Each mutant is one line of one file of sql/, replaced for as long as its test.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from pgmerit.database import Connection
from pgmerit.rules.grammar import grammar

from tests.acceptance.cases import Case
from tests.acceptance.test_each_case_gives_exactly_its_awards_however_it_is_fed import (
    awarded,
    begin,
    finish,
    in_one_statement,
    row_by_row,
)
from tests.engine import install_changed
from tests.mutants import documents

LASTING = True

SELECTOR = "rules/compile/_selector.sql"
COMPILE_WHERE = "rules/compile/_compile_where.sql"
COMPILE_WHEN = "rules/compile/_compile_when.sql"
WHEN = "'when', badges_internal._canonical_when(p_criteria -> 'when'),"
WINDOW = "(p_criteria -> 'window' -> 'rolling_days')::integer"
WITHIN = "(p_criteria -> 'within_days')::integer"
CAP = "(p_selector -> 'cap' -> 'at')::numeric"
GRACE = "'grace', nullif((p_criteria -> 'grace')::integer, 0)"


@dataclass(frozen=True)
class EngineMutant:
    """One replacement in one file, and the key whose cases must find it out."""

    name: str
    owner: str
    key: str
    path: str
    before: str
    after: str

    def install(self, connection: Connection) -> None:
        """Replace the routine in this database."""
        install_changed(connection, self.path, self.before, self.after)


MUTANTS = [
    *(
        EngineMutant(
            f"when: without {key}",
            "when",
            key,
            SELECTOR,
            WHEN,
            f"'when', nullif(badges_internal._canonical_when(p_criteria -> 'when') - '{key}',"
            " '{}'),",
        )
        for key in grammar()["kinds"]["when"]["keys"]
    ),
    *(
        EngineMutant(f"when: {name}", "when", key, COMPILE_WHEN, before, after)
        for name, key, before, after in [
            (
                "hours with their end",
                "hours",
                "'($minute >= %s && $minute < %s)'",
                "'($minute >= %s && $minute <= %s)'",
            ),
            (
                "hours after their beginning",
                "hours",
                "'($minute >= %s && $minute < %s)'",
                "'($minute > %s && $minute < %s)'",
            ),
            (
                "night with its end",
                "hours",
                "'($minute >= %s || $minute < %s)'",
                "'($minute >= %s || $minute <= %s)'",
            ),
            (
                "night after its beginning",
                "hours",
                "'($minute >= %s || $minute < %s)'",
                "'($minute > %s || $minute < %s)'",
            ),
            (
                "no night",
                "hours",
                "'($minute >= %s || $minute < %s)'",
                "'($minute >= %s && $minute < %s)'",
            ),
            ("from exclusive", "from", "'($date >= '", "'($date > '"),
            ("until exclusive", "until", "'($date <= '", "'($date < '"),
        ]
    ),
    *(
        EngineMutant(f"{key}: {name}", owner, key, SELECTOR, before, after)
        for key, owner, before, variants in [
            (
                "rolling_days",
                "rolling_window",
                WINDOW,
                {"one more": f"{WINDOW} + 1", "one less": f"{WINDOW} - 1", "any": "3660"},
            ),
            (
                "within_days",
                "training_completion",
                WITHIN,
                {"one more": f"{WITHIN} + 1", "one less": f"{WITHIN} - 1", "any": "3660"},
            ),
            (
                "grace",
                "streak",
                GRACE,
                {
                    "one more": "'grace', (p_criteria -> 'grace')::integer + 1",
                    "one less": "'grace', nullif((p_criteria -> 'grace')::integer - 1, 0)",
                    "none": "'grace', null",
                },
            ),
        ]
        for name, after in variants.items()
    ),
    *(
        EngineMutant(f"{owner}: without {key}", owner, key, SELECTOR, before, after)
        for owner, key, before, after in [
            (
                "threshold",
                "activity",
                "badges_internal._sorted_types(chosen.activity)",
                "null",
            ),
            ("streak", "on", "'on', chosen.days,", "'on', null,"),
            ("threshold", "where", "'where', nullif(chosen.filter, '{}')", "'where', null"),
            ("threshold", "per", "'per', p_criteria ->> 'per'", "'per', null"),
            (
                "threshold",
                "per_value",
                "'per_value', p_criteria -> 'per_value'",
                "'per_value', null",
            ),
            ("streak", "per_unit", "else p_criteria -> 'per_unit'", "else null"),
            (
                "threshold",
                "window",
                """then nullif(p_criteria -> 'window', '"lifetime"')""",
                "then null",
            ),
        ]
    ),
    *(
        EngineMutant(f"where: {key}", "operators", key, COMPILE_WHERE, before, after)
        for key, before, after in [
            ("gte", "' >= ' || v_operand", "' > ' || v_operand"),
            ("gt", "' > ' || v_operand", "' >= ' || v_operand"),
            ("lte", "' <= ' || v_operand", "' < ' || v_operand"),
            ("lt", "' < ' || v_operand", "' <= ' || v_operand"),
            ("ne", "') || ((' || v_equal || ') is unknown))'", "'))'"),
            ("exists", "' == null) || ((' || v_path || ' == null) is unknown))'", "' == null))'"),
        ]
    ),
    *(
        EngineMutant(name, owner, key, path, before, after)
        for name, owner, key, path, before, after in [
            (
                "streak: always consecutive",
                "streak",
                "consecutive",
                "rules/compile/_asked_measure.sql",
                "when p_criteria -> 'consecutive' is distinct from 'false'",
                "when true",
            ),
            (
                "n_of: one more",
                "n_of",
                "n",
                "rules/compile/_compile_badge.sql",
                "(nodes.criteria -> 'n')::numeric",
                "(nodes.criteria -> 'n')::numeric + 1",
            ),
            (
                "badges_earned: any category",
                "badges_earned",
                "category",
                "awards/_as_counted.sql",
                "definition.category = p_badge_category",
                "true",
            ),
            (
                "badges_earned: badges for badges",
                "badges_earned",
                "category",
                "awards/_as_counted.sql",
                "and badges_internal._counts_badges(definition.criteria)",
                "and false",
            ),
            (
                "max: numbers of any size",
                "tier",
                "field",
                "stats/_number.sql",
                "between -1e30 and 1e30",
                "between -1e40 and 1e40",
            ),
        ]
    ),
    *(
        EngineMutant(f"repeat: {name}", owner, key, path, before, after)
        for name, owner, key, path, before, after in [
            (
                "each window with one more",
                "repeat",
                "each",
                SELECTOR,
                "'at_least', p_criteria -> 'at_least'",
                "'at_least', (p_criteria -> 'at_least')::numeric + 1",
            ),
            (
                "each month",
                "repeat",
                "each",
                SELECTOR,
                "when chosen.is_each then p_criteria ->> 'window'",
                "when chosen.is_each then 'month'",
            ),
            (
                "each window with the badge's own number",
                "repeat",
                "each",
                "rules/compile/_compile_badge.sql",
                "when nodes.own is null then nodes.criteria",
                "when true then nodes.criteria",
            ),
            (
                "each window but the first",
                "repeat",
                "each",
                "rules/compile/_compile_badge.sql",
                "'repeat' ? 'each' then targets.occurrence",
                "'repeat' ? 'each' then targets.occurrence + 1",
            ),
            (
                "tenures all at once",
                "tenure",
                "repeat",
                "rules/compile/_compile_badge.sql",
                ") * targets.occurrence end,",
                ") end,",
            ),
        ]
    ),
    *(
        EngineMutant(f"{key}: {name}", "organization", key, path, before, after)
        for name, key, path, before, after in [
            ("midnight", "day_starts", "base/_day_of.sql", " - p_day_starts", ""),
            (
                "tenure at midnight",
                "day_starts",
                "awards/_tenures.sql",
                "organization.day_starts",
                "'00:00'",
            ),
            (
                "monday",
                "week_starts",
                "base/_calendar_unit.sql",
                "p_week_starts <> 'monday'",
                "false",
            ),
            (
                "saturday as sunday",
                "week_starts",
                "base/_calendar_unit.sql",
                "'week_' || p_week_starts",
                "'week_sunday'",
            ),
            (
                "monday for weeks in a row",
                "week_starts",
                "rules/versions/_save_routes.sql",
                "badges_internal._unit_in(organization.org_id, 'week')",
                "'week'",
            ),
        ]
    ),
    *(
        EngineMutant(f"{key}: {name}", owner, key, path, before, after)
        for name, owner, key, path, before, after in [
            (
                "every weekday",
                "existing_days",
                "weekdays",
                "rules/compile/_canonical_on.sql",
                "jsonb_array_length(asked.weekdays) < 7",
                "false",
            ),
            (
                "open",
                "existing_days",
                "closed_days",
                "rules/compile/_canonical_on.sql",
                "p_on -> 'closed_days' = 'false'",
                "false",
            ),
            (
                "dates alone",
                "organization",
                "closed_days",
                "rules/compile/_canonical_on.sql",
                "where length(closed.day) < 10\n            or",
                "where length(closed.day) = 10\n            and",
            ),
            (
                "closed days are missed",
                "organization",
                "closed_days",
                "base/_missed_units.sql",
                "p_calendar ? 'closed'",
                "false",
            ),
            (
                "excused units are missed",
                "streak",
                "excused_by",
                "stats/_goes_on.sql",
                "p_route.excuse_types is not null",
                "false",
            ),
            (
                "without where",
                "excuse",
                "where",
                "rules/compile/_stat_route.sql",
                "p_selector -> 'excused_by' -> 'where', null",
                "null, null",
            ),
            (
                "of the last type",
                "excuse",
                "activity",
                "rules/compile/_stat_route.sql",
                "(p_selector -> 'excused_by' -> 'types')",
                "(jsonb_build_array(p_selector -> 'excused_by' -> 'types' -> -1))",
            ),
        ]
    ),
    *(
        EngineMutant(f"cap: {name}", "threshold", "cap", path, before, after)
        for name, path, before, after in [
            ("none", SELECTOR, "'cap', p_criteria -> 'cap'", "'cap', p_criteria -> 'no cap'"),
            ("one more", "rules/compile/_stat_route.sql", CAP, f"{CAP} + 1"),
            ("one less", "rules/compile/_stat_route.sql", CAP, f"{CAP} - 1"),
            (
                "of activities only",
                SELECTOR,
                "nullif(coalesce(p_criteria ->> 'measure', 'count'), 'count')",
                "null",
            ),
        ]
    ),
    *(
        EngineMutant(f"lapse: {name}", owner, key, path, before, after)
        for name, owner, key, path, before, after in [
            (
                "a day more of the last ones",
                "rolling_window",
                "last_days",
                "lapses/_window_spans.sql",
                "found.activity_date + p_milestone.last_days",
                "found.activity_date + p_milestone.last_days + 1",
            ),
            (
                "a day less of a certificate",
                "training_completion",
                "valid_days",
                "lapses/_window_spans.sql",
                "found.activity_date + p_milestone.last_days",
                "found.activity_date + p_milestone.last_days - 1",
            ),
            (
                "a run that is dead by now",
                "badge",
                "on_unmet",
                "stats/_dies_on.sql",
                "+ p_missed + 1",
                "+ p_missed + 2",
            ),
            (
                "time ends nothing",
                "badge",
                "on_unmet",
                "lapses/_window_spans.sql",
                "greatest(entry.moment, day.ends)",
                "null",
            ),
        ]
    ),
    EngineMutant(
        "tenure: a day later",
        "tenure",
        "years",
        "awards/_tenures.sql",
        "begun.first_day + milestone.duration",
        "begun.first_day + 1 + milestone.duration",
    ),
    EngineMutant(
        "tenure: due at midnight in UTC",
        "tenure",
        "years",
        "awards/_tenures.sql",
        "organization.time_zone",
        "'UTC'",
    ),
    *(
        EngineMutant(f"{owner}: {name}", owner, key, f"{path}.sql", before, after)
        for name, owner, key, path, before, after in [
            (
                "nothing ends a run",
                "in_a_row",
                "length",
                "stats/_sequence_value",
                "(p_last + 1) * p_qualifies",
                "p_last + p_qualifies",
            ),
            (
                "what fails at an instant comes last",
                "in_a_row",
                "tiers",
                "stats/_sequence_bits",
                "order by chosen.occurred_at, chosen.qualifies",
                "order by chosen.occurred_at, chosen.qualifies desc",
            ),
            (
                "all qualify",
                "share",
                "qualify",
                "rules/compile/_stat_route",
                "badges_internal._compile_where(p_selector -> 'qualify', null, null)",
                'badges_internal._compile_where(\'{"absent": {"exists": false}}\', null, null)',
            ),
            (
                "of one less",
                "share",
                "of_at_least",
                "stats/_sequence_value",
                "p_count < p_size",
                "p_count < p_size - 1",
            ),
            (
                "the last and one more",
                "share",
                "of_last",
                "stats/_shifted",
                "+ 2 - p_size",
                "+ 1 - p_size",
            ),
        ]
    ),
    EngineMutant(
        "limit: one place less",
        "limit",
        "first",
        "awards/_claim_places.sql",
        "ranked.number <= place.places - place.claimed",
        "ranked.number < place.places - place.claimed",
    ),
]


def with_key(owner: str, key: str) -> list[Case]:
    """List the cases that have a key, the shortest first."""
    return [
        case
        for case in documents.all_cases()
        if any(
            (site.owner, site.key) == (owner, key) and site.key in site.holder
            for site in documents.sites(case.document)
        )
    ]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_each_is_found_out(connection: Connection, mutant: EngineMutant) -> None:
    cases = with_key(mutant.owner, mutant.key)
    assert cases
    # Undone at the end: the next begins with the engine as it is.
    with connection.transaction(force_rollback=True):
        mutant.install(connection)
        assert any(is_found_out_by(connection, case) for case in cases)


def is_found_out_by(connection: Connection, case: Case) -> bool:
    """Feed one case; take everything back, so that the next finds the database empty."""
    with connection.transaction(force_rollback=True):
        begin(connection, case)
        way = row_by_row if case.in_order_only else in_one_statement
        way(connection, case.activities)
        finish(connection, case)
        return awarded(connection) != case.awards


def test_the_engine_as_it_is_passes_them(connection: Connection) -> None:
    first = {with_key(mutant.owner, mutant.key)[0].name for mutant in MUTANTS}
    for case in documents.all_cases():
        assert case.name not in first or not is_found_out_by(connection, case)
