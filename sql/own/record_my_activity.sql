-- Records an activity of the session's own person, of a type in the setting own_activities.
--
-- Off while that setting names no type. The moment is now and the quantity 1: a token cannot back
-- date a streak or count one activity as many. Attributes are what the person says; list only
-- types of whose attributes nothing depends that matters. The key is kept with "own:" before it, so
-- that no token takes a key of the application's. Gives what record_activity gives.
--
-- Raises: 42501 for a session without a person, an organization that is not the token's, or a type
--         that is not listed; else as record_activity.
create or replace function badges.record_my_activity(
    p_org_id text,
    p_activity_type text,
    p_attributes jsonb default '{}',
    p_idempotency_key text default null
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform badges_internal._require_own(coalesce(p_org_id, ''));
    if (badges_internal._setting('own_activities') ? p_activity_type) is not true then
        raise exception 'activities of the type % are not recorded by people themselves',
            badges_internal._quoted(p_activity_type)
        using
            errcode = '42501',
            hint = 'The platform administrator lists such types in the setting own_activities.';
    end if;
    return badges.record_activity(
        badges_internal._session_person(), p_org_id, p_activity_type, null, 1, p_attributes,
        'own:' || p_idempotency_key
    );
end;
$$;

comment on function badges.record_my_activity(text, text, jsonb, text) is
'Records an activity of the session''s own person, of a type in the setting own_activities.';
