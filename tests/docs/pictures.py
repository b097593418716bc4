"""Pictures of the demo for README, written by `python -m tests.docs.pictures`.

report.png is the top of its page in Chromium, thresholds.png some of its distributions, shell.svg
what `mentor show` and `mentor explain` print on a terminal. The demo runs on a throw-away server,
for the year that ends today.
"""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from pgmerit.demo.generator import PROTAGONIST
from pgmerit.demo.scenes import DATABASE
from pgmerit.server.attached import attached_server
from playwright.sync_api import ViewportSize
from rich.console import Console
from rich.text import Text

from tests.house.sources import ROOT
from tests.pages.browser import chromium, opened

FOLDER = ROOT / "docs" / "pictures"
COLUMNS = 100
SIZE: ViewportSize = {"width": 1100, "height": 712}
SHORTEN = """() => document.querySelectorAll('.part .grid > :nth-child(n+5)').forEach(
    each => each.remove()
)"""
ONE = (str(PROTAGONIST.peer_mentor_id), "--org", PROTAGONIST.org_id)
COMMANDS = (
    ("mentor", "show", *ONE),
    ("mentor", "explain", ONE[0], "ready_for_more", *ONE[1:]),
)


def main() -> int:
    """Run the demo and write both pictures."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        home.chmod(0o755)
        with attached_server(home, durable=False) as cluster:
            where = os.environ | {
                "COLUMNS": str(COLUMNS),
                "PGMERIT_DSN": cluster.dsn(DATABASE),
                "PGMERIT_HOME": folder,
                "TERM": "xterm-256color",
            }
            demo = [sys.executable, "-m", "pgmerit", "demo"]
            subprocess.run(demo, env=where, check=True, capture_output=True)
            _write_shell([(" ".join(each), _on_terminal(each, where)) for each in COMMANDS])
        _write_page(home / "demo.html")
    return 0


def _on_terminal(arguments: tuple[str, ...], where: dict[str, str]) -> str:
    """Give what a command prints where stdout is a terminal."""
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        command = [sys.executable, "-m", "pgmerit", *arguments]
        with subprocess.Popen(command, env=where, stdout=theirs, close_fds=True):
            os.close(theirs)
            printed = b""
            try:
                while part := terminal.read(65536):
                    printed += part
            except OSError:  # the other end is closed
                pass
    return printed.decode().replace("\r\n", "\n")


def _write_shell(printed: list[tuple[str, str]]) -> None:
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    for command, lines in printed:
        console.print(Text(f"$ pgmerit {command}", style="bold"))
        console.print(Text.from_ansi(lines))
    drawn = console.export_svg(title="pgmerit")
    # Its letters would come from a network.
    drawn = re.sub(r"@font-face \{.*?\}", "", drawn, flags=re.S)
    (FOLDER / "shell.svg").write_text(drawn)


def _write_page(page: Path) -> None:
    with chromium() as browser, opened(browser, page) as seen:
        seen.page.set_viewport_size(SIZE)
        seen.page.screenshot(path=FOLDER / "report.png")
        seen.page.evaluate(SHORTEN)
        seen.page.locator("details.part .grid").first.screenshot(path=FOLDER / "thresholds.png")


if __name__ == "__main__":
    sys.exit(main())
