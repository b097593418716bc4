-- Measures the planned stats that are capped, of everybody: the best part's sum of what counts.
--
-- p_until, may_fall: docs of _plan_measured.
create or replace function badges_internal._plan_capped(
    p_unmeasured badges_internal.stat_definitions[],
    p_until date
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
rows 10000
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    return query
    select
        part.peer_mentor_id, part.org_id, part.stat, 'sum', max(part.value), bool_or(part.may_fall)
    from (
        select
            found.peer_mentor_id, defined.org_id, defined.stat, sum(found.added) as value,
            bool_or(found.value < 0) as may_fall
        from unnest(p_unmeasured) as defined
        cross join lateral badges_internal._capped_values(
            defined,
            array(
                select held.peer_mentor_id
                from badges.peer_mentor_stats as held
                where held.org_id = defined.org_id
                and held.rule_set_version is not null
            ),
            p_until
        ) as found
        where (defined.route).cap_unit is not null
        group by found.peer_mentor_id, found.bucket, defined.org_id, defined.stat
    ) as part
    group by part.peer_mentor_id, part.org_id, part.stat;
end;
$$;

comment on function badges_internal._plan_capped(badges_internal.stat_definitions[], date) is
'Measures the planned stats that are capped, of everybody: the best part''s sum of what counts.';
