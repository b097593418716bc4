-- Records one activity and tells the badges it earned.
--
-- Gives {"activity_id", "duplicate", "new_badges": [{"badge_definition_id", "tier", "occurrence",
-- "earned_at", "name"}]}. A known idempotency key with the same content is a duplicate: it changes
-- nothing and earns nothing. p_occurred_at null = now; p_activity_date: the person's own local day,
-- null = the organization's.
--
-- Raises: 23503 unknown organization, 22023 a moment over a day ahead, 23514 a value out of range,
--         MB001 a known key with other content.
create or replace function badges.record_activity(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_activity_type text,
    p_occurred_at timestamptz default null,
    p_quantity numeric default 0,
    p_attributes jsonb default '{}',
    p_idempotency_key text default null,
    p_activity_date date default null
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_occurred_at constant timestamptz := coalesce(p_occurred_at, clock_timestamp());
    v_after constant bigint := badges_internal._last_event();
    v_activity_id bigint;
    v_held badges.activities;
    v_difference text;
begin
    -- A zone that changed before the row is counted would leave a day behind.
    perform badges_internal._hold_rules();
    insert into badges.activities (
        org_id, peer_mentor_id, activity_type, occurred_at, activity_date, quantity, attributes,
        idempotency_key
    )
    values (
        p_org_id, p_peer_mentor_id, p_activity_type, v_occurred_at,
        coalesce(p_activity_date, badges_internal._local_day(p_org_id, v_occurred_at)),
        coalesce(p_quantity, 0), coalesce(p_attributes, '{}'), p_idempotency_key
    )
    on conflict (peer_mentor_id, org_id, idempotency_key) do nothing
    returning activity_id into v_activity_id;
    if v_activity_id is not null then
        return jsonb_build_object(
            'activity_id', v_activity_id,
            'duplicate', false,
            'new_badges', badges_internal._new_badges_since(v_after, false)
        );
    end if;

    select activity.*
    into v_held
    from badges.activities as activity
    where activity.peer_mentor_id = p_peer_mentor_id
    and activity.org_id = p_org_id
    and activity.idempotency_key = p_idempotency_key;
    v_difference := case
        when v_held.activity_type <> p_activity_type then 'activity_type'
        when v_held.occurred_at <> p_occurred_at then 'occurred_at'
        when v_held.activity_date <> p_activity_date then 'activity_date'
        when v_held.quantity <> coalesce(p_quantity, 0) then 'quantity'
        when v_held.attributes <> coalesce(p_attributes, '{}') then 'attributes'
    end;
    if v_difference is not null then
        raise exception 'idempotency key "%" is known with another %',
            p_idempotency_key, v_difference
        using
            errcode = 'MB001',
            table = 'activities',
            column = v_difference,
            detail = format('It was used by activity %s.', v_held.activity_id),
            hint = 'Send a replay with the same content, or a new activity with a new key.';
    end if;
    return jsonb_build_object(
        'activity_id', v_held.activity_id,
        'duplicate', true,
        'new_badges', '[]'::jsonb
    );
end;
$$;

comment on function badges.record_activity(
    uuid, text, text, timestamptz, numeric, jsonb, text, date
) is
'Records one activity and tells the badges it earned.';
