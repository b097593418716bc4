-- Tells when awards of badges that lapse do so if nothing happens any more, or when they did.
--
-- A row an award that a rule gave and no person took back. expires_at: of one that is held the
-- moment at which time ends it, which lies in the past where nobody has noticed yet, null = never;
-- of one that lapsed the moment at which it did. p_peer_mentor_id, p_org_id, p_badge_definition_id:
-- null = all; p_as_of: the local day that counts as today, null = today in the organization's zone.
create or replace function badges_internal._expiries(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_badge_definition_id text,
    p_as_of date
)
returns table (
    peer_mentor_id uuid,
    org_id text,
    badge_definition_id text,
    tier text,
    expires_at timestamptz
)
language plpgsql
volatile
rows 1000
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_org_id text;
    v_moment timestamptz;
begin
    for v_org_id in
        select distinct milestone.org_id
        from badges_internal.milestones as milestone
        where milestone.measure = 'lapse'
        and milestone.org_id = coalesce(p_org_id, milestone.org_id)
        and milestone.badge_definition_id
            = coalesce(p_badge_definition_id, milestone.badge_definition_id)
    loop
        v_moment := badges_internal._moment_for(v_org_id, p_as_of);
        return query
        with awarded as materialized (
            select earned.*
            from badges.earned_badges as earned
            join badges.badge_definitions as definition using (badge_definition_id)
            where (p_peer_mentor_id is null or earned.peer_mentor_id = p_peer_mentor_id)
            and earned.org_id = v_org_id
            and earned.badge_definition_id
                = coalesce(p_badge_definition_id, earned.badge_definition_id)
            and definition.on_unmet = 'lapse'
            and earned.source in ('rule', 'backfill', 'sweep')
            and earned.revoked_by is distinct from 'person'
        ),
        standing as materialized (
            select held.*
            from badges_internal._held_now(
                array(select peer_mentor_id from awarded where revoked_at is null),
                array(select org_id from awarded where revoked_at is null),
                array(select badge_definition_id from awarded where revoked_at is null),
                v_moment, v_moment
            ) as held
            where held.held_since is not null
        ),
        unnoticed as materialized (
            select awarded.*
            from awarded
            left join standing using (peer_mentor_id, badge_definition_id, tier)
            where awarded.revoked_at is null
            and standing.held_since is null
        ),
        ended as materialized (
            select held.*
            from badges_internal._held_now(
                array(select peer_mentor_id from unnoticed),
                array(select org_id from unnoticed),
                array(select badge_definition_id from unnoticed),
                v_moment
            ) as held
        )
        select
            peer_mentor_id, awarded.org_id, badge_definition_id, tier,
            case
                when awarded.revoked_at is not null then awarded.revoked_at
                when standing.held_since is not null then standing.next_at
                else ended.ended_at
            end
        from awarded
        left join standing using (peer_mentor_id, badge_definition_id, tier)
        left join ended using (peer_mentor_id, badge_definition_id, tier);
    end loop;
end;
$$;

comment on function badges_internal._expiries(uuid, text, text, date) is
'Tells when awards of badges that lapse do so if nothing happens any more, or when they did.';
