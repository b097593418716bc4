-- Refuses a badge definition whose criteria have problems, and lists them all.
--
-- Raises: 22023 with the problems as JSON in detail.
create or replace function badges_internal._check_badge_definition()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_problems jsonb := badges.validate_criteria(new.criteria);
begin
    if v_problems = '[]' then
        v_problems := badges_internal._validate_raw(new.criteria, '$');
    end if;
    if v_problems <> '[]' then
        raise exception 'the criteria of badge "%" are not valid: % %',
            new.badge_definition_id, v_problems -> 0 ->> 'path', v_problems -> 0 ->> 'problem'
        using
            errcode = '22023',
            detail = v_problems::text,
            hint = 'The detail lists every problem with its JSON path.',
            table = 'badge_definitions',
            column = 'criteria';
    end if;
    return new;
end;
$$;

comment on function badges_internal._check_badge_definition() is
'Refuses a badge definition whose criteria have problems, and lists them all.';

create or replace trigger check_badge_definition
before insert or update of criteria, criteria_type on badges.badge_definitions
for each row
execute function badges_internal._check_badge_definition();
