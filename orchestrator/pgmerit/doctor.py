"""A checkup of a database: is everything in force that keeps snapshot and awards right?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import psycopg

from pgmerit import routines, schema
from pgmerit.database import Connection
from pgmerit.errors import translate
from pgmerit.rules import versions

# Older minors gave triggers wrong transition tables after some MERGE and cascading statements.
OLDEST_MINORS = {15: 16, 16: 12, 17: 8, 18: 2}

_TOLD_FILES = 10
AWARD_KEY = ("peer_mentor_id", "badge_definition_id", "org_id", "tier", "occurrence")


@dataclass(frozen=True)
class Finding:
    """What one check found: `status` is ok, warning or problem."""

    check: str
    status: str
    finding: str
    hint: str = ""


def examine(connection: Connection, sources: schema.Sources | None = None) -> list[Finding]:
    """Run every check on an autocommit connection; changes nothing."""
    state = schema.read_state(connection)
    sources = sources or schema.Sources()
    findings = [*_server(connection), *_migrations(state, sources)]
    if not state.migrations:
        return findings
    checks: list[Callable[[], list[Finding]]] = [
        lambda: _owners(connection),
        lambda: _rights(schema.read_rights(connection), schema.find_mixed_roles(connection)),
        lambda: _functions(state, sources),
        lambda: _triggers(connection, state),
        lambda: _award_guard(connection),
        lambda: _rule_sets(connection),
        lambda: _evaluation(connection),
        lambda: _sources(connection),
    ]
    for check in checks:
        findings += check()
    return findings


def minor_finding(version: int) -> Finding:
    """Judge a server version, as libpq gives it: 150020 is 15.20."""
    major, minor = divmod(version, 10000)
    floor = OLDEST_MINORS.get(major, 0)
    if minor < floor:
        return Finding(
            "server version",
            "warning",
            f"PostgreSQL {major}.{minor} gives triggers wrong rows in rare statements",
            f"Upgrade to {major}.{floor} or newer.",
        )
    return Finding("server version", "ok", f"PostgreSQL {major}.{minor}")


def _server(connection: Connection) -> list[Finding]:
    return [minor_finding(connection.info.server_version)]


def _migrations(state: schema.State, sources: schema.Sources) -> list[Finding]:
    files = schema.read_migration_files(sources.migrations)
    if not state.migrations:
        return [
            Finding("migrations", "problem", "pgmerit is not installed", "Run `pgmerit migrate`.")
        ]
    findings = [
        Finding("migrations", "problem", f"{problem['path']} {problem['message']}")
        for problem in schema.history_problems(state, files)
    ]
    findings += [
        Finding("migrations", "problem", f"{name} is pending", "Run `pgmerit migrate`.")
        for name in files
        if name not in state.migrations
    ]
    return findings or [Finding("migrations", "ok", f"{len(state.migrations)} applied")]


def _owners(connection: Connection) -> list[Finding]:
    owner = schema.owner_of_schemas(connection) or ""
    return [
        Finding("owners", "problem", stranger.finding, stranger.hint)
        for stranger in schema.find_strangers(connection, owner)
    ] or [Finding("owners", "ok", f"everything belongs to {owner}")]


def _rights(rights: schema.Rights, mixed: dict[str, str]) -> list[Finding]:
    findings = [
        Finding(
            "rights",
            "problem",
            f"the role {role} does not exist",
            f"Run `{schema.commands_to_make([role])}` as a role that may make roles, "
            "then `pgmerit migrate`.",
        )
        for role in rights.missing_roles
    ]
    findings += [
        Finding(
            "rights",
            "warning",
            f"{role} is a member of {schema.PERSON} and of {service}: "
            "each of its tokens sees everybody",
            "Revoke one of the two.",
        )
        for role, service in mixed.items()
    ]
    if rights.given is None:
        text = "what was given is not on record: the database is of an older version"
        return [*findings, Finding("rights", "problem", text, "Run `pgmerit migrate`.")]
    given = rights.given
    for verb, found, status, hint in (
        ("lacks", given - rights.held, "problem", "Run `pgmerit migrate`: it gives and takes."),
        ("holds", rights.held - given, "problem", "Run `pgmerit migrate`: it gives and takes."),
        (
            "holds",
            rights.held_by_others,
            "warning",
            "Revoke it, and make the role a member of one of pgmerit's instead: "
            "without a policy it sees no row.",
        ),
    ):
        by_role: dict[str, list[schema.Right]] = {}
        for right in sorted(found):
            if right.grantee not in rights.missing_roles:
                by_role.setdefault(right.grantee, []).append(right)
        findings += [
            Finding("rights", status, f"{role} {verb} {_listed(held)}", hint)
            for role, held in by_role.items()
        ]
    return findings or [Finding("rights", "ok", f"{', '.join(schema.ROLES)} as shipped")]


def _listed(rights: list[schema.Right], shown: int = 3) -> str:
    first = ", ".join(str(right) for right in rights[:shown])
    more = len(rights) - shown
    return f"{first} and {more} more" if more > 0 else first


def _functions(state: schema.State, sources: schema.Sources) -> list[Finding]:
    hint = "Run `pgmerit migrate` to load what was shipped."
    findings = [
        Finding("functions", "problem", f"{identity} is missing or was changed", hint)
        for identity in state.changed_objects()
    ]
    changed = schema.changed_files(state, schema.read_manifest(sources.files))
    # A database of another version differs in nearly all of them.
    told = changed if len(changed) <= _TOLD_FILES else []
    findings += [
        Finding("functions", "problem", f"sql/{name} is not loaded as shipped", hint)
        for name in told
    ]
    if len(told) < len(changed):
        text = f"{len(changed)} files are not loaded as shipped, sql/{changed[0]} first"
        findings.append(Finding("functions", "problem", text, hint))
    findings += [
        Finding("functions", "problem", f"{identity} is not part of pgmerit", "Drop it.")
        for identity in state.foreign_objects()
    ]
    return findings or [Finding("functions", "ok", f"{len(state.objects)} as shipped")]


def _triggers(connection: Connection, state: schema.State) -> list[Finding]:
    rows = connection.execute(
        "select pg_catalog.format('%I on %s', t.tgname, t.tgrelid::pg_catalog.regclass) as identity"
        " from pg_catalog.pg_trigger as t where t.tgenabled not in ('O', 'A')"
    ).fetchall()
    off = {row["identity"] for row in rows}
    ours = sorted(identity for kind, identity in state.objects if kind == "trigger")
    mend = "Enable it with `alter table .. enable trigger`, then run `pgmerit verify --repair`."
    findings = [
        Finding("triggers", "problem", f"{identity} is disabled", mend)
        for identity in ours
        if identity in off
    ]
    places = connection.execute(
        "select coalesce('role ' || s.setrole::pg_catalog.regrole::text, '') as role_name,"
        " coalesce('database ' || d.datname, '') as database_name"
        " from pg_catalog.pg_db_role_setting as s"
        " left join pg_catalog.pg_database as d on d.oid = s.setdatabase"
        " where (s.setdatabase = 0 or d.datname = pg_catalog.current_database())"
        " and 'session_replication_role=replica' = any(s.setconfig)"
    ).fetchall()
    findings += [
        Finding(
            "triggers",
            "problem",
            "session_replication_role is replica for "
            f"{row['role_name'].replace('role -', '') or row['database_name']}".rstrip(),
            "Reset it: no trigger fires there.",
        )
        for row in places
    ]
    row = connection.execute(
        "select pg_catalog.current_setting('session_replication_role') as role"
    ).fetchone()
    if row is not None and row["role"] == "replica" and not places:
        findings.append(
            Finding(
                "triggers",
                "problem",
                "session_replication_role is replica",
                "Reset it: no trigger fires.",
            )
        )
    return findings or [Finding("triggers", "ok", f"{len(ours)} enabled")]


def _award_guard(connection: Connection) -> list[Finding]:
    """Look for the index that lets no award be written twice."""
    rows = connection.execute(
        "select i.indexrelid::pg_catalog.regclass::text as name,"
        " i.indisunique, i.indisvalid, i.indisready, i.indimmediate,"
        " i.indpred is not null as is_partial,"
        " array(select a.attname::text from pg_catalog.pg_attribute as a"
        "  where a.attrelid = i.indrelid"
        "  and a.attnum = any((i.indkey::int2[])[0:i.indnkeyatts - 1])) as columns,"
        " i.indnkeyatts as width,"
        " exists (select from pg_catalog.pg_attribute as a where a.attrelid = i.indrelid"
        "  and a.attnum = any(i.indkey::int2[]) and not a.attnotnull) as is_nullable"
        " from pg_catalog.pg_index as i"
        " where i.indrelid = pg_catalog.to_regclass('badges.earned_badges')"
    ).fetchall()
    near = [
        row
        for row in rows
        if set(row["columns"]) == set(AWARD_KEY) and row["width"] == len(AWARD_KEY)
    ]
    hint = (
        f"Run `pgmerit dedupe badges.earned_badges --key {','.join(AWARD_KEY)} --keep earned_at "
        "--apply`"
    )
    faults: list[Finding] = []
    sound: list[str] = []
    for row in near:
        wrong = [
            words
            for is_wrong, words in (
                (not row["indisunique"], "is not unique"),
                (not row["indisvalid"], "is not valid"),
                (not row["indisready"], "is not ready"),
                (not row["indimmediate"], "is deferrable"),
                (row["is_partial"], "covers only some rows"),
                (row["is_nullable"], "has columns that may be null"),
            )
            if is_wrong
        ]
        if not wrong:
            sound.append(row["name"])
            continue
        also = ""
        if not row["indimmediate"]:
            # While it stands no award can be written, whatever stands beside it.
            also += f", then drop the constraint {row['name']}"
        if row["is_nullable"]:
            also += ", then `alter column .. set not null` for each of these columns"
        faults.append(
            Finding(
                "award guard", "problem", f"{row['name']} {' and '.join(wrong)}", f"{hint}{also}."
            )
        )
    if sound:
        return [each for each in faults if "is deferrable" in each.finding] or [
            Finding("award guard", "ok", f"{sound[0]} lets no award be written twice")
        ]
    missing = Finding(
        "award guard",
        "problem",
        f"earned_badges has no unique index on {', '.join(AWARD_KEY)}",
        f"{hint}.",
    )
    return faults or [missing]


def _rule_sets(connection: Connection) -> list[Finding]:
    try:
        versions = routines.list_rule_sets(connection)
    except psycopg.Error as exc:
        return [Finding("rule sets", "problem", f"cannot be listed: {translate(exc).message}")]
    current = [f"{row['rule_set']} {row['version']}" for row in versions if row["is_current"]]
    if not current:
        return [
            Finding("rule sets", "problem", "none is applied", "Run `pgmerit rules apply FILE`.")
        ]
    return [Finding("rule sets", "ok", ", ".join(current))]


def _evaluation(connection: Connection) -> list[Finding]:
    try:
        found = versions.unfinished(connection)
    except psycopg.Error as exc:
        return [Finding("evaluation", "problem", f"cannot be told: {translate(exc).message}")]
    return [
        Finding("evaluation", "problem", str(each), f"Run `{each.command}`.") for each in found
    ] or [Finding("evaluation", "ok", "nobody waits for a version")]


def _sources(connection: Connection) -> list[Finding]:
    """Look for attached tables whose rows do not become activities, or not all."""
    try:
        found = routines.list_sources(connection)
    except psycopg.Error as exc:
        return [Finding("sources", "problem", f"cannot be listed: {translate(exc).message}")]
    findings = []
    for each in found:
        name, rows = each["source"], each["set_aside"]
        again = f"`pgmerit attach repair {name}`"
        mend = (
            "Mend the table or the file, then run `pgmerit attach FILE`: it reads all rows again."
            if each["state"] == "broken"
            else f"Run {again}."
        )
        told = [
            (each["problem"] is not None, each["problem"], mend),
            (each["state"] == "bringing in", "rows are still to be read", f"{again} goes on."),
            (
                rows > 0,
                "1 row is set aside" if rows == 1 else f"{rows} rows are set aside",
                f"`pgmerit attach status {name}` says why; {again} tries again.",
            ),
        ]
        findings += [
            Finding("sources", "problem", f"{name}: {finding}", hint)
            for is_so, finding, hint in told
            if is_so
        ]
    return findings or [Finding("sources", "ok", f"{len(found)} attached")]
