-- Tells which thresholds would give a badge to how many people, now and on an earlier day.
--
-- In each organization of the badge's rule set, or in p_org_id: who would have the badge by the
-- activities recorded by now, all or of the days up to p_as_of, and by those of the days up to
-- p_then (a year before, unless given). Late activities count on their own day; tenure counts up to
-- that day. Shares are of the people with an activity by then. Awards by hand, denials, places and
-- on_unmet are not looked at.
--
-- p_part names the number of a composed badge by the part's id or path; tiers and repetitions share
-- one. p_share, 0.1 = a tenth, asks for the thresholds nearest to it on both sides. p_document: a
-- rule set that need not be applied, null = the current one. p_language: of the name. Reads only.
--
-- Raises: 22023 for an unknown badge or part, a rule without a threshold, a badge that lapses, an
--         odd share or day, and for a document that is not valid (the problems as JSON in detail);
--         23503 unknown organization.
create or replace function badges.calibrate_badge(
    p_badge_definition_id text,
    p_org_id text default null,
    p_share numeric default null,
    p_part text default null,
    p_as_of date default null,
    p_then date default null,
    p_document jsonb default null,
    p_language text default null
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set jit = off
set plan_cache_mode = force_custom_plan
set max_parallel_workers_per_gather = 0
as $$
declare
    v_found constant record
        := badges_internal._calibrate_document(p_badge_definition_id, p_org_id, p_document);
    v_badge constant jsonb := v_found.document -> 'badges' -> p_badge_definition_id;
    v_node constant integer := badges_internal._require_number(
        p_badge_definition_id, v_badge -> 'criteria', p_part
    );
    v_compiled constant record := badges_internal._calibrate_compiled(v_found.asked);
    v_now constant date := coalesce(p_as_of, (
        select max(badges_internal._local_day(organization.org_id, now()))
        from jsonb_object_keys(v_found.asked -> 'organizations') as organization (org_id)
    ), (now() at time zone 'UTC')::date);
    v_then date;
begin
    if p_share <= 0 or p_share >= 1 then
        raise exception 'p_share must lie between 0 and 1'
        using errcode = '22023', hint = 'A tenth is 0.1.';
    end if;
    if v_now between '1900-01-01' and '2399-12-31' then
        v_then := coalesce(p_then, (v_now - interval '1 year')::date);
    end if;
    if (v_then >= '1900-01-01' and v_then < v_now) is not true then
        raise exception 'p_as_of and p_then must be days between 1900 and 2399, p_then the earlier'
        using errcode = '22023', hint = 'Leave both out for today and a year ago.';
    end if;
    return (
        select jsonb_build_object(
            'badge_definition_id', p_badge_definition_id,
            'name', badges_internal._text_in(
                case when jsonb_typeof(v_badge -> 'name') = 'object' then v_badge -> 'name' end,
                p_language,
                coalesce(badges_internal._localized(v_badge -> 'name'), p_badge_definition_id)
            ),
            'rule_set', v_found.document ->> 'ruleset',
            'criteria', v_badge -> 'criteria',
            'part', number.name,
            'path', number.path || '.' || number.key,
            'key', number.key,
            'share', p_share,
            'now', v_now,
            'then', v_then,
            'organizations', badges_internal._calibrate_organizations(
                v_found.document, v_found.asked, v_compiled.milestones, v_compiled.groups, v_node,
                p_share, v_now, p_as_of is null, v_then
            )
        )
        from badges_internal._calibrate_numbers(v_badge -> 'criteria') as number
        where number.node = v_node
    );
end;
$$;

comment on function badges.calibrate_badge(
    text, text, numeric, text, date, date, jsonb, text
) is
'Tells which thresholds would give a badge to how many people, now and on an earlier day.';
