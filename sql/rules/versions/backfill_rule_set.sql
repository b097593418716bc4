-- Evaluates a batch of people whom the current version of a rule set has not seen.
--
-- Call it, a transaction a batch, until remaining is 0 and rule_set_is_settled says true. Gives
-- evaluated, awarded and remaining: 1 while anybody waits still; for a batch of 0, how many. Awards
-- have source backfill and the true earned_at. Revoke badges that no longer hold are taken back.
-- p_as_of: the moment at which badges that lapse are held or not, as in plan_rule_set. p_rest: how
-- long it first waits, so that writers have the processors; nobody is locked, and they leave people
-- to it as while it works.
-- With the last batch go the places of badges with a limit, and a change of time zone ends. Who
-- writes for one of the batch waits for its end, so a writer's wait grows with its square; whom
-- somebody writes for at the moment is left to a later call. A writer's activity that nothing new
-- asks for, and that reaches nothing, leaves its person to the backfill meanwhile.
--
-- Locks:  base rows, without waiting; with the last batch badges.organizations rows, after
--         transactions above READ COMMITTED that have begun a person's first row.
-- Writes: badges.organizations, badges.peer_mentor_stats, badges.earned_badges,
--         badges.award_events, and as _begin_batch.
-- Raises: 22023 for a batch below 0 or over 100,000, a rest below 0 or over a minute, a moment over
--         a day ahead, and for an unknown rule set.
create or replace function badges.backfill_rule_set(
    p_rule_set text,
    p_batch integer default 250,
    p_as_of timestamptz default now(),
    p_rest interval default '0'
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    v_people uuid[];
    v_orgs text[];
    v_base_rows xid[];
    v_oldest integer;
    v_candidates badges_internal.candidate[];
    v_is_revocable boolean;
    v_remaining bigint;
    v_awarded bigint := 0;
begin
    if p_batch is null or p_batch not between 0 and 100000 then
        raise exception 'p_batch must lie between 0 and 100000'
        using
            errcode = '22023',
            hint = 'It is how many people one call evaluates; 0 only tells how many wait.';
    elsif p_rest is null or p_rest not between '0' and '1 minute' then
        raise exception 'p_rest must lie between 0 and 1 minute'
        using
            errcode = '22023',
            hint = 'It is how long one call waits before it evaluates anybody.';
    end if;
    perform badges_internal._require_passed(p_as_of);
    perform badges_internal._require_rule_set(p_rule_set);
    perform badges_internal._begin_batch();
    perform pg_sleep_for(p_rest);
    select locked.peer_mentor_ids, locked.org_ids, locked.base_rows, locked.oldest
    into v_people, v_orgs, v_base_rows, v_oldest
    from badges_internal._lock_waiting_people(p_rule_set, p_batch) as locked;
    if v_people is not null then
        select granted.awarded, granted.candidates
        into v_awarded, v_candidates
        from badges_internal._grant_simple(
            badges_internal._bring_up_to_date(v_people, v_orgs, true, v_oldest, v_base_rows),
            'backfill'
        ) as granted;
        -- Where no rule takes back or has taken back, nobody's awards need be read.
        v_is_revocable := exists (
            select
            from badges.badge_definitions as definition
            where definition.rule_set = p_rule_set
            and definition.on_unmet = 'revoke'
        ) or exists (
            select from badges.earned_badges as earned where earned.revoked_by = 'rule'
        ) or exists (
            select from badges.earned_badges as earned where earned.revoked_by = 'time'
        );
        v_awarded := v_awarded + badges_internal._evaluate_people(
            v_people, v_orgs, v_candidates, null,
            case when v_is_revocable then v_people end,
            case when v_is_revocable then v_orgs end,
            'backfill', p_lapses_as_of => p_as_of
        );
    end if;
    v_remaining := badges_internal._count_waiting_people(
        p_rule_set, p_at_most => case when p_batch > 0 then 1 end
    );
    if v_remaining = 0 then
        v_awarded := v_awarded
            + badges_internal._evaluate_bystanders(p_rule_set, p_as_of)
            + badges_internal._hand_out_places(p_rule_set, p_as_of);
        update badges.organizations as organization
        set previous_time_zone = null, evaluated_version = organization.rule_set_version
        where organization.rule_set = p_rule_set
        and (
            organization.previous_time_zone is not null
            or organization.evaluated_version <> organization.rule_set_version
        );
        delete from badges_internal.measured_ahead as ahead
        using badges.organizations as organization
        where organization.rule_set = p_rule_set
        and ahead.org_id = organization.org_id;
    end if;
    return jsonb_build_object(
        'evaluated', coalesce(cardinality(v_people), 0),
        'awarded', v_awarded,
        'remaining', v_remaining
    );
end;
$$;

comment on function badges.backfill_rule_set(text, integer, timestamptz, interval) is
'Evaluates a batch of people whom the current version of a rule set has not seen.';
