-- Tells how far a person is with each enabled badge and tier of an organization.
--
-- A row a badge and tier; of a repeated badge the next occurrence, or the last when all are
-- earned. A composed badge counts its parts. Hidden badges are listed once earned. p_as_of: the
-- local day that runs are alive on, null = today in the organization's zone.
--
-- Raises: 23503 unknown organization.
create or replace function badges.get_badge_progress(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_as_of date default null
)
returns table (
    badge_definition_id text,
    tier text,
    occurrence integer,
    name text,
    current numeric,
    target numeric,
    fraction numeric,
    earned_at timestamptz
)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_as_of constant date := coalesce(
        p_as_of, badges_internal._local_day(p_org_id, clock_timestamp())
    );
begin
    perform badges_internal._require_organization(p_org_id);
    return query
    with progress as (
        select
            config.badge_definition_id, condition.tier, condition.occurrence,
            case
                when root.node is null then condition.value
                else badges_internal._count_met_parts(
                    p_peer_mentor_id, config.badge_definition_id, p_org_id, v_as_of
                )
            end as current,
            coalesce(root.required, condition.target) as target
        from badges.org_badge_configs as config
        left join badges_internal.condition_groups as root
            on root.org_id = config.org_id
            and root.badge_definition_id = config.badge_definition_id
            and root.parent is null
        cross join lateral (
            select distinct on (case when root.node is null then measured.tier else '' end)
                case when root.node is null then measured.tier else '' end as tier,
                measured.occurrence, measured.value, measured.target
            from badges_internal._badge_conditions(
                p_peer_mentor_id, config.badge_definition_id, p_org_id, v_as_of
            ) as measured
            left join badges.earned_badges as earned
                on earned.peer_mentor_id = p_peer_mentor_id
                and earned.org_id = p_org_id
                and earned.badge_definition_id = config.badge_definition_id
                and earned.tier = measured.tier
                and earned.occurrence = measured.occurrence
                and earned.revoked_at is null
            order by
                1, earned.earned_at is not null,
                case when earned.earned_at is null then measured.occurrence
                    else -measured.occurrence end
        ) as condition
        where config.org_id = p_org_id
        and config.is_enabled
    )
    select
        progress.badge_definition_id, progress.tier, progress.occurrence,
        badges_internal._award_name(definition, progress.tier),
        progress.current, progress.target,
        case
            when earned.earned_at is not null then 1
            else trim_scale(round(least(1, greatest(0, progress.current / progress.target)), 4))
        end,
        earned.earned_at
    from progress
    join badges.badge_definitions as definition
        on definition.badge_definition_id = progress.badge_definition_id
        and definition.is_active
    left join badges.earned_badges as earned
        on earned.peer_mentor_id = p_peer_mentor_id
        and earned.org_id = p_org_id
        and earned.badge_definition_id = progress.badge_definition_id
        and earned.tier = progress.tier
        and earned.occurrence = progress.occurrence
        and earned.revoked_at is null
    where earned.earned_at is not null
    or not definition.is_hidden
    order by progress.badge_definition_id, progress.target, progress.tier;
end;
$$;

comment on function badges.get_badge_progress(uuid, text, date) is
'Tells how far a person is with each enabled badge and tier of an organization.';
