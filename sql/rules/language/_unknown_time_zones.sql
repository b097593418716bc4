-- Lists those of the given names that are no time zone of an organization.
--
-- A time zone is a name of the server's own list, spelt as there, that means the same everywhere:
-- no stand-in for "not set" (Factory), no machine's own (localtime), no second spelling (posix/..).
-- UTC is one everywhere, and those that organizations have were looked at; for any other the
-- server reads the files of all of them.
create or replace function badges_internal._unknown_time_zones(p_names text[])
returns text[]
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    select case when p_names <@ (
        array['UTC'] || array(select given.time_zone from badges.organizations as given)
    ) then '{}' else array(
        select given.name
        from unnest(p_names) as given (name)
        except
        select zone.name
        from pg_timezone_names as zone
        cross join badges_internal._criteria_grammar() as grammar (spec)
        where not grammar.spec -> 'no_time_zones' ? zone.name
        and not grammar.spec -> 'no_time_zones' ? (split_part(zone.name, '/', 1) || '/')
    ) end;
$$;

comment on function badges_internal._unknown_time_zones(text[]) is
'Lists those of the given names that are no time zone of an organization.';
