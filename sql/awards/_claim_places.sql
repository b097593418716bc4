-- Gives those of the awards that may be written: badges with a limit only while places are left.
--
-- Places go by (earned_at, peer_mentor_id) within a call. A backfill looks at people in batches:
-- it notes its claims, and _hand_out_places decides when it has seen everybody (p_is_final).
--
-- Locks:  badges_internal.badge_places rows that are not full, in key order.
-- Writes: badges_internal.badge_places, badges_internal.place_claims.
create or replace function badges_internal._claim_places(
    p_awards badges_internal.dated_award[],
    p_source text,
    p_is_final boolean
)
returns badges_internal.dated_award[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_limited badges_internal.dated_award[];
    v_free badges_internal.dated_award[];
    v_placed badges_internal.dated_award[];
begin
    select
        array_agg(award) filter (where place.org_id is not null),
        array_agg(award) filter (where place.org_id is null)
    into v_limited, v_free
    from unnest(p_awards) as award
    left join badges_internal.badge_places as place
        on place.org_id = award.org_id
        and place.badge_definition_id = award.badge_definition_id
        and place.tier = award.tier;
    if v_limited is null then
        return p_awards;
    end if;
    if p_source = 'backfill' and not p_is_final then
        insert into badges_internal.place_claims as claim (
            peer_mentor_id, org_id, badge_definition_id, tier, earned_at
        )
        select
            award.peer_mentor_id, award.org_id, award.badge_definition_id, award.tier,
            award.earned_at
        from unnest(v_limited) as award
        on conflict (peer_mentor_id, org_id, badge_definition_id, tier) do update set
            earned_at = excluded.earned_at;
        return v_free;
    end if;
    perform
    from badges_internal.badge_places as place
    where (place.org_id, place.badge_definition_id, place.tier) in (
        select award.org_id, award.badge_definition_id, award.tier
        from unnest(v_limited) as award
    )
    and place.claimed < place.places
    order by place.org_id, place.badge_definition_id, place.tier
    for update;
    with ranked as (
        select
            award,
            row_number() over (
                partition by award.org_id, award.badge_definition_id, award.tier
                order by award.earned_at, award.peer_mentor_id
            ) as number
        from unnest(v_limited) as award
    ),
    placed as materialized (
        select ranked.award
        from ranked
        join badges_internal.badge_places as place
            on place.org_id = (ranked.award).org_id
            and place.badge_definition_id = (ranked.award).badge_definition_id
            and place.tier = (ranked.award).tier
            and ranked.number <= place.places - place.claimed
    ),
    claimed as (
        update badges_internal.badge_places as place
        set claimed = place.claimed + taken.number
        from (
            select
                (award).org_id, (award).badge_definition_id, (award).tier, count(*) as number
            from placed
            group by (award).org_id, (award).badge_definition_id, (award).tier
        ) as taken
        where place.org_id = taken.org_id
        and place.badge_definition_id = taken.badge_definition_id
        and place.tier = taken.tier
    )
    select array_agg(award)
    into v_placed
    from placed;
    return v_free || v_placed;
end;
$$;

comment on function badges_internal._claim_places(badges_internal.dated_award[], text, boolean) is
'Gives those of the awards that may be written: badges with a limit only while places are left.';
