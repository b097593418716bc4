-- Keeps the result of a verification and raises or clears alert drift_found.
--
-- p_scope: all, or in words who was looked at; only all without a difference clears the alert.
--
-- Writes: badges_internal.verifications, alerts, badges.award_events, the server's log.
-- Raises: 22023 for an argument that means nothing.
create or replace function badges.record_verification(
    p_differences bigint,
    p_people_waiting bigint,
    p_milliseconds bigint,
    p_scope text
)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if (least(p_differences, p_people_waiting, p_milliseconds) >= 0) is not true
        or num_nulls(p_differences, p_people_waiting, p_milliseconds) > 0
    then
        raise exception
            'p_differences, p_people_waiting and p_milliseconds must be numbers from 0 up'
        using errcode = '22023', hint = 'pgmerit verify records its own result.';
    end if;
    if length(p_scope) > 200 or p_scope !~ '\S' or p_scope is null then
        raise exception 'p_scope must be a text of 1 to 200 characters'
        using errcode = '22023', hint = 'Say who was looked at: all, or whom.';
    end if;
    insert into badges_internal.verifications (
        verified_at, differences, people_waiting, milliseconds, scope
    )
    values (clock_timestamp(), p_differences, p_people_waiting, p_milliseconds, p_scope);
    if p_differences > 0 then
        perform badges.raise_alert(
            'drift_found', 'verify',
            jsonb_build_object('differences', p_differences, 'scope', p_scope)
        );
    elsif p_scope = 'all' then
        perform badges.clear_alert('drift_found', 'verify');
    end if;
end;
$$;

comment on function badges.record_verification(bigint, bigint, bigint, text) is
'Keeps the result of a verification and raises or clears alert drift_found.';
