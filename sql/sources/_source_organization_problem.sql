-- Says that the one organization of a source is none, as a list of problems; empty where it is one.
create or replace function badges_internal._source_organization_problem(p_org_id text)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    select case
        when p_org_id = any(known.names) then '[]'::jsonb
        else badges_internal._problem(
            '$.organization',
            badges_internal._unknown_word(
                p_org_id, known.names, 'organization ', ' does not exist'
            ),
            'an organization of an applied rule set, or {column: ..}'
        )
    end
    from (
        select array(select held.org_id from badges.organizations as held) as names
    ) as known;
$$;

comment on function badges_internal._source_organization_problem(text) is
'Says that the one organization of a source is none, as a list of problems; empty where it is one.';
