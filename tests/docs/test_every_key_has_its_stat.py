"""docs/stats.md tells of every key of the rule language what it becomes."""

from __future__ import annotations

import re

import pytest
from pgmerit.rules.grammar import grammar

from tests.house.sources import ROOT

# The keys of the language's tables.
KEYS = set(
    """
    version ruleset activity_types organizations name time_zone day_starts week_starts monday
    saturday sunday badges custom_thresholds description icon category hidden active on_unmet keep
    revoke lapse criteria
    activity where gte gt lte lt ne in prefix exists
    when hours weekdays months dates days_of_year from until
    measure count sum max active_days distinct field per
    window lifetime day week month quarter year rolling_days last_days per_value
    threshold at_least repeat every each max tier tiers
    streak unit length per_unit grace consecutive on closed_days excused_by
    in_a_row qualify share of_at_least of_last
    training_completion courses require within_days valid_days
    all_of any_of n_of n none_of id badges_earned tenure days months years manual
    criteria_raw expression reason limit first
    """.split()  # noqa: SIM905
)

TEXT = re.sub(r"^```.*?^```$", "", (ROOT / "docs/stats.md").read_text(), flags=re.M | re.S)
QUOTED = " ".join(re.findall(r"`([^`]*)`", TEXT))


@pytest.mark.parametrize("key", sorted(KEYS))
def test_a_key_is_told(key: str) -> None:
    assert re.search(rf"(?<![\w.]){key}(?![\w.])", QUOTED)


def test_the_list_has_every_key_of_the_grammar() -> None:
    known = set(grammar()["types"])
    for spec in [*grammar()["types"].values(), *grammar()["kinds"].values()]:
        known |= {*spec.get("keys", ()), *spec.get("words", ())}
    assert known - {"type", "all", *grammar()["kinds"]["weekday"]["words"]} <= KEYS
