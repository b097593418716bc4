-- Records many activities in one statement and tells the badges they earned.
--
-- p_activities: an array of objects with the parameters of record_activity without p_. All or
-- nothing. Gives {"recorded", "duplicates", "activity_ids", "new_badges"}; activity_ids has an
-- entry an element, a duplicate's being the first activity's; new_badges name person and
-- organization.
--
-- Raises: 22023 with the index of a bad element, MB001 a known key with other content.
create or replace function badges.record_activities(p_activities jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_after constant bigint := badges_internal._last_event();
    v_now constant timestamptz := clock_timestamp();
    v_problem text := badges_internal._find_bad_activity(p_activities);
    v_given badges.activities[];
    v_held bigint[];
begin
    if v_problem is not null then
        raise exception '%', v_problem
        using
            errcode = '22023',
            hint = 'Nothing was recorded. Each element is an object with peer_mentor_id, org_id, '
                'activity_type and optionally occurred_at, activity_date, quantity, attributes, '
                'idempotency_key.';
    end if;
    -- A zone that changed before the rows are counted would leave days behind.
    perform badges_internal._hold_rules();

    -- Elements in their order, each with the id it will have. A key given twice is one activity.
    select array_agg(row(
        nextval(pg_get_serial_sequence('badges.activities', 'activity_id')),
        element.given ->> 'org_id',
        (element.given ->> 'peer_mentor_id')::uuid,
        element.given ->> 'activity_type',
        moment.occurred_at,
        coalesce(
            (element.given ->> 'activity_date')::date,
            badges_internal._local_day(element.given ->> 'org_id', moment.occurred_at)
        ),
        coalesce((element.given ->> 'quantity')::numeric, 0),
        coalesce(nullif(element.given -> 'attributes', 'null'), '{}'),
        element.given ->> 'idempotency_key'
    )::badges.activities order by element.position)
    into v_given
    from jsonb_array_elements(p_activities) with ordinality as element (given, position)
    cross join lateral (
        select coalesce((element.given ->> 'occurred_at')::timestamptz, v_now) as occurred_at
    ) as moment;
    insert into badges.activities (
        activity_id, org_id, peer_mentor_id, activity_type, occurred_at, activity_date, quantity,
        attributes, idempotency_key
    )
    select
        given.activity_id, given.org_id, given.peer_mentor_id, given.activity_type,
        given.occurred_at, given.activity_date, given.quantity, given.attributes,
        given.idempotency_key
    from unnest(v_given) as given
    order by given.peer_mentor_id, given.org_id
    on conflict (peer_mentor_id, org_id, idempotency_key) do nothing;

    -- Without a key an element is its own activity; with one it is the key's.
    select
        array_agg(held.activity_id order by given.position),
        min(format('element %s: idempotency key "%s" is known with other content',
            given.position - 1, given.idempotency_key))
            filter (where row(held.activity_type, held.quantity, held.attributes)
                <> row(given.activity_type, given.quantity, given.attributes)
            or held.occurred_at <> given.occurred_at
            and p_activities -> (given.position - 1)::integer ->> 'occurred_at' is not null
            or held.activity_date <> given.activity_date
            and p_activities -> (given.position - 1)::integer ->> 'activity_date' is not null)
    into v_held, v_problem
    from unnest(v_given) with ordinality as given (
        activity_id, org_id, peer_mentor_id, activity_type, occurred_at, activity_date, quantity,
        attributes, idempotency_key, position
    )
    join badges.activities as held
        on held.peer_mentor_id = given.peer_mentor_id
        and held.org_id = given.org_id
        and (
            held.activity_id = given.activity_id
            or held.idempotency_key = given.idempotency_key
        );
    if v_problem is not null then
        raise exception '%', v_problem
        using
            errcode = 'MB001',
            table = 'activities',
            hint = 'Nothing was recorded. Send a replay with the same content, or a new key.';
    end if;
    return jsonb_build_object(
        'recorded', (
            select count(*)
            from unnest(v_given) as given
            where given.activity_id = any(v_held)
        ),
        'duplicates', (
            select count(*)
            from unnest(v_given) as given
            where given.activity_id <> all(coalesce(v_held, '{}'))
        ),
        'activity_ids', to_jsonb(coalesce(v_held, '{}')),
        'new_badges', badges_internal._new_badges_since(v_after, true)
    );
end;
$$;

comment on function badges.record_activities(jsonb) is
'Records many activities in one statement and tells the badges they earned.';
