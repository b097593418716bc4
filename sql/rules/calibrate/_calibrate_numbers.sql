-- Lists the numbers of criteria that decide who has the badge: of each condition, and of an n_of.
--
-- name: the part's id, else its path; tiers share a condition. key: under which the number stands.
-- A number within a none_of is left out: the higher it is the more people have the badge.
create or replace function badges_internal._calibrate_numbers(p_criteria jsonb)
returns table (node integer, name text, path text, key text)
language sql
immutable
begin atomic
    select
        part.node, coalesce(part.criteria ->> 'id', part.path), part.path,
        case part.criteria ->> 'type'
            when 'streak' then 'length'
            when 'in_a_row' then 'length'
            when 'training_completion' then 'require'
            when 'n_of' then 'n'
            when 'tenure' then (
                select unit.name
                from unnest(array['days', 'months', 'years']) as unit (name)
                where part.criteria ? unit.name
            )
            else 'at_least'
        end
    from (
        select distinct on (compiled.node)
            compiled.node, named.path,
            jsonb_path_query_first(p_criteria, named.path::jsonpath) as criteria
        from badges_internal._compile_badge(p_criteria, null) as compiled
        cross join lateral (
            select regexp_replace(compiled.path, '\.tiers\[\d+\]$', '') as path
        ) as named
        where compiled.kind not in ('all_of', 'any_of', 'none_of', 'criteria_raw')
        and not exists (
            select
            from badges_internal._compile_badge(p_criteria, null) as barring
            where barring.kind = 'none_of'
            and starts_with(compiled.path, barring.path || '.')
        )
        order by compiled.node
    ) as part
    order by part.node;
end;

comment on function badges_internal._calibrate_numbers(jsonb) is
'Lists the numbers of criteria that decide who has the badge: of each condition, and of an n_of.';
