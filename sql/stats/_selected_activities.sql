-- Reads the activities that a stat selects, of some people in one organization.
--
-- p_from, p_to: first and last local day, null = all; p_bucket null = every bucket.
-- Reads the index (peer_mentor_id, activity_date, activity_type).
create or replace function badges_internal._selected_activities(
    p_peer_mentor_ids uuid[],
    p_org_id text,
    p_stat text,
    p_bucket text,
    p_from date,
    p_to date
)
returns table (
    peer_mentor_id uuid,
    bucket text,
    activity_date date,
    occurred_at timestamptz,
    activity_id bigint,
    measured numeric, -- what sum and max look at
    element text,
    element_measured numeric
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_defined badges_internal.stat_definitions;
    v_route badges_internal.stat_route;
    v_types text[];
begin
    if p_stat like '=%' then
        v_types := array[substr(p_stat, 2)];
    elsif p_stat <> '*' then
        v_defined := badges_internal._stat_definition(p_org_id, p_stat);
        v_route := v_defined.route;
        v_types := v_defined.activity_types;
        if v_route.stat is null then
            return;
        end if;
    end if;
    return query
    select *
    from (
        select
            a.peer_mentor_id,
            case
                when v_route.per_field is null and v_route.window_unit is null then ''
                else badges_internal._bucket(
                    v_route.per_field, v_route.window_unit, a.attributes, a.quantity,
                    a.activity_date
                )
            end as bucket,
            a.activity_date,
            a.occurred_at,
            a.activity_id,
            case
                when v_route.value_field is null then a.quantity
                else badges_internal._number(
                    badges_internal._attribute(a.attributes, a.quantity, v_route.value_field)
                )
            end,
            case
                when v_route.element_unit is not null
                    then to_char(
                        badges_internal._unit_start(v_route.element_unit, a.activity_date)
                            ::timestamp,
                        'YYYY-MM-DD'
                    )
                when v_route.element_field is not null then badges_internal._scalar_text(
                    badges_internal._attribute(a.attributes, a.quantity, v_route.element_field)
                )
            end,
            case
                when v_route.element_measure in ('sum', 'max') then case
                    when v_route.element_value_field is null then a.quantity
                    else badges_internal._number(badges_internal._attribute(
                        a.attributes, a.quantity, v_route.element_value_field
                    ))
                end
                else 1
            end
        from badges.activities as a
        where a.peer_mentor_id = any(p_peer_mentor_ids)
        and a.org_id = p_org_id
        and (p_from is null or a.activity_date >= p_from)
        and (p_to is null or a.activity_date <= p_to)
        and (v_types is null or a.activity_type = any(v_types))
        and badges_internal._is_chosen(
            v_route.predicate, v_route.needs_quantity, v_route.needs_calendar,
            v_route.clock_zone, a.attributes, a.quantity, a.activity_date, a.occurred_at
        )
    ) as selected
    where selected.bucket = coalesce(p_bucket, selected.bucket);
end;
$$;

comment on function badges_internal._selected_activities(uuid[], text, text, text, date, date) is
'Reads the activities that a stat selects, of some people in one organization.';
