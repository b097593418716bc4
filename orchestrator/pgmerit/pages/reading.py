"""What the report tells, read in one snapshot: awards, progress of everybody, and what waits.

Members of `pgmerit_reader` may read all of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg

from pgmerit import routines
from pgmerit.database import Connection
from pgmerit.errors import PgmeritError, translate

WEEK_STARTS = {"monday": 1, "saturday": 6, "sunday": 7}  # ISO numbers
_FIRST = date(1900, 1, 1)  # no activity is older
NEAR = 0.8  # from this fraction of a target on somebody is near
_NAMED = 5

# The longest span, in days, that is told by days, weeks and months.
_UNITS = (("day", 31), ("week", 200), ("month", 1100), ("year", None))


@dataclass(frozen=True)
class Organization:
    """An organization, its people with activities, and whoever holds a badge."""

    org_id: str
    name: str
    time_zone: str
    week_starts: str
    people: int
    holders: int
    awards: int


@dataclass(frozen=True)
class Target:
    """A badge and tier beside the people of an organization with activities.

    `values` are the thresholds that people have before them; `near` people are near to one, of whom
    `nearest` tells the nearest.
    """

    badge_definition_id: str
    tier: str
    name: str
    values: Sequence[float]
    near: int
    nearest: float | None
    nearest_target: float | None
    nearest_ids: Sequence[UUID]


@dataclass(frozen=True)
class Measured:
    """One thing that an organization's rules count: how many people have how much of it.

    `measure` is None of a composed badge, whose parts are counted.
    """

    org_id: str
    measure: str | None
    values: Sequence[Decimal]
    people: Sequence[int]
    targets: Sequence[Target]


@dataclass(frozen=True)
class Found:
    """All that the report tells; `awards` as `count_awards` gives them."""

    read_at: datetime
    since: date
    unit: str
    organizations: Sequence[Organization]
    badge_names: Mapping[str, str]
    awards: Sequence[Mapping[str, Any]]
    over_time: Mapping[tuple[str, date], int]
    measured: Sequence[Measured]
    metrics: Sequence[Mapping[str, Any]]


def read(
    connection: Connection,
    org_id: str | None = None,
    since: date | None = None,
    language: str | None = None,
) -> Found:
    """Read the report of one organization, or of all; `connection` is in autocommit.

    `since` is the local day that the awards over time begin with, a year ago unless given. Raises
    PgmeritError for an unknown organization and a day to come.
    """
    try:
        with connection.transaction():
            connection.execute("set transaction isolation level repeatable read, read only")
            return _read(connection, org_id, since, language)
    except psycopg.Error as exc:
        raise translate(exc) from exc


def _read(
    connection: Connection, org_id: str | None, since: date | None, language: str | None
) -> Found:
    now = _rows(connection, "select now() as now")[0]["now"]
    first = since or (now.date() - timedelta(days=365)).replace(day=1)
    if not _FIRST <= first <= now.date():
        raise PgmeritError(
            f"{first} is {'still to come' if first > _FIRST else 'before 1900'}",
            "Give a day that has passed with --since.",
        )
    unit = next(name for name, days in _UNITS if days is None or (now.date() - first).days <= days)
    given = {"org_id": org_id, "since": first, "unit": unit, "near": NEAR, "language": language}
    progress = _rows(connection, _PROGRESS, given | {"named": _NAMED})
    return Found(
        read_at=now,
        since=first,
        unit=unit,
        organizations=[Organization(**row) for row in _rows(connection, _ORGANIZATIONS, given)],
        badge_names={
            row["badge_definition_id"]: row["name"] for row in _rows(connection, _NAMES, given)
        },
        awards=routines.count_awards(connection, org_id, language),
        over_time={
            (row["org_id"], row["first_day"]): row["awards"]
            for row in _rows(connection, _OVER_TIME, given)
        },
        measured=[
            Measured(**row | {"targets": [Target(**each) for each in row["targets"]]})
            for row in progress
        ],
        metrics=routines.list_metrics(connection),
    )


def _rows(connection: Connection, query: str, given: Mapping[str, Any] | None = None) -> list[Any]:
    return connection.execute(query.encode(), given).fetchall()


_ORGANIZATIONS = """
select
    organization.org_id, organization.name, organization.time_zone, organization.week_starts,
    coalesce(counted.people, 0) as people,
    coalesce(held.holders, 0) as holders,
    coalesce(held.awards, 0) as awards
from badges.organizations as organization
left join (
    select base.org_id, count(*) as people
    from badges.peer_mentor_stats as base
    where base.stat = '*'
    and base.activity_count > 0
    group by base.org_id
) as counted on counted.org_id = organization.org_id
left join (
    select earned.org_id, count(*) as awards, count(distinct earned.peer_mentor_id) as holders
    from badges.earned_badges as earned
    where earned.revoked_at is null
    group by earned.org_id
) as held on held.org_id = organization.org_id
where organization.org_id = coalesce(%(org_id)s, organization.org_id)
and (organization.is_active or held.awards > 0)
order by awards desc, organization.org_id
"""

_NAMES = """
select
    definition.badge_definition_id,
    coalesce(definition.translations -> 'name' ->> %(language)s, definition.name) as name
from badges.badge_definitions as definition
"""

_OVER_TIME = """
select award.org_id, award.first_day, count(*) as awards
from (
    select
        earned.org_id,
        date_trunc(
            %(unit)s,
            (earned.earned_at at time zone organization.time_zone) - organization.day_starts
                + make_interval(days => shifted.days)
        )::date - shifted.days as first_day
    from badges.earned_badges as earned
    join badges.organizations as organization on organization.org_id = earned.org_id
    -- By how many days weeks begin before a Monday.
    cross join lateral (
        select case when %(unit)s = 'week' then array_position(
            array['monday', 'sunday', 'saturday'], organization.week_starts
        ) - 1 else 0 end as days
    ) as shifted
    where earned.org_id = coalesce(%(org_id)s, earned.org_id)
    and earned.revoked_at is null
    and earned.earned_at <= now()
    and ((earned.earned_at at time zone organization.time_zone) - organization.day_starts)::date
        >= %(since)s
) as award
group by award.org_id, award.first_day
"""

# Badges that count alike are told together. Each person is counted there once, by the badge with
# the lowest target: of a run that was never long enough that is the live one.
_PROGRESS = """
with progress as materialized (
    select
        listed.*, coalesce(stat || ' ' || measure, badge_definition_id) as counted,
        fraction >= %(near)s and earned_at is null as is_near
    from badges.list_progress(%(org_id)s, null, %(language)s) as listed
    where current is not null
),
by_target as materialized (
    select
        org_id, counted, measure, badge_definition_id, tier, name, target,
        count(*) filter (where is_near) as near
    from progress
    group by org_id, counted, measure, badge_definition_id, tier, name, target
),
tallied as (
    select org_id, counted, progress.current as value, count(*) as people
    from progress
    join (
        select distinct on (org_id, counted) org_id, counted, badge_definition_id, tier
        from by_target
        order by org_id, counted, target, badge_definition_id, tier
    ) as lowest using (org_id, counted, badge_definition_id, tier)
    group by org_id, counted, progress.current
),
nearest as (
    select
        org_id, badge_definition_id, tier,
        (array_agg(current order by fraction desc, peer_mentor_id))[1] as nearest,
        (array_agg(target order by fraction desc, peer_mentor_id))[1] as nearest_target,
        (array_agg(peer_mentor_id order by fraction desc, peer_mentor_id))[1:%(named)s]
            as nearest_ids
    from progress
    where is_near
    group by org_id, badge_definition_id, tier
),
targets as (
    select
        org_id, counted, measure, badge_definition_id, tier, name,
        array_agg(target order by target) as values,
        sum(near) as near
    from by_target
    group by org_id, counted, measure, badge_definition_id, tier, name
)
select wanted.org_id, wanted.measure, measured.values, measured.people, wanted.targets
from (
    select
        org_id, counted,
        array_agg(value order by value) as values,
        array_agg(people order by value) as people
    from tallied
    group by org_id, counted
) as measured
join (
    select
        org_id, counted, measure,
        jsonb_agg(
            jsonb_build_object(
                'badge_definition_id', badge_definition_id, 'tier', tier, 'name', name,
                'values', targets.values, 'near', near, 'nearest', nearest,
                'nearest_target', nearest_target, 'nearest_ids', coalesce(nearest_ids, '{}')
            )
            order by targets.values[1], badge_definition_id
        ) as targets
    from targets
    left join nearest using (org_id, badge_definition_id, tier)
    group by org_id, counted, measure
) as wanted using (org_id, counted)
order by org_id, counted
"""
