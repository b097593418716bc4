-- Builds the query that reads rows of a source as activities: the columns of type source_row.
--
-- p_from: the rows, a table or a trigger's rows. p_more: what is selected beside. The definition is
-- valid and has a key. A row without a person, organization,
-- type or moment, or that only passes over, is no activity and is left out; one that cannot be an
-- activity has a problem. Nothing in it can raise an error, whatever a row holds. It names tables
-- alone: a view on it must not hold a routine that is loaded anew, so mentor_id_from is in line.
create or replace function badges_internal._source_mapping(
    p_table regclass,
    p_definition jsonb,
    p_from text,
    p_more text default ''
)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_person record;
    v_at record;
    v_namespace constant text := coalesce(p_definition #>> '{person,namespace}', 'users');
    v_own text; -- who a row's person is, before merges
begin
    select held.* into v_person
    from badges_internal._source_columns(p_definition) as named
    cross join lateral badges_internal._source_column(p_table, named.column_name) as held
    where named.purpose = 'person';
    select held.* into v_at
    from badges_internal._source_column(p_table, p_definition ->> 'at') as held;
    v_own := case when v_person.kind = 'uuid' then v_person.reference
        else '(left(hash.hex, 12) || ''8'' || substr(hash.hex, 14, 3) || ''a'''
            ' || substr(hash.hex, 18, 15))::uuid'
    end;
    return format(
        $sql$select
    read.source_key,
    person.peer_mentor_id,
    read.org_id,
    read.activity_type,
    moment.occurred_at,
    %1$s as activity_date,
    read.quantity,
    read.attributes,
    read.external_id,
    %2$s as problem%3$s
from %4$s as r
cross join lateral (
    select
        (%5$s) collate "C" as source_key,
        (%6$s) collate "C" as org_id,
        (%7$s) collate "C" as activity_type,
        %8$s as quantity,
        %9$s as attributes,
        %10$s as external_id
    offset 0
) as read
left join badges.organizations as organization on organization.org_id = read.org_id
cross join lateral (select %11$s as occurred_at offset 0) as moment
%12$scross join lateral (
    select case
        when (select exists (select from badges_internal.merged_people)) then coalesce(
            (
                select merged.into_peer_mentor_id
                from badges_internal.merged_people as merged
                where merged.peer_mentor_id = %13$s
                and merged.org_id in ('', read.org_id)
                order by merged.org_id desc
                limit 1
            ),
            %13$s
        )
        else %13$s
    end as peer_mentor_id
    offset 0
) as person
where %14$s is not null
and %15$s is not null
and read.org_id is not null
and read.activity_type is not null%16$s$sql$,
        case when v_at.kind = 'date' then v_at.reference
            else '((moment.occurred_at at time zone organization.time_zone)'
                ' - organization.day_starts)::date' end,
        badges_internal._source_problem(v_person.kind <> 'uuid'),
        p_more, p_from,
        badges_internal._source_key_text(p_table, p_definition),
        badges_internal._source_word(p_table, p_definition -> 'organization'),
        badges_internal._source_word(p_table, p_definition -> 'type'),
        badges_internal._source_quantity(p_table, p_definition ->> 'quantity'),
        badges_internal._source_attributes(p_table, p_definition),
        case when v_person.kind = 'uuid' then 'null::text' else v_person.as_text end,
        badges_internal._source_moment(v_at.kind, v_at.reference),
        case when v_person.kind = 'uuid' then '' else format(
            E'cross join lateral (\n'
            '    select encode(sha256(convert_to(%L || %s, ''UTF8'')), ''hex'') as hex\n'
            '    offset 0\n) as hash\n',
            length(v_namespace) || ':' || v_namespace || ':', v_person.as_text
        ) end,
        v_own, v_person.reference, v_at.reference,
        badges_internal._source_only(p_table, p_definition -> 'only')
    );
end;
$$;

comment on function badges_internal._source_mapping(regclass, jsonb, text, text) is
'Builds the query that reads rows of a source as activities: the columns of type source_row.';
