-- Tells whether criteria count other badges, at any depth.
create or replace function badges_internal._counts_badges(p_criteria jsonb)
returns boolean
language sql
immutable
parallel safe
begin atomic
    with recursive tree as (
        select p_criteria as criteria
        union all
        select part.criteria
        from tree
        cross join lateral jsonb_array_elements(tree.criteria -> 'criteria') as part (criteria)
    )
    select exists (select from tree where criteria ->> 'type' = 'badges_earned');
end;

comment on function badges_internal._counts_badges(jsonb) is
'Tells whether criteria count other badges, at any depth.';
