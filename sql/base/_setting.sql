-- Gives the value of a setting, null while it was never set.
create or replace function badges_internal._setting(p_setting text)
returns jsonb
language sql
stable
return (
    select held.setting_value
    from badges_internal.settings as held
    where held.setting = p_setting
);

comment on function badges_internal._setting(text) is
'Gives the value of a setting, null while it was never set.';
