-- Lists the milestones that rows of a person have reached, with what these rows wait for next.
--
-- p_stats, p_buckets: the rows, by pairs. place: the row's ctid; next_*: its thresholds, moved on
-- by the milestone's measure; is_highest: none of that measure is higher, so that they are above
-- what the row has. In line where it is called.
create or replace function badges_internal._crossings(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_stats text[],
    p_buckets text[]
)
returns table (
    place tid,
    milestone badges_internal.milestones,
    is_highest boolean,
    next_count bigint,
    next_sum numeric,
    next_max numeric,
    next_active_days integer,
    next_distinct integer,
    next_day_run integer,
    next_week_run integer,
    next_month_run integer
)
language sql
stable
as $$
select
    own.ctid, crossed.milestone, (crossed.next_threshold > moved.value) is not false,
    case when moved.measure = 'count' then crossed.next_threshold::bigint else own.next_count end,
    case when moved.measure = 'sum' then crossed.next_threshold else own.next_sum end,
    case when moved.measure = 'max' then crossed.next_threshold else own.next_max end,
    case
        when moved.measure = 'active_days' then crossed.next_threshold::integer
        else own.next_active_days
    end,
    case
        when moved.measure = 'distinct' then crossed.next_threshold::integer
        else own.next_distinct
    end,
    case
        when moved.measure = 'day_run' then crossed.next_threshold::integer
        else own.next_day_run
    end,
    case
        when moved.measure = 'week_run' then crossed.next_threshold::integer
        else own.next_week_run
    end,
    case
        when moved.measure = 'month_run' then crossed.next_threshold::integer
        else own.next_month_run
    end
from badges.peer_mentor_stats as own
cross join lateral badges_internal._reached_measures(own) as moved
cross join lateral badges_internal._milestones_between(
    own.org_id, own.stat, moved.measure, moved.lowest, moved.value
) as crossed
where (own.peer_mentor_id, own.org_id) = (p_peer_mentor_id, p_org_id)
and own.stat = any(p_stats)
and own.bucket = any(p_buckets)
and own.bucket = p_buckets[array_position(p_stats, own.stat)]
and badges_internal._has_reached(own);
$$;

comment on function badges_internal._crossings(uuid, text, text[], text[]) is
'Lists the milestones that rows of a person have reached, with what these rows wait for next.';

select badges_internal._join_before_17(
    'badges_internal._crossings(uuid, text, text[], text[])',
    $listed$
from badges.peer_mentor_stats as own
$listed$,
    $joined$
from unnest(p_stats) with ordinality as wanted (name, place)
join badges.peer_mentor_stats as own
    on own.stat = wanted.name
    and own.bucket = p_buckets[wanted.place]
    and wanted.place = array_position(p_stats, wanted.name)
$joined$
);
