"""The same deduplication as a script for psql, for who may run nothing else.

The runner's statements, in routines of psql's own session. Numbers that are known only as it runs
are variables there; their names begin as no column of the table may.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from itertools import chain, combinations
from typing import Any

from psycopg.sql import SQL, Composable, Literal

from pgmerit.database import Connection
from pgmerit.dedupe import batches, reporting, running, session
from pgmerit.dedupe import table as catalogue
from pgmerit.dedupe.statements import STATE, Statements
from pgmerit.dedupe.table import META, SCHEMA, Options, Table

# Stand in a statement for what is known only as the script runs.
_STEP, _FIRST, _LAST, _AFTER, _REMOVED, _REPOINTED = range(4 * 10**18, 4 * 10**18 + 6)
_HELD = "held rows"
_NAMES = {
    **{
        str(number): f"{META}v_{name}"
        for number, name in (
            (_STEP, "step"),
            (_FIRST, "first"),
            (_LAST, "last"),
            (_AFTER, "after"),
            (_REMOVED, "removed"),
            (_REPOINTED, "repointed"),
        )
    },
    f"'{_HELD}'": f"{META}v_held",
}
_NAMED = re.compile("|".join(_NAMES))
_QUOTED = re.compile(r"""('(?:[^']|'')*'|"(?:[^"]|"")*")""")
_CLAUSE = re.compile(
    r" (?=(?:from|join|left join|where|group by|having|window|values|execute function)\b)"
)

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


def write_script(connection: Connection, table: Table, options: Options) -> dict[str, Any]:
    """Give the batch's number and its script, None where the key is unique already.

    An unfinished batch goes on; a new one is numbered by the clock, far above those that the
    database counts. The options are checked, and the transaction may be READ ONLY.
    """
    batch = batches.find_unfinished(connection, table)
    if batch is None and any(
        each.enforces(options.nulls)
        for each in catalogue.key_indexes(connection, table, options.key)
    ):
        return {"batch": None, "script": None}
    batch_id = int(time.time()) if batch is None else int(batch["batch_id"])
    text = _Script(connection, table, options, batch_id).text()
    return {"batch": batch_id, "script": text}


class _Script:
    """Builds the text; what is quoted is quoted as the connection does."""

    def __init__(
        self, connection: Connection, table: Table, options: Options, batch_id: int
    ) -> None:
        self.connection = connection
        self.table = table
        self.options = options
        self.batch_id = batch_id
        self.work = Statements(table, options, batch_id)
        self.half = self._literal(f"{max(1, round(options.lock_timeout * 500))}ms")
        self.whole = self._literal(f"{max(1, round(options.lock_timeout * 1000))}ms")
        self.name = self._literal(table.full_name)
        self.masks = [
            sum(1 << place for place in places)
            for size in range(len(self.work.nullable) + 1)
            for places in combinations(self.work.nullable, size)
        ]

    def text(self) -> str:
        """Put it together."""
        head = _HEAD.format(
            table=self.table.full_name,
            key=", ".join(self.options.key),
            keep=self.options.keep,
            archive=self._sql(self.work.archive),
            batch=self.batch_id,
        )
        return "\n".join(
            [
                # A name may hold a line break.
                *(f"-- {line}".rstrip() for line in head.splitlines()),
                "\\set ON_ERROR_STOP on",
                "\\set QUIET on",
                "\\pset pager off",
                *(f"{each};" for each in session._SETTINGS),
                f"set lock_timeout = {self.whole};",
                self._open(),
                "\\if :pgmerit_works",
                *self._routines(),
                "\\if :pgmerit_undoes",
                "\\else",
                *self._apply(),
                "\\endif",
                "\\if :pgmerit_undoes",
                *self._undo(),
                "\\endif",
                self._release(),
                "\\endif",
                "\\if :pgmerit_is_unbalanced",
                self._do(
                    self._raise(
                        "the rows before, arrived, kept and archived do not add up",
                        "Somebody wrote past the guard. Every removed row was put back.",
                        "data_exception",
                    )
                ),
                "\\endif",
                "",
            ]
        )

    # Pieces

    def _literal(self, value: Any) -> str:
        return Literal(value).as_string(self.connection).strip()

    def _sql(self, statement: Composable) -> str:
        """Render a statement, with variables for what is known later and a line a clause."""
        text = _NAMED.sub(lambda found: _NAMES[found[0]], statement.as_string(self.connection))
        return "".join(
            part if number % 2 else _CLAUSE.sub("\n    ", part)
            for number, part in enumerate(_QUOTED.split(text))
        ).strip()

    def _query(self, statement: str, **values: Any) -> str:
        """Render one of the runner's questions to the catalogue."""
        parts = {
            name: value if isinstance(value, SQL) else Literal(value)
            for name, value in values.items()
        }
        return self._sql(SQL(statement).format(**parts))  # type: ignore[arg-type]

    def _all(self, statements: Iterable[Composable]) -> str:
        return "\n".join(f"{self._sql(each)};" for each in statements)

    def _do(self, body: str, declare: str = "") -> str:
        return f"do {self._dollars(body, declare)};"

    def _routine(self, head: str, body: str, declare: str = "") -> str:
        return f"create or replace {head}\nlanguage plpgsql\nas {self._dollars(body, declare)};"

    @staticmethod
    def _dollars(body: str, declare: str) -> str:
        tag = "$pgmerit$"
        while tag in body:
            tag = f"${tag.strip('$')}_$"
        inner = "\n".join(f"    {line}" if line else line for line in body.splitlines())
        declared = f"declare\n    {declare}\n" if declare else ""
        # A quoted line break must stay as it is.
        if any("\n" in part for part in _QUOTED.split(body)[1::2]):
            inner = body
        return f"{tag}\n{declared}begin\n{inner}\nend;\n{tag}"

    def _raise(self, message: str, hint: str, code: str, *values: str) -> str:
        arguments = "".join(f", {value}" for value in values)
        return (
            f"raise exception {self._literal(message)}{arguments}\n"
            f"using errcode = '{code}', hint = {self._literal(hint)};"
        )

    def _at(self, *phases: str) -> str:
        """Leave a block unless the batch is in one of the phases."""
        listed = ", ".join(f"'{phase}'" for phase in phases)
        return f"if pg_temp.pgmerit_phase() not in ({listed}) then return; end if;"

    def _reach(self, phase: str, *more: str) -> str:
        changes = ", ".join([f"phase = '{phase}'", *more])
        return f"update {SCHEMA}.batches set {changes} where batch_id = {self.batch_id};"

    def _locked(self, mode: str, work: str, *phases: str) -> str:
        """Do the work under a lock of the table, as `Session.locked` does."""
        return self._do(
            f"""\
{self._at(*phases)}
loop
    begin
        {self._lock(mode)}
        {work}
        exit;
    exception when lock_not_available or deadlock_detected then null;
    end;
    commit;
    perform pg_temp.pgmerit_wait(pgmerit_v_since, {self._modes(mode)});
end loop;""",
            "pgmerit_v_since constant timestamptz := clock_timestamp();",
        )

    def _lock(self, mode: str) -> str:
        return (
            f"set local lock_timeout = {self.half};\n"
            f"lock table only {self._sql(self.table.identifier)} in {mode} mode;"
        )

    def _modes(self, mode: str) -> str:
        modes = session._CONFLICTS.get(mode)
        return f"{self._literal(list(modes))}::text[]" if modes else "null"

    def _concurrently(self, statement: Composable, *conditions: str) -> str:
        """Run, where the conditions hold, a statement that stands in no transaction."""
        return (
            f"select {self._literal(statement.as_string(self.connection))}\n"
            f"where {' and '.join(conditions)}\n\\gexec"
        )

    @property
    def _key_indexes(self) -> str:
        """The plain indexes on the columns of the key, in any order."""
        key = f"{self._literal(list(self.options.key))}::text[]"
        return (
            f"select i.* from (\n{self._query(catalogue._INDEXES, oid=self.table.oid)}\n) as i\n"
            f"where i.columns @> {key} and {key} @> i.columns"
        )

    @property
    def _is_left_invalid(self) -> str:
        return "i.is_unique and not i.is_valid and not i.is_constraint"

    def _named(self, name: str, condition: str = "true") -> str:
        """Tell whether the schema of the table has something of that name."""
        found = self._query(running._NAMED, schema=self.table.schema, name=name)
        return f"exists (select from (\n{found}\n) as n where {condition})"

    # The batch: made, or taken up

    def _open(self) -> str:
        return "\n".join(
            [
                self._do(self._state()),
                "\\if :{?undo}",
                "\\else",
                self._do(self._create(), "pgmerit_v_count bigint;\npgmerit_v_phase text;"),
                "\\endif",
                "select coalesce((\n"
                f"    select b.phase from {SCHEMA}.batches as b where b.batch_id = {self.batch_id}\n"
                "), 'none') as pgmerit_phase, false as pgmerit_is_unbalanced",
                "\\gset",
                "\\if :{?undo}",
                "select :'pgmerit_phase' not in ('none', 'undone') as pgmerit_works,"
                " true as pgmerit_undoes",
                "\\else",
                "select :'pgmerit_phase' not in ('none', 'done', 'undone') as pgmerit_works,"
                " false as pgmerit_undoes",
                "\\endif",
                "\\gset",
                "\\if :pgmerit_works",
                self._do(self._claim(), "pgmerit_v_runner integer;"),
                "\\else",
                "\\echo nothing to do",
                "\\endif",
            ]
        )

    def _state(self) -> str:
        """Refuse another table or somebody else's schema, and have the tables of all batches."""
        other = self._raise(
            "this script is for % with the oid %, in another database or of before",
            "Print it anew.",
            "object_not_in_prerequisite_state",
            self.name,
            str(self.table.oid),
        )
        foreign = self._raise(
            "the schema % belongs to another role",
            "Use that role: archives and batches are its own.",
            "insufficient_privilege",
            self._literal(SCHEMA),
        )
        return f"""\
if to_regclass({self.name}) is distinct from {self.table.oid}::oid::regclass then
    {other}
end if;
if exists (
    select from pg_namespace as n
    where n.nspname = {self._literal(SCHEMA)} and not pg_has_role(n.nspowner, 'usage')
) then
    {foreign}
end if;
{";".join(STATE).strip()};"""

    def _create(self) -> str:
        options = self.options
        values = ", ".join(
            self._literal(value)
            for value in (
                self.table.full_name,
                list(options.key),
                options.keep,
                options.children,
                options.nulls,
                options.constraint,
                self.table.shape,
            )
        )
        return f"""\
select b.phase into pgmerit_v_phase
from {SCHEMA}.batches as b
where b.batch_id = {self.batch_id};
if found then
    if pgmerit_v_phase in ('undoing', 'undone') then
        {
            self._raise(
                "this batch was put back, or is about to be",
                "With -v undo=1 that goes on; to begin again print a new script.",
                "object_not_in_prerequisite_state",
            )
        }
    end if;
    return;
end if;
if exists (
    select from (
{self._key_indexes}
    ) as i
    where i.is_unique and i.is_valid and i.is_ready and i.is_immediate
    and (i.is_nulls_not_distinct or {self._literal(options.nulls)} <> 'not-distinct')
) then
    raise info '% is unique by this key already', {self.name};
    return;
end if;
{self._require_possible()}
insert into {SCHEMA}.batches (
    batch_id, table_oid, table_name, key_columns, keep_column, children, nulls, constraint_name,
    shape, phase
)
overriding system value
values ({self.batch_id}, {self.table.oid}, {values}, 'made');
{self._all(self.work.create_work())}"""

    def _require_possible(self) -> str:
        """Refuse what would be in the way later, before anything is written."""
        constraint = str(self.options.constraint)
        is_taken = self._query(running._CONSTRAINT, oid=self.table.oid, name=constraint)
        checks = [
            f"""\
if exists ({is_taken}) or (
    {self._named(constraint)}
    and not exists (
        select from (
{self._key_indexes}
        ) as i where i.name = {self._literal(constraint)} and {self._is_left_invalid}
    )
) then
    {
                self._raise(
                    "the name % is taken in schema %",
                    "Choose another with --constraint.",
                    "duplicate_object",
                    self._literal(constraint),
                    self._literal(self.table.schema),
                )
            }
end if;"""
        ]
        if self.options.nulls == "refuse" and any(not each.is_not_null for each in self.work.key):
            checks.append(
                self._refuse_count(
                    self._sql(self.work.has_null_keys()),
                    "null_rows",
                    "% rows of % have a NULL in the key",
                    "--nulls distinct lets them stay, --nulls not-distinct has NULL equal NULL.",
                    self.name,
                )
            )
        if self.options.children == "refuse":
            checks += [
                self._refuse_count(
                    self._sql(reporting._children(self.work, each)),
                    "n",
                    "rows to be removed are pointed at: % rows of % by %",
                    "--children repoint points them at the rows that are kept.",
                    self._literal(each.child_name),
                    self._literal(each.name),
                )
                for each in self.table.foreign_keys
            ]
        return "\n".join(checks)

    def _refuse_count(self, query: str, column: str, message: str, hint: str, *values: str) -> str:
        return f"""\
select c.{column} into pgmerit_v_count from ({query}) as c;
if pgmerit_v_count > 0 then
    {self._raise(message, hint, "object_not_in_prerequisite_state", "pgmerit_v_count", *values)}
end if;"""

    def _claim(self) -> str:
        alive = self._query(
            batches._RUNNER, pid=SQL("b.runner_pid"), started_at=SQL("b.runner_started_at")
        )
        return f"""\
select a.pid into pgmerit_v_runner
from {SCHEMA}.batches as b
cross join lateral (
{alive}
) as a
where b.batch_id = {self.batch_id};
if found then
    {
            self._raise(
                "batch % is worked on by pid %",
                "Let it end, or stop it.",
                "object_in_use",
                str(self.batch_id),
                "pgmerit_v_runner",
            )
        }
end if;
update {SCHEMA}.batches as b
set runner_pid = a.pid, runner_started_at = a.backend_start
from pg_stat_activity as a
where b.batch_id = {self.batch_id}
and a.pid = pg_backend_pid();"""

    def _release(self) -> str:
        return f"""\
update {SCHEMA}.batches set runner_pid = null, runner_started_at = null
where batch_id = {self.batch_id};
select
    b.batch_id as batch, b.table_name as "table", b.phase, b.constraint_name as "constraint",
    coalesce(sum(s.removed_count), 0) as removed
from {SCHEMA}.batches as b
left join {SCHEMA}.steps as s using (batch_id)
where b.batch_id = {self.batch_id}
group by b.batch_id;"""

    # What the session needs again and again

    def _routines(self) -> list[str]:
        return [
            self._phase(),
            self._require_shape(),
            self._wait(),
            self._tell_open(),
            self._hurry(),
            self._step(),
            self._round(),
            self._remove(),
        ]

    def _phase(self) -> str:
        gone = self._raise(
            "batch % is another session's by now",
            "Run the script again, on a direct connection: a pooler gives one session to many.",
            "object_in_use",
            str(self.batch_id),
        )
        return self._routine(
            "function pg_temp.pgmerit_phase() returns text",
            f"""\
select b.phase into pgmerit_v_phase
from {SCHEMA}.batches as b
where b.batch_id = {self.batch_id}
and b.runner_pid = pg_backend_pid();
if not found then
    {gone}
end if;
return pgmerit_v_phase;""",
            "pgmerit_v_phase text;",
        )

    def _require_shape(self) -> str:
        altered = self._raise(
            "% was altered since batch % began",
            "Put it back with -v undo=1, then print a new script.",
            "object_not_in_prerequisite_state",
            self.name,
            str(self.batch_id),
        )
        columns = self._query(catalogue._COLUMNS, oid=self.table.oid)
        return self._routine(
            "function pg_temp.pgmerit_require_shape() returns void",
            f"""\
if {self._literal(self.table.shape)} is distinct from (
    select string_agg(c.shape, ', ') from (
{columns}
    ) as c
) then
    {altered}
end if;""",
        )

    def _wait(self) -> str:
        """Say who is in the way, and wait a while; gives up like the runner."""
        holders = self._query(session._HOLDERS, oid=self.table.oid, modes=SQL("pgmerit_v_modes"))
        gave_up = self._raise(
            "gave up: % is held by %",
            "Nobody was stopped. Run the script again when they have ended: it goes on.",
            "lock_not_available",
            self.name,
            "pgmerit_v_holders",
        )
        return self._routine(
            "function pg_temp.pgmerit_wait(pgmerit_v_since timestamptz, pgmerit_v_modes text[])\n"
            "returns void",
            f"""\
select coalesce(string_agg({_DESCRIBED}, '; '), 'a session that has just gone')
into pgmerit_v_holders
from (
{holders}
) as h;
if clock_timestamp() > pgmerit_v_since + {self.options.give_up_after} * interval '1 second' then
    {gave_up}
end if;
raise info 'waiting for a lock on %, held by %', {self.name}, pgmerit_v_holders;
perform pg_sleep({self.options.lock_timeout} * (0.5 + random()));""",
            "pgmerit_v_holders text;",
        )

    def _tell_open(self) -> str:
        """Name the transactions that a build is going to wait for."""
        return self._routine(
            "function pg_temp.pgmerit_tell_open() returns void",
            f"""\
select string_agg({_DESCRIBED}, '; ')
into pgmerit_v_open
from pg_stat_activity as h
where h.datname = current_database()
and h.pid <> pg_backend_pid()
and h.xact_start < clock_timestamp() - interval '3 seconds';
if pgmerit_v_open is not null then
    raise info 'what is built or dropped waits for the end of %', pgmerit_v_open;
end if;""",
            "pgmerit_v_open text;",
        )

    def _hurry(self) -> str:
        """Let go of a lock that is held for too long: the whole is tried again."""
        late = self._raise("too slow for a short lock", "It is tried again.", "lock_not_available")
        return self._routine(
            "function pg_temp.pgmerit_hurry(pgmerit_v_deadline timestamptz) returns void",
            f"if clock_timestamp() > pgmerit_v_deadline then\n    {late}\nend if;",
        )

    def _step(self) -> str:
        """Archive and delete at most a batch of rows; whether the range may have more."""
        work, place = self.work, (_FIRST, _LAST)
        removing = "\n".join(
            f"""\
if pgmerit_v_mask = {mask} then
    if pgmerit_v_waits then
        select l.found, l.held into pgmerit_v_found, pgmerit_v_held
        from ({self._sql(work.lock_rows(mask, *place, waits=True))}) as l;
    else
        select l.found, l.held into pgmerit_v_found, pgmerit_v_held
        from ({self._sql(work.lock_rows(mask, *place, waits=False))}) as l;
    end if;
    {self._sql(work.archive_rows(_STEP, mask, *place, _HELD))};
    get diagnostics pgmerit_v_archived = row_count;
end if;"""
            for mask in self.masks
        )
        forgetting = "\n".join(
            f"""\
if pgmerit_v_mask = {mask} then
    {self._sql(work.forget_settled(mask, *place))};
end if;"""
            for mask in self.masks
        )
        kept = self._raise(
            "% rows of % were to be removed, and % were: a trigger of the table keeps or changes"
            " them",
            "Nothing of this step stands. Disable the trigger meanwhile.",
            "triggered_data_change_violation",
            "pgmerit_v_archived",
            self.name,
            "pgmerit_v_removed",
        )
        return self._routine(
            "function pg_temp.pgmerit_step(\n"
            "    pgmerit_v_mask integer, pgmerit_v_first bigint, pgmerit_v_last bigint,\n"
            "    pgmerit_v_waits boolean\n"
            ") returns boolean",
            f"""\
select s.step into pgmerit_v_step from ({self._sql(work.next_step())}) as s;
{removing}
if pgmerit_v_archived > 0 then
    {self._children()}
    {self._sql(work.delete_archived(_STEP))};
    get diagnostics pgmerit_v_removed = row_count;
    if pgmerit_v_removed <> pgmerit_v_archived then
        {kept}
    end if;
    {self._sql(work.record_step(_STEP, _REMOVED, _REPOINTED))};
end if;
{forgetting}
return pgmerit_v_archived > 0 and pgmerit_v_found >= {self.options.batch_rows};""",
            "pgmerit_v_step bigint;\n"
            "    pgmerit_v_found bigint;\n"
            "    pgmerit_v_held text;\n"
            "    pgmerit_v_archived bigint := 0;\n"
            "    pgmerit_v_removed bigint;\n"
            "    pgmerit_v_noted bigint;\n"
            "    pgmerit_v_count bigint;\n"
            "    pgmerit_v_repointed bigint := 0;",
        )

    def _children(self) -> str:
        moved = []
        for number, each in enumerate(self.table.foreign_keys, 1):
            child, name = self._literal(each.child_name), self._literal(each.name)
            if self.options.children == "refuse":
                moved.append(
                    self._refuse_count(
                        self._sql(self.work.count_children(each, _STEP)),
                        "n",
                        "rows to be removed are pointed at: % rows of % by %",
                        "--children repoint points them at the rows that are kept.",
                        child,
                        name,
                    )
                )
                continue
            refused = self._raise(
                "% rows of % were to be repointed, and % were: a trigger of that table keeps or"
                " changes them",
                "Nothing of this step stands. Disable the trigger meanwhile.",
                "triggered_data_change_violation",
                "pgmerit_v_noted",
                child,
                "pgmerit_v_count",
            )
            moved.append(
                f"""\
{self._sql(self.work.note_children(number, each, _STEP))};
get diagnostics pgmerit_v_noted = row_count;
{self._sql(self.work.repoint_children(number, each, _STEP))};
get diagnostics pgmerit_v_count = row_count;
if pgmerit_v_count <> pgmerit_v_noted then
    {refused}
end if;
pgmerit_v_repointed := pgmerit_v_repointed + pgmerit_v_noted;"""
            )
        return "\n".join(moved)

    def _round(self) -> str:
        """Take the keys that arrived, and remove range by range what others do not hold."""
        ranges = self._sql(self.work.next_range(_AFTER, self.options.batch_rows))
        return self._routine(
            "procedure pg_temp.pgmerit_round()",
            f"""\
{self._sql(self.work.take_arrivals())};
commit;
loop
    select r.mask, r.first, r.last into pgmerit_v_mask, pgmerit_v_first, pgmerit_v_last
    from ({ranges}) as r;
    exit when not found;
    loop
        pgmerit_v_is_done := false;
        begin
            {_BY_INDEX}
            perform pg_temp.pgmerit_require_shape();
            pgmerit_v_has_more := pg_temp.pgmerit_step(
                pgmerit_v_mask, pgmerit_v_first, pgmerit_v_last, false
            );
            pgmerit_v_is_done := true;
        exception when lock_not_available or deadlock_detected then null;
        end;
        commit;
        if pgmerit_v_is_done then
            pgmerit_v_since := clock_timestamp();
            exit when not pgmerit_v_has_more;
        else
            perform pg_temp.pgmerit_wait(pgmerit_v_since, null);
        end if;
    end loop;
    pgmerit_v_after := pgmerit_v_last;
end loop;""",
            "pgmerit_v_mask integer;\n"
            "    pgmerit_v_first bigint;\n"
            "    pgmerit_v_last bigint;\n"
            "    pgmerit_v_after bigint := 0;\n"
            "    pgmerit_v_is_done boolean;\n"
            "    pgmerit_v_has_more boolean;\n"
            "    pgmerit_v_since timestamptz := clock_timestamp();",
        )

    def _remove(self) -> str:
        """Remove in rounds; then, behind a short fence, the last few, and let the guard refuse."""
        work = self.work
        mode = "share row exclusive"
        settled = "\n".join(
            f"{self._sql(work.forget_settled(mask, 0, 2**62))};" for mask in self.masks
        )
        ranges = self._sql(work.next_range(_AFTER, self.options.batch_rows))
        gave_up = self._raise(
            "gave up: duplicates arrive faster than they are removed",
            "What was removed is archived. Slow the writers, and run the script again: it goes on.",
            "lock_not_available",
        )
        return self._routine(
            "procedure pg_temp.pgmerit_remove()",
            f"""\
for pgmerit_v_number in 1 .. {running._ROUNDS} loop
    call pg_temp.pgmerit_round();
    select a.n into pgmerit_v_count from ({self._sql(work.count_arrivals())}) as a;
    continue when pgmerit_v_count > {running._UNREAD_ARRIVALS * self.options.batch_rows};
    pgmerit_v_is_locked := false;
    begin
        {_BY_INDEX}
        {self._lock(mode)}
        pgmerit_v_deadline := clock_timestamp() + {self.half}::interval;
        perform pg_temp.pgmerit_require_shape();
        {self._sql(work.take_arrivals())};
        {settled}
        select g.n into pgmerit_v_count from ({self._sql(work.count_groups())}) as g;
        if pgmerit_v_count <= {self.options.batch_rows} then
            pgmerit_v_after := 0;
            loop
                select r.mask, r.first, r.last
                into pgmerit_v_mask, pgmerit_v_first, pgmerit_v_last
                from ({ranges}) as r;
                exit when not found;
                while pg_temp.pgmerit_step(
                    pgmerit_v_mask, pgmerit_v_first, pgmerit_v_last, true
                ) loop
                    perform pg_temp.pgmerit_hurry(pgmerit_v_deadline);
                end loop;
                perform pg_temp.pgmerit_hurry(pgmerit_v_deadline);
                pgmerit_v_after := pgmerit_v_last;
            end loop;
            select g.n into pgmerit_v_count from ({self._sql(work.count_groups())}) as g;
            if pgmerit_v_count = 0 then
                {self._all(work.refuse_duplicates())}
                {self._reach("fenced")}
            end if;
        end if;
        pgmerit_v_is_locked := true;
    exception when lock_not_available or deadlock_detected then null;
    end;
    commit;
    if not pgmerit_v_is_locked then
        perform pg_temp.pgmerit_wait(pgmerit_v_since, {self._modes(mode)});
        continue;
    end if;
    exit when pg_temp.pgmerit_phase() = 'fenced';
    pgmerit_v_since := clock_timestamp();
end loop;
if pg_temp.pgmerit_phase() <> 'fenced' then
    {gave_up}
end if;""",
            "pgmerit_v_number integer;\n"
            "    pgmerit_v_count bigint;\n"
            "    pgmerit_v_mask integer;\n"
            "    pgmerit_v_first bigint;\n"
            "    pgmerit_v_last bigint;\n"
            "    pgmerit_v_after bigint;\n"
            "    pgmerit_v_is_locked boolean;\n"
            "    pgmerit_v_deadline timestamptz;\n"
            "    pgmerit_v_since timestamptz := clock_timestamp();",
        )

    # Phase by phase

    def _apply(self) -> list[str]:
        work, options = self.work, self.options
        guard = f"perform pg_temp.pgmerit_require_shape();\n{self._all(work.note_arrivals())}"
        before = self._sql(work.count_before())
        return [
            "\\echo guard, counts",
            self._locked("share row exclusive", f"{guard}\n{self._reach('guarded')}", "made"),
            self._do(
                f"{self._at('guarded')}\n"
                + self._reach("counted", f"before_count = (select c.before from ({before}) as c)")
            ),
            "\\echo index on the key",
            *self._index_key(),
            "\\echo duplicates",
            self._do(
                f"""\
{self._at("indexed")}
set local lock_timeout = 0;
{self._all([work.forget_groups(), work.find_groups()])}
{
                    self._reach(
                        "scanned",
                        f"group_count = (select g.n from ({self._sql(work.count_groups())}) as g)",
                    )
                }"""
            ),
            # A first round by itself: what it leaves behind is cleared before the others.
            self._do(f"{self._at('scanned')}\ncall pg_temp.pgmerit_round();"),
            self._concurrently(work.tidy_groups(), "pg_temp.pgmerit_phase() = 'scanned'"),
            self._do(f"{self._at('scanned')}\ncall pg_temp.pgmerit_remove();"),
            "\\echo unique index",
            *chain.from_iterable(self._build(number) for number in range(1, running._BUILDS + 1)),
            self._do(
                f"""\
{self._at("fenced")}
{
                    self._raise(
                        "the index % found duplicates in every build",
                        "Writers at REPEATABLE READ bring them past the guard; run the script"
                        " again.",
                        "lock_not_available",
                        self._literal(options.constraint),
                    )
                }"""
            ),
            "\\echo counts, constraint",
            *self._balance(),
            "\\if :pgmerit_undoes",
            "\\else",
            self._locked(
                "access exclusive",
                f"{self._all([work.add_constraint(), *work.drop_guard()])}\n"
                f"{self._reach('attached')}",
                "verified",
            ),
            *self._drop_concurrently(work.helper_index, "attached"),
            self._do(
                f"{self._at('attached')}\n{self._all(work.drop_work())}\n"
                + self._reach("done", "ended_at = now()")
            ),
            "\\endif",
        ]

    def _index_key(self) -> list[str]:
        """Have a usable index on the key; what is left invalid on it is noted, told and dropped."""
        helper = self.work.helper_index
        counted = "pg_temp.pgmerit_phase() = 'counted'"
        return [
            self._do(
                f"""\
{self._at("counted")}
{self._refuse_builders()}
for pgmerit_v_index in
    select i.* from ({self._key_indexes}) as i where {self._is_left_invalid}
loop
    raise info 'the index % is invalid and %: dropped', pgmerit_v_index.name,
        case when pgmerit_v_index.is_ready then 'refuses some duplicates'
        else 'refuses nothing' end;
    update {SCHEMA}.batches
    set dropped_indexes = dropped_indexes || pgmerit_v_index.definition
    where batch_id = {self.batch_id} and not pgmerit_v_index.definition = any(dropped_indexes);
end loop;""",
                "pgmerit_v_index record;",
            ),
            "select pg_temp.pgmerit_tell_open() \\g /dev/null",
            "set lock_timeout = 0;",
            f"""\
select format('drop index concurrently %I.%I', {self._literal(self.table.schema)}, i.name)
from ({self._key_indexes}) as i
where {counted} and {self._is_left_invalid}
\\gexec""",
            self._concurrently(
                self.work.drop_index(helper),
                counted,
                self._named(helper, "not n.is_valid"),
            ),
            self._concurrently(
                self.work.create_helper_index(),
                counted,
                f"not exists (select from ({self._key_indexes}) as i where i.is_valid)",
            ),
            f"set lock_timeout = {self.whole};",
            self._do(f"{self._at('counted')}\n{self._reach('indexed')}"),
        ]

    def _refuse_builders(self) -> str:
        found = self._query(running._BUILDER, oid=self.table.oid)
        building = self._raise(
            "another session is building an index on %",
            "Wait until it has ended, then run the script again.",
            "object_in_use",
            self.name,
        )
        return f"if exists ({found}) then\n    {building}\nend if;"

    def _drop_concurrently(self, name: str, *phases: str) -> list[str]:
        listed = ", ".join(f"'{phase}'" for phase in phases)
        return [
            "set lock_timeout = 0;",
            self._concurrently(
                self.work.drop_index(name),
                f"pg_temp.pgmerit_phase() in ({listed})",
                self._named(name),
            ),
            f"set lock_timeout = {self.whole};",
        ]

    def _build(self, number: int) -> list[str]:
        """Build the unique index; a duplicate that got past the guard is removed for the next."""
        name = str(self.options.constraint)
        fenced = "pg_temp.pgmerit_phase() = 'fenced'"
        key = f"{self._literal(list(self.options.key))}::text[]"
        is_distinct = self.options.nulls != "not-distinct"
        failed = self._raise(
            "the index % could not be built",
            "The error above says why.",
            "invalid_object_definition",
            self._literal(name),
        )
        return [
            self._do(f"{self._at('fenced')}\n{self._refuse_builders()}"),
            "select pg_temp.pgmerit_tell_open() \\g /dev/null",
            "set lock_timeout = 0;",
            self._concurrently(
                self.work.drop_index(name), fenced, self._named(name, "not n.is_valid")
            ),
            "\\set ON_ERROR_STOP off",
            self._concurrently(self.work.create_unique_index(), fenced, f"not {self._named(name)}"),
            "select :'ERROR' as pgmerit_failed, :'SQLSTATE' not in ('23505', '00000') as"
            " pgmerit_ends",
            "\\gset",
            "\\set ON_ERROR_STOP on",
            f"set lock_timeout = {self.whole};",
            "\\if :pgmerit_ends",
            self._do(failed),
            "\\endif",
            "\\if :pgmerit_failed",
            "call pg_temp.pgmerit_round();",
            "\\endif",
            self._do(
                f"""\
{self._at("fenced")}
if exists (
    select from ({self._key_indexes}) as i
    where i.name = {self._literal(name)} and i.columns = {key}
    and i.is_unique and i.is_valid and i.is_ready and i.is_immediate
    and i.is_nulls_not_distinct is {"false" if is_distinct else "true"}
) then
    {self._reach("built")}
elsif {self._named(name, "n.is_valid is distinct from false")} then
    {
                    self._raise(
                        "the index % is not a valid unique index on the key",
                        "Drop it, or choose another name with --constraint.",
                        "wrong_object_type",
                        self._literal(name),
                    )
                }
end if;"""
            ),
        ]

    def _balance(self) -> list[str]:
        """Before + arrived = kept + archived, in one snapshot; else everything is put back."""
        return [
            self._do(
                f"""\
{self._at("built")}
select b.before_count + c.arrived = c.kept + c.archived into pgmerit_v_is_balanced
from {SCHEMA}.batches as b
cross join ({self._sql(self.work.count_after())}) as c
where b.batch_id = {self.batch_id};
if pgmerit_v_is_balanced then
    {self._reach("verified")}
end if;""",
                "pgmerit_v_is_balanced boolean;",
            ),
            "select pg_temp.pgmerit_phase() = 'built' as pgmerit_is_unbalanced,"
            " pg_temp.pgmerit_phase() = 'built' as pgmerit_undoes",
            "\\gset",
        ]

    def _undo(self) -> list[str]:
        """Put back what was removed, in the opposite order, and the table as it was."""
        work, name = self.work, str(self.options.constraint)
        gone = self._raise(
            "the archive of batch % is gone",
            "Nothing can be put back.",
            "undefined_table",
            str(self.batch_id),
        )
        kept_out = self._raise(
            "% rows were to be put back, and % were: a trigger of % keeps some out",
            "Nothing of this step stands. Disable the trigger meanwhile.",
            "triggered_data_change_violation",
            "pgmerit_v_count",
            "pgmerit_v_removed",
            self.name,
        )
        pointed_back = (
            self._all(
                work.point_children_back(number, each, _STEP)
                for number, each in enumerate(self.table.foreign_keys, 1)
            )
            if self.options.children == "repoint"
            else ""
        )
        archive = self._literal(self._sql(work.archive))
        open_phases = [each for each in batches.PHASES if each not in ("undoing", "undone")]
        return [
            "\\echo undo",
            self._do(f"if to_regclass({archive}) is null then\n    {gone}\nend if;"),
            self._locked(
                "access exclusive",
                f"""\
if pg_temp.pgmerit_phase() in ('attached', 'done') then
    {self._sql(work.drop_constraint())};
end if;
{self._all(work.drop_guard())}
{self._reach("undoing")}""",
                *open_phases,
            ),
            # The name was free when the batch began: what has it and backs no constraint is its own.
            "set lock_timeout = 0;",
            self._concurrently(
                work.drop_index(name),
                "pg_temp.pgmerit_phase() = 'undoing'",
                f"exists (select from ({self._key_indexes}) as i"
                f" where i.name = {self._literal(name)} and i.is_unique and not i.is_constraint)",
            ),
            *self._drop_concurrently(work.helper_index, "undoing"),
            self._do(
                f"""\
{self._at("undoing")}
loop
    select s.step into pgmerit_v_step from ({self._sql(work.last_step())}) as s;
    exit when pgmerit_v_step is null;
    begin
        {_BY_INDEX}
        {self._sql(work.restore_rows(_STEP))};
        get diagnostics pgmerit_v_removed = row_count;
        select c.n into pgmerit_v_count from ({self._sql(work.count_archived(_STEP))}) as c;
        if pgmerit_v_removed <> pgmerit_v_count then
            {kept_out}
        end if;
        {pointed_back}
        {self._all(work.forget_step(_STEP))}
        pgmerit_v_is_done := true;
    exception when lock_not_available or deadlock_detected then
        pgmerit_v_is_done := false;
    end;
    commit;
    if pgmerit_v_is_done then
        pgmerit_v_since := clock_timestamp();
    else
        perform pg_temp.pgmerit_wait(pgmerit_v_since, null);
    end if;
end loop;""",
                "pgmerit_v_step bigint;\n"
                "    pgmerit_v_removed bigint;\n"
                "    pgmerit_v_count bigint;\n"
                "    pgmerit_v_is_done boolean;\n"
                "    pgmerit_v_since timestamptz := clock_timestamp();",
            ),
            # What was found invalid is built again; over duplicates it ends invalid as it was.
            "set lock_timeout = 0;",
            "\\set ON_ERROR_STOP off",
            f"""\
select regexp_replace(d, ' INDEX ', ' INDEX CONCURRENTLY ')
from {SCHEMA}.batches as b
cross join unnest(b.dropped_indexes) as d
where b.batch_id = {self.batch_id}
and pg_temp.pgmerit_phase() = 'undoing'
and not exists (
    select from pg_index as i
    where i.indrelid = {self.table.oid} and pg_get_indexdef(i.indexrelid) = d
)
\\gexec""",
            "\\set ON_ERROR_STOP on",
            f"set lock_timeout = {self.whole};",
            self._do(
                f"""\
{self._at("undoing")}
{self._all([*work.drop_work(), *work.drop_archive()])}
{self._reach("undone", "ended_at = now()")}"""
            ),
        ]


_BY_INDEX = "set local enable_hashjoin = off;\nset local enable_mergejoin = off;\n" + (
    "set local enable_seqscan = off;"
)
_DESCRIBED = (
    "format('pid %s (%s)', h.pid, concat_ws(', ', nullif(h.application_name, ''),"
    " 'user ' || h.usename, h.state, 'transaction since ' || to_char(h.xact_start, 'HH24:MI:SS')))"
)
