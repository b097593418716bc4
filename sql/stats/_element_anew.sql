-- Reads from a row's activities whether an element of it is left, and its tally.
--
-- p_measure: what is tallied, null = one activity is enough. A calendar unit's days alone are read.
create or replace function badges_internal._element_anew(
    p_part badges_internal.changed_part,
    p_element text,
    p_measure text,
    out is_left boolean,
    out tally numeric
)
language plpgsql
volatile
as $$
declare
    v_unit constant text := (p_part.route).element_unit;
    v_from date;
    v_to date;
begin
    if v_unit is not null then
        select unit.first_day, unit.last_day
        into v_from, v_to
        from badges_internal._window_days(v_unit, p_element::date) as unit;
    end if;
    if p_measure is null then
        is_left := exists (
            select
            from badges_internal._part_activities(p_part, v_from, v_to) as found
            where found.element = p_element
        );
        return;
    end if;
    select
        count(*) > 0,
        case
            when p_measure = 'sum' then sum(found.element_measured)
            when p_measure = 'max' then max(found.element_measured)
            else count(distinct found.activity_date)
        end
    into is_left, tally
    from badges_internal._part_activities(p_part, v_from, v_to) as found
    where found.element = p_element;
end;
$$;

comment on function badges_internal._element_anew(badges_internal.changed_part, text, text) is
'Reads from a row''s activities whether an element of it is left, and its tally.';
