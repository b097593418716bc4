-- Measures the stats that one counted activity does not tell enough about, and adds what is left.
--
-- p_stats, p_pending: docs of _measure_apart. The caller holds the base row.
--
-- Writes: badges.peer_mentor_stats.
create or replace function badges_internal._measure_wide(
    p_counted badges_internal.counted_activity,
    p_day date,
    p_stats text[],
    p_pending bigint[]
)
returns badges_internal.counted_activity
language plpgsql
volatile
as $$
declare
    v_counted badges_internal.counted_activity := p_counted;
    v_measured constant record := badges_internal._measure_apart(
        array[p_counted.peer_mentor_id], array[p_counted.org_id], array[p_day], array[p_day],
        p_stats, p_pending
    );
begin
    v_counted.candidates := v_counted.candidates || v_measured.candidates;
    v_counted.is_falling := v_counted.is_falling is true or v_measured.changed is not null;
    return v_counted;
end;
$$;

comment on function badges_internal._measure_wide(
    badges_internal.counted_activity, date, text[], bigint[]
) is
'Measures the stats that one counted activity does not tell enough about, and adds what is left.';
