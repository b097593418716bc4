-- Lists the time zones, enabled badges and overrides of a rule set that cannot be.
--
-- p_sound holds the criteria without problems by badge.
create or replace function badges_internal._validate_organizations(
    p_document jsonb,
    p_sound jsonb
)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_badges jsonb := badges_internal._object_or_empty(p_document -> 'badges');
    v_slugs text[] := array(
        select each.key from jsonb_each(v_badges) as each where jsonb_typeof(each.value) = 'object'
    );
    v_zones text[];
    v_problems jsonb := '[]'::jsonb;
    v_organization jsonb;
    v_place text;
    v_below text;
    v_value jsonb;
begin
    for v_place, v_organization in
        select badges_internal._path_step('$.organizations', each.key), each.value
        from jsonb_each(badges_internal._object_or_empty(p_document -> 'organizations')) as each
        where jsonb_typeof(each.value) = 'object'
    loop
        v_value := v_organization -> 'time_zone';
        if v_value is not null
            and badges_internal._validate_value('"time_zone"', v_value, '$') = '[]'
        then
            v_zones := coalesce(v_zones, array(
                select zone.name
                from pg_timezone_names as zone
                where zone.name !~ '^(posix|right)/'
                and zone.name not in ('Factory', 'localtime', 'posixrules')
            ));
            if v_value #>> '{}' <> all (v_zones) then
                v_problems := v_problems || badges_internal._problem(
                    v_place || '.time_zone',
                    v_value::text || ' is no time zone',
                    'an IANA time zone such as Europe/Oslo'
                );
            end if;
        end if;
        for v_below, v_value in
            select v_place || '.badges[' || each.ordinality - 1 || ']', each.value
            from jsonb_array_elements(badges_internal._array_or_empty(v_organization -> 'badges'))
                with ordinality as each
            where jsonb_typeof(each.value) = 'string'
            union all
            select
                badges_internal._path_step(v_place || '.custom_thresholds', each.key),
                to_jsonb(each.key)
            from jsonb_object_keys(
                badges_internal._object_or_empty(v_organization -> 'custom_thresholds')
            ) as each (key)
        loop
            if v_value #>> '{}' <> all (v_slugs) then
                v_problems := v_problems || badges_internal._problem(
                    v_below,
                    badges_internal._unknown_word(
                        v_value #>> '{}', v_slugs, 'badge ', ' does not exist'
                    ),
                    'a badge of this document'
                );
            end if;
        end loop;
        for v_below, v_value in
            select
                badges_internal._path_step(v_place || '.custom_thresholds', each.key),
                badges_internal._validate_thresholds(
                    p_sound -> each.key,
                    each.value,
                    badges_internal._path_step(v_place || '.custom_thresholds', each.key)
                )
            from jsonb_each(
                badges_internal._object_or_empty(v_organization -> 'custom_thresholds')
            ) as each
            where p_sound ? each.key
        loop
            v_problems := v_problems || v_value;
        end loop;
    end loop;
    return v_problems;
end;
$$;

comment on function badges_internal._validate_organizations(jsonb, jsonb) is
'Lists the time zones, enabled badges and overrides of a rule set that cannot be.';
