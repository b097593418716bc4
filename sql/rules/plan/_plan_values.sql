-- Measures stats from the activities for everybody: the best of its parts, a row a measure.
--
-- For stats that the snapshot does not have yet. One pass over the activities for each selector,
-- whatever organizations ask for it. may_fall: a sum fell at some moment, so the value may have
-- stood higher.
create or replace function badges_internal._plan_values(
    p_definitions badges_internal.stat_definitions[]
)
returns table (
    peer_mentor_id uuid,
    org_id text,
    stat text,
    measure text,
    value numeric,
    may_fall boolean
)
language plpgsql
volatile
rows 100000
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_same record;
begin
    for v_same in
        select (array_agg(defined))[1] as defined, array_agg(defined.org_id) as org_ids
        from unnest(p_definitions) as defined
        group by defined.stat, defined.watched, (defined.route).clock_zone
    loop
        if ((v_same.defined).route).rolling_days is null then
            return query
            select planned.peer_mentor_id, planned.org_id, (v_same.defined).stat, planned.measure,
                planned.value, planned.may_fall
            from badges_internal._plan_lasting_values(v_same.defined, v_same.org_ids) as planned;
        else
            return query
            select planned.peer_mentor_id, planned.org_id, (v_same.defined).stat, planned.measure,
                planned.value, planned.may_fall
            from badges_internal._plan_rolling_values(v_same.defined, v_same.org_ids) as planned;
        end if;
    end loop;
end;
$$;

comment on function badges_internal._plan_values(badges_internal.stat_definitions[]) is
'Measures stats from the activities for everybody: the best of its parts, a row a measure.';
