-- Lists the parts that a node of a known type may not have, and tells where it needs another one.
create or replace function badges_internal._validate_parts(p_node jsonb, p_path text)
returns jsonb
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    v_grammar jsonb := badges_internal._criteria_grammar();
    v_owners jsonb := v_grammar -> 'part_types';
    v_type text := p_node ->> 'type';
begin
    if not v_grammar -> 'parts' ? v_type and not (p_path = '$' and v_owners ? v_type) then
        return '[]';
    end if;
    return (
        with below as (
            select
                p_path || substr(walked.path, 2) as path,
                walked.depth,
                case when jsonb_typeof(walked.node -> 'type') = 'string'
                    then walked.node ->> 'type' end as type
            from badges_internal._walk_criteria(p_node) as walked
        ),
        wrong as (
            select
                badges_internal._path_step(below.path, 'type') as path,
                format('%s stands only in %s', to_jsonb(below.type), v_owners ->> below.type)
                    as said,
                'a type that may be a part here' as allowed
            from below
            where v_owners ? below.type
            and (
                below.depth = 1 and p_path = '$'
                or below.depth = 2 and v_owners ->> below.type <> v_type
            )
            union all
            select
                badges_internal._path_step(below.path, 'type'),
                format('%s does not stand in %s', to_jsonb(below.type), v_type),
                'a type that may be a part here'
            from below
            where v_grammar -> 'not_within' -> v_type ? below.type
            union all
            select
                badges_internal._path_step(p_path, v_grammar -> 'parts' ->> v_type),
                'has only parts that must not hold',
                'a part that must hold'
            from below
            where below.depth = 2
            having bool_and(coalesce(v_owners ->> below.type = v_type, false))
        )
        select coalesce(
            jsonb_agg(jsonb_build_object(
                'path', wrong.path, 'problem', wrong.said, 'allowed', wrong.allowed
            )),
            '[]'
        )
        from wrong
    );
end;
$$;

comment on function badges_internal._validate_parts(jsonb, text) is
'Lists the parts that a node of a known type may not have, and tells where it needs another one.';
