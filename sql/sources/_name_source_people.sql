-- Remembers the application's ids of the people in rows of a source, where they are new.
--
-- Writes: badges.external_ids.
create or replace function badges_internal._name_source_people(
    p_source text,
    p_rows badges_internal.source_row[]
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_namespace text;
    v_people uuid[];
    v_names text[];
begin
    select coalesce(held.definition #>> '{person,namespace}', 'users')
    into v_namespace
    from badges_internal.sources as held
    where held.source = p_source;
    select array_agg(named.peer_mentor_id), array_agg(named.external_id)
    into v_people, v_names
    from (
        select distinct now.peer_mentor_id, now.external_id
        from unnest(p_rows) as now
        where now.problem is null
        and now.external_id is not null
    ) as named
    where not exists (
        select
        from badges.external_ids as known
        where known.peer_mentor_id = named.peer_mentor_id
        and known.namespace = v_namespace
        and known.external_id = named.external_id
    );
    if v_people is not null then
        perform badges_internal._remember_external_ids(v_people, v_namespace, v_names);
    end if;
end;
$$;

comment on function badges_internal._name_source_people(text, badges_internal.source_row[]) is
'Remembers the application''s ids of the people in rows of a source, where they are new.';
