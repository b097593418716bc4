-- Tells whether a true-or-false setting is on; a setting never changed is off.
create or replace function badges_internal._is_setting_on(p_setting text)
returns boolean
language sql
stable
return coalesce(
    (
        select held.setting_value = 'true'
        from badges_internal.settings as held
        where held.setting = p_setting
    ),
    false
);

comment on function badges_internal._is_setting_on(text) is
'Tells whether a true-or-false setting is on; a setting never changed is off.';
