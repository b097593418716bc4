-- Reads all activities that a stat selects, each in every part (bucket) it is measured in.
--
-- A rolling window is a part of its own: it opens with the first activity on its last day, and what
-- lies before counts in it from then on. Otherwise as _selected_activities. p_states: conditions of
-- which only the first moment is wanted; null = every window. Where nothing falls, only a window
-- whose whole is enough can be the first, and none that ends three days after another such. Of a
-- sequence, measured is what it has come to; of a capped stat what the activity adds. p_until: no
-- later day need be read, null = all; windows, sequences and capped stats are read as a whole.
create or replace function badges_internal._parted_activities(
    p_peer_mentor_ids uuid[],
    p_org_id text,
    p_stat text,
    p_states badges_internal.condition_state[],
    p_until date default null
)
returns table (
    peer_mentor_id uuid,
    bucket text,
    activity_date date,
    occurred_at timestamptz,
    activity_id bigint,
    measured numeric,
    element text,
    element_measured numeric
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_defined constant badges_internal.stat_definitions
        := badges_internal._stat_definition(p_org_id, p_stat);
    v_days constant integer := (v_defined.route).rolling_days;
begin
    if (v_defined.route).cap_unit is not null then
        return query
        select
            found.peer_mentor_id, found.bucket, found.activity_date, found.occurred_at,
            found.activity_id, found.added, null::text, null::numeric
        from badges_internal._capped_values(v_defined, p_peer_mentor_ids, null) as found;
        return;
    elsif (v_defined.route).sequence is not null then
        return query
        select
            found.peer_mentor_id, '', found.activity_date, found.occurred_at, found.activity_id,
            found.value, null::text, null::numeric
        from badges_internal._sequence_values(v_defined, p_peer_mentor_ids, null) as found;
        return;
    elsif v_days is null then
        return query select *
            from badges_internal._selected_activities(
                p_peer_mentor_ids, p_org_id, p_stat, null, null, p_until
            );
        return;
    end if;
    return query
    with chosen as materialized (
        select *
        from badges_internal._selected_activities(
            p_peer_mentor_ids, p_org_id, p_stat, null, null, null
        )
    ),
    measured as materialized (
        select
            whole.*,
            bool_or(whole.has_negative) over (partition by whole.peer_mentor_id) as may_fall
        from badges_internal._rolling_windows(
            v_defined, p_peer_mentor_ids, null::date, null::date
        ) as whole
        where p_states is not null
    ),
    enough as (
        select
            measured.peer_mentor_id, measured.bucket, measured.last_day,
            min(measured.last_day) over (
                partition by state.peer_mentor_id, state.badge_definition_id, state.tier,
                    state.occurrence, state.node
            ) as first_day
        from unnest(p_states) as state
        join measured
            on measured.peer_mentor_id = state.peer_mentor_id
            and not measured.may_fall
            and state.threshold <= case state.measure
                when 'count' then measured.activity_count when 'sum' then measured.value_sum
                when 'max' then measured.value_max when 'active_days' then measured.active_days
                when 'distinct' then measured.distinct_count
            end
    ),
    wanted as (
        select enough.peer_mentor_id, enough.bucket, enough.last_day
        from enough
        where enough.last_day < enough.first_day + 4
        union
        select measured.peer_mentor_id, measured.bucket, measured.last_day
        from measured
        where measured.may_fall
    ),
    windows as (
        select distinct on (found.peer_mentor_id, found.bucket, found.activity_date)
            found.peer_mentor_id, found.bucket, found.activity_date as last_day,
            found.occurred_at as opened_at, found.activity_id as opening_id
        from chosen as found
        where p_states is null or (found.peer_mentor_id, found.bucket, found.activity_date) in (
            select wanted.peer_mentor_id, wanted.bucket, wanted.last_day
            from wanted
        )
        order by
            found.peer_mentor_id, found.bucket, found.activity_date, found.occurred_at,
            found.activity_id desc
    )
    select
        found.peer_mentor_id,
        opened.bucket || ' ' || opened.last_day,
        found.activity_date,
        greatest(found.occurred_at, opened.opened_at),
        case
            when found.occurred_at < opened.opened_at then opened.opening_id
            else found.activity_id
        end,
        found.measured,
        found.element,
        found.element_measured
    from windows as opened
    join chosen as found
        on found.peer_mentor_id = opened.peer_mentor_id
        and found.bucket = opened.bucket
        and found.activity_date <= opened.last_day
        and found.activity_date > opened.last_day - v_days;
end;
$$;

comment on function badges_internal._parted_activities(
    uuid[], text, text, badges_internal.condition_state[], date
) is
'Reads all activities that a stat selects, each in every part (bucket) it is measured in.';
