-- Tells whether some of these organizations have stats that are measured apart from the fold.
create or replace function badges_internal._has_apart(p_org_ids text[])
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return exists (
        select
        from badges_internal.activity_routes as route
        where route.org_id = any(p_org_ids)
        and route.activity_type = ''
        and route.has_rolling
    );
end;
$$;

comment on function badges_internal._has_apart(text[]) is
'Tells whether some of these organizations have stats that are measured apart from the fold.';
