-- Refuses a caller who does not administer an organization; null = who does not administer all.
--
-- Raises: 42501.
create or replace function badges_internal._require_administration(p_org_id text)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if not badges_internal._administers(p_org_id) then
        raise exception '%', case
            when p_org_id is null then 'you do not administer every organization'
            else format(
                'you do not administer the organization %s', badges_internal._quoted(p_org_id)
            )
        end
        using
            errcode = '42501',
            hint = case when p_org_id is null then 'Name an organization. ' else '' end
                || 'The role pgmerit_admin may, or a token whose pgmerit_admin_of names it.';
    end if;
end;
$$;

comment on function badges_internal._require_administration(text) is
'Refuses a caller who does not administer an organization; null = who does not administer all.';
