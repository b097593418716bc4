-- Tells whether a badge is shown to people of an organization who never had it.
create or replace function badges_internal._is_in_sight(p_badge_definition_id text, p_org_id text)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return exists (
        select
        from badges.badge_definitions as definition
        join badges.org_badge_configs as config
            on config.badge_definition_id = definition.badge_definition_id
        where definition.badge_definition_id = p_badge_definition_id
        and config.org_id = p_org_id
        and config.is_enabled
        and definition.is_active
        and not definition.is_hidden
    );
end;
$$;

comment on function badges_internal._is_in_sight(text, text) is
'Tells whether a badge is shown to people of an organization who never had it.';
