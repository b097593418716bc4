-- Tells what is wrong with one activity given as JSON, null where it can be recorded.
create or replace function badges_internal._activity_problem(p_activity jsonb)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_occurred_at timestamptz;
    v_activity_date date;
begin
    if coalesce(p_activity ->> 'peer_mentor_id', '')
        !~* '^[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$'
    then
        return 'peer_mentor_id must be a uuid';
    end if;
    if not exists (
        select
        from badges.organizations as organization
        where organization.org_id = p_activity ->> 'org_id'
    ) then
        return format(
            'organization %s does not exist', badges_internal._quoted(p_activity ->> 'org_id')
        );
    end if;
    if length(coalesce(p_activity ->> 'activity_type', '')) not between 1 and 100 then
        return 'activity_type must have 1 to 100 characters';
    end if;
    if jsonb_typeof(p_activity -> 'activity_type') <> 'string' then
        return 'activity_type must be text';
    end if;
    if jsonb_typeof(p_activity -> 'idempotency_key') not in ('string', 'number', 'null')
        or octet_length(p_activity ->> 'idempotency_key') > 2000
    then
        return 'idempotency_key must be text of at most 2000 bytes';
    end if;
    if jsonb_typeof(p_activity -> 'quantity') not in ('number', 'null')
        or abs((p_activity ->> 'quantity')::numeric) > 1e30
    then
        return 'quantity must be a number within 1e30';
    end if;
    if jsonb_typeof(p_activity -> 'attributes') not in ('object', 'null') then
        return 'attributes must be an object';
    end if;
    begin
        v_occurred_at := (p_activity ->> 'occurred_at')::timestamptz;
    exception
        when invalid_datetime_format or datetime_field_overflow
            or invalid_parameter_value or invalid_text_representation then
            return format(
                'occurred_at %s is no timestamp',
                badges_internal._quoted(p_activity ->> 'occurred_at')
            );
    end;
    if v_occurred_at < '1900-01-03 00:00:00+00' or v_occurred_at > now() + interval '24 hours' then
        return format('occurred_at %s must lie between 1900 and a day from now', v_occurred_at);
    end if;
    begin
        v_activity_date := (p_activity ->> 'activity_date')::date;
    exception
        when invalid_datetime_format or datetime_field_overflow
            or invalid_parameter_value or invalid_text_representation then
            return format(
                'activity_date %s is no date',
                badges_internal._quoted(p_activity ->> 'activity_date')
            );
    end;
    if not isfinite(v_activity_date) or abs(
        v_activity_date - (coalesce(v_occurred_at, now()) at time zone 'UTC')::date
    ) > 1 then
        return format(
            'activity_date %s must lie within a day of the UTC date of occurred_at', v_activity_date
        );
    end if;
    return null;
end;
$$;

comment on function badges_internal._activity_problem(jsonb) is
'Tells what is wrong with one activity given as JSON, null where it can be recorded.';
