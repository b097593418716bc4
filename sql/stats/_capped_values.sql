-- Gives what each activity that a capped stat chose has, and what it adds to its unit.
--
-- In the order of their moments an activity adds what it lifts its unit's total by, cut at the cap;
-- a negative value may take some back. p_until: the last local day, null = all. What a stat's row
-- has is the sum of what was added.
create or replace function badges_internal._capped_values(
    p_defined badges_internal.stat_definitions,
    p_peer_mentor_ids uuid[],
    p_until date
)
returns table (
    peer_mentor_id uuid,
    bucket text,
    activity_date date,
    occurred_at timestamptz,
    activity_id bigint,
    value numeric,
    added numeric
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_unit constant text := (p_defined.route).cap_unit;
    v_at constant numeric := (p_defined.route).cap_at;
begin
    return query
    select
        total.peer_mentor_id, total.bucket, total.activity_date, total.occurred_at,
        total.activity_id, total.value,
        least(total.upto, v_at) - least(total.upto - total.value, v_at)
    from (
        select
            found.*,
            sum(found.value) over (
                partition by
                    found.peer_mentor_id, found.bucket,
                    badges_internal._unit_start(v_unit, found.activity_date)
                order by found.occurred_at, found.activity_id
            ) as upto
        from (
            select
                chosen.peer_mentor_id, chosen.bucket, chosen.activity_date, chosen.occurred_at,
                chosen.activity_id,
                badges_internal._capped_value(p_defined.route, chosen.measured) as value
            from badges_internal._selected_activities(
                p_peer_mentor_ids, p_defined.org_id, p_defined.stat, null, null, p_until
            ) as chosen
        ) as found
    ) as total;
end;
$$;

comment on function badges_internal._capped_values(
    badges_internal.stat_definitions, uuid[], date
) is
'Gives what each activity that a capped stat chose has, and what it adds to its unit.';
