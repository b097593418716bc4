-- Moves earned_at of held awards back to where their rules, as they are, came true.
--
-- Only awards that rules gave and still hold, whose rule has not changed since. Dates never move
-- forward. Held badges that count badges follow, and with none_of those that are not held: they may
-- have come true before what must not hold. p_moved: what the caller moved already, with the new
-- moments. The caller holds the base rows.
--
-- Writes: badges.earned_badges, badges.award_events.
create or replace function badges_internal._redate_badges(
    p_held badges_internal.candidate[],
    p_moved badges_internal.candidate[] default null,
    p_source text default 'rule'
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_badges badges_internal.candidate[] := p_held;
    v_moved badges_internal.candidate[] := p_moved;
    v_awards badges_internal.dated_award[];
    v_broken badges_internal.candidate[]; -- what counts them and has none_of
begin
    loop
        if v_badges is null then
            v_broken := array(
                select candidate
                from unnest(badges_internal._counting_badges(v_moved)) as candidate
                where badges_internal._may_be_barred(
                    candidate.org_id, candidate.badge_definition_id
                )
            );
            if v_broken <> '{}' then
                perform badges.apply_badge_rules(v_broken, p_source);
            end if;
            v_badges := (
                select array_agg(distinct row(
                    moved.peer_mentor_id, moved.org_id, counting.badge_definition_id,
                    null::timestamptz, null::bigint
                )::badges_internal.candidate)
                from unnest(v_moved) as moved
                join badges_internal.milestones as counting
                    on counting.org_id = moved.org_id
                    and counting.measure = 'badges'
                    and counting.badge_definition_id <> moved.badge_definition_id
                    and (
                        counting.badge_ids is null
                        or moved.badge_definition_id = any(counting.badge_ids)
                    )
                join badges.earned_badges as earned
                    on earned.peer_mentor_id = moved.peer_mentor_id
                    and earned.badge_definition_id = counting.badge_definition_id
                    and earned.org_id = moved.org_id
                    and earned.earned_at > moved.came_true_at
                    and earned.revoked_at is null
            );
            exit when v_badges is null;
            v_moved := null;
        end if;
        select array_agg(award)
        into v_awards
        from unnest(badges_internal._evaluate_badges(v_badges, true, (
            -- What is earlier than an award needs no later day: docs of _reached_by_elements.
            select (max(earned.earned_at) at time zone 'UTC')::date + 1
            from unnest(v_badges) as held
            join badges.earned_badges as earned
                on earned.peer_mentor_id = held.peer_mentor_id
                and earned.badge_definition_id = held.badge_definition_id
                and earned.org_id = held.org_id
                and earned.revoked_at is null
        ))) as award
        join badges.earned_badges as earned
            on earned.peer_mentor_id = award.peer_mentor_id
            and earned.badge_definition_id = award.badge_definition_id
            and earned.org_id = award.org_id
            and earned.tier = award.tier
            and earned.occurrence = award.occurrence
            and earned.earned_at > award.earned_at
            and earned.revoked_at is null
            and badges_internal._is_decided_as_now(earned, award.threshold);
        if v_awards is not null then
            v_moved := v_moved || badges_internal._move_awards(v_awards);
        end if;
        v_badges := null;
    end loop;
end;
$$;

comment on function badges_internal._redate_badges(
    badges_internal.candidate[], badges_internal.candidate[], text
) is
'Moves earned_at of held awards back to where their rules, as they are, came true.';
