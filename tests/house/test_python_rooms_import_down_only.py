"""The plan of the package: its rooms, and what each may import."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pgmerit

PACKAGE = Path(pgmerit.__file__).parent

# Each room imports itself and those after it.
ROOMS = [
    "contrib",
    "__main__",
    "cli",
    "demo",
    "testing",
    "pages",
    "doctor",
    "metrics",
    "report",
    "verify",
    "mentors",
    "dedupe",
    "adopting",
    "attaching",
    "importing",
    "relay",
    "models",
    "rules",
    "schema",
    "aio",
    "routines",
    "settings",
    "server",
    "database",
    "languages",
    "writing",
    "errors",
]
HEIGHT = {room: height for height, room in enumerate(ROOMS)}


def _imports() -> list[tuple[str, str]]:
    """List (importing room, imported room), by every import statement wherever it stands."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        room = path.relative_to(PACKAGE).with_suffix("").parts[0]
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Import(names=names):
                    named = [each.name for each in names]
                case ast.ImportFrom(module="pgmerit", names=names):
                    named = [f"pgmerit.{each.name}" for each in names]
                case ast.ImportFrom(module=str(module), level=0):
                    named = [module]
                case _:
                    continue
            imported = (each.split(".")[1] for each in named if each.startswith("pgmerit."))
            found += [(room, each) for each in imported if each in HEIGHT]
    return found


def test_every_module_stands_in_a_room() -> None:
    here = {
        path.stem
        for path in PACKAGE.iterdir()
        if path.suffix == ".py" or (path.is_dir() and any(path.rglob("*.py")))
    }
    assert here - {"__init__"} == set(ROOMS)


def test_rooms_import_themselves_and_lower_rooms_only() -> None:
    found = _imports()
    assert len(found) > 80
    assert [each for each in found if HEIGHT[each[0]] > HEIGHT[each[1]]] == []


def test_the_demo_is_imported_by_the_command_line_alone() -> None:
    assert {room for room, imported in _imports() if imported == "demo"} == {"cli", "demo"}


def test_frameworks_are_imported_by_what_is_for_them_alone() -> None:
    frameworks = re.compile(r"^\s*(?:from|import) (django|sqlalchemy|alembic|fastapi)\b", re.M)
    users = {
        (path.relative_to(PACKAGE).parts[:2], found)
        for path in PACKAGE.rglob("*.py")
        for found in frameworks.findall(path.read_text())
    }
    assert users == {
        (("contrib", "django"), "django"),
        (("contrib", "sqlalchemy.py"), "sqlalchemy"),
    }


def test_models_need_no_database() -> None:
    asked = "import sys, pgmerit.models; sys.exit('psycopg' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0
