do @tag
begin
    @ours
    if pg_temp.pgmerit_phase() = 'drained' then
        perform pg_temp.pgmerit_tell_open();
    end if;
end;
@tag;
set lock_timeout = 0;
select @drop_unique_index
where pg_temp.pgmerit_phase() = 'drained'
and pg_temp.pgmerit_has(@constraint, '{false}')
\gexec
select pg_temp.pgmerit_phase() = 'drained'
    and not pg_temp.pgmerit_has(@constraint, '{true,false}') as pgmerit_builds
\gset
\set ON_ERROR_STOP off
\if :pgmerit_builds
@create_unique_index
\endif
select
    pg_temp.pgmerit_phase() = 'drained'
    and not pg_temp.pgmerit_has(@constraint, '{true}') as pgmerit_failed,
    :'SQLSTATE' = '23505' as pgmerit_is_doubled
\gset
\set ON_ERROR_STOP on
set lock_timeout = @lock_timeout;
\if :pgmerit_failed
\if :pgmerit_is_doubled
-- Only a writer with a snapshot from before the fence brings one past the guard.
call pg_temp.pgmerit_drain();
\else
do @tag
begin
    raise exception 'the index % was not built: see above', @constraint
    using errcode = 'lock_not_available', hint = 'Run this again: it goes on.';
end;
@tag;
\endif
\else
do @tag
begin
    @ours
    if pg_temp.pgmerit_phase() <> 'drained' then
        return;
    end if;
    if not pg_temp.pgmerit_is_built() then
        raise exception 'the index % is not a valid unique index on the key', @constraint
        using
            errcode = 'wrong_object_type',
            hint = 'Drop it, or choose another name with --constraint.';
    end if;
    update pgmerit_dedupe.batches set phase = 'built' where batch_id = @batch;
end;
@tag;
\endif
