"""The same deduplication as a script for psql, for who may run nothing else.

script.sql is the course of it, script_build.sql one try at the unique index; the statements in them
are the runner's. What is known only as it runs is a variable there, named as no column of the table
may be.
"""

from __future__ import annotations

import re
import string
import time
from collections.abc import Iterable, Mapping
from importlib.resources import files
from itertools import combinations
from typing import Any

from psycopg.sql import SQL, Composable, Literal

from pgmerit.database import Connection
from pgmerit.dedupe import batches, reporting, running, session
from pgmerit.dedupe import table as catalogue
from pgmerit.dedupe.statements import STATE, Statements
from pgmerit.dedupe.table import META, Options, Table

# Stand in a statement for what is known only as the script runs.
_STEP, _FIRST, _LAST, _AFTER, _SIZE, _REMOVED, _REPOINTED = range(4 * 10**18, 4 * 10**18 + 7)
_HELD = "held rows"
_VARIABLES = {
    str(_STEP): f"{META}v_step",
    str(_FIRST): f"{META}v_first",
    str(_LAST): f"{META}v_last",
    str(_AFTER): f"{META}v_after",
    str(_SIZE): f"{META}v_size",
    str(_REMOVED): f"{META}v_removed",
    str(_REPOINTED): f"{META}v_repointed",
    f"'{_HELD}'": f"{META}v_held",
}
_STANDS_FOR = re.compile("|".join(_VARIABLES))
_QUOTED = re.compile(r"""('(?:[^']|'')*'|"(?:[^"]|"")*")""")
_CLAUSE = re.compile(r" (?=(?:from|(?:left )?join|where|group by|having|window|values|execute)\b)")
_BY_INDEX = "\n".join(
    f"set local enable_{name} = off;" for name in ("hashjoin", "mergejoin", "seqscan")
)
_DESCRIBED = (
    "format('pid %s (%s)', h.pid, concat_ws(', ', nullif(h.application_name, ''), 'user ' "
    "|| h.usename, h.state, 'transaction since ' || to_char(h.xact_start, 'HH24:MI:SS')))"
)
_OURS = """\
if not exists (
    select from pgmerit_dedupe.batches where batch_id = @batch and runner_pid = pg_backend_pid()
) then
    raise exception 'batch @batch is another session''s by now'
    using
        errcode = 'object_in_use',
        hint = 'Run this on a direct connection: a pooler gives one session to many.';
end if;"""

_HEAD = """\
Makes {table} unique by {key} while it is written to: batch {batch}.

Printed by `pgmerit dedupe --print-sql`; needs psql and nothing else. Run it as the owner of the
table, on a direct connection and in no transaction:

    psql -v ON_ERROR_STOP=1 -f SCRIPT

Broken off at any place, run it again: it goes on. Of rows with the same key the one with the
earliest {keep} stays, the others lie in {archive}. It ends nobody's session: it waits, and says
who is in the way. Every removed row is put back, and the constraint taken away, by

    psql -v undo=1 -f SCRIPT

`pgmerit dedupe --status` and `--undo {batch}` know the batch as well."""


_REMOVE = """\
if pgmerit_v_mask = @mask then
    if pgmerit_v_waits then
        select l.found, l.held into pgmerit_v_found, pgmerit_v_held
        from (@lock_waiting) as l;
    else
        select l.found, l.held into pgmerit_v_found, pgmerit_v_held
        from (@lock_free) as l;
    end if;
    @archive_rows;
    get diagnostics pgmerit_v_archived = row_count;
end if;"""
_FORGET = """\
if pgmerit_v_mask = @mask then
    @forget_settled;
end if;"""
_REPOINT = """\
@note_children;
get diagnostics pgmerit_v_noted = row_count;
@repoint_children;
get diagnostics pgmerit_v_count = row_count;
if pgmerit_v_count <> pgmerit_v_noted then
    raise exception '% rows of % were to be repointed, and % were',
        pgmerit_v_noted, @child, pgmerit_v_count
    using
        errcode = 'triggered_data_change_violation',
        detail = 'A trigger of that table keeps or changes them.',
        hint = 'Nothing of this step stands. Disable the trigger meanwhile.';
end if;
pgmerit_v_repointed := pgmerit_v_repointed + pgmerit_v_noted;"""
_REFUSE = """\
select c.@column into pgmerit_v_count from (@count) as c;
if pgmerit_v_count > 0 then
    raise exception @message, pgmerit_v_count, @names
    using errcode = 'object_not_in_prerequisite_state', hint = @hint;
end if;"""


class _Template(string.Template):
    delimiter = "@"


def write_script(connection: Connection, table: Table, options: Options) -> dict[str, Any]:
    """Give the batch's number and its script, None where the key is unique already.

    An unfinished batch goes on; a new one is numbered by the clock, far above those that the
    database counts. The options are checked, and the transaction may be READ ONLY.
    """
    batch = batches.find_unfinished(connection, table)
    indexes = catalogue.key_indexes(connection, table, options.key)
    if batch is None and any(each.enforces(options.nulls) for each in indexes):
        return {"batch": None, "script": None}
    batch_id = int(time.time()) if batch is None else int(batch["batch_id"])
    parts = _Parts(connection, Statements(table, options, batch_id))
    return {"batch": batch_id, "script": _fill(parts.all())}


def _fill(parts: Mapping[str, str]) -> str:
    """Put the parts into the course of it, quoted by a tag that none of them holds."""
    tag = "$pgmerit$"
    while any(tag in part for part in parts.values()):
        tag = f"${tag.strip('$')}_$"
    course, build = (
        files("pgmerit.dedupe").joinpath(name).read_text(encoding="utf-8")
        for name in ("script.sql", "script_build.sql")
    )
    given = {**parts, "tag": tag, "ours": _Template(_OURS).substitute(parts)}
    built = _Template(build).substitute(given)
    return _Template(course).substitute(given, builds=built * running.BUILDS)


class _Parts:
    """What the script has of one batch; what is quoted is quoted as the connection does."""

    def __init__(self, connection: Connection, work: Statements) -> None:
        self.connection = connection
        self.work = work
        self.table = work.table
        self.options = work.options
        self.masks = [
            sum(1 << place for place in places)
            for size in range(len(work.nullable) + 1)
            for places in combinations(work.nullable, size)
        ]

    def all(self) -> dict[str, str]:
        """Give every part by its name in the templates."""
        return {**self._values(), **self._questions(), **self._statements(), **self._removal()}

    # How they are written

    def _literal(self, value: Any) -> str:
        return Literal(value).as_string(self.connection).strip()

    def _sql(self, statement: Composable) -> str:
        """Write a statement with variables for what is known later, and a line a clause."""
        text = statement.as_string(self.connection)
        text = _STANDS_FOR.sub(lambda found: _VARIABLES[found[0]], text)
        return "".join(
            part if number % 2 else _CLAUSE.sub("\n    ", part)
            for number, part in enumerate(_QUOTED.split(text))
        ).strip()

    def _question(self, statement: str, **values: Any) -> str:
        """Write one of the runner's questions to the catalogue."""
        parts = {
            name: value if isinstance(value, SQL) else Literal(value)
            for name, value in values.items()
        }
        return self._sql(SQL(statement).format(**parts))

    def _run(self, statements: Iterable[Composable]) -> str:
        return "\n".join(f"{self._sql(each)};" for each in statements)

    def _later(self, statement: Composable) -> str:
        """Write a statement that psql runs by itself, outside of any transaction."""
        return self._literal(statement.as_string(self.connection))

    # The parts

    def _values(self) -> dict[str, str]:
        options, table = self.options, self.table
        head = _HEAD.format(
            table=table.full_name,
            key=", ".join(options.key),
            keep=options.keep,
            archive=self._sql(self.work.archive),
            batch=self.work.batch_id,
        )
        return {
            # A name may hold a line break.
            "head": "\n".join(f"-- {line}".rstrip() for line in head.splitlines()),
            "settings": "\n".join(f"{each};" for each in session.SETTINGS),
            "lock_timeout": self._literal(f"{max(1, round(options.lock_timeout * 1000))}ms"),
            "half": self._literal(f"{max(1, round(options.lock_timeout * 500))}ms"),
            "seconds": str(options.lock_timeout),
            "give_up_after": str(options.give_up_after),
            "batch": str(self.work.batch_id),
            "batch_rows": str(options.batch_rows),
            "rounds": str(running.ROUNDS),
            "table": self._sql(table.identifier),
            "name": self._literal(table.full_name),
            "schema": self._literal(table.schema),
            "oid": str(table.oid),
            "shape": self._literal(table.shape),
            "key": f"{self._literal(list(options.key))}::text[]",
            "keep": self._literal(options.keep),
            "children": self._literal(options.children),
            "nulls": self._literal(options.nulls),
            "constraint": self._literal(options.constraint),
            "is_nulls_not_distinct": self._literal(self.work.is_nulls_not_distinct),
            "helper_index": self._literal(self.work.helper_index),
            "archive": self._literal(self._sql(self.work.archive)),
            "groups": self._sql(self.work.work("groups")),
            "by_index": _BY_INDEX,
            "described": _DESCRIBED,
            "modes": f"{self._literal([*session.CONFLICTS['share row exclusive']])}::text[]",
        }

    def _questions(self) -> dict[str, str]:
        oid, constraint = self.table.oid, str(self.options.constraint)
        running_batch = {"pid": SQL("b.runner_pid"), "started_at": SQL("b.runner_started_at")}
        return {
            "indexes": self._question(catalogue.INDEXES, oid=oid),
            "current_shape": self._question(catalogue.SHAPE, oid=oid),
            "holders": self._question(session.HOLDERS, oid=oid, modes=SQL("pgmerit_v_modes")),
            "builder": self._question(running.BUILDER, oid=oid),
            "taken": self._question(running.CONSTRAINT, oid=oid, name=constraint),
            "runner": self._question(batches.RUNNER, **running_batch),
            "named": self._question(
                running.NAMED, schema=self.table.schema, name=SQL("pgmerit_v_name")
            ),
            "refuse_nulls": ""
            if self.options.nulls != "refuse"
            else self._refusal(
                self.work.has_null_keys(),
                "null_rows",
                "% rows of % have a NULL in the key",
                "--nulls distinct lets them stay, --nulls not-distinct has NULL equal NULL.",
                self.table.full_name,
            ),
            "refuse_children": "\n".join(
                self._children_refusal(reporting.children_of(self.work, each), each)
                for each in self._refusing()
            ),
        }

    def _statements(self) -> dict[str, str]:
        work = self.work
        run: dict[str, Iterable[Composable]] = {
            "state": [SQL(each) for each in STATE],
            "create_work": work.create_work(),
            "note_arrivals": work.note_arrivals(),
            "forget_groups": [work.forget_groups()],
            "find_groups": [work.find_groups()],
            "take_arrivals": [work.take_arrivals()],
            "refuse_duplicates": work.refuse_duplicates(),
            "add_constraint": [work.add_constraint()],
            "drop_constraint": [work.drop_constraint()],
            "drop_guard": work.drop_guard(),
            "create_unique_index": [work.create_unique_index()],
            "drop_work": work.drop_work(),
            "drop_archive": work.drop_archive(),
            "delete_archived": [work.delete_archived(_STEP)],
            "record_step": [work.record_step(_STEP, _REMOVED, _REPOINTED)],
            "restore_rows": [work.restore_rows(_STEP)],
            "forget_step": work.forget_step(_STEP),
            "point_children_back": [
                work.point_children_back(each, _STEP) for each in self.table.foreign_keys
            ],
        }
        queries = {
            "next_step": work.next_step(),
            "next_range": work.next_range(_AFTER, _SIZE),
            "count_before": work.count_before(),
            "count_after": work.count_after(),
            "count_groups": work.count_groups(),
            "count_arrivals": work.count_arrivals(),
            "last_step": work.last_step(),
            "count_archived": work.count_archived(_STEP),
        }
        later = {
            "create_helper_index": work.create_helper_index(),
            "drop_helper_index": work.drop_index(work.helper_index),
            "drop_unique_index": work.drop_index(str(self.options.constraint)),
            "tidy_groups": work.tidy_groups(),
        }
        return {
            **{name: self._run(statements) for name, statements in run.items()},
            **{name: self._sql(statement) for name, statement in queries.items()},
            **{name: self._later(statement) for name, statement in later.items()},
        }

    def _removal(self) -> dict[str, str]:
        """Give what differs by which columns of the key are NULL, and what children need."""
        work, place = self.work, (_FIRST, _LAST)
        remove = [
            _Template(_REMOVE).substitute(
                mask=mask,
                lock_waiting=self._sql(work.lock_rows(mask, *place, waits=True)),
                lock_free=self._sql(work.lock_rows(mask, *place, waits=False)),
                archive_rows=self._sql(work.archive_rows(_STEP, mask, *place, _HELD)),
            )
            for mask in self.masks
        ]
        forget = [
            _Template(_FORGET).substitute(
                mask=mask, forget_settled=self._sql(work.forget_settled(mask, *place))
            )
            for mask in self.masks
        ]
        move = [
            self._children_refusal(work.count_children(each, _STEP), each)
            for each in self._refusing()
        ] or [
            _Template(_REPOINT).substitute(
                note_children=self._sql(work.note_children(each, _STEP)),
                repoint_children=self._sql(work.repoint_children(each, _STEP)),
                child=self._literal(each.child_name),
            )
            for each in self.table.foreign_keys
        ]
        return {
            "remove_rows": "\n".join(remove),
            "forget_settled": "\n".join(forget),
            "move_children": "\n".join(move),
        }

    def _refusing(self) -> Iterable[catalogue.ForeignKey]:
        return self.table.foreign_keys if self.options.children == "refuse" else ()

    def _children_refusal(self, count: Composable, foreign_key: catalogue.ForeignKey) -> str:
        return self._refusal(
            count,
            "n",
            "rows to be removed are pointed at: % rows of % by %",
            "--children repoint points them at the rows that are kept.",
            foreign_key.child_name,
            foreign_key.name,
        )

    def _refusal(self, count: Composable, column: str, message: str, hint: str, *names: str) -> str:
        """Refuse when a query counts anything; the count and the names go into the message."""
        return _Template(_REFUSE).substitute(
            column=column,
            count=self._sql(count),
            message=self._literal(message),
            names=", ".join(self._literal(name) for name in names),
            hint=self._literal(hint),
        )
