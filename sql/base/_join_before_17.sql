-- Has a routine find rows by joining their keys on servers that find none by two lists.
--
-- Before 17 an index is asked by one list at the most: of a statement with two of them all rows of
-- the person would be read, those of each day or month in which something was counted among them.
-- p_routine: the routine as it was just made; p_listed: the part of its text that has the lists;
-- p_joined: what stands there instead. What it joins must be thought to be one row: then the key is
-- the cheaper way wherever statistics say that a person has more. Until an analyze all are read.
create or replace function badges_internal._join_before_17(
    p_routine regprocedure,
    p_listed text,
    p_joined text
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_made constant text := pg_get_functiondef(p_routine);
begin
    if position(p_listed in v_made) = 0 then
        raise exception 'the lists are not in the text of %', p_routine
            using errcode = 'internal_error', hint = 'Say them as the routine does.';
    end if;
    if current_setting('server_version_num')::integer < 170000 then
        execute replace(v_made, p_listed, p_joined);
    end if;
end;
$$;

comment on function badges_internal._join_before_17(regprocedure, text, text) is
'Has a routine find rows by joining their keys on servers that find none by two lists.';
