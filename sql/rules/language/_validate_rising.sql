-- Lists the tiers whose number is not above the one before.
create or replace function badges_internal._validate_rising(
    p_elements jsonb,
    p_key text,
    p_path text
)
returns jsonb
language sql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select coalesce(
        jsonb_agg(
            badges_internal._problem(
                badges_internal._path_step(p_path || '[' || tier.place - 1 || ']', p_key),
                'is not above the tier before it',
                'numbers that rise from tier to tier'
            ) -> 0
        ),
        '[]'
    )
    from (
        select
            numbered.place,
            numbered.amount,
            lag(numbered.amount) over (order by numbered.place) as amount_before
        from (
            select
                each.ordinality as place,
                case
                    when jsonb_typeof(each.value -> p_key) = 'number'
                        then (each.value -> p_key)::numeric
                end as amount
            from jsonb_array_elements(p_elements) with ordinality as each
        ) as numbered
    ) as tier
    where tier.amount <= tier.amount_before;
$$;

comment on function badges_internal._validate_rising(jsonb, text, text) is
'Lists the tiers whose number is not above the one before.';
