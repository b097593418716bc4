-- Lets one apply at a time go on, and waits a minute for another at most.
--
-- Whatever makes a version takes it first, to the end of its transaction. Writers do not notice.
--
-- Locks:  badges_internal.rule_gate in SHARE ROW EXCLUSIVE mode.
-- Raises: 55P03 when another apply does not end, with its session in detail.
create or replace function badges_internal._begin_apply()
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set lock_timeout = '60s'
as $$
begin
    lock table badges_internal.rule_gate in share row exclusive mode;
    -- Zones that this transaction's own inserts looked up may change: _fill_activity_date.
    perform set_config('pgmerit.zone_' || md5(organization.org_id), '', true)
    from badges.organizations as organization
    where current_setting('pgmerit.zone_' || md5(organization.org_id), true) <> '';
exception
    when lock_not_available then
        raise exception 'another change of the rules does not end'
        using
            errcode = '55P03',
            detail = 'Held by: '
                || badges_internal._gate_holders('{ShareRowExclusiveLock,ExclusiveLock}') || '.',
            hint = 'Try again when it has ended; nothing has changed.';
end;
$$;

comment on function badges_internal._begin_apply() is
'Lets one apply at a time go on, and waits a minute for another at most.';
