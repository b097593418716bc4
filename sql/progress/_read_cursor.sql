-- Reads the cursor of a row: where in its list the next page begins.
--
-- Null = from the beginning. A cursor is LIST:NUMBER:PERSON:REST: the list and its order, the
-- number that sorts it, and what tells rows of one number apart.
--
-- Raises: 22023 for what is no cursor, or one of another list.
create or replace function badges_internal._read_cursor(
    p_cursor text,
    p_list text,
    out number numeric,
    out peer_mentor_id uuid,
    out rest text
)
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_parts constant text[] := regexp_match(
        left(p_cursor, 1000),
        '^([a-z_]{1,30}):(-?[0-9]{1,30}(?:\.[0-9]{1,30})?|-Infinity):([0-9a-f-]{36}):(.*)$'
    );
begin
    if p_cursor is null then
        return;
    end if;
    if v_parts[1] is distinct from p_list or not v_parts[3] ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-' then
        raise exception '% is no cursor of this list', badges_internal._quoted(p_cursor)
        using
            errcode = '22023',
            hint = 'Give the cursor of the last row, with the order and filters of its list.';
    end if;
    number := v_parts[2];
    peer_mentor_id := v_parts[3];
    rest := v_parts[4];
end;
$$;

comment on function badges_internal._read_cursor(text, text) is
'Reads the cursor of a row: where in its list the next page begins.';
