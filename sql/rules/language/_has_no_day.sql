-- Tells whether no day that an activity can have matches all keys of when.
--
-- Days and weekdays meet in every way within forty years, so that more need not be looked at;
-- activities lie between 1900 and 2200.
create or replace function badges_internal._has_no_day(p_when jsonb)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_when jsonb := badges_internal._canonical_when(p_when);
    v_last date := least((v_when ->> 'until')::date, date '2199-12-31');
    v_first date := greatest(
        coalesce(
            (v_when ->> 'from')::date,
            case when v_when ? 'until' then v_last - 15000 else date '2000-01-01' end
        ),
        date '1900-01-01'
    );
begin
    return not exists (
        select
        from (
            select v_first + generate_series(0, least(v_last - v_first, 15000)) as day
        ) as calendar
        where (
            not v_when ? 'weekdays'
            or v_when -> 'weekdays' @> to_jsonb(extract(isodow from calendar.day))
        )
        and (
            not v_when ? 'months'
            or v_when -> 'months' @> to_jsonb(extract(month from calendar.day))
        )
        and (
            not v_when ? 'dates'
            or v_when -> 'dates' ? to_char(calendar.day, 'MM-DD')
        )
        and (
            not v_when ? 'days_of_year'
            or v_when -> 'days_of_year' @> to_jsonb(extract(doy from calendar.day))
        )
    );
end;
$$;

comment on function badges_internal._has_no_day(jsonb) is
'Tells whether no day that an activity can have matches all keys of when.';
