-- Lists the sources with their state and what is wrong with them.
--
-- state: attached; bringing in, while rows are still to be read; broken, where problem tells why
-- rows no longer become activities. set_aside: rows that are not yet what they must be.
create or replace function badges.list_sources()
returns table (
    source text,
    source_table text,
    definition jsonb,
    state text,
    brought_in bigint,
    set_aside bigint,
    problem text
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
    select
        held.source,
        (
            select trigger.tgrelid::regclass::text
            from badges_internal._source_triggers(held.source) as trigger
            join pg_class as owner on owner.oid = trigger.tgrelid and not owner.relispartition
            limit 1
        ),
        held.definition,
        case
            when told.fault is not null then 'broken'
            when held.reading is not null then 'bringing in'
            else 'attached'
        end,
        held.brought_in_count,
        aside.rows,
        coalesce(
            told.fault,
            case when aside.is_whole then 'something could not be told apart: repair it' end
        )
    from badges_internal.sources as held
    cross join lateral badges_internal._source_fault(held.source) as told (fault)
    cross join lateral (
        select
            count(distinct (
                each.source_key, case when each.source_key = '' then each.peer_mentor_id end
            )) as rows,
            coalesce(bool_or(
                each.source_key = ''
                and each.peer_mentor_id = '00000000-0000-0000-0000-000000000000'
            ), false) as is_whole
        from badges_internal.source_rows_set_aside as each
        where each.source = held.source
    ) as aside
    order by held.source;
$$;

comment on function badges.list_sources() is
'Lists the sources with their state and what is wrong with them.';
