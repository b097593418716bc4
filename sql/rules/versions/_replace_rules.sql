-- Moves a rule set's organizations to a version, when no transaction that evaluated is under way.
--
-- The last step of an apply. Waits in short turns, so that inserts never queue long behind it, and
-- gives up after a minute. From its success to the end of the transaction inserts wait: commit at
-- once.
--
-- Locks:  the rules, exclusively, until the transaction ends.
-- Writes: badges.organizations.
-- Raises: 55P03 when transactions that evaluated by the present rules do not end.
create or replace function badges_internal._replace_rules(p_rule_set text, p_version integer)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_deadline constant timestamptz := clock_timestamp() + interval '60 seconds';
    v_timeout constant text := current_setting('lock_timeout');
    v_is_held boolean := false;
    v_turn integer := 200; -- milliseconds in which inserts may queue behind
begin
    while not v_is_held loop
        begin
            perform set_config('lock_timeout', v_turn || 'ms', true);
            perform pg_advisory_xact_lock(hashtextextended('badges_internal.rules', 0));
            perform set_config('lock_timeout', v_timeout, true);
            v_is_held := true;
        exception
            when lock_not_available then
                if clock_timestamp() > v_deadline then
                    raise exception 'transactions that record activities do not end'
                    using
                        errcode = '55P03',
                        detail = 'Sessions: ' || (
                            select string_agg(distinct held.pid::text, ', ')
                            from pg_locks as held
                            where held.locktype = 'advisory'
                            and held.mode = 'ShareLock'
                            and held.granted
                            and held.pid <> pg_backend_pid()
                        ) || '.',
                        hint = 'Apply again when they have ended; nothing has changed.';
                end if;
                v_turn := least(v_turn * 2, 2000);
                perform pg_sleep(0.3);
        end;
    end loop;
    update badges.organizations as organization
    set rule_set_version = p_version
    where organization.rule_set = p_rule_set;
end;
$$;

comment on function badges_internal._replace_rules(text, integer) is
'Moves a rule set''s organizations to a version, when no transaction that evaluated is under way.';
