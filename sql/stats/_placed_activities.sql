-- Reads the activities of people that a stat selects, each with its place in its part of the stat.
--
-- In the order of moments. For stats without elements and rolling windows. Planned for the stat at
-- hand, which reads the people one after the other by an index.
create or replace function badges_internal._placed_activities(
    p_peer_mentor_ids uuid[],
    p_org_id text,
    p_stat text
)
returns table (
    peer_mentor_id uuid,
    bucket text,
    occurred_at timestamptz,
    activity_id bigint,
    measured numeric, -- what sum and max look at
    place bigint
)
language plpgsql
volatile
rows 10000
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
declare
    v_defined constant badges_internal.stat_definitions
        := badges_internal._stat_definition(p_org_id, p_stat);
    v_types constant text[] := v_defined.activity_types;
    v_route constant badges_internal.stat_route := v_defined.route;
begin
    return query
    select picked.*, row_number() over (
        partition by picked.peer_mentor_id, picked.bucket
        order by picked.occurred_at, picked.activity_id
    )
    from (
        select
            a.peer_mentor_id,
            badges_internal._bucket(
                v_route.per_field, v_route.window_unit, a.attributes, a.quantity, a.activity_date
            ) as bucket,
            a.occurred_at,
            a.activity_id,
            case
                when v_route.value_field is null then a.quantity
                else badges_internal._number(
                    badges_internal._attribute(a.attributes, a.quantity, v_route.value_field)
                )
            end as measured
        from unnest(p_peer_mentor_ids) as person (peer_mentor_id)
        cross join lateral (
            select own.*
            from badges.activities as own
            where own.peer_mentor_id = person.peer_mentor_id
            and own.org_id = p_org_id
            and (v_types is null or own.activity_type = any(v_types))
            offset 0
        ) as a
        where badges_internal._is_chosen(
            v_route.predicate, v_route.needs_quantity, v_route.needs_calendar,
            v_route.clock_zone, a.attributes, a.quantity, a.activity_date, a.occurred_at
        )
    ) as picked
    where v_route.per_field is null
    or picked.bucket is not null;
end;
$$;

comment on function badges_internal._placed_activities(uuid[], text, text) is
'Reads the activities of people that a stat selects, each with its place in its part of the stat.';
