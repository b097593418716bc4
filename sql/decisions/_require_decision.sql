-- Refuses a decision about nobody, and one whose reason is none or too long to be read.
--
-- Raises: 22023.
create or replace function badges_internal._require_decision(
    p_peer_mentor_id uuid,
    p_reason text
)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
    if p_peer_mentor_id is null then
        raise exception 'a decision is about a person, and none is named'
        using
            errcode = '22023',
            column = 'peer_mentor_id',
            hint = 'Give p_peer_mentor_id.';
    end if;
    if length(p_reason) > 1000 or p_reason !~ '\S' or p_reason is null then
        raise exception 'a decision needs a reason of 1 to 1000 characters'
        using
            errcode = '22023',
            column = 'reason',
            hint = 'Say in p_reason why it was decided so.';
    end if;
end;
$$;

comment on function badges_internal._require_decision(uuid, text) is
'Refuses a decision about nobody, and one whose reason is none or too long to be read.';
