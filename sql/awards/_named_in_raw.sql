-- Lists the names that raw expressions look up below a key of the stats document.
--
-- p_key: activities or selectors. The database's own text of a path has every name in quotes.
create or replace function badges_internal._named_in_raw(p_org_id text, p_key text)
returns table (name text)
language sql
stable
rows 10
set search_path = pg_catalog, pg_temp
as $$
    select distinct ('"' || found.quoted[1] || '"')::jsonb #>> '{}'
    from badges_internal.milestones as milestone
    cross join lateral regexp_matches(
        milestone.expression::jsonpath::text, format('"%s"\."((?:[^"\\]|\\.)*)"', p_key), 'g'
    ) as found (quoted)
    where milestone.org_id = p_org_id
    and milestone.measure = 'raw';
$$;

comment on function badges_internal._named_in_raw(text, text) is
'Lists the names that raw expressions look up below a key of the stats document.';
