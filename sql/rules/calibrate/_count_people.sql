-- Counts the people with an activity in an organization, on the days up to a local day or at all.
create or replace function badges_internal._count_people(
    p_org_id text,
    p_until date,
    p_is_all boolean
)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        select count(*)
        from badges.peer_mentor_stats as base
        where base.org_id = p_org_id
        and base.rule_set_version is not null
        and base.activity_count > 0
        and (p_is_all or exists (
            select
            from badges.activities as activity
            where activity.peer_mentor_id = base.peer_mentor_id
            and activity.org_id = p_org_id
            and activity.activity_date <= p_until
        ))
    );
end;
$$;

comment on function badges_internal._count_people(text, date, boolean) is
'Counts the people with an activity in an organization, on the days up to a local day or at all.';
