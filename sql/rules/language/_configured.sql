-- Gives an organization of a document with one badge enabled or not, and with its own thresholds.
--
-- p_badges: all of the document. An organization that lists no badges enables all of them.
create or replace function badges_internal._configured(
    p_organization jsonb,
    p_badges text[],
    p_badge_definition_id text,
    p_is_enabled boolean,
    p_custom_thresholds jsonb
)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_listed constant jsonb := coalesce(p_organization -> 'badges', to_jsonb(p_badges));
    v_thresholds constant jsonb
        := coalesce(p_organization -> 'custom_thresholds', '{}') - p_badge_definition_id
            || case
                when p_custom_thresholds is null then '{}'
                else jsonb_build_object(p_badge_definition_id, p_custom_thresholds)
            end;
begin
    return (p_organization - array['badges', 'custom_thresholds'])
        || case
            when p_is_enabled and v_listed ? p_badge_definition_id then case
                when p_organization ? 'badges' then jsonb_build_object('badges', v_listed)
                else '{}'
            end
            when p_is_enabled then jsonb_build_object(
                'badges', v_listed || to_jsonb(p_badge_definition_id)
            )
            else jsonb_build_object('badges', v_listed - p_badge_definition_id)
        end
        || case
            when v_thresholds = '{}' then '{}'
            else jsonb_build_object('custom_thresholds', v_thresholds)
        end;
end;
$$;

comment on function badges_internal._configured(jsonb, text[], text, boolean, jsonb) is
'Gives an organization of a document with one badge enabled or not, and with its own thresholds.';
