-- Tells whether a badge has a part that must not hold: then more than a crossing decides it.
create or replace function badges_internal._has_none_of(p_org_id text, p_badge_definition_id text)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    return exists (
        select
        from badges_internal.condition_groups as barring
        where barring.org_id = p_org_id
        and barring.badge_definition_id = p_badge_definition_id
        and barring.kind = 'none_of'
    );
end;
$$;

comment on function badges_internal._has_none_of(text, text) is
'Tells whether a badge has a part that must not hold: then more than a crossing decides it.';
