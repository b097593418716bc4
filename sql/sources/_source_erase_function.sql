-- Builds the trigger function that erases people whose users are deleted; empty where none are.
--
-- It is exactly the person of the deleted id: who was merged into another stays that one. Whatever
-- fails is undone and set aside, as in _source_function_statement.
create or replace function badges_internal._source_erase_function(
    p_source text,
    p_definition jsonb
)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    select coalesce(min(format(
        $sql$create or replace function badges_sources.%1$I()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '1s'
as $trigger$
declare
    v_people uuid[];
begin
    v_people := array(
        select distinct %2$s
        from old_rows as r
        where %3$s is not null
    );
    perform badges_internal._erase_users(v_people);
    return null;
exception
    when others then
        perform badges_internal._set_users_aside(%4$L, v_people, sqlerrm);
        return null;
end;
$trigger$;

revoke all on function badges_sources.%1$I() from public;$sql$,
        p_source || ':erase',
        case held.kind
            when 'uuid' then held.reference
            else format(
                'badges.mentor_id_from(%L, %s)',
                coalesce(p_definition #>> '{person,namespace}', 'users'), held.as_text
            )
        end,
        held.reference,
        p_source
    )), '')
    from badges_internal._source_column(
        badges_internal._source_users(p_definition), p_definition #>> '{on_user_delete,key}'
    ) as held
    where held.kind is not null;
$$;

comment on function badges_internal._source_erase_function(text, jsonb) is
'Builds the trigger function that erases people whose users are deleted; empty where none are.';
