"""What `make lint` runs after ruff, mypy and squawk: house tests, pgspot, plpgsql_check.

pgspot pins its parser, so it gets an environment of its own. plpgsql_check is an extension for a
server; it is used where Debian's package is installed, and must be there when CI is set.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import psycopg
from pgmerit import schema
from pgmerit.testing import TEMPLATE, migrated_server

from tests.house.sources import MAY_BUILD_STATEMENTS, ROOT, SqlFile, sql_files

PGSPOT = "pgspot==0.9.4"

_FUNCTIONS = """
select
    p.oid::pg_catalog.regprocedure::text as identity,
    coalesce(t.tgrelid, 0)::pg_catalog.regclass as relation,
    t.tgoldtable as old_rows,
    t.tgnewtable as new_rows
from pg_catalog.pg_proc as p
join pg_catalog.pg_language as l on l.oid = p.prolang
left join pg_catalog.pg_trigger as t on t.tgfoid = p.oid and not t.tgisinternal
where l.lanname = 'plpgsql'
and p.pronamespace in ('badges'::regnamespace, 'badges_internal'::regnamespace)
and (t.oid is not null or p.prorettype <> 'pg_catalog.trigger'::pg_catalog.regtype)
order by 1
"""

_CHECK = """
select distinct c.level, c.lineno, c.message, c.detail, c.hint
from badges_lint.plpgsql_check_function_tb(
    funcoid => %(identity)s::pg_catalog.regprocedure,
    relid => %(relation)s::pg_catalog.regclass,
    oldtable => %(old_rows)s,
    newtable => %(new_rows)s,
    fatal_errors => false,
    security_warnings => true,
    compatibility_warnings => true
) as c
order by c.lineno, c.message
"""


def main() -> int:
    """Run every linter; 1 when one found something."""
    failures = [name for name, run in LINTERS.items() if not run()]
    for name in failures:
        print(f"{name}: found something, see above")
    return 1 if failures else 0


def house() -> bool:
    """Run STYLE.md as tests."""
    command = [sys.executable, "-m", "pytest", "-q", "--no-header", "tests/house"]
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def pgspot() -> bool:
    """Look for names that another schema could shadow.

    A body written as SQL (`return`, `begin atomic`) is looked up when it is loaded, under our own
    search path; pgspot does not read those, nor has it to. A function whose callers set the path
    (a house test sees to it) is read as if it did so itself. PS002 asks for a plain CREATE: our
    loader refuses objects that were there before it.
    """
    program = _pgspot_program()
    if program is None:
        return False
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # What the loader sets before every file.
        preamble = folder / "search_path.sql"
        preamble.write_text("set search_path = pg_catalog, pg_temp;\n")
        files = [_for_pgspot(file, folder) for file in sql_files() if file.has_string_body]
        files += [str(path) for path in sorted(schema.migrations_dir().glob("*.sql"))]
        done = subprocess.run(
            [program, "--ignore", "PS002", "--append", str(preamble), *files],
            capture_output=True,
            text=True,
            check=False,
        )
    lines = (done.stdout + done.stderr).splitlines()
    place, found = "", []
    for line in lines:
        if line.endswith(".sql: "):
            place = Path(line.removesuffix(": ")).name
        elif line.startswith("PS"):
            found.append(f"{place}: {line}")
    print("\n".join(found) if found else f"pgspot: {len(files)} files, all good")
    return not found and any(line.startswith("TOTAL:") for line in lines)


def _for_pgspot(file: SqlFile, folder: Path) -> str:
    """Give a file to read, with the path that its callers set."""
    if not file.may_go_without_path:
        return str(schema.sql_dir() / file.name)
    copy = folder / file.name.replace("/", "-")
    path = "set search_path = pg_catalog, pg_temp\n"
    copy.write_text(re.sub(r"^as \$", f"{path}as $", file.text, count=1, flags=re.M))
    return str(copy)


def plpgsql_check() -> bool:
    """Check every PL/pgSQL function against the tables, trigger functions with their rows."""
    bindir = _bindir_with_plpgsql_check()
    if bindir is None:
        print("plpgsql_check: left out, install postgresql-15-plpgsql-check to have it")
        return not os.environ.get("CI")
    with migrated_server(bindir) as cluster:
        return _check_functions(cluster.dsn(TEMPLATE))


def _check_functions(dsn: str) -> bool:
    checked, found = 0, 0
    with psycopg.connect(dsn, autocommit=True, row_factory=psycopg.rows.dict_row) as connection:
        connection.execute("create schema badges_lint")
        connection.execute("create extension plpgsql_check schema badges_lint")
        connection.execute("set search_path = pg_catalog, pg_temp")
        for function in connection.execute(_FUNCTIONS).fetchall():
            checked += 1
            for row in connection.execute(_CHECK, function).fetchall():
                if row["message"] in _FALSE_ALARMS or row["detail"] in _FALSE_ALARMS:
                    continue
                if row["message"] == _UNSANITIZED and _name(function["identity"]) in _BUILDERS:
                    continue
                found += 1
                print(_finding(function["identity"], row))
    if not found:
        print(f"plpgsql_check: {checked} functions, all good")
    return found == 0


def _name(identity: str) -> str:
    """Give a routine's name without its schema and parameters."""
    return identity.partition("(")[0].rpartition(".")[2]


def _finding(identity: str, row: dict[str, Any]) -> str:
    more = " ".join(part for part in (row["detail"], row["hint"]) if part)
    return f"{identity} line {row['lineno']}: {row['level']}: {row['message']} {more}".rstrip()


def _pgspot_program() -> str | None:
    folder = ROOT / ".venv-pgspot"
    program = folder / "bin" / "pgspot"
    if not program.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        subprocess.run(
            [str(folder / "bin" / "pip"), "install", "--quiet", PGSPOT],
            check=False,
            env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        )
    return str(program) if program.exists() else None


def _bindir_with_plpgsql_check() -> Path | None:
    for control in sorted(Path("/usr/share/postgresql").glob("*/extension/plpgsql_check.control")):
        bindir = Path("/usr/lib/postgresql") / control.parts[4] / "bin"
        if (bindir / "postgres").exists():
            return bindir
    return None


# What plpgsql_check cannot know: a literal is text until it is assigned, and the statements that
# are built as text have their own house rule.
_FALSE_ALARMS = (
    "target type is different type than source type",
    "cannot determinate a result of dynamic SQL",
    "cannot to determine result of dynamic SQL",
)
_UNSANITIZED = "text type variable is not sanitized"
_BUILDERS = {Path(name).stem for name in MAY_BUILD_STATEMENTS}

LINTERS = {"house": house, "pgspot": pgspot, "plpgsql_check": plpgsql_check}


if __name__ == "__main__":
    sys.exit(main())
