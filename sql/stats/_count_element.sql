-- Counts one activity's element (value, unit) of a stat, and tells if its row reached something.
--
-- The activity is in the stat's row already, and the caller holds the base row. A unit of which one
-- activity is enough is stored already. p_pending: as in _count_rest.
--
-- Writes: badges_internal.stat_elements, badges.peer_mentor_stats.
create or replace function badges_internal._count_element(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_route badges_internal.stat_route,
    p_bucket text,
    p_element text,
    p_measured numeric, -- what the activity adds to it
    p_pending bigint[]
)
returns boolean
language plpgsql
volatile
as $$
declare
    v_added constant numeric := coalesce(p_measured, 0);
    v_tally numeric;
    v_was_counted boolean := false;
    v_is_counted boolean;
begin
    if p_route.element_at_least is null then
        v_is_counted := true;
    else
        if p_route.element_measure in ('count', 'sum') then
            -- By what it is now it is known what it was.
            update badges_internal.stat_elements as held
            set
                tally = tally + v_added,
                is_counted = tally + v_added >= p_route.element_at_least
            where held.peer_mentor_id = p_peer_mentor_id
            and held.org_id = p_org_id
            and held.stat = p_route.stat
            and held.bucket = p_bucket
            and held.element = p_element
            and held.tally is not null
            returning held.is_counted, held.tally - v_added >= p_route.element_at_least
            into v_is_counted, v_was_counted;
        end if;
        if not found then
            select held.tally, held.is_counted
            into v_tally, v_was_counted
            from badges_internal.stat_elements as held
            where held.peer_mentor_id = p_peer_mentor_id
            and held.org_id = p_org_id
            and held.stat = p_route.stat
            and held.bucket = p_bucket
            and held.element = p_element;
            v_was_counted := coalesce(v_was_counted, false);
            v_tally := case
                when p_route.element_measure = 'max' then greatest(v_tally, p_measured)
                else p_measured
            end;
            if p_route.element_measure = 'active_days' then
                v_tally := (
                    select count(distinct found.activity_date)
                    from badges_internal._selected_activities(
                        array[p_peer_mentor_id], p_org_id, p_route.stat, p_bucket,
                        p_element::date,
                        badges_internal._unit_day(
                            p_route.element_unit,
                            badges_internal._unit_number(p_route.element_unit, p_element::date) + 1
                        ) - 1
                    ) as found
                    where found.activity_id <> all (coalesce(p_pending, '{}'))
                );
            end if;
            v_is_counted := coalesce(v_tally >= p_route.element_at_least, false);
            insert into badges_internal.stat_elements (
                peer_mentor_id, org_id, stat, bucket, element, tally, is_counted
            )
            values (
                p_peer_mentor_id, p_org_id, p_route.stat, p_bucket, p_element, v_tally,
                v_is_counted
            )
            on conflict (peer_mentor_id, org_id, stat, bucket, element) do update set
                tally = excluded.tally,
                is_counted = excluded.is_counted;
        end if;
        if v_is_counted = v_was_counted then
            return false;
        end if;
    end if;
    if p_route.element_unit is not null then
        return badges_internal._count_unit(
            p_peer_mentor_id, p_org_id, p_route, p_bucket, p_element::date,
            case when v_is_counted then 1 else -1 end
        );
    end if;
    update badges.peer_mentor_stats as held
    set distinct_count = distinct_count + case when v_is_counted then 1 else -1 end
    where held.peer_mentor_id = p_peer_mentor_id
    and held.org_id = p_org_id
    and held.stat = p_route.stat
    and held.bucket = p_bucket
    returning badges_internal._has_reached(held) into v_is_counted;
    return v_is_counted;
end;
$$;

comment on function badges_internal._count_element(
    uuid, text, badges_internal.stat_route, text, text, numeric, bigint[]
) is
'Counts one activity''s element (value, unit) of a stat, and tells if its row reached something.';
