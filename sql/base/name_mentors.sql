-- Gives what applications call people: a row for each of those named who has an external id.
--
-- Of several external ids the person's own comes first, before those merged into it, then by
-- namespace. Who has none is left out.
create or replace function badges.name_mentors(p_peer_mentor_ids uuid[])
returns table (
    peer_mentor_id uuid,
    namespace text,
    external_id text
)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    return query
    select distinct on (known.peer_mentor_id)
        known.peer_mentor_id, known.namespace, known.external_id
    from (
        select named.*, count(*) over (partition by named.peer_mentor_id) as ids
        from badges.external_ids as named
        where named.peer_mentor_id = any (p_peer_mentor_ids)
    ) as known
    order by
        known.peer_mentor_id,
        case
            when known.ids > 1 then
                badges.mentor_id_from(known.namespace, known.external_id) <> known.peer_mentor_id
        end,
        known.namespace, known.external_id;
end;
$$;

comment on function badges.name_mentors(uuid[]) is
'Gives what applications call people: a row for each of those named who has an external id.';
