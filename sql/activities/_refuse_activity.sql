-- Refuses an activity that lies more than one day ahead, or has attributes of more than 256 kB.
--
-- Every rule would have to read them. What counts is the size of the binary form: the text of
-- 1e100000 is longer than all else may be. To concatenate nothing undoes compression; nothing
-- compresses to less than a 255th, so callers look at those above 1000 bytes.
--
-- Raises: 22023, 23514.
create or replace function badges_internal._refuse_activity(
    p_occurred_at timestamptz,
    p_attributes jsonb
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    if p_occurred_at > now() + interval '24 hours' then
        raise exception 'occurred_at % lies more than one day in the future', p_occurred_at
        using
            errcode = '22023',
            table = 'activities',
            column = 'occurred_at',
            hint = 'Record an activity after it happened; up to one day ahead is accepted.';
    end if;
    if pg_column_size(p_attributes || '{}') > 262144 then
        raise exception 'attributes are larger than 262144 bytes'
        using
            errcode = '23514',
            table = 'activities',
            column = 'attributes',
            constraint = 'attributes_are_at_most_256_kb',
            hint = 'Keep in attributes what rules look at, and the rest in a table of your own.';
    end if;
end;
$$;

comment on function badges_internal._refuse_activity(timestamptz, jsonb) is
'Refuses an activity that lies more than one day ahead, or has attributes of more than 256 kB.';
