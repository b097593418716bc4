-- Counts the days, weeks or months that follow one without a gap and hold activities of a stat.
--
-- p_step: 1 = those after it, up to p_until, -1 = those before it. Reads as far as the first gap.
create or replace function badges_internal._run_length(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_types text[],
    p_route badges_internal.stat_route,
    p_bucket text,
    p_hidden bigint[], -- activities that are not seen
    p_unit text,
    p_number integer,
    p_step integer,
    p_until integer default null
)
returns integer
language plpgsql
volatile
as $$
declare
    v_date date;
    v_number integer;
    v_last integer := p_number;
begin
    if p_step > 0 then
        for v_date in
            select after.activity_date
            from badges_internal._chosen_activities(
                p_peer_mentor_id, p_org_id, p_types, p_route, p_bucket,
                badges_internal._unit_day(p_unit, p_number + 1), 'infinity'
            ) as after
            where after.activity_id <> all (p_hidden)
            order by after.activity_date
        loop
            v_number := badges_internal._unit_number(p_unit, v_date);
            exit when v_number > v_last + 1;
            v_last := v_number;
            exit when v_number = p_until;
        end loop;
        return v_last - p_number;
    end if;
    for v_date in
        select before.activity_date
        from badges_internal._chosen_activities(
            p_peer_mentor_id, p_org_id, p_types, p_route, p_bucket, '-infinity',
            badges_internal._unit_day(p_unit, p_number) - 1
        ) as before
        where before.activity_id <> all (p_hidden)
        order by before.activity_date desc
    loop
        v_number := badges_internal._unit_number(p_unit, v_date);
        exit when v_number < v_last - 1;
        v_last := v_number;
    end loop;
    return p_number - v_last;
end;
$$;

comment on function badges_internal._run_length(
    uuid, text, text[], badges_internal.stat_route, text, bigint[], text, integer, integer, integer
) is
'Counts the days, weeks or months that follow one without a gap and hold activities of a stat.';
