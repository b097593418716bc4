-- Refuses to answer about nobody.
--
-- Raises: 22023.
create or replace function badges_internal._require_person(p_peer_mentor_id uuid)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
    if p_peer_mentor_id is null then
        raise exception 'awards are a person''s, and none is named'
        using
            errcode = '22023',
            column = 'peer_mentor_id',
            hint = 'Give p_peer_mentor_id.';
    end if;
end;
$$;

comment on function badges_internal._require_person(uuid) is
'Refuses to answer about nobody.';
