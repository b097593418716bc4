-- Gives what a row of the snapshot comes to on a day: of runs and sequences the present ones.
--
-- p_route null = of a base stat. p_as_of: the local day that counts as today.
create or replace function badges_internal._present_value(
    p_held badges.peer_mentor_stats,
    p_measure text,
    p_route badges_internal.stat_route,
    p_as_of date
)
returns numeric
language sql
volatile
return case
    when p_measure like '%run' then badges_internal._present_run(
        p_held, badges_internal._unit_in((p_held).org_id, split_part(p_measure, '_', 1)), p_route,
        p_as_of
    )
    when p_measure = 'max' and (p_route).sequence is not null then (p_held).value_last
    else badges_internal._measured(p_held, p_measure)
end;

comment on function badges_internal._present_value(
    badges.peer_mentor_stats, text, badges_internal.stat_route, date
) is
'Gives what a row of the snapshot comes to on a day: of runs and sequences the present ones.';
