"""Writes sql/manifest.txt anew: every file once, each after what its definition needs.

`make manifest` runs this after files came or went. PL/pgSQL looks things up when it runs, so only
SQL bodies and triggers have to come after what they name.
"""

from __future__ import annotations

import re
import sys
from graphlib import TopologicalSorter
from pathlib import Path

from orchestrator.schema import sql_dir

FOLDERS = ("stats", "rules", "awards", "api", "operations", "triggers", "")
HEADING = "# Replaceable SQL in the order it is loaded: a path below sql/ a line.\n"

_CREATED = re.compile(
    r"^create (?:or replace )?(?:function|procedure|view)\s+([\w.]+)", re.I | re.M
)
_NAMED = re.compile(r"\bbadges(?:_internal)?\.\w+")


def ordered_manifest(folder: Path) -> str:
    """Give the text of the manifest for the files in a folder."""
    texts = {
        str(path.relative_to(folder)): re.sub(r"--[^\n]*", "", path.read_text())
        for path in sorted(folder.rglob("*.sql"))
    }
    makers = {name: file for file, text in texts.items() for name in _CREATED.findall(text)}
    needs = {
        file: sorted(
            {makers[name] for name in _NAMED.findall(_early(text)) if name in makers} - {file}
        )
        for file, text in texts.items()
    }
    list(TopologicalSorter(needs).static_order())  # says so when there is a circle
    lines: list[str] = []

    def place(file: str) -> None:
        if file in lines:
            return
        for needed in needs[file]:
            place(needed)
        lines.append(file)

    for group in FOLDERS:
        for file in texts:
            if file.rpartition("/")[0] == group:
                place(file)
    return HEADING + "".join(f"{line}\n" for line in lines)


def _early(text: str) -> str:
    """Give the part of a file that the server looks up while it loads it."""
    return re.sub(r"language plpgsql.*?as \$(\w*)\$.*?\$\1\$", "", text, flags=re.I | re.S)


if __name__ == "__main__":
    (sql_dir() / "manifest.txt").write_text(ordered_manifest(sql_dir()))
    sys.stdout.write("sql/manifest.txt is written\n")
