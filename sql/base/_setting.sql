-- Gives the value of a setting, null while it was never set.
create or replace function badges_internal._setting(p_setting text)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        select held.setting_value
        from badges_internal.settings as held
        where held.setting = p_setting
    );
end;
$$;

comment on function badges_internal._setting(text) is
'Gives the value of a setting, null while it was never set.';
