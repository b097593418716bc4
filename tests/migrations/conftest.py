"""Small migrations and replaceable files of the tests' own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pgmerit import schema
from psycopg.conninfo import conninfo_to_dict

from tests.security.conftest import login, owner, stranger  # noqa: F401

Write = Callable[..., None]


@pytest.fixture
def sources(tmp_path: Path) -> schema.Sources:
    """Two small migrations and one function."""
    migrations, files = tmp_path / "migrations", tmp_path / "sql"
    migrations.mkdir()
    files.mkdir()
    made = schema.Sources(migrations, files)
    add_migration(
        made, "0001_first", "create table badges.first (n int);", "drop table badges.first;"
    )
    add_migration(
        made,
        "0002_second",
        "alter table badges.first add column word text;",
        "alter table badges.first drop column word;",
    )
    write_files(made, {"one.sql": function("one", "select 1")})
    return made


def add_migration(made: schema.Sources, name: str, up: str, down: str = "select 1;") -> None:
    """Write a migration and its rollback."""
    (made.migrations / f"{name}.sql").write_text(f"-- depends:\n{up}\n")
    (made.migrations / f"{name}.rollback.sql").write_text(f"{down}\n")


def write_files(made: schema.Sources, files: dict[str, str]) -> None:
    """Write replaceable files, and a manifest with them in this order."""
    for path in made.files.rglob("*.sql"):
        path.unlink()
    for name, text in files.items():
        (made.files / name).parent.mkdir(exist_ok=True)
        (made.files / name).write_text(text)
    (made.files / "manifest.txt").write_text("# in order\n\n" + "\n".join(files) + "\n")


def function(name: str, body: str, arguments: str = "", returns: str = "integer") -> str:
    """Give the text of a small SQL function."""
    return (
        f"create or replace function badges.{name}({arguments}) returns {returns}\n"
        f"language sql as $$ {body} $$;\n"
    )


def plain_yoyo(
    dsn: str, *command: str, folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the yoyo command line on our migrations."""
    told = {name: str(given) for name, given in conninfo_to_dict(dsn).items()}
    url = (
        f"postgresql+psycopg://{told['user']}@/{told['dbname']}"
        f"?host={told['host']}&port={told['port']}"
    )
    return subprocess.run(
        [
            *(Path(sys.executable).with_name("yoyo"), *command, "--batch", "--no-config-file"),
            *("--database", url, folder or schema.migrations_dir()),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
