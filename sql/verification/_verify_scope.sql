-- Gives the people a verification looks at, and the stats it measures them in.
--
-- p_from and p_to are both included. Reads the activity types of the people's activities.
--
-- Raises: 22023 for a sample outside 0 to 1, 0A000 for a selector it cannot read.
create or replace function badges_internal._verify_scope(
    p_peer_mentor_id uuid,
    p_from uuid,
    p_to uuid,
    p_sample double precision
)
returns badges_internal.verified_scope
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_scope badges_internal.verified_scope;
begin
    if p_sample < 0 or p_sample > 1 or p_sample = 'NaN' then
        raise exception 'the sample must lie between 0 and 1'
            using errcode = 'invalid_parameter_value', detail = format('It is %s.', p_sample),
                hint = 'Give a share such as 0.05, or leave it out.';
    end if;
    perform badges_internal._verify_known_selectors();
    v_scope.first_person := greatest(
        p_peer_mentor_id, p_from, '00000000-0000-0000-0000-000000000000'
    );
    v_scope.last_person := least(p_peer_mentor_id, p_to, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
    v_scope.sample := p_sample;
    v_scope.routes := array(
        select spread from badges_internal._verify_routes(v_scope) as spread
    );
    v_scope.stats := array(
        select distinct on (route.number) route
        from unnest(v_scope.routes) as route
        order by route.number
    );
    return v_scope;
end;
$$;

comment on function badges_internal._verify_scope(uuid, uuid, uuid, double precision) is
'Gives the people a verification looks at, and the stats it measures them in.';
