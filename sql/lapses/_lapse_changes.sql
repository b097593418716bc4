-- Lists what must change of the awards of badges that lapse, and notes when time changes it next.
--
-- p_since: nothing new or changed lies before it. Then, until what was noted last, what lapses is
-- as it stands, and only what can matter from then on is read; who turns out otherwise is looked at
-- whole. Other parameters: docs of _held_now. The caller holds the base rows.
--
-- Writes: badges_internal.due_people.
create or replace function badges_internal._lapse_changes(
    p_peer_mentor_ids uuid[],
    p_org_ids text[],
    p_badge_definition_ids text[],
    p_as_of timestamptz,
    p_since timestamptz
)
returns badges_internal.lapse_change[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_from constant timestamptz := case when p_since > '-infinity' then (
        select min(least(due.lapses_at, p_since))
        from unnest(p_peer_mentor_ids, p_org_ids) as person (peer_mentor_id, org_id)
        left join badges_internal.due_people as due
            on due.peer_mentor_id = person.peer_mentor_id
            and due.org_id = person.org_id
    ) end;
    v_changes badges_internal.lapse_change[];
    v_people uuid[];
    v_orgs text[];
begin
    with judged as materialized (
        select judged.*
        from badges_internal._judged_lapses(
            p_peer_mentor_ids, p_org_ids, p_badge_definition_ids, p_as_of, v_from
        ) as judged
    ),
    noted as (
        insert into badges_internal.due_people as due (
            peer_mentor_id, org_id, next_due_at, seen_until, lapses_at
        )
        select
            (judged.change).peer_mentor_id, (judged.change).org_id, min(judged.next_at), p_as_of,
            min(judged.next_at)
        from judged
        group by (judged.change).peer_mentor_id, (judged.change).org_id
        having min(judged.next_at) is not null or p_as_of is not null
        order by 1, 2
        on conflict (peer_mentor_id, org_id) do update set
            next_due_at = least(due.next_due_at, excluded.next_due_at),
            -- What was judged as of this moment is not judged as of an earlier one again.
            seen_until = greatest(due.seen_until, excluded.seen_until),
            lapses_at = case
                when p_badge_definition_ids is null then excluded.lapses_at
                else least(due.lapses_at, excluded.lapses_at)
            end
    )
    select
        array_agg(judged.change) filter (where (judged.change).change <> 'unknown'),
        array_agg((judged.change).peer_mentor_id) filter (where (judged.change).change = 'unknown'),
        array_agg((judged.change).org_id) filter (where (judged.change).change = 'unknown')
    into v_changes, v_people, v_orgs
    from judged
    where (judged.change).change is not null
    and ((judged.change).change not in ('awarded', 'restored', 'unknown') or not exists (
        select
        from badges.badge_denials as denial
        where denial.peer_mentor_id = (judged.change).peer_mentor_id
        and denial.badge_definition_id = (judged.change).badge_definition_id
        and denial.org_id = (judged.change).org_id
        and denial.tier in ('', (judged.change).tier)
    ));
    if v_people is not null then
        return array(
            select known
            from unnest(v_changes) as known
            where (known.peer_mentor_id, known.org_id) not in (
                select looked_at.peer_mentor_id, looked_at.org_id
                from unnest(v_people, v_orgs) as looked_at (peer_mentor_id, org_id)
            )
        ) || badges_internal._lapse_changes(
            v_people, v_orgs, p_badge_definition_ids, p_as_of, '-infinity'
        );
    end if;
    return v_changes;
end;
$$;

comment on function badges_internal._lapse_changes(
    uuid[], text[], text[], timestamptz, timestamptz
) is
'Lists what must change of the awards of badges that lapse, and notes when time changes it next.';
