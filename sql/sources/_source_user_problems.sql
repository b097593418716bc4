-- Lists what is wrong with the table of users that a well-formed definition names.
--
-- p_table: the source's own, whose person must be of the same kind.
create or replace function badges_internal._source_user_problems(
    p_definition jsonb,
    p_table regclass
)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_users constant regclass := badges_internal._source_table(
        p_definition #>> '{on_user_delete,table}'
    );
    v_said constant text := coalesce(
        badges_internal._source_schema_problem(p_definition #>> '{on_user_delete,table}'),
        badges_internal._source_table_problem(v_users)
    );
    v_name constant text := p_definition #>> '{on_user_delete,key}';
    v_is_uuid boolean;
    v_key record;
begin
    if not p_definition ? 'on_user_delete' then
        return '[]';
    elsif v_said is not null then
        return badges_internal._problem(
            '$.on_user_delete.table', v_said, 'the table of users with its schema'
        );
    end if;
    select bool_or(held.kind = 'uuid')
    into v_is_uuid
    from badges_internal._source_columns(p_definition) as named
    cross join lateral badges_internal._source_column(p_table, named.column_name) as held
    where named.purpose = 'person';
    v_key := badges_internal._source_column(v_users, v_name);
    if v_key.kind = 'uuid' and v_is_uuid
        or v_key.kind in ('integer', 'text') and v_is_uuid is false
    then
        return '[]';
    end if;
    return badges_internal._problem(
        '$.on_user_delete.key',
        case
            when v_key.type_name is null then badges_internal._unknown_word(
                v_name,
                array(
                    select held.attname::text
                    from pg_attribute as held
                    where held.attrelid = v_users
                    and held.attnum > 0
                    and not held.attisdropped
                ),
                'unknown column ',
                ''
            )
            else format('column %s is of type %s', to_jsonb(v_name), v_key.type_name)
        end,
        'the column that person means: uuid for uuid, else integer or text'
    );
end;
$$;

comment on function badges_internal._source_user_problems(jsonb, regclass) is
'Lists what is wrong with the table of users that a well-formed definition names.';
