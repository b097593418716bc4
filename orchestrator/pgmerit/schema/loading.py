"""Replaceable SQL: loaded whole, in one transaction, and taken out again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import psycopg

from pgmerit.database import Connection
from pgmerit.errors import NotMigratedError, PgmeritError, translate
from pgmerit.schema.rights import GRANTS, keep_rights
from pgmerit.schema.sources import SourceFile
from pgmerit.schema.state import Key, State, read_catalogue

_FOREIGN_DEPENDENTS = """
with recursive
dependents (classid, objid) as (
    select 'pg_catalog.pg_proc'::pg_catalog.regclass::oid, p.oid
    from pg_catalog.pg_proc as p
    where p.oid::pg_catalog.regprocedure::text = any(%(routines)s)
    union
    select d.classid, d.objid
    from pg_catalog.pg_depend as d
    join dependents on d.refclassid = dependents.classid and d.refobjid = dependents.objid
    where d.deptype in ('n', 'a')
)
select pg_catalog.pg_describe_object(d.classid, d.objid, 0) as dependent
from dependents as d
where not (
    d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
    and d.objid::pg_catalog.regprocedure::text = any(%(ours)s)
)
and d.classid <> 'pg_catalog.pg_trigger'::pg_catalog.regclass
and not (
    d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass
    and coalesce(pg_catalog.obj_description(d.objid, 'pg_policy') like 'pgmerit: %%', false)
)
"""
# The rights make them, and mark them as ours.
_POLICIES = """
select pg_catalog.format('%I on %s', p.polname, p.polrelid::pg_catalog.regclass) as identity
from pg_catalog.pg_policy as p
where pg_catalog.obj_description(p.oid, 'pg_policy') like 'pgmerit: %'
"""


_CREATED_ROUTINE = re.compile(
    r"^\s*create\s+(?:or\s+replace\s+)?(?:function|procedure)\s+([\w.]+)\s*\(",
    re.IGNORECASE | re.MULTILINE,
)
# What CREATE OR REPLACE says when it cannot replace: another result, other parameter names or
# fewer defaults; and a function that became a procedure.
_IRREPLACEABLE = (psycopg.errors.InvalidFunctionDefinition, psycopg.errors.WrongObjectType)


def load_all(connection: Connection, files: Sequence[SourceFile], state: State) -> list[str]:
    """Load every file inside the caller's transaction; gives what was dropped."""
    connection.execute("set local search_path = pg_catalog, pg_temp")
    connection.execute("set local lock_timeout = '5s'")
    connection.execute("set local client_min_messages = warning")
    connection.execute("set local plpgsql.extra_errors = 'shadowed_variables'")
    # Rights come last: they write anew what was there before, too.
    making = [file for file in files if file.name != GRANTS]
    if state.files or not _load_together(connection, making):
        # Dropping what changed may take along what an earlier file made: then all runs again.
        for _ in range(3):
            if not sum(_load_file(connection, file, state) for file in making):
                break
    after = read_catalogue(connection)
    written = {
        key for key, found in after.items() if state.catalogue.get(key, ("",))[0] != found[0]
    }
    taken = sorted(written & state.catalogue.keys() - state.objects.keys())
    if taken:
        raise PgmeritError(
            f"{taken[0][1]} is there already and was not made by pgmerit",
            "Drop or rename it; the schemas badges and badges_internal belong to pgmerit.",
        )
    for file in files:
        if file.name == GRANTS:
            _load_file(connection, file, state)
    # Now that no policy needs it.
    left = sorted((after.keys() & state.objects.keys()) - written)
    _drop_objects(connection, left)
    connection.execute("delete from badges_internal.loaded_files")
    connection.execute("delete from badges_internal.loaded_objects")
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into badges_internal.loaded_files values (%s, %s, now())",
            [(file.name, file.sha256) for file in files],
        )
        cursor.executemany(
            "insert into badges_internal.loaded_objects values (%s, %s, %s)",
            [(*key, after[key][1]) for key in sorted(written)],
        )
    keep_rights(connection)
    return [identity for _, identity in left]


def _load_together(connection: Connection, files: Sequence[SourceFile]) -> bool:
    """Load all files by one message, where none was before; False undoes it: one by one tells why.

    A round trip a file takes longer than the server needs for it.
    """
    try:
        with connection.transaction():
            connection.execute("\n".join(file.text for file in files).encode())
    except psycopg.Error:
        if connection.closed:
            raise
        return False
    return True


def _load_file(connection: Connection, file: SourceFile, state: State) -> bool:
    """Load one file; True when something had to be dropped first."""
    # By its content: a file that moved to another room may have changed with it.
    is_changed = bool(state.files) and file.sha256 not in state.files.values()
    names = set(_CREATED_ROUTINE.findall(file.text))
    before = _routines(connection, names) if is_changed else set()
    try:
        with connection.transaction():
            connection.execute(file.text.encode())
    except _IRREPLACEABLE as exc:
        if not _drop_changed(connection, names, state):
            raise _located(exc, file) from exc
    except psycopg.Error as exc:
        raise _located(exc, file) from exc
    else:
        # Other parameters make another routine beside the old one, which calls would still find.
        made = _routines(connection, names) - before if before else set()
        return _drop_changed(connection, {each.partition("(")[0] for each in made}, state)
    try:
        connection.execute(file.text.encode())
    except psycopg.Error as exc:
        raise _located(exc, file) from exc
    return True


def _routines(connection: Connection, names: Iterable[str]) -> set[str]:
    """List the routines of these names, with their parameters."""
    found = connection.execute(
        "select p.oid::pg_catalog.regprocedure::text as identity from pg_catalog.pg_proc as p "
        "join pg_catalog.pg_namespace as n on n.oid = p.pronamespace "
        "where n.nspname in ('badges', 'badges_internal') "
        "and n.nspname || '.' || p.proname = any(%s)",
        (list(names),),
    )
    return {row["identity"] for row in found}


def _drop_changed(connection: Connection, names: set[str], state: State) -> bool:
    """Drop our routines of these names, loaded before; False when there are none."""
    ours = {identity for kind, identity in state.objects if kind == "routine"}
    doomed = sorted(_routines(connection, names) & ours) if names and ours else []
    if not doomed:
        return False
    here = [identity for kind, identity in read_catalogue(connection) if kind == "routine"]
    present = connection.execute(
        _FOREIGN_DEPENDENTS.encode(), {"routines": doomed, "ours": [*ours, *here]}
    ).fetchall()
    if present:
        raise PgmeritError(
            f"{doomed[0]} must be replaced, but {present[0]['dependent']} depends on it",
            "Drop that first, or change it in a migration.",
        )
    connection.execute(f"drop routine {', '.join(doomed)} cascade".encode())
    return True


def drop_loaded(connection: Connection, state: State) -> list[str]:
    """Drop everything that the manifest loaded."""
    present = sorted(state.objects.keys() & state.catalogue.keys())
    for policy in connection.execute(_POLICIES.encode()).fetchall():
        connection.execute(f"drop policy {policy['identity']}".encode())
    _drop_objects(connection, present)
    connection.execute("delete from badges_internal.loaded_files")
    connection.execute("delete from badges_internal.loaded_objects")
    connection.execute("delete from badges_internal.loaded_rights")
    return [identity for _, identity in present]


def _drop_objects(connection: Connection, keys: Sequence[Key]) -> None:
    # Identities come quoted from the catalogue.
    routines = [identity for kind, identity in keys if kind == "routine"]
    try:
        for kind, identity in keys:
            if kind == "trigger":
                connection.execute(f"drop trigger {identity}".encode())
        if routines:
            connection.execute(f"drop routine {', '.join(routines)}".encode())
    except psycopg.errors.DependentObjectsStillExist as exc:
        detail = (exc.diag.message_detail or "").splitlines()
        raise PgmeritError(
            f"a routine of pgmerit must go, but something else needs it: {' '.join(detail[:1])}",
            "Drop what depends on it, and run this again.",
        ) from exc


def _located(exc: psycopg.Error, file: SourceFile) -> PgmeritError:
    """Name the file and the line of an error."""
    error = translate(exc)
    position = exc.diag.statement_position
    line = file.text.count("\n", 0, int(position) - 1) + 1 if position else None
    place = f"sql/{file.name}" + (f" line {line}" if line else "")
    return prefixed(error, place)


def prefixed(error: PgmeritError, place: str) -> PgmeritError:
    """Name the place in front of an error's message."""
    hint = None if isinstance(error, NotMigratedError) else error.hint
    kind = PgmeritError if isinstance(error, NotMigratedError) else type(error)
    return kind(f"{place}: {error.message}", hint, error.details, sqlstate=error.sqlstate)
