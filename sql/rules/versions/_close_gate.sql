-- Closes the gate of the rules, when no transaction that evaluated is under way.
--
-- The last wait of an apply. Takes its turns in the queue (_next_turn) and gives up after
-- p_patience. From its success to the end of the transaction inserts wait: commit at once.
--
-- Locks:  badges_internal.rule_gate in EXCLUSIVE mode.
-- Raises: 55P03 when transactions that evaluated by the present rules do not end, with their
--         sessions in detail.
create or replace function badges_internal._close_gate(
    p_patience interval default '60 seconds'
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_began constant timestamptz := clock_timestamp();
    v_timeout constant text := current_setting('lock_timeout');
    v_turns integer := 0;
    v_turn integer; -- milliseconds, as the next two
    v_waited integer := 0;
    v_queued integer := 0;
begin
    loop
        v_turn := badges_internal._next_turn(v_turns, v_waited, v_queued);
        if v_turn > 0 then
            begin
                perform set_config('lock_timeout', v_turn || 'ms', true);
                lock table badges_internal.rule_gate in exclusive mode;
                perform set_config('lock_timeout', v_timeout, true);
                return;
            exception
                when lock_not_available then
                    v_turns := v_turns + 1;
                    v_queued := v_queued + v_turn;
            end;
        end if;
        v_waited := 1000 * extract(epoch from clock_timestamp() - v_began);
        if clock_timestamp() > v_began + p_patience then
            raise exception 'transactions that record activities do not end'
            using
                errcode = '55P03',
                detail = 'Held by: ' || badges_internal._gate_holders('{RowShareLock}') || '.',
                hint = 'Apply again when they have ended; nothing has changed.';
        end if;
        perform pg_sleep(0.1);
    end loop;
end;
$$;

comment on function badges_internal._close_gate(interval) is
'Closes the gate of the rules, when no transaction that evaluated is under way.';
