-- Chooses of the planned awards those that would be made or given back: nobody has them.
--
-- Denied ones are not made. Of a badge with a limit, by (earned_at, peer_mentor_id), as many new
-- ones as places are left. p_held: the badges that anybody has or had.
create or replace function badges_internal._plan_given(
    p_document jsonb,
    p_awards badges_internal.dated_award[],
    p_held text[]
)
returns badges_internal.dated_award[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
set work_mem = '64MB'
as $$
declare
    v_candidates badges_internal.dated_award[];
begin
    select array_agg(award)
    into v_candidates
    from unnest(p_awards) as award
    left join badges.earned_badges as held
        on p_held <> '{}'
        and held.badge_definition_id = any(p_held)
        and held.peer_mentor_id = award.peer_mentor_id
        and held.org_id = award.org_id
        and held.badge_definition_id = award.badge_definition_id
        and held.tier = award.tier
        and held.occurrence = award.occurrence
    where (
        held.peer_mentor_id is null
        or held.revoked_by in ('rule', 'time')
        and held.source in ('rule', 'backfill', 'sweep')
    )
    and not exists (
        select
        from badges.badge_denials as denial
        where denial.peer_mentor_id = award.peer_mentor_id
        and denial.badge_definition_id = award.badge_definition_id
        and denial.org_id = award.org_id
        and denial.tier in ('', award.tier)
    );
    if not jsonb_path_exists(p_document, '$.badges.*.limit') then
        return v_candidates;
    end if;
    return (
        with ranked as (
            select
                award,
                free.places,
                case when held.peer_mentor_id is null then row_number() over (
                    partition by
                        award.org_id, award.badge_definition_id, award.tier,
                        held.peer_mentor_id is null
                    order by award.earned_at, award.peer_mentor_id
                ) end as place
            from unnest(v_candidates) as award
            left join badges.earned_badges as held
                on held.revoked_by in ('rule', 'time')
                and held.peer_mentor_id = award.peer_mentor_id
                and held.org_id = award.org_id
                and held.badge_definition_id = award.badge_definition_id
                and held.tier = award.tier
                and held.occurrence = award.occurrence
            left join badges_internal._plan_places(p_document) as free
                on free.org_id = award.org_id
                and free.badge_definition_id = award.badge_definition_id
                and free.tier = award.tier
        )
        select array_agg(ranked.award)
        from ranked
        where ranked.place is null
        or ranked.places is null
        or ranked.place <= ranked.places
    );
end;
$$;

comment on function badges_internal._plan_given(
    jsonb, badges_internal.dated_award[], text[]
) is
'Chooses of the planned awards those that would be made or given back: nobody has them.';
