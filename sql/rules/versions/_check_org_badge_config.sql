-- Refuses an organization's thresholds that do not fit the badge, and lists the problems.
--
-- Raises: 22023 with the problems as JSON in detail.
create or replace function badges_internal._check_org_badge_config()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_problems jsonb;
begin
    select badges_internal._sort_problems(
        badges_internal._validate_thresholds(
            definition.criteria, new.custom_thresholds, '$.custom_thresholds'
        )
    )
    into v_problems
    from badges.badge_definitions as definition
    where definition.badge_definition_id = new.badge_definition_id;
    if v_problems <> '[]' then
        raise exception 'the thresholds of "%" for badge "%" are not valid: % %',
            new.org_id, new.badge_definition_id,
            v_problems -> 0 ->> 'path', v_problems -> 0 ->> 'problem'
        using
            errcode = '22023',
            detail = v_problems::text,
            hint = 'The detail lists every problem with its JSON path.',
            table = 'org_badge_configs',
            column = 'custom_thresholds';
    end if;
    return new;
end;
$$;

comment on function badges_internal._check_org_badge_config() is
'Refuses an organization''s thresholds that do not fit the badge, and lists the problems.';

create or replace trigger check_org_badge_config
before insert or update of custom_thresholds, badge_definition_id on badges.org_badge_configs
for each row
when (new.custom_thresholds is not null)
execute function badges_internal._check_org_badge_config();
