-- Gives the table of users whose deletion erases people, null where a source names none.
create or replace function badges_internal._source_users(p_definition jsonb)
returns regclass
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    select badges_internal._source_table(p_definition #>> '{on_user_delete,table}')
    where p_definition #>> '{on_user_delete,then}' = 'erase';
$$;

comment on function badges_internal._source_users(jsonb) is
'Gives the table of users whose deletion erases people, null where a source names none.';
