-- Refuses an activity that lies more than one day ahead.
--
-- Raises: 22023.
create or replace function badges_internal._refuse_future(p_occurred_at timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    raise exception 'occurred_at % lies more than one day in the future', p_occurred_at
    using
        errcode = '22023',
        table = 'activities',
        column = 'occurred_at',
        hint = 'Record an activity after it happened; up to one day ahead is accepted.';
end;
$$;

comment on function badges_internal._refuse_future(timestamptz) is
'Refuses an activity that lies more than one day ahead.';
