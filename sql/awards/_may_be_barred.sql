-- Tells whether a badge has a none_of, at any depth: then its other parts do not decide alone.
create or replace function badges_internal._may_be_barred(
    p_org_id text,
    p_badge_definition_id text
)
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

comment on function badges_internal._may_be_barred(text, text) is
'Tells whether a badge has a none_of, at any depth: then its other parts do not decide alone.';
