-- Builds the expression of a row's quantity: 0 where there is none, NaN where it is no number.
--
-- Text may hold a number of few digits after e: a cast would refuse others by an error.
create or replace function badges_internal._source_quantity(p_table regclass, p_column text)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    select case held.kind
        when 'text' then format(
            $sql$case
            when %1$s is null then 0
            when %1$s::text
                ~ '^\s*[-+]?(\d{1,250}([.]\d{0,250})?|[.]\d{1,250})([eE][-+]?\d{1,3})?\s*$'
                then %1$s::text::numeric
            else 'NaN'
        end$sql$,
            held.reference
        )
        else format('coalesce(%s::numeric, 0)', coalesce(held.reference, '0'))
    end
    from badges_internal._source_column(p_table, p_column) as held;
$$;

comment on function badges_internal._source_quantity(regclass, text) is
'Builds the expression of a row''s quantity: 0 where there is none, NaN where it is no number.';
