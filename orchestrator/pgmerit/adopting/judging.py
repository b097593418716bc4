"""What would become of each row of a table of awards, by one statement that only reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from pgmerit.database import Connection
from pgmerit.errors import InvalidInputError, UnknownObjectError
from pgmerit.schema import SCHEMAS

# What becomes of a row; the others are left out, for the reason that the word gives.
TAKEN = ("adopt", "held", "revoked", "repeated")
SHOWN_GROUPS = 50


@dataclass(frozen=True)
class AdoptOptions:
    """The columns that hold an award, and how their values are read.

    `badges` and `organizations` lead from the table's values to slugs; the first with a tier after
    a colon where it is meant. `namespace` derives people from ids that are no uuids. Of `org`, a
    column, and `org_id` one may be None, or both where there is one organization.
    """

    person: str
    badge: str
    earned_at: str
    org: str | None = None
    org_id: str | None = None
    tier: str | None = None
    occurrence: str | None = None
    badges: Mapping[str, str] = field(default_factory=dict)
    organizations: Mapping[str, str] = field(default_factory=dict)
    namespace: str | None = None
    batch: int = 2000


@dataclass(frozen=True)
class Source:
    """A table or view of awards as the catalogue knows it: the base types of its columns."""

    schema: str
    name: str
    types: Mapping[str, str]

    def __str__(self) -> str:
        """Give the name as people write it."""
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True)
class Group:
    """Rows that the same becomes of: the badge or value in question, and two examples.

    `status` is adopt, held, revoked or repeated, or why rows are left out: denied, no_person,
    not_a_uuid, no_badge, unknown_badge, unknown_tier, unknown_occurrence, no_organization,
    unknown_organization, no_date or date_out_of_range.
    """

    status: str
    subject: str
    rows: int
    first_person: str | None
    last_person: str | None


@dataclass
class Report:
    """How many rows the table has and what becomes of them; `groups` are the largest ones.

    `held_with_other_date`: of the held rows, those whose date is not that of the award that stands.
    `adopted` and `followed` (badges that count badges) are 0 until the awards are taken over.
    """

    rows: int = 0
    adopt: int = 0
    held: int = 0
    held_with_other_date: int = 0
    revoked: int = 0
    repeated: int = 0
    left_out: int = 0
    adopted: int = 0
    followed: int = 0
    groups: list[Group] = field(default_factory=list)


# Tables to look things up in: the engine's own, or what rule sets say before there is one.
_OWN_TABLES = sql.SQL("""
organizations as (
    select o.org_id, o.time_zone, o.rule_set from badges.organizations as o
),
definitions as (
    select d.badge_definition_id, d.rule_set, d.criteria from badges.badge_definitions as d
),
standing as (
    select
        e.peer_mentor_id, e.org_id, e.badge_definition_id, e.tier, e.occurrence, e.earned_at,
        e.revoked_at
    from badges.earned_badges as e
),
denials as (
    select d.peer_mentor_id, d.org_id, d.badge_definition_id, d.tier
    from badges.badge_denials as d
)
""")
_DOCUMENTS = sql.SQL("""
documents as (
    select d.document from jsonb_array_elements({documents}) as d (document)
),
organizations as (
    select
        o.key as org_id, coalesce(o.value ->> 'time_zone', 'UTC') as time_zone,
        d.document ->> 'ruleset' as rule_set
    from documents as d
    cross join jsonb_each(d.document -> 'organizations') as o
),
definitions as (
    select
        b.key as badge_definition_id, d.document ->> 'ruleset' as rule_set,
        b.value -> 'criteria' as criteria
    from documents as d
    cross join jsonb_each(d.document -> 'badges') as b
),
standing as (
    select
        null::uuid as peer_mentor_id, '' as org_id, '' as badge_definition_id, '' as tier,
        1 as occurrence, now() as earned_at, now() as revoked_at
    where false
),
denials as (
    select null::uuid as peer_mentor_id, '' as org_id, '' as badge_definition_id, '' as tier
    where false
)
""")

# The bounds of a moment are those of activities.
_JUDGED = sql.SQL("""
with {known},
-- Once a row: the id of a person is dear to derive.
given as materialized (
    select
        nullif(source.{person}::text, '') as person,
        {peer_mentor_id} as peer_mentor_id,
        source.{badge}::text as badge,
        {org} as org,
        {tier} as tier,
        {occurrence} as occurrence,
        source.{earned_at} as earned_at
    from {table} as source
),
named as (
    select
        given.person, given.peer_mentor_id, given.badge, given.org, given.earned_at,
        coalesce(new_org.new_value, given.org) as org_id,
        coalesce(split_part(new_badge.new_value, ':', 1), given.badge) as badge_definition_id,
        coalesce(nullif(split_part(new_badge.new_value, ':', 2), ''), given.tier, '') as tier,
        coalesce(given.occurrence, 1) as occurrence
    from given
    left join jsonb_each_text({badges}) as new_badge (old_value, new_value)
        on new_badge.old_value = given.badge
    left join jsonb_each_text({organizations}) as new_org (old_value, new_value)
        on new_org.old_value = given.org
),
placed as (
    select
        named.*, organizations.org_id is not null as is_org_known,
        definitions.badge_definition_id is not null as is_badge_known, definitions.criteria,
        {moment} as moment
    from named
    left join organizations on organizations.org_id = named.org_id
    left join definitions
        on definitions.badge_definition_id = named.badge_definition_id
        and definitions.rule_set = organizations.rule_set
),
judged as (
    select
        placed.*,
        case
            when person is null then 'no_person'
            when peer_mentor_id is null then 'not_a_uuid'
            when badge is null then 'no_badge'
            when org_id is null then 'no_organization'
            when not is_org_known then 'unknown_organization'
            when not is_badge_known then 'unknown_badge'
            when case
                when tier = '' then criteria ? 'tiers'
                else not criteria @> jsonb_build_object(
                    'tiers', jsonb_build_array(jsonb_build_object('tier', tier))
                )
            end then 'unknown_tier'
            when occurrence not between 1
                and coalesce((criteria #>> '{{repeat,max}}')::integer, 1) then 'unknown_occurrence'
            when earned_at is null then 'no_date'
            when moment is null or moment > now() + interval '24 hours' then 'date_out_of_range'
        end as problem
    from placed
),
ranked as (
    select
        judged.*,
        row_number() over (
            partition by
                problem, peer_mentor_id, org_id, badge_definition_id, tier, occurrence
            order by moment
        ) as place
    from judged
)
select
    ranked.person, ranked.peer_mentor_id, ranked.badge_definition_id, ranked.org_id, ranked.tier,
    ranked.occurrence, ranked.moment,
    case
        when ranked.problem is not null then ranked.problem
        when ranked.place > 1 then 'repeated'
        when standing.revoked_at is not null then 'revoked'
        when standing.peer_mentor_id is not null then 'held'
        when denials.tier is not null then 'denied'
        else 'adopt'
    end as status,
    case
        when ranked.problem in ('no_organization', 'unknown_organization') then ranked.org_id
        when ranked.tier = '' then ranked.badge_definition_id
        else ranked.badge_definition_id || ':' || ranked.tier
    end as subject,
    standing.earned_at <> ranked.moment as has_other_date
from ranked
left join standing
    on ranked.problem is null
    and standing.peer_mentor_id = ranked.peer_mentor_id
    and standing.org_id = ranked.org_id
    and standing.badge_definition_id = ranked.badge_definition_id
    and standing.tier = ranked.tier
    and standing.occurrence = ranked.occurrence
left join lateral (
    select min(denied.tier) as tier
    from denials as denied
    where ranked.problem is null
    and denied.peer_mentor_id = ranked.peer_mentor_id
    and denied.org_id = ranked.org_id
    and denied.badge_definition_id = ranked.badge_definition_id
    and denied.tier in ('', ranked.tier)
) as denials on true
""")

_COUNTED = sql.SQL("""
with judged as ({judged}),
counted as (
    select
        status, left(subject, 200) as subject, count(*) as number,
        count(*) filter (where has_other_date and status = 'held') as other_date,
        left(min(person), 200) as first_person, left(max(person), 200) as last_person
    from judged
    group by status, left(subject, 200)
),
placed as (
    select
        counted.*,
        sum(number) over (partition by status) as of_status,
        sum(other_date) over (partition by status) as other_date_of_status,
        row_number() over (partition by status order by number desc, subject) as place
    from counted
)
select
    status, subject, number, of_status, other_date_of_status, first_person, last_person, place
from placed
where place <= {shown}
order by array_position(array['adopt', 'held', 'revoked', 'repeated'], status), status, place
""")

_MOMENTS = {
    "timestamptz": "case when {earned_at} between {least} and {most} then {earned_at} end",
    "timestamp": "case when {earned_at} between {least} and {most}"
    " then {earned_at} at time zone organizations.time_zone end",
    "date": "case when {earned_at} between {least} and {most}"
    " then ({earned_at} + time '12:00') at time zone organizations.time_zone end",
}
_UUID = "^[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}$"


def find_source(connection: Connection, table: str) -> Source:
    """Look a table or view up, by its name as SQL writes it.

    Raises UnknownObjectError when it is not there, InvalidInputError when it is pgmerit's own.
    """
    try:
        found = connection.execute(
            "select n.nspname, c.relname, array_agg(a.attname order by a.attnum) as names,"
            " array_agg(coalesce(b.typname, t.typname)::text order by a.attnum) as types,"
            " to_regclass('badges_internal.migration_files') is not null as is_installed"
            " from pg_catalog.pg_class as c"
            " join pg_catalog.pg_namespace as n on n.oid = c.relnamespace"
            " join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attnum > 0"
            " and not a.attisdropped"
            " join pg_catalog.pg_type as t on t.oid = a.atttypid"
            " left join pg_catalog.pg_type as b on b.oid = t.typbasetype"
            " where c.oid = pg_catalog.to_regclass(%s) and c.relkind in ('r', 'p', 'v', 'm', 'f')"
            " group by n.nspname, c.relname",
            (table,),
        ).fetchone()
    except (psycopg.errors.InvalidName, psycopg.errors.SyntaxError, psycopg.DataError) as exc:
        raise _unknown_table(table) from exc
    if found is None:
        raise _unknown_table(table)
    if found["is_installed"] and found["nspname"] in SCHEMAS:
        raise InvalidInputError(
            f"{found['nspname']}.{found['relname']} is pgmerit's own",
            "Name the table that held the awards before pgmerit.",
        )
    types = dict(zip(found["names"], found["types"], strict=True))
    return Source(found["nspname"], found["relname"], types)


def judged(
    source: Source, options: AdoptOptions, documents: Sequence[Any] | None = None
) -> sql.Composed:
    """Give the statement that says what becomes of each row.

    `documents` are rule sets that stand in for the database's where there is none yet.
    Raises UnknownObjectError for a column that is not there, InvalidInputError for one whose type
    does not serve.
    """
    for column in (options.org, options.tier, options.occurrence):
        _type_of(source, column)
    moments = _MOMENTS.get(_type_of(source, options.earned_at))
    if moments is None:
        raise InvalidInputError(
            f'the column "{options.earned_at}" of {source} is of the type'
            f" {_type_of(source, options.earned_at)}, which is no date",
            "It must be timestamptz, timestamp or date; name a view that makes it so.",
        )
    if options.occurrence and _type_of(source, options.occurrence) not in ("int2", "int4"):
        raise InvalidInputError(
            f'the column "{options.occurrence}" of {source} must be an integer',
            "Name a view that makes it one.",
        )
    plain_moments = _type_of(source, options.earned_at) != "timestamptz"
    return _JUDGED.format(
        known=_OWN_TABLES
        if documents is None
        else _DOCUMENTS.format(documents=sql.Literal(Jsonb(list(documents)))),
        table=sql.Identifier(source.schema, source.name),
        person=sql.Identifier(options.person),
        peer_mentor_id=_person(source, options, is_installed=documents is None),
        badge=_column(source, options.badge),
        org=sql.SQL("source.{}::text").format(_column(source, options.org))
        if options.org
        else sql.SQL("{}::text").format(options.org_id),
        tier=sql.SQL("source.{}::text").format(_column(source, options.tier))
        if options.tier
        else sql.SQL("null::text"),
        occurrence=sql.SQL("source.{}").format(_column(source, options.occurrence))
        if options.occurrence
        else sql.SQL("null::integer"),
        earned_at=_column(source, options.earned_at),
        badges=sql.Literal(Jsonb(dict(options.badges))),
        organizations=sql.Literal(Jsonb(dict(options.organizations))),
        moment=sql.SQL(moments).format(
            earned_at=sql.SQL("named.earned_at"),
            least=sql.SQL("timestamp '1900-01-03'" if plain_moments else "'1900-01-03 00:00+00'"),
            most=sql.SQL("timestamp '2200-01-01'" if plain_moments else "'2200-01-01 00:00+00'"),
        ),
    )


def report(
    connection: Connection,
    source: Source,
    options: AdoptOptions,
    documents: Sequence[Any] | None = None,
) -> Report:
    """Count what would become of the rows, in a read-only transaction; see `judged`."""
    statement = judged(source, options, documents)
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read, read only")
        return counted(connection, statement)


def counted(connection: Connection, statement: sql.Composable) -> Report:
    """Count rows that were judged: by a statement that gives status, subject and the rest."""
    result = Report()
    query = _COUNTED.format(judged=statement, shown=SHOWN_GROUPS)
    for row in connection.execute(query).fetchall():
        status = row["status"]
        result.groups.append(
            Group(
                status,
                row["subject"] or "",
                row["number"],
                row["first_person"],
                row["last_person"],
            )
        )
        if row["place"] > 1:
            continue
        number = int(row["of_status"])
        result.rows += number
        if status in TAKEN:
            setattr(result, status, number)
            result.held_with_other_date += int(row["other_date_of_status"])
        else:
            result.left_out += number
    return result


def _person(source: Source, options: AdoptOptions, *, is_installed: bool) -> sql.Composable:
    column = _column(source, options.person)
    kind = _type_of(source, options.person)
    if options.namespace is not None:
        # Before the install only who is who matters, not under which id.
        made = "badges.find_mentor({}, {})" if is_installed else "md5({1})::uuid"
        text = sql.SQL("nullif(source.{}::text, '')").format(column)
        return sql.SQL(made).format(sql.Literal(options.namespace), text)
    if kind == "uuid":
        return sql.SQL("source.{}").format(column)
    if kind in ("text", "varchar", "bpchar", "citext"):
        return sql.SQL("case when source.{0}::text ~ {1} then source.{0}::text::uuid end").format(
            column, sql.Literal(_UUID)
        )
    raise InvalidInputError(
        f'the column "{options.person}" of {source} is of the type {kind}, and people are uuids',
        "Give --person-namespace NAME: each id gets a uuid of its own.",
    )


def _column(source: Source, name: str) -> sql.Identifier:
    _type_of(source, name)
    return sql.Identifier(name)


def _type_of(source: Source, name: str | None) -> str:
    if name is None:
        return ""
    if name not in source.types:
        raise UnknownObjectError(
            f'{source} has no column "{name}"', f"It has {', '.join(source.types)}."
        )
    return source.types[name]


def _unknown_table(table: str) -> UnknownObjectError:
    return UnknownObjectError(
        f'there is no table "{table}"',
        'Write the name as in SQL, such as public.user_badges or app."User Badges".',
    )
