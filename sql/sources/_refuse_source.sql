-- Refuses a definition that is not valid, and lists its problems.
--
-- Raises: 22023 with the problems as JSON in detail.
create or replace function badges_internal._refuse_source(
    p_source text,
    p_definition jsonb,
    p_table regclass
)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_problems constant jsonb := badges_internal._source_problems(
        p_source, p_definition, p_table
    );
begin
    if v_problems <> '[]' then
        raise exception 'source % has % problem(s); the first: % %',
            badges_internal._quoted(p_source), jsonb_array_length(v_problems),
            v_problems -> 0 ->> 'path', v_problems -> 0 ->> 'problem'
        using
            errcode = '22023',
            detail = v_problems::text,
            hint = format('Allowed there: %s.', v_problems -> 0 ->> 'allowed');
    end if;
end;
$$;

comment on function badges_internal._refuse_source(text, jsonb, regclass) is
'Refuses a definition that is not valid, and lists its problems.';
