-- Tells whether a true-or-false setting is on; a setting never changed is off.
create or replace function badges_internal._is_setting_on(p_setting text)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return coalesce(
        (
            select held.setting_value = 'true'
            from badges_internal.settings as held
            where held.setting = p_setting
        ),
        false
    );
end;
$$;

comment on function badges_internal._is_setting_on(text) is
'Tells whether a true-or-false setting is on; a setting never changed is off.';
