-- Gives the text of a statement about a person's rows of one table of _person_tables.
--
-- p_does: list (gives a JSON array, as text: it takes half of the room), count, erase, or move to
-- $4.
-- Who runs it gives the person as $1, the organizations as $2, null = all, and as $3 whether rows
-- of no organization are meant.
create or replace function badges_internal._person_statement(
    p_does text,
    p_table regclass,
    p_belongs_to badges_internal.person_row
)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_key text; -- but for the person
    v_theirs constant text := case p_belongs_to
        when 'organization' then
            'own.peer_mentor_id = $1 and ($2 is null or own.org_id = any($2))'
        when 'event' then 'own.peer_mentor_id = $1 and ($2 is null or $3 or exists (
            select
            from badges.award_events as event
            where event.peer_mentor_id = own.peer_mentor_id
            and event.event_id = own.event_id
            and event.org_id = any($2)
        ))'
        when 'person' then 'own.peer_mentor_id = $1 and $3'
        when 'archive' then 'own.peer_mentor_id = $1 and (
            $2 is null or own.org_id::text = any($2) or own.org_id is null and $3
        )'
        when 'merge' then '$1 in (own.peer_mentor_id, own.into_peer_mentor_id)
            and ($2 is null or $3 or own.org_id = any($2))'
    end;
begin
    if p_does in ('list', 'move') then
        select string_agg(format('%I', field.attname), ', ' order by field.attnum)
        into v_key
        from pg_index as key
        join pg_attribute as field
            on field.attrelid = key.indrelid
            and field.attnum = any(key.indkey)
            and field.attname <> 'peer_mentor_id'
        where key.indrelid = p_table
        and key.indisprimary;
    end if;
    return case p_does
        when 'list' then format(
            'select coalesce(json_agg(own order by %s), ''[]'') from %s as own where %s',
            coalesce(v_key, 'own.ctid'), p_table, v_theirs
        )
        when 'count' then format('select count(*) from %s as own where %s', p_table, v_theirs)
        when 'erase' then format('delete from %s as own where %s', p_table, v_theirs)
        when 'move' then format(
            'with same as (
                delete from %1$s as own
                where %2$s
                and %3$s
            )
            update %1$s as own
            set peer_mentor_id = $4
            where %2$s
            and not %3$s',
            p_table, v_theirs,
            case when v_key is null then 'false' else format(
                '(%1$s) in (select %1$s from %2$s as other where other.peer_mentor_id = $4)',
                v_key, p_table
            ) end
        )
    end;
end;
$$;

comment on function badges_internal._person_statement(
    text, regclass, badges_internal.person_row
) is
'Gives the text of a statement about a person''s rows of one table of _person_tables.';
