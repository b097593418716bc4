-- Gives the canonical selector of one condition: what it chooses and how it parts it.
--
-- Keys at their defaults are left out, so that equal choices have equal selectors.
create or replace function badges_internal._selector(p_criteria jsonb)
returns jsonb
language sql
immutable
parallel safe
begin atomic
    select jsonb_strip_nulls(jsonb_build_object(
        'types', (
            select jsonb_agg(distinct named.type collate "C")
            from jsonb_array_elements_text(case
                when jsonb_typeof(chosen.activity) = 'array' then chosen.activity
                else jsonb_build_array(chosen.activity)
            end) as named (type)
            where chosen.activity is not null
        ),
        'where', nullif(chosen.filter, '{}'),
        'when', badges_internal._canonical_when(p_criteria -> 'when'),
        'field', case
            when p_criteria ->> 'measure' in ('sum', 'max')
                then nullif(p_criteria ->> 'field', 'quantity')
        end,
        'per', p_criteria ->> 'per',
        'window', case
            when p_criteria ? 'within_days' then jsonb_build_object(
                'rolling_days', (p_criteria -> 'within_days')::integer
            )
            when p_criteria -> 'window' ? 'rolling_days' then jsonb_build_object(
                'rolling_days', (p_criteria -> 'window' -> 'rolling_days')::integer
            )
            when p_criteria -> 'window' ? 'last_days' then null -- which days is asked of the stat
            else nullif(p_criteria -> 'window', '"lifetime"')
        end,
        'distinct', case
            when p_criteria ->> 'type' = 'training_completion'
                then coalesce(p_criteria ->> 'field', 'course')
            when p_criteria ->> 'measure' = 'distinct'
                then coalesce(p_criteria ->> 'field', 'quantity')
        end,
        'per_value', p_criteria -> 'per_value',
        -- A streak over units apart; else the stat's own days have what it asks.
        'unit', case
            when p_criteria ? 'per_unit'
                or coalesce((p_criteria -> 'grace')::integer, 0) > 0
                or p_criteria -> 'consecutive' = 'false' and p_criteria ->> 'unit' <> 'day'
                then p_criteria ->> 'unit'
        end,
        'per_unit', p_criteria -> 'per_unit',
        'grace', nullif((p_criteria -> 'grace')::integer, 0)
    ))
    from (
        select
            case
                when p_criteria ->> 'type' = 'training_completion'
                    then coalesce(p_criteria -> 'activity', '"training_completed"')
                else p_criteria -> 'activity'
            end as activity,
            case
                when p_criteria ->> 'type' = 'training_completion'
                    then badges_internal._also_one_of(
                        coalesce(p_criteria -> 'where', '{}'),
                        coalesce(p_criteria ->> 'field', 'course'), p_criteria -> 'courses'
                    )
                else p_criteria -> 'where'
            end as filter
    ) as chosen;
end;

comment on function badges_internal._selector(jsonb) is
'Gives the canonical selector of one condition: what it chooses and how it parts it.';
