-- Gives the best that a stretch of a sequence comes to: the longest run, or the highest share.
--
-- p_bits: docs of _sequence_bits; p_first: where the first instant ends whose value counts. p_count
-- and p_qualified: those before the stretch, of in_a_row the run that goes on into it. Within an
-- instant a share is never above both that before it and that at its end: only ends decide. Null
-- where there are too few.
create or replace function badges_internal._sequence_best(
    p_route badges_internal.stat_route,
    p_bits text,
    p_first integer,
    p_count bigint,
    p_qualified numeric
)
returns numeric
language plpgsql
immutable
as $$
declare
    v_size constant integer := p_route.sequence_size;
    v_bits varbit;
    v_best numeric;
begin
    if p_route.sequence = 'in_a_row' then
        select max(length(run.bits) + case when run.number = 1 then p_qualified else 0 end)
        into v_best
        from string_to_table(p_bits, '0') with ordinality as run (bits, number);
    elsif p_route.sequence = 'share_of_last' then
        v_bits := p_bits::varbit;
        select badges_internal._share(
            max(bit_count(substring(v_bits from ending - v_size + 1 for v_size))), v_size
        )
        into v_best
        from generate_series(greatest(p_first, v_size), length(v_bits)) as ending;
    else
        -- A share is highest before something that does not qualify, and at the end.
        select badges_internal._share(
            max(run.qualified_count * 1000000 / run.chosen_count), 1000000
        )
        into v_best
        from (
            select
                p_qualified::bigint + sum(length(part.bits)) over so_far as qualified_count,
                p_count + sum(length(part.bits)) over so_far + part.number - 1 as chosen_count
            from string_to_table(p_bits, '0') with ordinality as part (bits, number)
            window so_far as (order by part.number rows unbounded preceding)
        ) as run
        where run.chosen_count >= p_count + p_first
        and run.chosen_count >= v_size;
    end if;
    return v_best;
end;
$$;

comment on function badges_internal._sequence_best(
    badges_internal.stat_route, text, integer, bigint, numeric
) is
'Gives the best that a stretch of a sequence comes to: the longest run, or the highest share.';
