-- Tells which badges that lapse people hold at a moment, since when and until when.
--
-- p_as_of: the moment, but nobody's before what last happened: activity, sweep or award. A row a
-- badge and tier that was ever held or will be: held_since is null where it is not held,
-- ended_at when it ceased to be held last, next_at when time alone changes it next, null = never.
-- p_from: what was before is not looked for; what was held then is held since just before it.
create or replace function badges_internal._held_now(
    p_peer_mentor_ids uuid[],
    p_org_ids text[],
    p_badge_definition_ids text[] default null, -- null = every badge that lapses
    p_as_of timestamptz default null,
    p_from timestamptz default null
)
returns table (
    peer_mentor_id uuid,
    org_id text,
    badge_definition_id text,
    tier text,
    held_since timestamptz,
    ended_at timestamptz,
    next_at timestamptz,
    threshold numeric,
    threshold_source text,
    activity_id bigint -- the latest one at held_since
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_org text;
    v_people uuid[];
begin
    for v_org, v_people in
        select person.org_id, array_agg(distinct person.peer_mentor_id)
        from unnest(p_peer_mentor_ids, p_org_ids) as person (peer_mentor_id, org_id)
        group by person.org_id
    loop
        return query
        with moments as materialized (
            select
                person.peer_mentor_id,
                badges_internal._judged_at(person.peer_mentor_id, v_org, p_as_of) as as_of
            from unnest(v_people) as person (peer_mentor_id)
        ),
        states as (
            select state.*, moments.as_of
            from badges_internal._lapse_rules(v_org, p_badge_definition_ids) as ruled
            cross join lateral unnest(badges_internal._lapse_spans(
                v_people, ruled.milestones, ruled.groups, p_from => p_from
            )) as state
            join moments on moments.peer_mentor_id = state.peer_mentor_id
        ),
        found as (
            select states.*, bounds.*
            from states
            cross join lateral (
                select
                    max(lower(span)) filter (where span @> states.as_of) as held_since,
                    max(upper(span)) filter (where upper(span) <= states.as_of) as ended_at,
                    least(
                        min(lower(span)) filter (where lower(span) > states.as_of),
                        min(upper(span)) filter (where upper(span) > states.as_of)
                    ) as next_at
                from unnest(states.held_during * tstzmultirange(tstzrange(
                    coalesce(p_from, '-infinity') - interval '1 microsecond', null
                ))) as span
            ) as bounds
        )
        select
            found.peer_mentor_id, v_org, found.badge_definition_id, found.tier,
            found.held_since, found.ended_at, found.next_at, found.threshold,
            found.threshold_source,
            badges_internal._activity_at(found.peer_mentor_id, v_org, found.held_since)
        from found;
    end loop;
end;
$$;

comment on function badges_internal._held_now(uuid[], text[], text[], timestamptz, timestamptz) is
'Tells which badges that lapse people hold at a moment, since when and until when.';
