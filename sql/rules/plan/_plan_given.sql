-- Chooses of the planned awards those that would be made or given back: nobody has them.
--
-- Denied ones are not made. Of a badge with a limit, by (earned_at, peer_mentor_id), as many new
-- ones as places are left.
create or replace function badges_internal._plan_given(
    p_document jsonb,
    p_awards badges_internal.dated_award[]
)
returns badges_internal.dated_award[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
set work_mem = '64MB'
as $$
begin
    return (
        with candidates as (
            select award as candidate, held.peer_mentor_id is null as is_new
            from unnest(p_awards) as award
            left join badges.earned_badges as held
                on held.peer_mentor_id = award.peer_mentor_id
                and held.org_id = award.org_id
                and held.badge_definition_id = award.badge_definition_id
                and held.tier = award.tier
                and held.occurrence = award.occurrence
            where (
                held.peer_mentor_id is null
                or held.revoked_by = 'rule'
                and held.source in ('rule', 'backfill', 'sweep')
            )
            and not exists (
                select
                from badges.badge_denials as denial
                where denial.peer_mentor_id = award.peer_mentor_id
                and denial.badge_definition_id = award.badge_definition_id
                and denial.org_id = award.org_id
                and denial.tier in ('', award.tier)
            )
        ),
        ranked as (
            select
                candidates.candidate,
                candidates.is_new,
                case when candidates.is_new then row_number() over (
                    partition by
                        (candidate).org_id, (candidate).badge_definition_id, (candidate).tier,
                        candidates.is_new
                    order by (candidate).earned_at, (candidate).peer_mentor_id
                ) end as place
            from candidates
        )
        select array_agg(ranked.candidate)
        from ranked
        left join badges_internal._plan_places(p_document) as free
            on free.org_id = (ranked.candidate).org_id
            and free.badge_definition_id = (ranked.candidate).badge_definition_id
            and free.tier = (ranked.candidate).tier
        where not ranked.is_new
        or free.places is null
        or ranked.place <= free.places
    );
end;
$$;

comment on function badges_internal._plan_given(jsonb, badges_internal.dated_award[]) is
'Chooses of the planned awards those that would be made or given back: nobody has them.';
