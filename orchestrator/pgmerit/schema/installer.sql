-- What `pgmerit migrate` does, for a file that any client runs: refuses what it refuses, applies the
-- pending migrations, loads the routines, and keeps its and yoyo's account of both.
-- What stands in braces is put in by script.py.

-- Raises when anything of ours is in other hands than the role's that runs this, or not ours.
create function pg_temp.pgmerit_refuse_others() returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $pgmerit$
declare
    v_found record;
begin
    for v_found in
        {strangers}
    loop
        raise exception '%', v_found.finding using errcode = '42501', hint = v_found.hint;
    end loop;
    for v_found in
        {foreign_object}
    loop
        raise exception '%', v_found.finding using errcode = '55000', hint = v_found.hint;
    end loop;
end;
$pgmerit$;

-- Raises unless this file may run here and is as it was written.
create function pg_temp.pgmerit_refuse() returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $pgmerit$
declare
    v_found record;
begin
    if current_setting('server_version_num')::integer < {oldest} * 10000 then
        raise exception 'the server is PostgreSQL %, which is too old: pgmerit needs {oldest} or newer',
            current_setting('server_version')
        using errcode = '0A000', hint = 'Upgrade the server.';
    end if;
    if not pg_try_advisory_xact_lock({lock_key}) then
        raise exception 'another pgmerit migrates this database'
        using errcode = '55P03', hint = 'Run this again when it has ended.';
    end if;
    -- Another encoding, other ends of lines or an editor may have changed it on its way.
    for v_found in
        select file.name
        from pg_temp.pgmerit_files as file
        where encode(sha256(convert_to(file.body, 'UTF8')), 'hex') <> file.sha256
    loop
        raise exception 'the text of % is not as pgmerit wrote it', v_found.name
        using errcode = '22023', hint = 'Write the file anew; it is UTF-8 with its own ends of lines.';
    end loop;
end;
$pgmerit$;

-- Raises when applied migrations are not those of this file, or when it begins too late.
create function pg_temp.pgmerit_refuse_other_history() returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $pgmerit$
declare
    v_problem text := (
        select string_agg(
            mark.migration_id
                || case
                    when file.name is null
                        then ' was applied, but is not in this file: the database is of a newer version'
                    else ' was edited after it was applied'
                end,
            e'\n' order by mark.migration_id
        )
        from badges_internal._yoyo_migration as mark
        left join badges_internal.migration_files as applied using (migration_id)
        left join pg_temp.pgmerit_files as file on file.kind = 'migration'
            and file.name = mark.migration_id
        where file.name is null
        or applied.sha256 <> file.sha256
    );
    v_missing text := (
        select min(file.name)
        from pg_temp.pgmerit_files as file
        where file.kind = 'migration'
        and file.body is null
        and file.name not in (select mark.migration_id from badges_internal._yoyo_migration as mark)
    );
begin
    if v_problem is not null then
        raise exception 'the migrations are not those that were applied'
        using
            errcode = '55000',
            detail = v_problem,
            hint = 'Write the file with the version of pgmerit that this database had, or a newer one.';
    end if;
    if v_missing is not null then
        raise exception 'the migration % is not applied here, and this file has only what comes after',
            v_missing
        using errcode = '55000', hint = 'Write the file with an earlier --from, or without it.';
    end if;
end;
$pgmerit$;

create function pg_temp.pgmerit_install() returns void
language plpgsql
set search_path = pg_catalog, pg_temp
-- Migrations set both, and who goes on in this transaction has its own.
set lock_timeout from current
set statement_timeout from current
as $pgmerit$
declare
    v_file record;
    v_applied_count integer := 0;
    v_missing_roles text[];
begin
    perform pg_temp.pgmerit_refuse();
    -- First of all, so that nobody can make them once we have looked.
    execute $bookkeeping$
{make_schemas}
    $bookkeeping$;
    perform pg_temp.pgmerit_refuse_others();
    execute $bookkeeping$
{bookkeeping}
    $bookkeeping$;
    perform pg_temp.pgmerit_refuse_other_history();
    for v_file in
        select file.name, file.sha256, file.body
        from pg_temp.pgmerit_files as file
        where file.kind = 'migration'
        and file.name not in (select mark.migration_id from badges_internal._yoyo_migration as mark)
        order by file.position
    loop
        -- No index is built concurrently inside a transaction.
        execute '-- migrations/' || v_file.name || e'.sql\n'
            || regexp_replace(v_file.body, '{concurrently}', '', 'gi');
        insert into badges_internal._yoyo_migration (migration_hash, migration_id, applied_at_utc)
        values (
            encode(sha256(convert_to(v_file.name, 'UTF8')), 'hex'), v_file.name,
            timezone('utc', now())
        );
        insert into badges_internal._yoyo_log (
            id, migration_hash, migration_id, operation, username, hostname, created_at_utc
        )
        select gen_random_uuid(), mark.migration_hash, mark.migration_id, 'apply', session_user,
            coalesce(host(inet_client_addr()), 'local'), mark.applied_at_utc
        from badges_internal._yoyo_migration as mark
        where mark.migration_id = v_file.name;
        insert into badges_internal.migration_files (migration_id, sha256, applied_at)
        values (v_file.name, v_file.sha256, now())
        on conflict (migration_id) do update
        set sha256 = excluded.sha256, applied_at = excluded.applied_at;
        v_applied_count := v_applied_count + 1;
    end loop;
    perform pg_temp.pgmerit_load();
    raise notice 'pgmerit: % migrations applied, % files of routines loaded', v_applied_count,
        (select count(*) from badges_internal.loaded_files);
    v_missing_roles := array(
        select wanted.name
        from unnest({roles}) as wanted (name)
        where to_regrole(wanted.name) is null
    );
    if v_missing_roles <> '{}' then
        raise warning 'no rights were given to %: this role may not make roles',
            array_to_string(v_missing_roles, ', ')
        using
            errcode = '01007',
            hint = 'Have an administrator run "create role ' || array_to_string(
                v_missing_roles, ' nologin; create role '
            ) || ' nologin;" and run this again.';
    end if;
end;
$pgmerit$;
