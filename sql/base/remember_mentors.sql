-- Remembers what an application calls people, and gives the person of each id in the order given.
--
-- The people are those that find_mentor gives. What is known already stays as it is.
--
-- Writes: badges.external_ids.
-- Raises: 22023 for a namespace that does not have 1 to 100 characters, or an id 1 to 200.
create or replace function badges.remember_mentors(p_namespace text, p_external_ids text[])
returns uuid[]
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_external_ids constant text[] := array(
        select each.id from unnest(p_external_ids) as each (id)
    );
    v_peer_mentor_ids uuid[];
    v_place integer;
begin
    if (length(p_namespace) between 1 and 100) is not true then
        raise exception 'p_namespace must have 1 to 100 characters'
        using errcode = '22023', hint = 'Name the application whose ids they are.';
    end if;
    select min(each.place)
    into v_place
    from unnest(v_external_ids) with ordinality as each (id, place)
    where (length(each.id) between 1 and 200) is not true;
    if v_place is not null then
        raise exception 'p_external_ids[%] must have 1 to 200 characters', v_place
        using errcode = '22023', hint = 'Nothing was remembered. Leave it out, or mend it.';
    end if;
    -- find_mentor of each, by set.
    v_peer_mentor_ids := array(
        select coalesce(merged.into_peer_mentor_id, derived.peer_mentor_id)
        from (
            select badges.mentor_id_from(p_namespace, each.id) as peer_mentor_id, each.place
            from unnest(v_external_ids) with ordinality as each (id, place)
            offset 0 -- each id is derived once
        ) as derived
        left join badges_internal.merged_people as merged
            on merged.peer_mentor_id = derived.peer_mentor_id
            and merged.org_id = ''
        order by derived.place
    );
    perform badges_internal._remember_external_ids(v_peer_mentor_ids, p_namespace, v_external_ids);
    return v_peer_mentor_ids;
end;
$$;

comment on function badges.remember_mentors(text, text[]) is
'Remembers what an application calls people, and gives the person of each id in the order given.';
