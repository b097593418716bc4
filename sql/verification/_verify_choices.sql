-- Gives every activity of the people once for each part of a stat that it is measured in.
--
-- window_date is the first day of a calendar window or the last of a rolling one, which is a part
-- of its own; -infinity where there is no window. p_measures is that of _verify_activities.
create or replace function badges_internal._verify_choices(
    p_scope badges_internal.verified_scope,
    p_measures text[]
)
returns setof badges_internal.verified_choice
language sql
stable
parallel safe
begin atomic
    select choice.*
    from badges_internal._verify_activities(p_scope, p_measures, 'lasting') as choice
    union all
    select choice.*
    from badges_internal._verify_rolling_choices(p_scope, p_measures) as choice;
end;

comment on function badges_internal._verify_choices(badges_internal.verified_scope, text[]) is
'Gives every activity of the people once for each part of a stat that it is measured in.';
