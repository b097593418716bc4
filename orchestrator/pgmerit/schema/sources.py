"""The files that a database is made of: migrations and replaceable SQL."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from pgmerit import languages
from pgmerit.errors import PgmeritError

_PACKAGE = Path(__file__).resolve().parents[1]
_TEXTS = b"$texts${}$texts$"  # where a file takes in the texts of all languages


def sql_dir() -> Path:
    """Give the folder of replaceable SQL: inside an installed package, else the checkout's."""
    return _data_dir("_sql", "sql")


def migrations_dir() -> Path:
    """Give the folder of migrations: inside an installed package, else the checkout's."""
    return _data_dir("_migrations", "migrations")


@dataclass(frozen=True)
class Sources:
    """Where migrations and replaceable SQL are read from."""

    migrations: Path = field(default_factory=migrations_dir)
    files: Path = field(default_factory=sql_dir)


@dataclass(frozen=True)
class SourceFile:
    """A file to run: `name` is the migration's id, or the path below `sql/`."""

    name: str
    path: Path
    text: str
    sha256: str

    @classmethod
    def read(cls, name: str, path: Path) -> SourceFile:
        """Read a file and its checksum, with the texts of all languages where it asks for them."""
        content = path.read_bytes()
        if _TEXTS in content:
            content = content.replace(_TEXTS, f"$texts${languages.sql_texts()}$texts$".encode())
        return cls(name, path, content.decode(), hashlib.sha256(content).hexdigest())


def read_manifest(folder: Path) -> list[SourceFile]:
    """Read the replaceable files in the order of the manifest: one path a line, # comments."""
    manifest = folder / "manifest.txt"
    try:
        lines = manifest.read_text().splitlines()
    except OSError as exc:
        raise PgmeritError(f"the manifest {manifest} cannot be read: {exc.strerror}") from exc
    files: dict[str, SourceFile] = {}
    for number, line in enumerate(lines, start=1):
        name = line.partition("#")[0].strip()
        if not name:
            continue
        if name in files:
            raise PgmeritError(f"{manifest} names {name} twice, again on line {number}")
        try:
            files[name] = SourceFile.read(name, folder / name)
        except OSError as exc:
            raise PgmeritError(
                f"{manifest} line {number} names {name}, which cannot be read: {exc.strerror}"
            ) from exc
    return list(files.values())


def read_migration_files(folder: Path) -> dict[str, SourceFile]:
    """Read the migrations by id; each must have its rollback beside it."""
    found = {
        path.stem: SourceFile.read(path.stem, path)
        for path in sorted(folder.glob("*.sql"))
        if not path.name.endswith(".rollback.sql")
    }
    if not found:
        raise PgmeritError(f"there are no migrations in {folder}")
    for name in found:
        if not (folder / f"{name}.rollback.sql").is_file():
            raise PgmeritError(f"the migration {name} has no rollback beside it")
    return found


def _data_dir(packaged: str, checkout: str) -> Path:
    for folder in (_PACKAGE / packaged, _PACKAGE.parents[1] / checkout):
        if folder.is_dir():
            return folder
    raise PgmeritError(f"the folder {checkout} of pgmerit is missing", "Install pgmerit again.")
