-- Gives the text of the statement that lists the organizations that keep something of person $1.
create or replace function badges_internal._organizations_statement()
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        select format(
            'select array_agg(distinct org_id) from (%s) as kept',
            string_agg(
                format(
                    'select own.org_id from %s as own where own.peer_mentor_id = $1',
                    kept.table_name
                ),
                ' union all '
            )
        )
        from badges_internal._person_tables() as kept
        where kept.belongs_to = 'organization'
    );
end;
$$;

comment on function badges_internal._organizations_statement() is
'Gives the text of the statement that lists the organizations that keep something of person $1.';
