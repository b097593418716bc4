"""Replaceable SQL: loaded whole, in one transaction, and taken out again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import psycopg

from pgmerit.database import Connection
from pgmerit.errors import NotMigratedError, PgmeritError, translate
from pgmerit.schema import rights
from pgmerit.schema.sources import SourceFile
from pgmerit.schema.state import CATALOGUE, OURS, State

# The rights make them, and mark them as ours.
_POLICIES = """
select pg_catalog.format('%I on %s', p.polname, p.polrelid::pg_catalog.regclass) as identity
from pg_catalog.pg_policy as p
where pg_catalog.obj_description(p.oid, 'pg_policy') like 'pgmerit: %'
"""

# The loader runs each file behind a line that names it.
_FILE_OF = re.compile(r"-- sql/(\S+)$", re.MULTILINE)


def literal(values: Sequence[str]) -> str:
    """Write names of ours, which need no quoting, as an array in SQL."""
    return f"array[{', '.join(repr(value) for value in values)}]"


def statements_of(name: str, parts: dict[str, str]) -> str:
    """Read statements that lie beside this module, and put in the parts that they name in braces.

    What stands above the first empty line is for who reads the file.
    """
    text = (Path(__file__).parent / name).read_text().partition("\n\n")[2]
    for part, given in parts.items():
        text = text.replace(f"{{{part}}}", given.strip())
    return text


def loader() -> str:
    """Give the statements that make the loader in a session's own schema."""
    return statements_of(
        "loader.sql",
        {
            "catalogue": CATALOGUE,
            "rights": rights.RIGHTS % {"schemas": literal(OURS), "roles": literal(rights.ROLES)},
            "roles": literal(rights.ROLES),
        },
    )


# The tables go at the end of the transaction.
WITHOUT_LOADER = """
drop function pg_temp.pgmerit_catalogue, pg_temp.pgmerit_drop, pg_temp.pgmerit_routines,
    pg_temp.pgmerit_drop_changed, pg_temp.pgmerit_load_file, pg_temp.pgmerit_load;
drop table pg_temp.pgmerit_files;
"""


def load_all(connection: Connection, files: Sequence[SourceFile]) -> list[str]:
    """Load every file inside the caller's transaction; gives what was dropped."""
    connection.execute(loader().encode())
    with (
        connection.cursor() as cursor,
        cursor.copy("copy pg_temp.pgmerit_files from stdin") as rows,
    ):
        for position, file in enumerate(files):
            rows.write_row(("routines", position, file.name, file.sha256, file.text))
    try:
        row = connection.execute("select pg_temp.pgmerit_load() as dropped").fetchone()
    except psycopg.Error as exc:
        raise _located(exc, files) from exc
    connection.execute(WITHOUT_LOADER.encode())
    return row["dropped"] if row else []


def drop_loaded(connection: Connection, state: State) -> list[str]:
    """Drop everything that the manifest loaded."""
    present = sorted(state.objects.keys() & state.catalogue.keys())
    for policy in connection.execute(_POLICIES.encode()).fetchall():
        connection.execute(f"drop policy {policy['identity']}".encode())
    connection.execute(loader().encode())
    connection.execute(
        "select pg_temp.pgmerit_drop(%s, %s)",
        ([kind for kind, _ in present], [identity for _, identity in present]),
    )
    connection.execute(WITHOUT_LOADER.encode())
    for table in ("loaded_files", "loaded_objects", "loaded_rights"):
        connection.execute(f"delete from badges_internal.{table}".encode())  # noqa: S608
    return [identity for _, identity in present]


def _located(exc: psycopg.Error, files: Sequence[SourceFile]) -> PgmeritError:
    """Name the file and the line of an error."""
    error = translate(exc)
    query = exc.diag.internal_query or ""
    found = _FILE_OF.search(query) or _FILE_OF.search(exc.diag.context or "")
    if not found:
        return error
    text = next(file.text for file in files if file.name == found[1])
    place = f"sql/{found[1]}"
    if exc.diag.internal_position:
        # The statement with its first line, or the body of a routine in it.
        before = query[: int(exc.diag.internal_position) - 1].count("\n")
        line = (
            before
            if query.startswith(found[0])
            else text[: text.index(query)].count("\n") + before + 1
        )
        place += f" line {line}"
    return prefixed(error, place)


def prefixed(error: PgmeritError, place: str) -> PgmeritError:
    """Name the place in front of an error's message."""
    hint = None if isinstance(error, NotMigratedError) else error.hint
    kind = PgmeritError if isinstance(error, NotMigratedError) else type(error)
    return kind(f"{place}: {error.message}", hint, error.details, sqlstate=error.sqlstate)
