-- Says why deleted users of a source are not erased although they should be, null = they are.
create or replace function badges_internal._source_erase_fault(p_source text, p_definition jsonb)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    select format('trigger for deleted users on %s is %s: attach it again', tree.relid::regclass,
        case when trigger.tgrelid is null then 'missing' else 'disabled' end)
    from badges_internal._source_tree(badges_internal._source_users(p_definition)) as tree
    left join pg_trigger as trigger
        on trigger.tgrelid = tree.relid
        and trigger.tgfoid = to_regprocedure(
            format('badges_sources.%I()', p_source || ':erase')
        )
    where (trigger.tgenabled in ('O', 'A')) is not true
    order by tree.relid::regclass::text
    limit 1;
$$;

comment on function badges_internal._source_erase_fault(text, jsonb) is
'Says why deleted users of a source are not erased although they should be, null = they are.';
