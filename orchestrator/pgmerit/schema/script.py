"""The file that `pgmerit migrate --sql` prints: an install or upgrade for any client to run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from yoyo.migrations import parse_metadata_from_sql_comments

from pgmerit import __version__
from pgmerit.database import OLDEST_SERVER
from pgmerit.errors import InvalidInputError
from pgmerit.schema import rights
from pgmerit.schema.adoption import CONCURRENTLY
from pgmerit.schema.loading import WITHOUT_LOADER, literal, loader, statements_of
from pgmerit.schema.owners import STRANGERS
from pgmerit.schema.sources import SourceFile, Sources, read_manifest, read_migration_files
from pgmerit.schema.state import BOOKKEEPING, FOREIGN_OBJECT, MAKE_SCHEMAS, OURS, SCHEMAS
from pgmerit.schema.upgrade import LOCK_KEY

# Supabase's command line takes statements of up to 256 KB.
_LONGEST_STATEMENT = 100_000
_QUOTE = "$pgmerit_file$"

_HEADING = """\
-- pgmerit {version}: what `pgmerit migrate` does{after}, as one file for any client.
--
-- Run it in one transaction, as the role that owns the schemas or will own them, for instance
--     psql -X -v ON_ERROR_STOP=1 -1 -f FILE
-- It is whole or not at all, may run again, and `pgmerit migrate` goes on from there. The texts of
-- migrations and routines are laid aside first; all is done by pgmerit_install() at the end.
"""

# Outside a transaction the temporary table is gone with the statement that made it.
_IN_TRANSACTION = """\
do $pgmerit$
begin
    if pg_catalog.to_regclass('pg_temp.pgmerit_files') is null then
        raise exception 'this file must run in one transaction; nothing was changed'
        using errcode = '25P01', hint = 'With psql: add -1.';
    end if;
end;
$pgmerit$;
"""

_ENDING = (
    "select pg_temp.pgmerit_install();\n"
    "drop function pg_temp.pgmerit_install, pg_temp.pgmerit_refuse,\n"
    "    pg_temp.pgmerit_refuse_others, pg_temp.pgmerit_refuse_other_history;"
    f"{WITHOUT_LOADER}"
)


@dataclass(frozen=True)
class Script:
    """A file of SQL, and what its reader should know."""

    text: str
    notices: list[str]


def write_script(after: str | None = None, sources: Sources | None = None) -> Script:
    """Write what brings a database to this version; no database is asked.

    `after` is the last migration that the database has, by number or name: only what comes after
    is written then. Raises InvalidInputError where there is no such migration.
    """
    sources = sources or Sources()
    migrations = read_migration_files(sources.migrations)
    names = list(migrations)
    first = 0 if after is None else _place_of(after, names) + 1
    apart = [name for name in names[first:] if not _is_transactional(migrations[name])]
    notices = [
        f"{name} builds its index inside the transaction of this file: writers wait for it; "
        "`pgmerit migrate` builds it beside them"
        for name in apart
    ]
    heading = _HEADING.format(
        version=__version__, after=f" after {names[first - 1]}" if first else ""
    )
    rows = [
        _row("migration", position, file, is_whole=position >= first)
        for position, file in enumerate(migrations.values())
    ] + [
        _row("routines", position, file, is_whole=True)
        for position, file in enumerate(read_manifest(sources.files))
    ]
    parts = [
        heading + "".join(f"-- {notice}.\n" for notice in notices),
        loader(),
        _IN_TRANSACTION,
        *_inserts(rows),
        _installer(),
        _ENDING,
    ]
    return Script("\n".join(parts), notices)


def _place_of(after: str, names: Sequence[str]) -> int:
    found = [place for place, name in enumerate(names) if after in (name, name.partition("_")[0])]
    if not found:
        raise InvalidInputError(
            f'there is no migration "{after}"',
            f"Name the last one that the database has, {names[0]} to {names[-1]}; it is in"
            " badges_internal.migration_files there.",
        )
    return found[-1]


def _is_transactional(file: SourceFile) -> bool:
    directives = parse_metadata_from_sql_comments(file.text)[0]
    return str(directives.get("transactional", "true")).lower() == "true"


def _row(kind: str, position: int, file: SourceFile, *, is_whole: bool) -> str:
    body = f"{_QUOTE}{file.text}{_QUOTE}" if is_whole else "null"
    return f"('{kind}', {position}, '{file.name}', '{file.sha256}', {body})"


def _inserts(rows: Sequence[str]) -> Iterator[str]:
    """Lay the texts aside by statements that are not too long."""
    batch: list[str] = []
    for row in rows:
        if batch and sum(map(len, batch)) + len(row) > _LONGEST_STATEMENT:
            yield _insert(batch)
            batch = []
        batch.append(row)
    if batch:
        yield _insert(batch)


def _insert(rows: Sequence[str]) -> str:
    into = "insert into pg_temp.pgmerit_files (kind, position, name, sha256, body)"
    values = ",\n".join(rows)
    return f"{into} values\n{values};\n"


def _installer() -> str:
    return statements_of(
        "installer.sql",
        {
            "strangers": STRANGERS % {"schemas": literal(OURS), "owner": "current_user"},
            "foreign_object": FOREIGN_OBJECT % {"schemas": literal(SCHEMAS)},
            "make_schemas": MAKE_SCHEMAS,
            "bookkeeping": BOOKKEEPING,
            "concurrently": CONCURRENTLY.pattern,
            "roles": literal(rights.ROLES),
            "oldest": str(OLDEST_SERVER),
            "lock_key": str(LOCK_KEY),
        },
    )
