-- Finds the tenures that have fallen due for people, and notes when the next one does.
--
-- p_as_of: a sweep's moment, null = only the people's own activities tell the time. The caller
-- holds the base rows. candidates: the badges to evaluate. again: those of them that are held since
-- later, by an activity or a tenure that is gone: they may hold since earlier.
--
-- Writes: badges_internal.due_people.
create or replace function badges_internal._pass_due_dates(
    p_peer_mentor_ids uuid[],
    p_org_ids text[],
    p_as_of timestamptz,
    out candidates badges_internal.candidate[],
    out again badges_internal.candidate[]
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_measures constant text[] := array(
        select distinct milestone.measure
        from badges_internal.milestones as milestone
        where milestone.org_id = any(p_org_ids) and milestone.measure in ('tenure', 'lapse')
    );
begin
    if v_measures = '{}' and p_as_of is null then
        return;
    elsif 'tenure' <> all(v_measures) then
        update badges_internal.due_people as due
        set next_due_at = null, seen_until = greatest(due.seen_until, p_as_of)
        from unnest(p_peer_mentor_ids, p_org_ids) as given (peer_mentor_id, org_id)
        where (due.peer_mentor_id, due.org_id) = (given.peer_mentor_id, given.org_id)
        and (due.next_due_at is not null or p_as_of > coalesce(due.seen_until, '-infinity'));
        return;
    end if;
    with people as (
        select distinct
            person.*,
            greatest(
                badges_internal._seen_until(person.peer_mentor_id, person.org_id), p_as_of
            ) as seen_until
        from unnest(p_peer_mentor_ids, p_org_ids) as person (peer_mentor_id, org_id)
    ),
    tenures as materialized (
        select tenure.*, tenure.due_at <= people.seen_until as is_due
        from badges_internal._tenures(p_peer_mentor_ids, p_org_ids, null) as tenure
        join people
            on people.peer_mentor_id = tenure.peer_mentor_id
            and people.org_id = tenure.org_id
    ),
    noted as (
        insert into badges_internal.due_people as due (
            peer_mentor_id, org_id, next_due_at, seen_until
        )
        select
            people.peer_mentor_id, people.org_id,
            min(tenures.due_at) filter (where not tenures.is_due), p_as_of
        from people
        left join tenures using (peer_mentor_id, org_id)
        group by people.peer_mentor_id, people.org_id
        having count(tenures.due_at) > 0
        or exists (
            select
            from badges_internal.due_people as known
            where known.peer_mentor_id = people.peer_mentor_id
            and known.org_id = people.org_id
        )
        order by people.peer_mentor_id, people.org_id
        on conflict (peer_mentor_id, org_id) do update set
            next_due_at = excluded.next_due_at,
            seen_until = greatest(due.seen_until, excluded.seen_until)
        where row(due.next_due_at, due.seen_until) is distinct from row(
            excluded.next_due_at, greatest(due.seen_until, excluded.seen_until)
        )
    )
    select
        array_agg(distinct row(
            tenures.peer_mentor_id, tenures.org_id, tenures.badge_definition_id,
            -- A part of a composed badge does not date the whole.
            case when tenures.node = 0 then tenures.due_at end,
            null::bigint
        )::badges_internal.candidate),
        array_agg(distinct row(
            tenures.peer_mentor_id, tenures.org_id, tenures.badge_definition_id, null, null
        )::badges_internal.candidate) filter (where kept.is_later)
    into candidates, again
    from tenures
    cross join lateral (
        select exists (
            select
            from badges.earned_badges as earned
            where earned.peer_mentor_id = tenures.peer_mentor_id
            and earned.badge_definition_id = tenures.badge_definition_id
            and earned.org_id = tenures.org_id
            and earned.tier = ''
            and earned.occurrence = tenures.occurrence
            and earned.earned_at > tenures.due_at
            and earned.revoked_at is null
            and badges_internal._is_decided_as_now(earned, earned.threshold)
            and not exists (
                select
                from badges.activities as deciding
                where deciding.peer_mentor_id = earned.peer_mentor_id
                and deciding.activity_id = earned.activity_id
            )
            and not exists (
                select
                from tenures as other
                where other.peer_mentor_id = earned.peer_mentor_id
                and other.org_id = earned.org_id
                and other.badge_definition_id = earned.badge_definition_id
                and other.due_at = earned.earned_at
            )
        ) as is_later
    ) as kept
    where tenures.is_due;
end;
$$;

comment on function badges_internal._pass_due_dates(uuid[], text[], timestamptz) is
'Finds the tenures that have fallen due for people, and notes when the next one does.';
