-- Settles every award of a revoke badge that the given people have from a rule.
--
-- Call it after something that can make a rule false or its date later: an update, a delete, a
-- late negative value, a change by hand, another version. What an earlier version took of a badge
-- that is kept by now is given back. The caller holds the base rows.
--
-- Writes: badges.earned_badges, badges.award_events.
create or replace function badges_internal._settle_revocable(
    p_peer_mentor_ids uuid[],
    p_org_ids text[],
    p_source text
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_badges badges_internal.candidate[];
begin
    select array_agg(distinct row(
        earned.peer_mentor_id, earned.org_id, earned.badge_definition_id, null::timestamptz,
        null::bigint
    )::badges_internal.candidate)
    into v_badges
    from unnest(p_peer_mentor_ids, p_org_ids) as person (peer_mentor_id, org_id)
    join badges.earned_badges as earned
        on earned.peer_mentor_id = person.peer_mentor_id
        and earned.org_id = person.org_id
        and earned.source in ('rule', 'backfill', 'sweep')
        and earned.revoked_by is distinct from 'person'
    join badges.badge_definitions as definition
        on definition.badge_definition_id = earned.badge_definition_id
        and (
            definition.on_unmet = 'revoke'
            or definition.on_unmet = 'keep' and earned.revoked_by in ('rule', 'time')
        )
        and definition.is_active;
    perform badges_internal._settle_badges(v_badges, p_source);
end;
$$;

comment on function badges_internal._settle_revocable(uuid[], text[], text) is
'Settles every award of a revoke badge that the given people have from a rule.';
