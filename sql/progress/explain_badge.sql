-- Explains why a person has a badge, or why not yet.
--
-- Gives {"badge_definition_id", "name", "description", "org_id", "peer_mentor_id", "as_of",
-- "criteria_type", "on_unmet", "rule_set", "rule_set_version", "evaluated_version", "verdict",
-- "why_not", "why_not_code", "awards": [..], "denied", "denials": [..], "places": [{"tier",
-- "places", "claimed"}], "groups": [..], "conditions": [..]}: conditions as in
-- _explained_conditions, with what _condition_details adds, groups as in _explained_groups, awards
-- as in _explained_awards.
-- verdict: earned, partly earned (some tiers or occurrences) or not earned; why_not is of the first
-- that is not held. Of a repeated badge the occurrences after the next are left out.
-- evaluated_version: the version the person was last looked at by. Of a badge that lapses, the
-- verdict of a condition is whether it holds now.
--
-- p_as_of: the local day that counts as today, null = today in the organization's zone.
-- p_language: of names, description, why_not and notes; null = the default language. What is not
-- written in it is told in the default one, why_not and notes in English.
--
-- Raises: 42501 who may not see the person there, 23503 unknown organization, 22023 unknown badge,
--         a day that is out of bounds.
create or replace function badges.explain_badge(
    p_peer_mentor_id uuid,
    p_badge_definition_id text,
    p_org_id text,
    p_as_of date default null,
    p_language text default null
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    v_definition badges.badge_definitions;
    v_as_of date;
    v_dated badges_internal.condition_state[];
    v_conditions jsonb;
    v_missing record;
    v_why_not jsonb;
begin
    perform badges_internal._require_view(p_peer_mentor_id, p_org_id);
    v_definition := badges_internal._require_badge(p_badge_definition_id, p_org_id);
    v_as_of := badges_internal._today_for(p_org_id, p_as_of);
    v_dated := badges_internal._dated_conditions(
        p_peer_mentor_id, p_org_id, p_badge_definition_id, v_as_of
    );
    v_conditions := badges_internal._explained_conditions(
        p_peer_mentor_id, v_definition, p_org_id, v_dated, v_as_of, p_language
    );
    select *
    into v_missing
    from badges_internal._first_not_held(p_peer_mentor_id, v_definition, p_org_id);
    if v_missing.tier is not null then
        v_why_not := badges_internal._why_not(
            p_peer_mentor_id, v_definition, p_org_id, v_missing.tier, v_missing.occurrence,
            exists (
                select
                from unnest(v_dated) as dated
                where dated.parent is null
                and dated.tier = v_missing.tier
                and dated.occurrence = v_missing.occurrence
            ),
            coalesce((v_conditions #> '{-1,tenure,is_due}')::boolean, false)
            and v_definition.criteria_type = 'tenure',
            p_language
        );
    end if;
    return jsonb_build_object(
        'name', badges_internal._award_name(v_definition, '', p_language),
        'description', badges_internal._text_in(
            v_definition.translations -> 'description', p_language, v_definition.description
        ),
        'as_of', v_as_of,
        'verdict', case
            when v_missing.tier is null then 'earned'
            when v_missing.held_count > 0 then 'partly earned'
            else 'not earned'
        end,
        'why_not', v_why_not -> 'text',
        'why_not_code', v_why_not -> 'code',
        'groups', badges_internal._explained_groups(v_definition, p_org_id, v_dated),
        'conditions', v_conditions,
        'awards', badges_internal._explained_awards(
            p_peer_mentor_id, v_definition, p_org_id, v_dated, v_as_of, p_language
        )
    ) || badges_internal._explained_state(p_peer_mentor_id, v_definition, p_org_id);
end;
$$;

comment on function badges.explain_badge(uuid, text, text, date, text) is
'Explains why a person has a badge, or why not yet.';
