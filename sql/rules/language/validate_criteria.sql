-- Lists every problem of a badge's criteria with its JSON path; empty when they are valid.
--
-- Size and depth are bounded before anything is walked.
create or replace function badges.validate_criteria(p_criteria jsonb)
returns jsonb
language plpgsql
immutable
parallel safe
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_limits jsonb := badges_internal._criteria_grammar() -> 'limits';
    v_count bigint;
    v_problems jsonb;
begin
    if p_criteria is null then
        return badges_internal._problem('$', 'must not be null', 'criteria: an object with type');
    elsif octet_length(p_criteria::text) > (v_limits -> 'criteria_bytes')::integer then
        return badges_internal._problem(
            '$',
            format('is larger than %s bytes', v_limits -> 'criteria_bytes'),
            format('at most %s bytes', v_limits -> 'criteria_bytes')
        );
    end if;
    with nodes as materialized (
        select walked.path, walked.node, walked.depth
        from badges_internal._walk_criteria(p_criteria) as walked
    ), wrong as (
        select problem.value as problem
        from nodes
        cross join lateral jsonb_array_elements(case
            when nodes.depth > (v_limits -> 'depth')::integer then badges_internal._problem(
                nodes.path,
                format('is nested deeper than %s', v_limits -> 'depth'),
                format('at most %s levels', v_limits -> 'depth')
            )
            else badges_internal._validate_node(nodes.node, nodes.path)
        end) as problem
        limit (v_limits -> 'problems')::integer
    ), twice as (
        select badges_internal._problem(id.path, 'is there twice', 'an id once in a badge') -> 0
            as problem
        from (
            select
                nodes.path || '.id' as path,
                row_number() over (
                    partition by nodes.node -> 'id' order by nodes.path || '.id' collate "C"
                ) as place
            from nodes
            where jsonb_typeof(nodes.node -> 'id') = 'string'
        ) as id
        where id.place > 1
        order by id.path collate "C"
        limit (v_limits -> 'problems')::integer
    )
    select
        (select count(*) from nodes),
        (
            select jsonb_agg(found.problem)
            from (
                select wrong.problem from wrong
                union all
                select twice.problem from twice
            ) as found
        )
    into v_count, v_problems;
    v_problems := coalesce(v_problems, '[]');
    if v_count > (v_limits -> 'nodes')::integer then
        v_problems := v_problems || badges_internal._problem(
            '$',
            format('has more than %s parts', v_limits -> 'nodes'),
            format('at most %s parts', v_limits -> 'nodes')
        );
    end if;
    return badges_internal._sort_problems(v_problems);
end;
$$;

comment on function badges.validate_criteria(jsonb) is
'Lists every problem of a badge''s criteria with its JSON path; empty when they are valid.';
