-- Makes the awards of badges that lapse what their rules say at a moment, and notes what is next.
--
-- p_as_of: a sweep's moment, null = only the people's own activities tell the time. p_since:
-- nothing new or changed lies before it, which bounds what is read. Badges that count badges
-- follow, of every kind. The caller holds the base rows. Gives the number of awards.
--
-- Writes: badges_internal.due_people, badges.earned_badges, badges.award_events.
create or replace function badges_internal._settle_lapses(
    p_peer_mentor_ids uuid[],
    p_org_ids text[],
    p_source text,
    p_as_of timestamptz,
    p_since timestamptz
)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_badges text[]; -- null = all
    v_changes badges_internal.lapse_change[];
    v_counting badges_internal.candidate[];
    v_awarded bigint := 0;
begin
    if not exists (
        select
        from badges_internal.milestones as milestone
        where milestone.org_id = any(p_org_ids)
        and milestone.measure = 'lapse'
    ) then
        return 0;
    end if;
    -- One by one: where few have one noted, all would be looked through for a single person.
    for n in 1 .. cardinality(p_peer_mentor_ids) loop
        update badges_internal.due_people as due
        set reachable_on = null
        where due.peer_mentor_id = p_peer_mentor_ids[n]
        and due.org_id = p_org_ids[n]
        and due.reachable_on is not null;
    end loop;
    loop
        v_changes := badges_internal._lapse_changes(
            p_peer_mentor_ids, p_org_ids, v_badges, p_as_of, p_since
        );
        exit when coalesce(v_changes, '{}') = '{}';
        perform badges_internal._write_lapses(v_changes, p_source);
        v_awarded := v_awarded + (
            select count(*) from unnest(v_changes) as change where change.change = 'awarded'
        );
        v_counting := badges_internal._counting_badges(array(
            select row(
                change.peer_mentor_id, change.org_id, change.badge_definition_id, null, null
            )::badges_internal.candidate
            from unnest(v_changes) as change
        ));
        if v_counting is not null then
            v_awarded := v_awarded + badges.apply_badge_rules(v_counting, p_source);
            perform badges_internal._redate_badges(v_counting);
            perform badges_internal._settle_badges(v_counting, p_source);
        end if;
        v_badges := array(
            select distinct milestone.badge_definition_id
            from badges_internal.milestones as milestone
            where milestone.org_id = any(p_org_ids)
            and milestone.measure = 'lapse'
            and milestone.lapse_measure = 'badges'
        );
        exit when v_badges = '{}';
    end loop;
    return v_awarded;
end;
$$;

comment on function badges_internal._settle_lapses(
    uuid[], text[], text, timestamptz, timestamptz
) is
'Makes the awards of badges that lapse what their rules say at a moment, and notes what is next.';
