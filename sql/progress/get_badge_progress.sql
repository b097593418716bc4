-- Tells how far a person is with each badge and tier of an organization, and what is held.
--
-- A row a badge and tier; of a repeated badge the next occurrence, or the last when all are
-- earned. A composed badge counts its parts. Hidden badges are listed once earned; badges awarded
-- by hand, disabled or dropped since, and tiers that are no more, while they are held.
-- Of a badge that lapses current is what there is now; expires_at: when the award does if nothing
-- happens any more, null = never; without earned_at when it did.
-- p_as_of: the local day that runs are alive on and tenure counts to, null = today in the
-- organization's zone. p_language: of the names, null = the default language.
--
-- Reads the snapshot, and the history for what lapses alone.
--
-- Raises: 42501 who may not see the person there, 23503 unknown organization, 22023 a day that is
--         out of bounds.
create or replace function badges.get_badge_progress(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_as_of date default null,
    p_language text default null
)
returns table (
    badge_definition_id text,
    tier text,
    occurrence integer,
    name text,
    current numeric,
    target numeric,
    fraction numeric,
    earned_at timestamptz,
    expires_at timestamptz
)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set jit = off
as $$
#variable_conflict use_column
declare
    v_as_of date;
begin
    perform badges_internal._require_view(p_peer_mentor_id, p_org_id);
    perform badges_internal._require_organization(p_org_id);
    v_as_of := badges_internal._today_for(p_org_id, p_as_of);
    return query
    with conditions as materialized (
        select *
        from badges_internal._badge_conditions(p_peer_mentor_id, p_org_id, null, v_as_of)
    ),
    wholes as (
        select badge_definition_id, tier, occurrence, value as current, target
        from conditions
        where parent is null
        union all
        select
            root.badge_definition_id, '', 1,
            badges_internal._count_met_parts(root.badge_definition_id, p_org_id, array(
                select part.parent
                from conditions as part
                where part.badge_definition_id = root.badge_definition_id
                and part.is_reached
            )),
            root.required
        from badges_internal.condition_groups as root
        where root.org_id = p_org_id
        and root.parent is null
    ),
    held as materialized (
        select earned.*
        from badges.earned_badges as earned
        where earned.peer_mentor_id = p_peer_mentor_id
        and earned.org_id = p_org_id
        and earned.revoked_at is null
    ),
    -- Of a repeated badge: the first that is not held, else the last.
    listed as (
        select distinct on (badge_definition_id, tier)
            badge_definition_id, tier, occurrence, wholes.current,
            coalesce(wholes.target, held.threshold) as target, held.earned_at
        from wholes
        full join held using (badge_definition_id, tier, occurrence)
        order by
            badge_definition_id, tier, held.earned_at is not null,
            case when held.earned_at is null then occurrence else -occurrence end
    )
    select
        listed.badge_definition_id, listed.tier, listed.occurrence,
        badges_internal._award_name(definition, listed.tier, p_language),
        listed.current, listed.target,
        case
            when listed.earned_at is not null then 1
            else trim_scale(round(least(1, greatest(0, listed.current / listed.target)), 4))
        end,
        listed.earned_at, expiring.expires_at
    from listed
    join badges.badge_definitions as definition
        on definition.badge_definition_id = listed.badge_definition_id
    left join badges_internal._expiries(p_peer_mentor_id, p_org_id, null, v_as_of) as expiring
        on expiring.badge_definition_id = listed.badge_definition_id
        and expiring.tier = listed.tier
    where not definition.is_hidden
    or exists (
        select
        from held
        where held.badge_definition_id = listed.badge_definition_id
    )
    order by listed.badge_definition_id, listed.target, listed.tier;
end;
$$;

comment on function badges.get_badge_progress(uuid, text, date, text) is
'Tells how far a person is with each badge and tier of an organization, and what is held.';
