-- Changes a setting: what raw rules may, who is woken, and how a token is read.
--
-- criteria_raw lets raw rules be used: true or false. notify_events sends NOTIFY pgmerit_events
-- when events are committed: true or false; while it was never set, only servers without prepared
-- transactions do.
-- person_claim: the claim of a token that is the person, "sub" by default, with dots for a path.
-- person_namespace: the claim is the application's own id in this namespace, as in mentor_id_from;
-- never set, it is a uuid. open_organizations: those that every person with a token is in, a list
-- of org_id. own_activities: the types that record_my_activity records, a list.
-- null = as if never set.
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
declare
    v_wanted text;
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
    v_wanted := case
        when p_setting in ('criteria_raw', 'notify_events') then 'true or false'
        when p_setting in ('person_claim', 'person_namespace') then 'a text of 1 to 100 characters'
        when p_setting in ('open_organizations', 'own_activities') then
            'a list of texts of 1 to 100 characters'
    end;
    if v_wanted is null then
        raise exception 'unknown setting %', badges_internal._quoted(p_setting)
        using
            errcode = '22023',
            hint = 'Known settings: criteria_raw, notify_events, open_organizations, '
                'own_activities, person_claim, person_namespace.';
    end if;
    if p_value = 'null' then
        delete from badges_internal.settings as held where held.setting = p_setting;
        return;
    end if;
    if (case jsonb_typeof(p_value)
        when 'boolean' then v_wanted = 'true or false'
        when 'string' then v_wanted like 'a text %' and length(p_value #>> '{}') between 1 and 100
        when 'array' then v_wanted like 'a list %' and not exists (
            select
            from jsonb_array_elements(p_value) as listed (item)
            where jsonb_typeof(item) <> 'string'
            or length(item #>> '{}') not between 1 and 100
        )
    end) is not true then
        raise exception 'setting % must be %', p_setting, v_wanted
        using errcode = '22023', hint = format('Give p_value as JSON, %s.', v_wanted);
    end if;
    insert into badges_internal.settings as held (setting, setting_value)
    values (p_setting, p_value)
    on conflict (setting) do update set setting_value = excluded.setting_value;
end;
$$;

comment on function badges.set_setting(text, jsonb) is
'Changes a setting: what raw rules may, who is woken, and how a token is read.';
