@head
\set ON_ERROR_STOP on
\set QUIET on
\pset pager off
@settings
set lock_timeout = @lock_timeout;
-- The tables that the routines name come later.
set check_function_bodies = off;
do @tag
begin
    -- The server then notices in the middle of a long statement that psql has died.
    perform set_config('client_connection_check_interval', '1s', false);
exception when invalid_parameter_value then null;
end;
@tag;

-- What this session needs again and again.

create or replace function pg_temp.pgmerit_phase() returns text
language sql
as @tag
    select b.phase from pgmerit_dedupe.batches as b where b.batch_id = @batch;
@tag;

-- The plain indexes on the columns of the key, in any order.
create or replace function pg_temp.pgmerit_indexes() returns table (
    name text, definition text, columns text[], is_unique boolean, is_valid boolean,
    is_ready boolean, is_immediate boolean, is_nulls_not_distinct boolean, is_constraint boolean
)
language sql
as @tag
    select
        i.name, i.definition, i.columns, i.is_unique, i.is_valid, i.is_ready, i.is_immediate,
        i.is_nulls_not_distinct, i.is_constraint
    from (@indexes) as i
    where i.columns @@> @key and @key @@> i.columns;
@tag;

create or replace function pg_temp.pgmerit_has(pgmerit_v_name text, pgmerit_v_is_valid boolean[])
returns boolean
language sql
as @tag
    select exists (
        select from (@named) as n
        where n.is_valid is null or n.is_valid = any(pgmerit_v_is_valid)
    );
@tag;

create or replace function pg_temp.pgmerit_is_built() returns boolean
language sql
as @tag
    select exists (
        select
        from pg_temp.pgmerit_indexes() as i
        where i.name = @constraint
        and i.columns = @key
        and i.is_unique and i.is_valid and i.is_ready and i.is_immediate
        and i.is_nulls_not_distinct = @is_nulls_not_distinct
    );
@tag;

create or replace function pg_temp.pgmerit_require_shape() returns void
language plpgsql
as @tag
begin
    if @shape is distinct from (select s.shape from (@current_shape) as s) then
        raise exception '% was altered since this script was printed', @name
        using
            errcode = 'object_not_in_prerequisite_state',
            hint = 'Print it anew; what was begun is put back with -v undo=1.';
    end if;
end;
@tag;

-- Says who is in the way, waits a while, and gives up in the end.
create or replace function pg_temp.pgmerit_wait(
    pgmerit_v_since timestamptz, pgmerit_v_modes text[]
) returns void
language plpgsql
as @tag
declare
    pgmerit_v_holders text;
begin
    select coalesce(string_agg(@described, '; '), 'a session that has just gone')
    into pgmerit_v_holders
    from (@holders) as h;
    if clock_timestamp() > pgmerit_v_since + @give_up_after * interval '1 second' then
        raise exception 'gave up: % is held by %', @name, pgmerit_v_holders
        using
            errcode = 'lock_not_available',
            hint = 'Nobody was stopped. Run this again when they have ended: it goes on.';
    end if;
    raise info 'waiting for a lock on %, held by %', @name, pgmerit_v_holders;
    perform pg_sleep(@seconds * (0.5 + random()));
end;
@tag;

-- Names the transactions that a build is going to wait for.
create or replace function pg_temp.pgmerit_tell_open() returns void
language plpgsql
as @tag
declare
    pgmerit_v_open text;
begin
    select string_agg(@described, '; ')
    into pgmerit_v_open
    from pg_stat_activity as h
    where h.datname = current_database()
    and h.pid <> pg_backend_pid()
    and h.xact_start < clock_timestamp() - interval '3 seconds';
    if pgmerit_v_open is not null then
        raise info 'the next index waits for the end of %', pgmerit_v_open;
    end if;
    if exists (@builder) then
        raise exception 'another session is building an index on %', @name
        using
            errcode = 'object_in_use',
            hint = 'Wait until it has ended, then run this again.';
    end if;
end;
@tag;

-- Archives and deletes at most a batch of rows; whether the range may have more.
create or replace function pg_temp.pgmerit_step(
    pgmerit_v_mask integer, pgmerit_v_first bigint, pgmerit_v_last bigint, pgmerit_v_waits boolean
) returns boolean
language plpgsql
as @tag
declare
    pgmerit_v_step bigint;
    pgmerit_v_found bigint;
    pgmerit_v_held text;
    pgmerit_v_archived bigint := 0;
    pgmerit_v_removed bigint;
    pgmerit_v_noted bigint;
    pgmerit_v_count bigint;
    pgmerit_v_repointed bigint := 0;
begin
    select s.step into pgmerit_v_step from (@next_step) as s;
    @remove_rows
    if pgmerit_v_archived > 0 then
        @move_children
        @delete_archived
        get diagnostics pgmerit_v_removed = row_count;
        if pgmerit_v_removed <> pgmerit_v_archived then
            raise exception '% rows of % were to be removed, and % were',
                pgmerit_v_archived, @name, pgmerit_v_removed
            using
                errcode = 'triggered_data_change_violation',
                detail = 'A trigger of the table keeps or changes them.',
                hint = 'Nothing of this step stands. Disable the trigger meanwhile.';
        end if;
        @record_step
    end if;
    @forget_settled
    return pgmerit_v_archived > 0 and pgmerit_v_found >= @batch_rows;
end;
@tag;

-- Takes the keys that arrived, and removes range by range the rows that are duplicates.
--
-- Unless it waits, what others hold is left for the next round.
create or replace procedure pg_temp.pgmerit_round(pgmerit_v_waits boolean)
language plpgsql
as @tag
declare
    pgmerit_v_mask integer;
    pgmerit_v_first bigint;
    pgmerit_v_last bigint;
    pgmerit_v_found bigint;
    pgmerit_v_after bigint := 0;
    pgmerit_v_size bigint := @batch_rows;
    pgmerit_v_is_done boolean;
    pgmerit_v_has_more boolean;
    pgmerit_v_since timestamptz := clock_timestamp();
begin
    @take_arrivals
    commit;
    loop
        select r.mask, r.first, r.last, r.size
        into pgmerit_v_mask, pgmerit_v_first, pgmerit_v_last, pgmerit_v_found
        from (@next_range) as r;
        exit when not found;
        loop
            begin
                @by_index
                set local lock_timeout = @half;
                perform pg_temp.pgmerit_require_shape();
                pgmerit_v_has_more := pg_temp.pgmerit_step(
                    pgmerit_v_mask, pgmerit_v_first, pgmerit_v_last, pgmerit_v_waits
                );
                pgmerit_v_is_done := true;
            exception when lock_not_available or deadlock_detected then
                pgmerit_v_is_done := false;
            end;
            commit;
            if not pgmerit_v_is_done then
                perform pg_temp.pgmerit_wait(pgmerit_v_since, null);
                continue;
            end if;
            pgmerit_v_since := clock_timestamp();
            if not pgmerit_v_has_more then
                pgmerit_v_after := pgmerit_v_last;
                pgmerit_v_size := least(@batch_rows, pgmerit_v_size * 2);
                exit;
            elsif pgmerit_v_found > 1 then
                -- Ranking a range again for each batch of it would be dear: a shorter one.
                pgmerit_v_size := greatest(1, pgmerit_v_size / 4);
                exit;
            end if;
        end loop;
    end loop;
end;
@tag;

-- Removes in rounds while they get shorter; then lets the guard refuse duplicates.
create or replace procedure pg_temp.pgmerit_remove()
language plpgsql
as @tag
declare
    pgmerit_v_before bigint;
    pgmerit_v_unread bigint;
    pgmerit_v_since timestamptz;
begin
    for pgmerit_v_number in 1 .. @rounds loop
        pgmerit_v_before := pgmerit_v_unread;
        select a.n into pgmerit_v_unread from (@count_arrivals) as a;
        exit when pgmerit_v_unread <= @batch_rows or pgmerit_v_unread > pgmerit_v_before / 2;
        call pg_temp.pgmerit_round(false);
    end loop;
    pgmerit_v_since := clock_timestamp();
    while pg_temp.pgmerit_phase() = 'scanned' loop
        begin
            set local lock_timeout = @half;
            lock table only @table in share row exclusive mode;
            perform pg_temp.pgmerit_require_shape();
            @refuse_duplicates
            update pgmerit_dedupe.batches set phase = 'fenced' where batch_id = @batch;
        exception when lock_not_available or deadlock_detected then null;
        end;
        commit;
        if pg_temp.pgmerit_phase() = 'scanned' then
            perform pg_temp.pgmerit_wait(pgmerit_v_since, @modes);
        end if;
    end loop;
end;
@tag;

-- Removes what came before the guard refused, and what others held until now.
create or replace procedure pg_temp.pgmerit_drain()
language plpgsql
as @tag
begin
    call pg_temp.pgmerit_round(false);
    for pgmerit_v_number in 1 .. @rounds loop
        if not exists (select from @groups) then
            update pgmerit_dedupe.batches set phase = 'drained' where batch_id = @batch;
            return;
        end if;
        call pg_temp.pgmerit_round(true);
    end loop;
    raise exception 'gave up: keys still have duplicates, whose rows are changed all the while'
    using
        errcode = 'lock_not_available',
        hint = 'What was removed is archived. Run this again when fewer write: it goes on.';
end;
@tag;

-- The batch: made, or taken up.

do @tag
begin
    if to_regclass(@name) is distinct from @oid::oid::regclass then
        raise exception 'this script is for % with the oid %', @name, @oid
        using
            errcode = 'object_not_in_prerequisite_state',
            hint = 'It is another database, or another table of that name: print it anew.';
    end if;
    if exists (
        select
        from pg_namespace as n
        where n.nspname = 'pgmerit_dedupe'
        and not pg_has_role(n.nspowner, 'usage')
    ) then
        raise exception 'the schema pgmerit_dedupe belongs to another role'
        using
            errcode = 'insufficient_privilege',
            hint = 'Use that role: archives and batches are its own.';
    end if;
    @state
end;
@tag;

\if :{?undo}
\else
do @tag
declare
    pgmerit_v_phase text := pg_temp.pgmerit_phase();
    pgmerit_v_count bigint;
begin
    if pgmerit_v_phase in ('undoing', 'undone') then
        raise exception 'this batch was put back, or is about to be'
        using
            errcode = 'object_not_in_prerequisite_state',
            hint = 'With -v undo=1 that goes on; to begin again print a new script.';
    elsif pgmerit_v_phase is not null then
        return;
    end if;
    perform pg_temp.pgmerit_require_shape();
    perform pg_temp.pgmerit_tell_open();
    if exists (
        select
        from pg_temp.pgmerit_indexes() as i
        where i.is_unique and i.is_valid and i.is_ready and i.is_immediate
        and (i.is_nulls_not_distinct or not @is_nulls_not_distinct)
    ) then
        raise info '% is unique by this key already', @name;
        return;
    end if;
    if exists (@taken) or (
        pg_temp.pgmerit_has(@constraint, '{true,false}')
        and not exists (
            select
            from pg_temp.pgmerit_indexes() as i
            where i.name = @constraint and i.is_unique and not i.is_valid and not i.is_constraint
        )
    ) then
        raise exception 'the name % is taken in schema %', @constraint, @schema
        using errcode = 'duplicate_object', hint = 'Choose another with --constraint.';
    end if;
    @refuse_nulls
    @refuse_children
    insert into pgmerit_dedupe.batches (
        batch_id, table_oid, table_name, key_columns, keep_column, children, nulls,
        constraint_name, shape, phase
    )
    overriding system value
    values (@batch, @oid, @name, @key, @keep, @children, @nulls, @constraint, @shape, 'made');
    @create_work
end;
@tag;
\endif

select coalesce(pg_temp.pgmerit_phase(), 'none') as pgmerit_phase, false as pgmerit_is_unbalanced
\gset
\if :{?undo}
select :'pgmerit_phase' not in ('none', 'undone') as pgmerit_works, true as pgmerit_undoes
\else
select :'pgmerit_phase' not in ('none', 'done') as pgmerit_works, false as pgmerit_undoes
\endif
\gset
\if :pgmerit_works
do @tag
declare
    pgmerit_v_runner integer;
begin
    select a.pid into pgmerit_v_runner
    from pgmerit_dedupe.batches as b
    cross join lateral (@runner) as a
    where b.batch_id = @batch;
    if found then
        raise exception 'batch % is worked on by pid %', @batch, pgmerit_v_runner
        using errcode = 'object_in_use', hint = 'Let it end, or stop it.';
    end if;
    update pgmerit_dedupe.batches as b
    set runner_pid = a.pid, runner_started_at = a.backend_start
    from pg_stat_activity as a
    where b.batch_id = @batch
    and a.pid = pg_backend_pid();
end;
@tag;
\if :pgmerit_undoes
\else

\echo guard, counts
do @tag
declare
    pgmerit_v_since constant timestamptz := clock_timestamp();
begin
    @ours
    while pg_temp.pgmerit_phase() = 'made' loop
        begin
            set local lock_timeout = @half;
            lock table only @table in share row exclusive mode;
            perform pg_temp.pgmerit_require_shape();
            @note_arrivals
            update pgmerit_dedupe.batches set phase = 'guarded' where batch_id = @batch;
        exception when lock_not_available or deadlock_detected then null;
        end;
        commit;
        if pg_temp.pgmerit_phase() = 'made' then
            perform pg_temp.pgmerit_wait(pgmerit_v_since, @modes);
        end if;
    end loop;
end;
@tag;
do @tag
begin
    @ours
    update pgmerit_dedupe.batches
    set before_count = (select c.before from (@count_before) as c), phase = 'counted'
    where batch_id = @batch
    and phase = 'guarded';
end;
@tag;

\echo index on the key
do @tag
declare
    pgmerit_v_index record;
begin
    @ours
    if pg_temp.pgmerit_phase() <> 'counted' then
        return;
    end if;
    perform pg_temp.pgmerit_tell_open();
    for pgmerit_v_index in
        select i.*
        from pg_temp.pgmerit_indexes() as i
        where i.is_unique and not i.is_valid and not i.is_constraint
    loop
        raise info 'the index % is invalid and refuses %: dropped', pgmerit_v_index.name,
            case when pgmerit_v_index.is_ready then 'some duplicates' else 'nothing' end;
        update pgmerit_dedupe.batches
        set dropped_indexes = dropped_indexes || pgmerit_v_index.definition
        where batch_id = @batch
        and not pgmerit_v_index.definition = any(dropped_indexes);
    end loop;
end;
@tag;
set lock_timeout = 0;
select format('drop index concurrently %I.%I', @schema, i.name)
from pg_temp.pgmerit_indexes() as i
where pg_temp.pgmerit_phase() = 'counted'
and i.is_unique and not i.is_valid and not i.is_constraint
\gexec
select @drop_helper_index
where pg_temp.pgmerit_phase() = 'counted'
and pg_temp.pgmerit_has(@helper_index, '{false}')
\gexec
select @create_helper_index
where pg_temp.pgmerit_phase() = 'counted'
and not exists (select from pg_temp.pgmerit_indexes() as i where i.is_valid)
\gexec
set lock_timeout = @lock_timeout;

\echo duplicates
do @tag
begin
    @ours
    if pg_temp.pgmerit_phase() <> 'counted' then
        return;
    end if;
    set local lock_timeout = 0;
    @forget_groups
    @find_groups
    update pgmerit_dedupe.batches
    set group_count = (select g.n from (@count_groups) as g), phase = 'scanned'
    where batch_id = @batch;
end;
@tag;
-- A first round by itself: what it leaves behind is cleared before the others.
do @tag
begin
    @ours
    if pg_temp.pgmerit_phase() = 'scanned' then
        call pg_temp.pgmerit_round(false);
    end if;
end;
@tag;
select @tidy_groups where pg_temp.pgmerit_phase() = 'scanned'
\gexec
do @tag
begin
    @ours
    if pg_temp.pgmerit_phase() = 'scanned' then
        call pg_temp.pgmerit_remove();
    end if;
    if pg_temp.pgmerit_phase() = 'fenced' then
        call pg_temp.pgmerit_drain();
    end if;
end;
@tag;

\echo unique index
do @tag
begin
    @ours
    if pg_temp.pgmerit_phase() in ('built', 'verified') and not pg_temp.pgmerit_is_built() then
        -- Somebody dropped the index since; the guard still refuses.
        update pgmerit_dedupe.batches set phase = 'drained' where batch_id = @batch;
    end if;
end;
@tag;
@builds
do @tag
begin
    @ours
    if pg_temp.pgmerit_phase() = 'drained' then
        raise exception 'the index % found duplicates in every build', @constraint
        using
            errcode = 'lock_not_available',
            hint = 'Writers at REPEATABLE READ bring them past the guard; run this again.';
    end if;
end;
@tag;

\echo counts, constraint
do @tag
begin
    @ours
    -- Rows before + arrived = kept + archived, in one snapshot; else everything is put back.
    update pgmerit_dedupe.batches as b
    set phase = 'verified'
    from (@count_after) as c
    where b.batch_id = @batch
    and b.phase = 'built'
    and b.before_count + c.arrived = c.kept + c.archived;
end;
@tag;
select pg_temp.pgmerit_phase() = 'built' as pgmerit_is_unbalanced,
    pg_temp.pgmerit_phase() = 'built' as pgmerit_undoes
\gset
\if :pgmerit_undoes
\else
do @tag
declare
    pgmerit_v_since constant timestamptz := clock_timestamp();
begin
    @ours
    while pg_temp.pgmerit_phase() = 'verified' loop
        begin
            set local lock_timeout = @half;
            lock table only @table in access exclusive mode;
            @add_constraint
            @drop_guard
            update pgmerit_dedupe.batches set phase = 'attached' where batch_id = @batch;
        exception when lock_not_available or deadlock_detected then null;
        end;
        commit;
        if pg_temp.pgmerit_phase() = 'verified' then
            perform pg_temp.pgmerit_wait(pgmerit_v_since, null);
        end if;
    end loop;
end;
@tag;
set lock_timeout = 0;
select @drop_helper_index
where pg_temp.pgmerit_phase() = 'attached'
and pg_temp.pgmerit_has(@helper_index, '{true,false}')
\gexec
set lock_timeout = @lock_timeout;
do @tag
begin
    @ours
    if pg_temp.pgmerit_phase() = 'attached' then
        @drop_work
        update pgmerit_dedupe.batches set phase = 'done', ended_at = now() where batch_id = @batch;
    end if;
end;
@tag;
\endif
\endif
\if :pgmerit_undoes

\echo undo
do @tag
declare
    pgmerit_v_since constant timestamptz := clock_timestamp();
begin
    @ours
    if to_regclass(@archive) is null then
        raise exception 'the archive of batch % is gone', @batch
        using errcode = 'undefined_table', hint = 'Nothing can be put back.';
    end if;
    while pg_temp.pgmerit_phase() <> 'undoing' loop
        begin
            set local lock_timeout = @half;
            lock table only @table in access exclusive mode;
            if pg_temp.pgmerit_phase() in ('attached', 'done') then
                @drop_constraint
            end if;
            @drop_guard
            update pgmerit_dedupe.batches set phase = 'undoing' where batch_id = @batch;
        exception when lock_not_available or deadlock_detected then null;
        end;
        commit;
        if pg_temp.pgmerit_phase() <> 'undoing' then
            perform pg_temp.pgmerit_wait(pgmerit_v_since, null);
        end if;
    end loop;
end;
@tag;
set lock_timeout = 0;
-- The name was free when the batch began: what has it now and backs no constraint is the batch's.
select @drop_unique_index
where pg_temp.pgmerit_phase() = 'undoing'
and exists (
    select
    from pg_temp.pgmerit_indexes() as i
    where i.name = @constraint and i.is_unique and not i.is_constraint
)
\gexec
select @drop_helper_index
where pg_temp.pgmerit_phase() = 'undoing'
and pg_temp.pgmerit_has(@helper_index, '{true,false}')
\gexec
set lock_timeout = @lock_timeout;
do @tag
declare
    pgmerit_v_step bigint;
    pgmerit_v_removed bigint;
    pgmerit_v_count bigint;
    pgmerit_v_is_done boolean;
    pgmerit_v_since timestamptz := clock_timestamp();
begin
    @ours
    loop
        select s.step into pgmerit_v_step from (@last_step) as s;
        exit when pgmerit_v_step is null;
        begin
            @by_index
            @restore_rows
            get diagnostics pgmerit_v_removed = row_count;
            select c.n into pgmerit_v_count from (@count_archived) as c;
            if pgmerit_v_removed <> pgmerit_v_count then
                raise exception '% rows of % were to be put back, and % were',
                    pgmerit_v_count, @name, pgmerit_v_removed
                using
                    errcode = 'triggered_data_change_violation',
                    detail = 'A trigger of the table keeps some out.',
                    hint = 'Nothing of this step stands. Disable the trigger meanwhile.';
            end if;
            @point_children_back
            @forget_step
            pgmerit_v_is_done := true;
        exception when lock_not_available or deadlock_detected then
            pgmerit_v_is_done := false;
        end;
        commit;
        if pgmerit_v_is_done then
            pgmerit_v_since := clock_timestamp();
        else
            perform pg_temp.pgmerit_wait(pgmerit_v_since, null);
        end if;
    end loop;
end;
@tag;
-- What was found invalid is built again: over duplicates it ends invalid, as it was.
set lock_timeout = 0;
\set ON_ERROR_STOP off
select regexp_replace(d, ' INDEX ', ' INDEX CONCURRENTLY ')
from pgmerit_dedupe.batches as b
cross join unnest(b.dropped_indexes) as d
where b.batch_id = @batch
and not exists (
    select from pg_index as i where i.indrelid = @oid and pg_get_indexdef(i.indexrelid) = d
)
\gexec
\set ON_ERROR_STOP on
set lock_timeout = @lock_timeout;
do @tag
begin
    @ours
    @drop_work
    @drop_archive
    update pgmerit_dedupe.batches set phase = 'undone', ended_at = now() where batch_id = @batch;
end;
@tag;
\endif
update pgmerit_dedupe.batches
set runner_pid = null, runner_started_at = null
where batch_id = @batch;
select
    b.batch_id as batch, b.table_name as "table", b.phase, b.constraint_name as "constraint",
    coalesce(sum(s.removed_count), 0) as removed
from pgmerit_dedupe.batches as b
left join pgmerit_dedupe.steps as s using (batch_id)
where b.batch_id = @batch
group by b.batch_id;
\else
\echo nothing to do
\endif
\if :pgmerit_is_unbalanced
do @tag
begin
    raise exception 'the rows before, arrived, kept and archived do not add up'
    using
        errcode = 'data_exception',
        hint = 'Somebody wrote past the guard. Every removed row was put back.';
end;
@tag;
\endif
