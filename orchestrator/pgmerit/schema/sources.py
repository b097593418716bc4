"""The files that a database is made of: migrations and replaceable SQL."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from pgmerit.errors import PgmeritError

_PACKAGE = Path(__file__).resolve().parents[1]
_ROUTINE = re.compile(
    r"^create or replace (function|procedure) ([\w.]+)\s*\((.*?)\)\s*(?:returns|language)\b",
    re.DOTALL | re.MULTILINE,
)


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
        """Read a file and its checksum."""
        content = path.read_bytes()
        return cls(name, path, content.decode(), hashlib.sha256(content).hexdigest())


def first_sentence(text: str) -> str:
    """Give the first sentence of the comment that a file begins with."""
    header: list[str] = []
    for line in text.splitlines():
        if not line.startswith("--"):
            break
        header.append(line.removeprefix("--").strip())
    paragraph = " ".join(header).split("  ")[0]
    sentence = re.match(r".*?[.!?](?=\s|$)", paragraph)
    return sentence.group(0) if sentence else paragraph


def _with_comment(text: str) -> str:
    """Give a file and its routine's COMMENT, which is the first sentence."""
    said, routine = first_sentence(text).replace("'", "''"), _ROUTINE.search(text)
    if not said or not routine:
        return text
    kind, name, parameters = routine.groups()
    parameters = re.sub(r"\s+default\s+.*?(?=,|\s*\Z)", "", parameters, flags=re.DOTALL)
    return f"{text}\ncomment on {kind} {name}({parameters}) is '{said}';\n"


def read_manifest(folder: Path) -> list[SourceFile]:
    """Read the replaceable files in the order of the manifest: one path a line, # comments.

    What a file begins with is told once: its routine's COMMENT is made from the first sentence.
    """
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
            file = SourceFile.read(name, folder / name)
            files[name] = replace(file, text=_with_comment(file.text))
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
