"""The tests on docs/testing.md and in the applications of docs/how-to pass; the rest is Python."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.house.documentation import blocks, copy_application
from tests.house.sources import ROOT

DOCS = ROOT / "docs"


def test_the_tests_of_the_pages_pass_as_they_stand(tmp_path: Path) -> None:
    for block in blocks((DOCS / "testing.md").read_text()):
        if block.file:
            (tmp_path / block.file).write_text(block.body)
    for name in ("sqlalchemy", "fastapi"):
        copy_application(DOCS / "how-to" / name / "README.md", tmp_path / name)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
            *(".", "sqlalchemy", "fastapi"),
        ],
        # Loading what the pages do not use takes longer than their tests.
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "6 passed" in done.stdout


def test_what_is_only_shown_is_python() -> None:
    shown = [
        (page, block)
        for page in ("python.md", "webhooks.md")
        for block in blocks((DOCS / page).read_text())
        if block.kind == "python" and not block.file
    ]
    assert len(shown) == 3
    for page, block in shown:
        compile(block.body, f"docs/{page}", "exec", flags=0x2000)  # await at the top
