-- Tells whether the acting role has the rights of one of these roles; one that is missing has none.
create or replace function badges_internal._has_rights_of(p_roles text[])
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return exists (
        select
        from pg_roles as held
        where held.rolname = any(p_roles)
        and pg_has_role(badges_internal._acting_role(), held.oid, 'usage')
    );
end;
$$;

comment on function badges_internal._has_rights_of(text[]) is
'Tells whether the acting role has the rights of one of these roles; one that is missing has none.';
