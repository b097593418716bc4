-- Sets how a statement over many people is planned; gives what was set before, to set it back.
--
-- p_before: what an earlier call gave, null = for sets. Sets are hashed and sorted, in memory where
-- they fit, and looked up by key where the statement says so: statistics older than the table would
-- lead to loops over loops. The statement's own plan is made at each call.
create or replace function badges_internal._plan_for_sets(p_before text[] default null)
returns text[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_before constant text[] := array[
        current_setting('enable_nestloop'), current_setting('enable_mergejoin'),
        current_setting('enable_seqscan'), current_setting('work_mem'),
        current_setting('enable_bitmapscan')
    ];
    v_now constant text[] := coalesce(p_before, array[
        'off', 'off', 'off',
        case when pg_size_bytes(v_before[4]) < 67108864 then '64MB' else v_before[4] end, 'on'
    ]);
begin
    perform
        set_config('enable_nestloop', v_now[1], true),
        set_config('enable_mergejoin', v_now[2], true),
        set_config('enable_seqscan', v_now[3], true),
        set_config('work_mem', v_now[4], true),
        set_config('enable_bitmapscan', v_now[5], true);
    return v_before;
end;
$$;

comment on function badges_internal._plan_for_sets(text[]) is
'Sets how a statement over many people is planned; gives what was set before, to set it back.';
