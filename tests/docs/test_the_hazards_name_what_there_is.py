"""docs/hazards.md: each row names defences and tests that exist."""

from __future__ import annotations

import re

import pytest

from tests.house.sources import ROOT

ROWS = re.findall(r"^\| ([ABDS]\d.*) \|$", (ROOT / "docs/hazards.md").read_text(), re.M)
TESTS = {
    name
    for path in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^def (test_\w+)", path.read_text(), re.M)
}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.partition(" |")[0])
def test_a_row_names_files_and_tests_that_exist(row: str) -> None:
    named = re.findall(r"`([^`]*)`", row)
    tests = [name for name in named if name.startswith("test_")]
    assert tests
    assert not {*tests} - TESTS
    assert not [name for name in named if "/" in name and not (ROOT / name).exists()]
