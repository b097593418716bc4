-- Measures the stats that one counted activity does not tell enough about, and adds what is left.
--
-- p_stats: rolling windows, and sequences of which what held at an earlier moment may hold no
-- longer (is_falling). p_pending: docs of _count_rest. The caller holds the base row.
--
-- Writes: badges.peer_mentor_stats.
create or replace function badges_internal._measure_wide(
    p_counted badges_internal.counted_activity,
    p_stats text[],
    p_pending bigint[]
)
returns badges_internal.counted_activity
language plpgsql
volatile
as $$
declare
    v_counted badges_internal.counted_activity := p_counted;
    v_person constant uuid := p_counted.peer_mentor_id;
    v_org_id constant text := p_counted.org_id;
    v_late constant badges_internal.late_activity := p_counted.late;
    v_stat text;
    v_defined badges_internal.stat_definitions;
    v_held badges.peer_mentor_stats;
    v_has_sequence boolean := false;
begin
    foreach v_stat in array p_stats loop
        v_defined := badges_internal._stat_definition(v_org_id, v_stat);
        if (v_defined.route).sequence is null then
            v_counted.candidates := v_counted.candidates || badges_internal._roll_stat(
                v_defined, array[v_person], array[v_late.activity_date],
                array[v_late.activity_date]
            );
            continue;
        end if;
        v_has_sequence := true;
        select held.*
        into v_held
        from badges.peer_mentor_stats as held
        where held.peer_mentor_id = v_person
        and held.org_id = v_org_id
        and held.stat = v_stat
        and held.bucket = '';
        perform badges_internal._place_in_sequence(
            v_held, v_defined,
            badges_internal._qualifies(v_defined.route, v_late.attributes, v_late.quantity),
            v_late.occurred_at, v_late.activity_id, p_pending
        );
        v_counted.candidates := v_counted.candidates || badges_internal._cross_milestones(
            array[row(v_person, v_org_id, v_stat, '')::badges_internal.stat_key]
        );
    end loop;
    v_counted.is_falling := v_counted.is_falling is true or v_has_sequence;
    return v_counted;
end;
$$;

comment on function badges_internal._measure_wide(
    badges_internal.counted_activity, text[], bigint[]
) is
'Measures the stats that one counted activity does not tell enough about, and adds what is left.';
