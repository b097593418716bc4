-- Lists the namespaces of the external ids that are known, and how many ids each has.
--
-- Reads every external id.
create or replace function badges.list_namespaces()
returns table (
    namespace text,
    external_ids bigint
)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    return query
    select known.namespace, count(*)
    from badges.external_ids as known
    group by known.namespace
    order by known.namespace;
end;
$$;

comment on function badges.list_namespaces() is
'Lists the namespaces of the external ids that are known, and how many ids each has.';
