-- Gives everything that is kept of a person, as it is kept: the answer to a request for access.
--
-- p_org_id null = in every organization. Gives {"peer_mentor_id", "exported_at", "organizations":
-- {slug: {"name", "time_zone", "day_starts"}}, "tables": {table: [rows]}}; every table that keeps
-- people is there, be it empty. Moments are in UTC, activity_date is the day of the organization.
-- Ids and what was merged belong to no organization or to several, and are in it either way. One
-- snapshot; nothing is locked.
--
-- Raises: 42501 when the caller does not administer the organization, 22023 for nobody, 23503
--         unknown organization.
create or replace function badges.export_person(
    p_peer_mentor_id uuid,
    p_org_id text default null
)
returns json
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
as $$
declare
    v_orgs constant text[] := case when p_org_id is not null then array[p_org_id] end;
    v_kept record;
    v_rows json;
    v_tables text;
begin
    perform badges_internal._require_people(array[p_peer_mentor_id], p_org_id);
    for v_kept in
        select kept.table_name, kept.belongs_to
        from badges_internal._person_tables() as kept
        order by kept.place, kept.table_name
    loop
        execute badges_internal._person_statement('list', v_kept.table_name, v_kept.belongs_to)
        into v_rows
        using p_peer_mentor_id, v_orgs, true;
        v_tables := concat_ws(
            ', ', v_tables, format('%s: %s', to_json(v_kept.table_name::text), v_rows)
        );
    end loop;
    return json_build_object(
        'peer_mentor_id', p_peer_mentor_id,
        'exported_at', now(),
        'organizations', (
            select coalesce(json_object_agg(organization.org_id, json_build_object(
                'name', organization.name, 'time_zone', organization.time_zone,
                'day_starts', organization.day_starts
            )), '{}')
            from badges.organizations as organization
            where organization.org_id = any(coalesce(
                v_orgs, badges_internal._organizations_of(p_peer_mentor_id)
            ))
        ),
        'tables', format('{%s}', v_tables)::json
    );
end;
$$;

comment on function badges.export_person(uuid, text) is
'Gives everything that is kept of a person, as it is kept: the answer to a request for access.';
