-- Gives what a sequence came to with each activity that it chose: the run, or the share.
--
-- A value is that at the end of the activity's instant: within one, those that do not qualify come
-- first. value null: there are too few yet. p_until: the last local day, null = all. What a
-- stat's row has is the best of these, and the last.
create or replace function badges_internal._sequence_values(
    p_defined badges_internal.stat_definitions,
    p_peer_mentor_ids uuid[],
    p_until date
)
returns table (
    peer_mentor_id uuid,
    activity_date date,
    occurred_at timestamptz,
    activity_id bigint,
    qualifies integer,
    chosen_count bigint, -- up to the instant
    qualified_count numeric,
    value numeric
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
    v_route constant badges_internal.stat_route := p_defined.route;
    v_size constant integer := v_route.sequence_size;
begin
    return query
    with counted as (
        select
            person.peer_mentor_id,
            found.*,
            count(*) over so_far as chosen_count,
            sum(found.qualifies::numeric) over so_far as qualified_count,
            max(found.occurred_at) filter (where found.qualifies = 0) over so_far as failed_at
        from unnest(p_peer_mentor_ids) as person (peer_mentor_id)
        cross join lateral badges_internal._sequence_activities(
            person.peer_mentor_id, p_defined.org_id, p_defined.activity_types, v_route,
            '-infinity', coalesce(p_until, 'infinity'), null
        ) as found
        window so_far as (partition by person.peer_mentor_id order by found.occurred_at)
    )
    select
        counted.peer_mentor_id, counted.activity_date, counted.occurred_at, counted.activity_id,
        counted.qualifies, counted.chosen_count, counted.qualified_count,
        case
            when counted.chosen_count >= v_size
                then badges_internal._share(counted.qualified_count, counted.chosen_count)
        end
    from counted
    where v_route.sequence = 'share'
    union all
    select
        counted.peer_mentor_id, counted.activity_date, counted.occurred_at, counted.activity_id,
        counted.qualifies, counted.chosen_count, counted.qualified_count,
        sum(counted.qualifies) over (
            partition by counted.peer_mentor_id, counted.failed_at
            order by counted.occurred_at
        )
    from counted
    where v_route.sequence = 'in_a_row'
    union all
    select
        ended.peer_mentor_id, ended.activity_date, ended.occurred_at, ended.activity_id,
        ended.qualifies, ended.chosen_count, ended.qualified_count,
        case
            when ended.chosen_count >= v_size
                then badges_internal._share(last_value(ended.lately) over (
                    partition by ended.peer_mentor_id, ended.occurred_at
                    order by ended.qualifies
                    range between unbounded preceding and unbounded following
                ), v_size)
        end
    from (
        select
            counted.*,
            sum(counted.qualifies) over (
                partition by counted.peer_mentor_id
                order by counted.occurred_at, counted.qualifies
                rows between v_size - 1 preceding and current row
            ) as lately
        from counted
        where v_route.sequence = 'share_of_last'
    ) as ended;
end;
$$;

comment on function badges_internal._sequence_values(
    badges_internal.stat_definitions, uuid[], date
) is
'Gives what a sequence came to with each activity that it chose: the run, or the share.';
