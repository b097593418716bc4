-- Changes a setting: criteria_raw lets raw rules be used, notify_events wakes consumers.
--
-- Both are true or false. notify_events sends NOTIFY pgmerit_events when events are committed;
-- while it was never set, only servers without prepared transactions do.
--
-- Runs with the rights of its caller, so that a lowered session (set role) may no longer.
--
-- Raises: 22023 for an unknown setting or value, 42501 for anyone but a member of the role that
--         owns the schema.
create or replace function badges.set_setting(p_setting text, p_value jsonb)
returns void
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (
        select
        from pg_namespace as schema
        where schema.nspname = 'badges'
        and pg_has_role(current_user, schema.nspowner, 'usage')
    ) then
        raise exception 'only the platform administrator may change settings'
        using
            errcode = '42501',
            hint = 'Act as a member of the role that owns schema badges.';
    end if;
    if (p_setting in ('criteria_raw', 'notify_events')) is not true then
        raise exception 'unknown setting %', badges_internal._quoted(p_setting)
        using errcode = '22023', hint = 'Known settings: criteria_raw, notify_events.';
    end if;
    if jsonb_typeof(p_value) is distinct from 'boolean' then
        raise exception 'setting % must be true or false', p_setting
        using errcode = '22023', hint = 'Give p_value as the JSON true or false.';
    end if;
    insert into badges_internal.settings as held (setting, setting_value)
    values (p_setting, p_value)
    on conflict (setting) do update set setting_value = excluded.setting_value;
end;
$$;

comment on function badges.set_setting(text, jsonb) is
'Changes a setting: criteria_raw lets raw rules be used, notify_events wakes consumers.';
