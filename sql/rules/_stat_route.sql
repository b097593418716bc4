-- Compiles a selector to what the fold reads for each activity.
--
-- p_watched: the measures that rules ask of it.
create or replace function badges_internal._stat_route(
    p_selector jsonb,
    p_watched text[]
)
returns badges_internal.stat_route
language sql
immutable
parallel safe
return row(
    badges_internal._stat_name(p_selector),
    badges_internal._compile_where(p_selector -> 'where'),
    coalesce(p_selector -> 'where' ? 'quantity', false),
    p_selector ->> 'field',
    p_selector ->> 'per',
    p_selector ->> 'window',
    p_selector ->> 'distinct',
    case when p_selector ? 'per_unit' then p_selector ->> 'unit' end,
    case
        when p_selector ? 'per_value'
            then coalesce(p_selector -> 'per_value' ->> 'measure', 'count')
        when p_selector ? 'per_unit' then coalesce(p_selector -> 'per_unit' ->> 'measure', 'count')
    end,
    coalesce(p_selector -> 'per_value' ->> 'field', p_selector -> 'per_unit' ->> 'field'),
    coalesce(
        p_selector -> 'per_value' -> 'at_least', p_selector -> 'per_unit' -> 'at_least'
    )::numeric,
    not p_selector ? 'per_unit'
    and p_watched && array['active_days', 'day_run', 'week_run', 'month_run']
)::badges_internal.stat_route;

comment on function badges_internal._stat_route(jsonb, text[]) is
'Compiles a selector to what the fold reads for each activity.';
