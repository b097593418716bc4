-- Tells whether nobody waits for a rule set and every transaction below the horizon has ended.
--
-- p_rule_set null = of the transactions alone: the batch after a yes is the last where it leaves
-- nobody waiting. Looks at this database alone, prepared transactions included.
create or replace function badges.rule_set_is_settled(p_rule_set text, p_horizon xid8)
returns boolean
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        -- Transaction ids in pg_locks are the low 32 bits; they compare around the circle.
        select
            badges_internal._count_waiting_people(p_rule_set, p_at_most => 1) = 0
            and not exists (
                select
                from pg_locks as held
                left join pg_stat_activity as session on session.pid = held.pid
                left join pg_prepared_xacts as prepared on prepared.transaction = held.transactionid
                where held.locktype = 'transactionid'
                and held.mode = 'ExclusiveLock'
                and held.granted
                and held.pid is distinct from pg_backend_pid()
                and coalesce(session.datname, prepared.database, current_database())
                    = current_database()
                and mod(
                    mod(p_horizon::text::numeric, 4294967296)
                    - held.transactionid::text::numeric - 1 + 4294967296,
                    4294967296
                ) < 2147483648
            )
    );
end;
$$;

comment on function badges.rule_set_is_settled(text, xid8) is
'Tells whether nobody waits for a rule set and every transaction below the horizon has ended.';
