-- Lists circles of badges that need each other, each beginning and ending with its least.
--
-- p_badges and p_listed are pairs. What leads nowhere is dropped until only circles and the ways
-- into them are left; then the least is followed until it comes round.
create or replace function badges_internal._find_circles(p_badges text[], p_listed text[])
returns jsonb
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    v_open text[] := p_badges;
    v_kept text[];
    v_walked text[];
    v_next text;
    v_least integer;
    v_circles jsonb := '[]'::jsonb;
begin
    loop
        loop
            v_kept := array(
                select distinct need.badge
                from unnest(p_badges, p_listed) as need (badge, listed)
                join unnest(v_open) as needing (badge) on needing.badge = need.badge
                join unnest(v_open) as needed (badge) on needed.badge = need.listed
            );
            exit when cardinality(v_kept) = cardinality(v_open);
            v_open := v_kept;
        end loop;
        exit when v_open = '{}';
        v_walked := array[]::text[];
        v_next := (select min(badge collate "C") from unnest(v_open) as badge);
        while v_next <> all (v_walked) loop
            v_walked := v_walked || v_next;
            select min(need.listed collate "C")
            into v_next
            from unnest(p_badges, p_listed) as need (badge, listed)
            where need.badge = v_next
            and need.listed = any (v_open);
        end loop;
        v_walked := v_walked[array_position(v_walked, v_next):];
        v_least := array_position(
            v_walked, (select min(badge collate "C") from unnest(v_walked) as badge)
        );
        v_circles := v_circles || jsonb_build_array(
            v_walked[v_least:] || v_walked[:v_least - 1] || v_walked[v_least]
        );
        v_open := array(select unnest(v_open) except select unnest(v_walked));
    end loop;
    return v_circles;
end;
$$;

comment on function badges_internal._find_circles(text[], text[]) is
'Lists circles of badges that need each other, each beginning and ending with its least.';
