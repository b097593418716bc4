"""docs/python.md and testing.md: conftest and test run as they stand, in a folder of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.house.documentation import blocks
from tests.house.sources import ROOT

DOCS = ROOT / "docs"


def test_the_fixtures_of_the_page_work(tmp_path: Path) -> None:
    written = [block for block in blocks((DOCS / "testing.md").read_text()) if block.file]
    assert [block.file for block in written] == ["conftest.py", "test_badges.py"]
    for block in written:
        (tmp_path / str(block.file)).write_text(block.body)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


def test_what_is_only_shown_is_python() -> None:
    shown = blocks((DOCS / "python.md").read_text())
    assert len(shown) == 2
    for block in shown:
        compile(block.body, "docs/python.md", "exec", flags=0x2000)  # await at the top
