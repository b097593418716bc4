-- Lists a table and its partitions; none for null.
create or replace function badges_internal._source_tree(p_table regclass)
returns table (relid oid)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    select part.relid::oid
    from pg_partition_tree(p_table) as part
    union
    select p_table::oid
    where p_table is not null;
$$;

comment on function badges_internal._source_tree(regclass) is
'Lists a table and its partitions; none for null.';
