-- Picks the stats that one pass measures and dates: no elements, days, rolling windows, sequences.
create or replace function badges_internal._plain_stats(p_org_ids text[], p_stats text[])
returns text[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return array(
        select defined.stat
        from badges_internal.stat_definitions as defined
        where defined.org_id = any(p_org_ids)
        and defined.stat = any(p_stats)
        group by defined.stat
        having not bool_or(
            (defined.route).has_days
            or num_nonnulls(
                (defined.route).element_field, (defined.route).element_unit,
                (defined.route).rolling_days, (defined.route).sequence_size
            ) > 0
        )
    );
end;
$$;

comment on function badges_internal._plain_stats(text[], text[]) is
'Picks the stats that one pass measures and dates: no elements, days, rolling windows, sequences.';
