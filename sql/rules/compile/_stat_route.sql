-- Compiles a selector to what the fold reads for each activity.
--
-- p_watched: the measures that rules ask of it; p_time_zone, p_week_starts: the organization's.
create or replace function badges_internal._stat_route(
    p_selector jsonb,
    p_watched text[],
    p_time_zone text,
    p_week_starts text
)
returns badges_internal.stat_route
language sql
immutable
parallel safe
return row(
    badges_internal._stat_name(p_selector),
    badges_internal._compile_where(
        p_selector -> 'where', p_selector -> 'when', p_selector -> 'on'
    ),
    coalesce(p_selector -> 'where' ? 'quantity', false),
    p_selector ->> 'field',
    p_selector ->> 'per',
    case when jsonb_typeof(p_selector -> 'window') = 'string'
        then badges_internal._calendar_unit(p_selector ->> 'window', p_week_starts) end,
    p_selector ->> 'distinct',
    badges_internal._calendar_unit(p_selector ->> 'unit', p_week_starts),
    case
        when p_selector ? 'per_value'
            then coalesce(p_selector -> 'per_value' ->> 'measure', 'count')
        when p_selector ? 'per_unit' then coalesce(p_selector -> 'per_unit' ->> 'measure', 'count')
    end,
    coalesce(p_selector -> 'per_value' ->> 'field', p_selector -> 'per_unit' ->> 'field'),
    coalesce(
        p_selector -> 'per_value' -> 'at_least', p_selector -> 'per_unit' -> 'at_least'
    )::numeric,
    not p_selector ? 'unit'
    and jsonb_typeof(p_selector -> 'window') is distinct from 'object'
    and p_watched && array['active_days', 'day_run', 'week_run', 'month_run'],
    p_selector ? 'on' or coalesce((p_selector -> 'when') - array['hours'] <> '{}', false),
    case when p_selector -> 'when' ? 'hours' then p_time_zone end,
    (p_selector -> 'window' -> 'rolling_days')::integer,
    (p_selector -> 'grace')::integer,
    case
        when p_selector ? 'of_last' then 'share_of_last'
        when p_selector ? 'of_at_least' then 'share'
        when p_selector ? 'qualify' then 'in_a_row'
        when p_selector ? 'cap'
            then 'capped_' || coalesce(p_selector -> 'cap' ->> 'measure', 'count')
    end,
    badges_internal._compile_where(p_selector -> 'qualify', null, null),
    p_selector -> 'qualify' ? 'quantity',
    coalesce(
        p_selector -> 'of_last', p_selector -> 'of_at_least',
        case when p_selector ?| array['qualify', 'cap'] then '1'::jsonb end
    )::integer,
    badges_internal._calendar_unit(p_selector -> 'cap' ->> 'per', p_week_starts),
    (p_selector -> 'cap' -> 'at')::numeric,
    p_selector -> 'on',
    case when p_selector ? 'excused_by' then badges_internal._compile_where(
        p_selector -> 'excused_by' -> 'where', null, p_selector -> 'on'
    ) end,
    p_selector -> 'excused_by' -> 'where' ? 'quantity',
    case when p_selector ? 'excused_by' then array(
        select jsonb_array_elements_text(p_selector -> 'excused_by' -> 'types')
    ) end
)::badges_internal.stat_route;

comment on function badges_internal._stat_route(jsonb, text[], text, text) is
'Compiles a selector to what the fold reads for each activity.';
