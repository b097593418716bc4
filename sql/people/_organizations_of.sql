-- Gives the organizations that keep something of a person.
create or replace function badges_internal._organizations_of(p_peer_mentor_id uuid)
returns text[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_orgs text[];
begin
    execute badges_internal._organizations_statement() into v_orgs using p_peer_mentor_id;
    return coalesce(v_orgs, '{}');
end;
$$;

comment on function badges_internal._organizations_of(uuid) is
'Gives the organizations that keep something of a person.';
