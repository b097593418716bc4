-- Gives the canonical selector of one condition: what it chooses and how it parts it.
--
-- Keys at their defaults are left out, so that equal choices have equal selectors. Windows that
-- are counted (repeat: each) are units, each with at_least to reach; else no number is in it.
-- p_closed_days: the organization's; where they concern a streak, another list is another selector.
create or replace function badges_internal._selector(
    p_criteria jsonb,
    p_closed_days text[] default null
)
returns jsonb
language sql
immutable
parallel safe
begin atomic
    select jsonb_strip_nulls(jsonb_build_object(
        'types', badges_internal._sorted_types(chosen.activity),
        'where', nullif(chosen.filter, '{}'),
        'when', badges_internal._canonical_when(p_criteria -> 'when'),
        'field', case
            when p_criteria ->> 'measure' in ('sum', 'max') and not chosen.is_each
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
            when not chosen.is_each then nullif(p_criteria -> 'window', '"lifetime"')
        end,
        'distinct', case
            when p_criteria ->> 'type' = 'training_completion'
                then coalesce(p_criteria ->> 'field', 'course')
            when p_criteria ->> 'measure' = 'distinct'
                then coalesce(p_criteria ->> 'field', 'quantity')
        end,
        'per_value', p_criteria -> 'per_value',
        'cap', p_criteria -> 'cap' || jsonb_build_object(
            'measure', nullif(coalesce(p_criteria ->> 'measure', 'count'), 'count')
        ),
        -- A streak over units apart; else the stat's own days have what it asks.
        'unit', case
            when chosen.is_each then p_criteria ->> 'window'
            when p_criteria ? 'per_unit'
                or coalesce((p_criteria -> 'grace')::integer, 0) > 0
                or p_criteria ? 'excused_by'
                or p_criteria -> 'consecutive' = 'false' and p_criteria ->> 'unit' <> 'day'
                or p_criteria -> 'consecutive' is distinct from 'false' and chosen.days is not null
                then p_criteria ->> 'unit'
        end,
        'per_unit', case
            when chosen.is_each then jsonb_build_object(
                'measure', nullif(p_criteria ->> 'measure', 'count'),
                'field', nullif(p_criteria ->> 'field', 'quantity'),
                'at_least', p_criteria -> 'at_least'
            )
            else p_criteria -> 'per_unit'
        end,
        'grace', nullif((p_criteria -> 'grace')::integer, 0),
        'on', chosen.days,
        'excused_by', case when p_criteria ? 'excused_by' then jsonb_build_object(
            'types', badges_internal._sorted_types(p_criteria -> 'excused_by' -> 'activity'),
            'where', nullif(p_criteria -> 'excused_by' -> 'where', '{}')
        ) end,
        'qualify', p_criteria -> 'qualify',
        'of_at_least', p_criteria -> 'of_at_least',
        'of_last', p_criteria -> 'of_last'
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
            end as filter,
            badges_internal._canonical_on(p_criteria -> 'on', p_closed_days) as days,
            coalesce(p_criteria -> 'repeat' ? 'each', false) as is_each
    ) as chosen;
end;

comment on function badges_internal._selector(jsonb, text[]) is
'Gives the canonical selector of one condition: what it chooses and how it parts it.';
