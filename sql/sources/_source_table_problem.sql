-- Says why a table cannot be a source, or null.
create or replace function badges_internal._source_table_problem(p_table regclass)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    select case
        when held.relkind is null then 'is not there, or is without its schema'
        when held.relkind = 'v' then 'is a view: attach the tables that it reads'
        when held.relkind = 'm' then 'is a materialized view: attach the tables that it reads'
        when held.relkind = 'f' then 'is a foreign table: attach it where it lies'
        when held.relkind not in ('r', 'p') then 'is no table'
        when held.relpersistence = 't' then 'is a temporary table'
        when schema.nspname in (
            'badges', 'badges_internal', 'badges_sources', 'pg_catalog', 'information_schema'
        ) then 'belongs to pgmerit or the server'
        when held.relispartition then 'is a partition: attach the table that it is a part of'
        when held.relkind = 'r' and exists (
            select from pg_inherits as heir where held.oid in (heir.inhrelid, heir.inhparent)
        ) then 'inherits, or is inherited from'
    end
    from (values (1)) as always
    left join pg_class as held on held.oid = p_table
    left join pg_namespace as schema on schema.oid = held.relnamespace;
$$;

comment on function badges_internal._source_table_problem(regclass) is
'Says why a table cannot be a source, or null.';
