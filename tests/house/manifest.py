"""Writes sql/manifest.txt anew: the table of contents of sql/, in the order it is loaded.

`make manifest` runs this after files came, went or changed their first sentence. PL/pgSQL looks
things up when it runs, so only SQL bodies and triggers have to come after what they name.
"""

from __future__ import annotations

import re
import sys
from graphlib import TopologicalSorter
from pathlib import Path

from pgmerit.schema import sql_dir

from tests.house.sources import SqlFile, sql_files

# A room calls itself and the rooms above it here.
ROOMS = {
    "base": "calendar units, locks, settings, keys, texts",
    "rules/language": "grammar, validation, words, circles, warnings",
    "rules/compile": "selector, stat name, route, where, when, badge",
    "stats": "read an activity, fold, runs, windows, cross",
    "events": "who takes events, in what order and how often; alerts; awards shown",
    "awards": "decide, date, grant, settle, redate, places",
    "lapses": "which badges that lapse are held when, and what became of their awards",
    "upkeep": "catch a person up, due dates, days rewritten, rebuild",
    "rules/plan": "what a plan computes",
    "rules/versions": "apply, plan, rollback, configure, diff, backfill, rezone",
    "rules/calibrate": "which thresholds give a badge to how many people",
    "activities": "the way in: triggers, recording, new badges, recounts",
    "decisions": "award, revoke, deny and allow by hand",
    "people": "export, erase and merge people",
    "sources": "tables of applications whose rows are activities: attach, bring in, repair",
    "watch": "what raises alerts by itself",
    "progress": "progress, explanations, counts of awards, metrics",
    "own": "what a person's own token shows and records",
    "verification": "the recomputation that holds the rest: reads tables, calls no other room",
    "": "who may call and read what",
}
HEADING = """\
# Replaceable SQL: the rooms of sql/ and what each file does, in the order they are loaded.
# A room calls itself and the rooms above it. `make manifest` writes this file.
"""

_NAMED = re.compile(r"\bbadges(?:_internal)?\.\w+")


def ordered_manifest() -> str:
    """Give the text of the manifest for the files below `sql/`."""
    files = {file.name: file for file in sql_files()}
    makers = {file.routine: name for name, file in files.items() if file.routine}
    needs = {
        name: sorted(
            {makers[each] for each in _NAMED.findall(_early(file.code)) if each in makers} - {name}
        )
        for name, file in files.items()
    }
    list(TopologicalSorter(needs).static_order())  # says so when there is a circle
    placed: list[str] = []

    def place(name: str) -> None:
        if name in placed:
            return
        for needed in needs[name]:
            place(needed)
        placed.append(name)

    text = HEADING
    for room, what in ROOMS.items():
        start = len(placed)
        for name, file in files.items():
            if file.room == room:
                place(name)
        text += f"\n# {room or 'grants'}: {what}\n"
        text += "".join(_entry(files[name]) for name in placed[start:])
    return text


def called(file: SqlFile, makers: dict[str, SqlFile]) -> list[SqlFile]:
    """List the files whose routines a file names."""
    names = sorted(set(_NAMED.findall(file.code)) - {file.routine})
    return [makers[name] for name in names if name in makers]


def _entry(file: SqlFile) -> str:
    return f"{file.name}  # {file.first_sentence}\n"


def _early(code: str) -> str:
    """Give the part of a file that the server looks up while it loads it."""
    return re.sub(r"language plpgsql.*?as \$(\w*)\$.*?\$\1\$", "", code, flags=re.I | re.S)


if __name__ == "__main__":
    (Path(sql_dir()) / "manifest.txt").write_text(ordered_manifest())
    sys.stdout.write("sql/manifest.txt is written\n")
