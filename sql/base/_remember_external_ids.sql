-- Remembers what an application calls people: the pairs of two lists, in one namespace.
--
-- The people are those that mentor_id_from gives, after merges. What is known stays as it is.
--
-- Writes: badges.external_ids.
create or replace function badges_internal._remember_external_ids(
    p_peer_mentor_ids uuid[],
    p_namespace text,
    p_external_ids text[]
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    insert into badges.external_ids (peer_mentor_id, namespace, external_id)
    select named.peer_mentor_id, p_namespace, named.external_id
    from unnest(p_peer_mentor_ids, p_external_ids) as named (peer_mentor_id, external_id)
    order by named.peer_mentor_id, named.external_id
    on conflict (peer_mentor_id, namespace, external_id) do nothing;
end;
$$;

comment on function badges_internal._remember_external_ids(uuid[], text, text[]) is
'Remembers what an application calls people: the pairs of two lists, in one namespace.';
