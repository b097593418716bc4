-- Gives the next threshold of a whole-numbered measure, rounded up, else null.
create or replace function badges_internal._next_whole(
    p_org_id text,
    p_stat text,
    p_measure text,
    p_value bigint
)
returns integer
language plpgsql
stable
parallel safe
as $$
begin
    return least(
        ceil(badges_internal._next_threshold(p_org_id, p_stat, p_measure, p_value::numeric)),
        2147483647
    )::integer;
end;
$$;

comment on function badges_internal._next_whole(text, text, text, bigint) is
'Gives the next threshold of a whole-numbered measure, rounded up, else null.';
