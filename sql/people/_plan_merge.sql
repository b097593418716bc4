-- Tells what a merge does: what moves, which activities and awards meet, what is taken back.
--
-- Gives {"from_peer_mentor_id", "into_peer_mentor_id", "org_id", "rows": {table: rows of the
-- first}, "repeated": {"activities", "keys"}, "without_key": {"activities", "keys"}, "awards":
-- [{"org_id", "badge_definition_id", "tier", "occurrence", "from_earned_at", "into_earned_at",
-- "earned_at", "becomes"}]}. Of keys the first 20. becomes: moved, united, or taken back for a
-- denial of either; a moment is null where the award is not held.
create or replace function badges_internal._plan_merge(
    p_from_peer_mentor_id uuid,
    p_into_peer_mentor_id uuid,
    p_org_id text,
    p_org_ids text[]
)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_kept record;
    v_count bigint;
    v_rows jsonb := '{}';
    v_met jsonb;
    v_awards jsonb;
begin
    for v_kept in
        select kept.table_name, kept.belongs_to
        from badges_internal._person_tables() as kept
        where kept.on_merge <> 'dropped'
        and kept.belongs_to <> 'merge'
        order by kept.place, kept.table_name
    loop
        execute badges_internal._person_statement('count', v_kept.table_name, v_kept.belongs_to)
        into v_count
        using
            p_from_peer_mentor_id,
            case
                when p_org_id is not null or v_kept.belongs_to = 'organization' then p_org_ids
            end,
            p_org_id is null;
        v_rows := v_rows || jsonb_build_object(v_kept.table_name, v_count);
    end loop;
    select jsonb_object_agg(kind.name, jsonb_build_object(
        'activities', coalesce(kind.activities, 0), 'keys', coalesce(to_jsonb(kind.keys), '[]')
    ))
    into v_met
    from (
        select
            named.name, count(met.activity_id) as activities,
            (array_agg(met.idempotency_key order by met.org_id, met.idempotency_key)
                filter (where met.idempotency_key is not null))[:20] as keys
        from (values ('repeated', true), ('without_key', false)) as named (name, is_same)
        left join badges_internal._met_keys(
            p_from_peer_mentor_id, p_into_peer_mentor_id, p_org_ids
        ) as met on met.is_same = named.is_same
        group by named.name
    ) as kind;
    select coalesce(jsonb_agg(jsonb_build_object(
        'org_id', award.org_id, 'badge_definition_id', award.badge_definition_id,
        'tier', award.tier, 'occurrence', award.occurrence,
        'from_earned_at', award.from_earned_at, 'into_earned_at', award.into_earned_at,
        'earned_at', case when award.becomes <> 'taken back' then award.earned_at end,
        'becomes', award.becomes
    ) order by award.org_id, award.badge_definition_id, award.tier, award.occurrence), '[]')
    into v_awards
    from (
        select
            united.*,
            given.earned_at as from_earned_at,
            held.earned_at as into_earned_at,
            case
                when exists (
                    select
                    from badges.badge_denials as denial
                    where denial.peer_mentor_id in (p_from_peer_mentor_id, p_into_peer_mentor_id)
                    and denial.badge_definition_id = united.badge_definition_id
                    and denial.org_id = united.org_id
                    and denial.tier in ('', united.tier)
                ) then 'taken back'
                when held.earned_at is null then 'moved'
                when given.earned_at is not null then 'united'
            end as becomes
        from badges_internal._united_awards(
            p_from_peer_mentor_id, p_into_peer_mentor_id, p_org_ids
        ) as united
        left join badges.earned_badges as given
            on given.peer_mentor_id = p_from_peer_mentor_id
            and given.idempotency_key = badges.derive_idempotency_key(
                p_from_peer_mentor_id, united.badge_definition_id, united.org_id, united.tier,
                united.occurrence
            )
            and given.revoked_at is null
        left join badges.earned_badges as held
            on held.peer_mentor_id = p_into_peer_mentor_id
            and held.idempotency_key = united.idempotency_key
            and held.revoked_at is null
        where united.revoked_at is null
    ) as award
    where award.becomes is not null;
    return jsonb_build_object(
        'from_peer_mentor_id', p_from_peer_mentor_id,
        'into_peer_mentor_id', p_into_peer_mentor_id,
        'org_id', p_org_id,
        'rows', v_rows,
        'awards', v_awards
    ) || v_met;
end;
$$;

comment on function badges_internal._plan_merge(uuid, uuid, text, text[]) is
'Tells what a merge does: what moves, which activities and awards meet, what is taken back.';
