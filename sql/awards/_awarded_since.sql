-- Lists the held conditions, over some stats, of a person's awards that are dated after a moment.
--
-- Left out is what rules of today did not decide, and what lapses: _settle_lapses dates that.
-- In line where it is called.
create or replace function badges_internal._awarded_since(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_since timestamptz,
    p_stats text[]
)
returns table (
    badge_definition_id text,
    tier text,
    occurrence integer,
    node integer,
    parent integer,
    stat text,
    measure text,
    threshold numeric,
    threshold_source text,
    earned_at timestamptz,
    is_counted boolean -- by another badge
)
language sql
stable
as $$
select
    milestone.badge_definition_id, milestone.tier, milestone.occurrence, milestone.node,
    milestone.parent, milestone.stat, milestone.measure, milestone.threshold,
    milestone.threshold_source, earned.earned_at, milestone.is_counted
from badges.earned_badges as earned
cross join lateral (
    select known.*
    from badges_internal.milestones as known
    where known.org_id = earned.org_id
    and known.badge_definition_id = earned.badge_definition_id
    and known.tier = earned.tier
    and known.occurrence = earned.occurrence
    -- Docs of _is_decided_as_now.
    and (earned.rule_set_version < known.since_version) is not true
    and (known.parent is not null or known.threshold = earned.threshold)
    and known.stat = any(p_stats)
    and known.measure <> 'lapse'
    offset 0
) as milestone
where earned.peer_mentor_id = p_peer_mentor_id
and earned.org_id = p_org_id
and earned.earned_at > p_since
and earned.revoked_at is null
and earned.source in ('rule', 'backfill', 'sweep')
$$;

comment on function badges_internal._awarded_since(uuid, text, timestamptz, text[]) is
'Lists the held conditions, over some stats, of a person''s awards that are dated after a moment.';
