-- Gives what a sequence came to with each activity that it chose: the run, or the share.
--
-- A value is that at the end of the activity's instant: within one, those that do not qualify come
-- first. value null: there are too few yet. p_until: the last local day, null = all. p_pending:
-- activities that must not be seen. p_slice: a stretch of one person alone. What a stat's row has
-- is the best of these, and the last.
create or replace function badges_internal._sequence_values(
    p_defined badges_internal.stat_definitions,
    p_peer_mentor_ids uuid[],
    p_until date,
    p_pending bigint[],
    p_slice badges_internal.sequence_slice default null
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
    v_since constant timestamptz := coalesce(p_slice.since, '-infinity');
    v_before constant timestamptz := coalesce(p_slice.before, 'infinity');
    v_from constant date := case
        when v_since = '-infinity' then '-infinity' else (v_since at time zone 'UTC')::date - 1
    end;
    v_to constant date := least(coalesce(p_until, 'infinity'), case
        when v_before = 'infinity' then 'infinity' else (v_before at time zone 'UTC')::date + 1
    end);
    v_chosen constant bigint := coalesce(p_slice.chosen_count, 0);
    v_qualified constant numeric := coalesce(p_slice.qualified_count, 0);
begin
    return query
    with counted as (
        select
            person.peer_mentor_id,
            found.*,
            v_chosen + count(*) over so_far as chosen_count,
            v_qualified + sum(found.qualifies) over so_far as qualified_count,
            max(found.occurred_at) filter (where found.qualifies = 0) over so_far as failed_at
        from unnest(p_peer_mentor_ids) as person (peer_mentor_id)
        cross join lateral badges_internal._sequence_activities(
            person.peer_mentor_id, p_defined.org_id, p_defined.activity_types, v_route, v_from,
            v_to, p_pending
        ) as found
        where found.occurred_at >= v_since
        and found.occurred_at < v_before
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
        ) + case when counted.failed_at is null then v_qualified else 0 end
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
    badges_internal.stat_definitions, uuid[], date, bigint[], badges_internal.sequence_slice
) is
'Gives what a sequence came to with each activity that it chose: the run, or the share.';
