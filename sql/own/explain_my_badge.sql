-- Explains to the session's own person why they have a badge, or why not yet.
--
-- What explain_badge gives, without the reasons and names of those who decided by hand. A badge
-- that is hidden or not enabled, and that the person never had, is unknown. p_org_id: null = the
-- one organization of the token that has the badge. p_as_of and p_language as there.
--
-- Raises: 42501 for a session without a person, or an organization that is not the token's; 22023
--         an unknown badge, one that several organizations have, a day that is out of bounds.
create or replace function badges.explain_my_badge(
    p_badge_definition_id text,
    p_org_id text default null,
    p_as_of date default null,
    p_language text default null
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_person constant uuid := badges_internal._session_person();
    v_org_ids constant text[] := array(
        select own.org_id
        from unnest(badges_internal._require_own(p_org_id)) as own (org_id)
        where badges_internal._is_in_sight(p_badge_definition_id, own.org_id)
        or exists (
            select
            from badges.earned_badges as earned
            where earned.peer_mentor_id = v_person
            and earned.badge_definition_id = p_badge_definition_id
            and earned.org_id = own.org_id
        )
    );
    v_told jsonb;
begin
    if cardinality(v_org_ids) <> 1 then
        raise exception '%', case
            when v_org_ids = '{}' then format(
                'badge %s does not exist', badges_internal._quoted(p_badge_definition_id)
            )
            else format(
                'badge "%s" is in several of your organizations', p_badge_definition_id
            )
        end
        using
            errcode = '22023',
            column = case when v_org_ids = '{}' then 'badge_definition_id' else 'org_id' end,
            hint = case
                when v_org_ids = '{}' then 'my_progress lists the badges.'
                else format('Give p_org_id one of: %s.', array_to_string(v_org_ids, ', '))
            end;
    end if;
    v_told := badges.explain_badge(
        v_person, p_badge_definition_id, v_org_ids[1], p_as_of, p_language
    );
    return v_told || jsonb_build_object(
        'awards', (
            select coalesce(jsonb_agg(award - 'revoke_reason' order by place), '[]')
            from jsonb_array_elements(v_told -> 'awards') with ordinality as told (award, place)
        ),
        'denials', (
            select coalesce(jsonb_agg(denial - '{reason,denied_by}'::text[] order by place), '[]')
            from jsonb_array_elements(v_told -> 'denials') with ordinality as told (denial, place)
        )
    );
end;
$$;

comment on function badges.explain_my_badge(text, text, date, text) is
'Explains to the session''s own person why they have a badge, or why not yet.';
