-- Names the sessions that hold the gate of the rules in one of some modes, but for the caller's.
--
-- p_modes: as pg_locks words them. What other sessions do may be hidden from the reader.
create or replace function badges_internal._gate_holders(p_modes text[])
returns text
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        select string_agg(
            coalesce(
                'session ' || held.pid || ' (' || concat_ws(
                    ', ',
                    'role ' || quote_ident(session.usename), nullif(session.application_name, ''),
                    session.state, 'since ' || date_trunc('second', session.xact_start)
                ) || ')',
                'the prepared transaction ' || quote_literal(prepared.gid)
            ),
            '; ' order by session.xact_start, held.pid
        )
        from pg_locks as held
        left join pg_stat_activity as session on session.pid = held.pid
        -- A prepared transaction has no session, only its own id.
        left join pg_locks as own
            on held.pid is null
            and own.pid is null
            and own.locktype = 'transactionid'
            and own.virtualtransaction = held.virtualtransaction
        left join pg_prepared_xacts as prepared on prepared.transaction = own.transactionid
        where held.locktype = 'relation'
        and held.database = (select oid from pg_database where datname = current_database())
        and held.relation = 'badges_internal.rule_gate'::regclass
        and held.mode = any(p_modes)
        and held.granted
        and held.pid is distinct from pg_backend_pid()
    );
end;
$$;

comment on function badges_internal._gate_holders(text[]) is
'Names the sessions that hold the gate of the rules in one of some modes, but for the caller''s.';
