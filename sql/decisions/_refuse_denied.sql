-- Refuses what a denial stands against: the badge's own, or that of the tier.
--
-- Raises: MB002 a denied badge or tier.
create or replace function badges_internal._refuse_denied(
    p_peer_mentor_id uuid,
    p_badge_definition_id text,
    p_org_id text,
    p_tier text
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_denied_tier text;
begin
    select min(denial.tier)
    into v_denied_tier
    from badges.badge_denials as denial
    where denial.peer_mentor_id = p_peer_mentor_id
    and denial.badge_definition_id = p_badge_definition_id
    and denial.org_id = p_org_id
    and denial.tier in ('', p_tier);
    if v_denied_tier is not null then
        raise exception 'badge "%" is denied to %', p_badge_definition_id, p_peer_mentor_id
        using
            errcode = 'MB002',
            table = 'badge_denials',
            hint = case
                when v_denied_tier = p_tier then 'End the denial with badges.allow_badge first.'
                else 'All tiers are denied: use badges.allow_badge without a tier first.'
            end;
    end if;
end;
$$;

comment on function badges_internal._refuse_denied(uuid, text, text, text) is
'Refuses what a denial stands against: the badge''s own, or that of the tier.';
