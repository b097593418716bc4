-- Lists the triggers of a source, on its table and on partitions of it.
create or replace function badges_internal._source_triggers(p_source text)
returns table (tgrelid oid, tgname name, event text, is_enabled boolean)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    select
        trigger.tgrelid, trigger.tgname, split_part(function.proname, ':', 2),
        trigger.tgenabled in ('O', 'A')
    from pg_proc as function
    join pg_namespace as schema on schema.oid = function.pronamespace
    join pg_trigger as trigger on trigger.tgfoid = function.oid
    where schema.nspname = 'badges_sources'
    and function.proname in (
        p_source || ':insert', p_source || ':update', p_source || ':delete',
        p_source || ':truncate'
    );
$$;

comment on function badges_internal._source_triggers(text) is
'Lists the triggers of a source, on its table and on partitions of it.';
