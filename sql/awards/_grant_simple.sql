-- Awards badges of one condition that a build found new to their people, and when they came true.
--
-- p_candidates: as _build_stat tells them; those without a moment pass. Gives what is left to
-- decide: those, and badges that count the new ones. The caller holds the base rows.
--
-- Writes: as _grant_badges, _redate_badges and _settle_badges.
create or replace function badges_internal._grant_simple(
    p_candidates badges_internal.candidate[],
    p_source text,
    out awarded bigint,
    out candidates badges_internal.candidate[]
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_awards badges_internal.dated_award[];
    v_granted badges_internal.candidate[];
    v_again badges_internal.candidate[];
    v_revoked badges_internal.candidate[];
begin
    select
        array_agg(row(
            candidate.peer_mentor_id, candidate.org_id, candidate.badge_definition_id,
            milestone.tier, milestone.occurrence, candidate.came_true_at, candidate.activity_id,
            milestone.threshold, milestone.threshold_source
        )::badges_internal.dated_award) filter (
            where candidate.came_true_at is not null and denial.peer_mentor_id is null
        ),
        array_agg(candidate) filter (where candidate.came_true_at is null)
    into v_awards, candidates
    from unnest(p_candidates) as candidate
    left join badges_internal.milestones as milestone
        on candidate.came_true_at is not null
        and milestone.org_id = candidate.org_id
        and milestone.badge_definition_id = candidate.badge_definition_id
    left join badges.badge_denials as denial
        on denial.peer_mentor_id = candidate.peer_mentor_id
        and denial.badge_definition_id = candidate.badge_definition_id
        and denial.org_id = candidate.org_id
        and denial.tier in ('', milestone.tier);
    if v_awards is not null then
        v_granted := badges_internal._grant_badges(v_awards, p_source);
        select candidates || followed.counting, followed.again, followed.revoked
        into candidates, v_again, v_revoked
        from badges_internal._counting_granted(v_granted) as followed;
        if v_again is not null then
            perform badges_internal._redate_badges(v_again, null, p_source);
        end if;
        if v_revoked is not null then
            perform badges_internal._settle_badges(v_revoked, p_source);
        end if;
    end if;
    awarded := coalesce(cardinality(v_granted), 0);
end;
$$;

comment on function badges_internal._grant_simple(badges_internal.candidate[], text) is
'Awards badges of one condition that a build found new to their people, and when they came true.';
