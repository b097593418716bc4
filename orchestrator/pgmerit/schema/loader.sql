-- Loads the routines that lie in pg_temp.pgmerit_files, inside the caller's transaction: run by
-- `pgmerit migrate`, and at the end of what `pgmerit migrate --sql` prints.
-- What stands in braces is put in by loading.py.

create temporary table pgmerit_files (
    kind text not null, -- migration or routines
    position integer not null, -- in the order in which they run
    name text not null,
    sha256 text not null,
    body text, -- null: only to be compared
    primary key (kind, position)
) on commit drop;

-- What is in our schemas.
create function pg_temp.pgmerit_catalogue()
returns table (kind text, identity text, written text, fingerprint text)
language sql
as $pgmerit$
{catalogue}
$pgmerit$;

-- Drops loaded objects; raises when something that is not ours needs one.
create function pg_temp.pgmerit_drop(p_kinds text[], p_identities text[]) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $pgmerit$
declare
    v_detail text;
    v_statement text;
begin
    for v_statement in
        select 'drop trigger ' || doomed.identity
        from unnest(p_kinds, p_identities) as doomed (kind, identity)
        where doomed.kind = 'trigger'
        union all
        select 'drop routine ' || string_agg(doomed.identity, ', ')
        from unnest(p_kinds, p_identities) as doomed (kind, identity)
        where doomed.kind = 'routine'
        having count(*) > 0
    loop
        execute v_statement;
    end loop;
exception
    when dependent_objects_still_exist then
        get stacked diagnostics v_detail = pg_exception_detail;
        raise exception 'a routine of pgmerit must go, but something else needs it: %',
            split_part(v_detail, e'\n', 1)
        using errcode = '2BP01', hint = 'Drop what depends on it, and run this again.';
end;
$pgmerit$;

-- The routines of these names, with their parameters.
create function pg_temp.pgmerit_routines(p_names text[]) returns text[]
language sql
set search_path = pg_catalog, pg_temp
as $pgmerit$
select coalesce(array_agg(found.oid::regprocedure::text), '{}')
from pg_proc as found
join pg_namespace as place on place.oid = found.pronamespace
where place.nspname in ('badges', 'badges_internal')
and place.nspname || '.' || found.proname = any (p_names)
$pgmerit$;

-- Drops our routines of these names, loaded before; false when there are none.
create function pg_temp.pgmerit_drop_changed(p_names text[]) returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $pgmerit$
declare
    v_doomed text[] := array(
        select found.identity
        from unnest(pg_temp.pgmerit_routines(p_names)) as found (identity)
        join badges_internal.loaded_objects as loaded on loaded.identity = found.identity
            and loaded.kind = 'routine'
        order by found.identity
    );
    v_dependent text;
begin
    if v_doomed = '{}' then
        return false;
    end if;
    with recursive dependents (classid, objid) as (
        select 'pg_proc'::regclass::oid, doomed.identity::regprocedure::oid
        from unnest(v_doomed) as doomed (identity)
        union
        select held.classid, held.objid
        from pg_depend as held
        join dependents on held.refclassid = dependents.classid
            and held.refobjid = dependents.objid
        where held.deptype in ('n', 'a')
    )
    select pg_describe_object(dependents.classid, dependents.objid, 0)
    into v_dependent
    from dependents
    left join pg_proc as ours on dependents.classid = 'pg_proc'::regclass
        and ours.oid = dependents.objid
        and ours.pronamespace in (to_regnamespace('badges'), to_regnamespace('badges_internal'))
    where ours.oid is null
    and dependents.classid <> 'pg_trigger'::regclass
    -- The rights make them anew, and mark them as ours.
    and not (
        dependents.classid = 'pg_policy'::regclass
        and coalesce(obj_description(dependents.objid, 'pg_policy') like 'pgmerit: %', false)
    )
    limit 1;
    if v_dependent is not null then
        raise exception '% must be replaced, but % depends on it', v_doomed[1], v_dependent
        using errcode = '2BP01', hint = 'Drop that first, or change it in a migration.';
    end if;
    execute 'drop routine ' || array_to_string(v_doomed, ', ') || ' cascade';
    return true;
end;
$pgmerit$;

-- Loads one file; true when something had to be dropped for it. The first line of what it runs
-- names the file, so that an error does.
create function pg_temp.pgmerit_load_file(p_name text, p_body text, p_is_changed boolean)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $pgmerit$
declare
    v_names text[] := array(
        select made.words[1]
        from regexp_matches(
            p_body,
            '^\s*create\s+(?:or\s+replace\s+)?(?:function|procedure)\s+([\w.]+)\s*\(',
            'gin'
        ) as made (words)
    );
    v_statement text := '-- sql/' || p_name || e'\n' || p_body;
    v_before text[] := case when p_is_changed then pg_temp.pgmerit_routines(v_names) end;
begin
    begin
        execute v_statement;
        if coalesce(v_before, '{}') = '{}' then
            return false;
        end if;
        -- Other parameters make another routine beside the old one, which calls would still find.
        return pg_temp.pgmerit_drop_changed(
            array(
                select distinct split_part(made.identity, '(', 1)
                from unnest(pg_temp.pgmerit_routines(v_names)) as made (identity)
                where made.identity <> all (v_before)
            )
        );
    exception
        -- What CREATE OR REPLACE says when it cannot replace: another result, other parameter names
        -- or fewer defaults; and a function that became a procedure.
        when invalid_function_definition or wrong_object_type then
            if not pg_temp.pgmerit_drop_changed(v_names) then
                raise;
            end if;
    end;
    execute v_statement;
    return true;
end;
$pgmerit$;

-- Loads every file and keeps the account of it; gives what is dropped since no file makes it.
create function pg_temp.pgmerit_load() returns text[]
language plpgsql
set search_path = pg_catalog, pg_temp
set lock_timeout = '5s'
set client_min_messages = warning
set plpgsql.extra_errors = 'shadowed_variables'
as $pgmerit$
declare
    v_loaded text[] := array(
        select loaded.sha256
        from badges_internal.loaded_files as loaded
    );
    v_before jsonb := (
        select coalesce(jsonb_object_agg(found.kind || ' ' || found.identity, found.written), '{}')
        from pg_temp.pgmerit_catalogue() as found
    );
    v_has_dropped boolean := true;
    v_file record;
    v_written jsonb;
    v_taken text;
    v_left_kinds text[];
    v_left text[];
begin
    -- Dropping what changed may take along what an earlier file made: then all runs again.
    for v_round in 1..3 loop
        exit when not v_has_dropped;
        v_has_dropped := false;
        -- Rights come last: they write anew what was there before, too.
        for v_file in
            select file.name, file.body,
                -- By its content: a file that moved to another room may have changed with it.
                v_loaded <> '{}' and file.sha256 <> all (v_loaded) as is_changed
            from pg_temp.pgmerit_files as file
            where file.kind = 'routines'
            and file.name <> 'grants.sql'
            order by file.position
        loop
            v_has_dropped :=
                pg_temp.pgmerit_load_file(v_file.name, v_file.body, v_file.is_changed)
                or v_has_dropped;
        end loop;
    end loop;
    select jsonb_object_agg(found.kind || ' ' || found.identity, found.fingerprint)
    into v_written
    from pg_temp.pgmerit_catalogue() as found
    where v_before ->> (found.kind || ' ' || found.identity) is distinct from found.written;
    select substr(written.name, strpos(written.name, ' ') + 1)
    into v_taken
    from jsonb_object_keys(v_written) as written (name)
    where v_before ? written.name
    and written.name not in (
        select loaded.kind || ' ' || loaded.identity
        from badges_internal.loaded_objects as loaded
    )
    order by written.name
    limit 1;
    if v_taken is not null then
        raise exception '% is there already and was not made by pgmerit', v_taken
        using
            errcode = '42723',
            hint = 'Drop or rename it; the schemas badges and badges_internal belong to pgmerit.';
    end if;
    select array_agg(loaded.kind order by loaded.kind, loaded.identity),
        coalesce(array_agg(loaded.identity order by loaded.kind, loaded.identity), '{}')
    into v_left_kinds, v_left
    from badges_internal.loaded_objects as loaded
    join pg_temp.pgmerit_catalogue() as found using (kind, identity)
    where not v_written ? (loaded.kind || ' ' || loaded.identity);
    perform pg_temp.pgmerit_load_file(file.name, file.body, false)
    from pg_temp.pgmerit_files as file
    where file.kind = 'routines'
    and file.name = 'grants.sql';
    -- Now that no policy needs it.
    perform pg_temp.pgmerit_drop(v_left_kinds, v_left);
    delete from badges_internal.loaded_files where true;
    insert into badges_internal.loaded_files (path, sha256, loaded_at)
    select file.name, file.sha256, now()
    from pg_temp.pgmerit_files as file
    where file.kind = 'routines';
    delete from badges_internal.loaded_objects where true;
    insert into badges_internal.loaded_objects (kind, identity, fingerprint)
    select split_part(written.name, ' ', 1), substr(written.name, strpos(written.name, ' ') + 1),
        written.fingerprint
    from jsonb_each_text(v_written) as written (name, fingerprint);
    delete from badges_internal.loaded_rights where true;
    insert into badges_internal.loaded_rights (grantee, privilege, object)
    select held.grantee, held.privilege, held.object
    from ({rights}) as held
    where held.grantee = any ({roles} || '{PUBLIC}'::text[]);
    return v_left;
end;
$pgmerit$;
