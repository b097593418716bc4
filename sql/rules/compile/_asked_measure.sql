-- Names the measure that a condition's threshold is held against.
--
-- badges and raw have no stat; tenure is one of time. Windows that each count (repeat: each) are
-- distinct units; of what a unit adds at most (cap) the sum is asked.
create or replace function badges_internal._asked_measure(p_criteria jsonb)
returns text
language sql
immutable
parallel safe
return case p_criteria ->> 'type'
    when 'badges_earned' then 'badges'
    when 'criteria_raw' then 'raw'
    when 'training_completion' then 'distinct'
    when 'tenure' then 'tenure'
    -- The best run, the best share: what a sequence came to with each activity.
    when 'in_a_row' then 'max'
    when 'share' then 'max'
    when 'streak' then case
        when p_criteria -> 'consecutive' is distinct from 'false'
            then p_criteria ->> 'unit' || '_run'
        when p_criteria ->> 'unit' = 'day' and not p_criteria ? 'per_unit' then 'active_days'
        else 'distinct'
    end
    else case
        when p_criteria -> 'repeat' ? 'each' then 'distinct'
        when p_criteria ? 'cap' then 'sum'
        else coalesce(p_criteria ->> 'measure', 'count')
    end
end;

comment on function badges_internal._asked_measure(jsonb) is
'Names the measure that a condition''s threshold is held against.';
