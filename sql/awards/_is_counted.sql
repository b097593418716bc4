-- Tells whether a badge is one of those that a badges_earned condition counts.
create or replace function badges_internal._is_counted(
    p_badge_definition_id text,
    p_badge_ids text[],
    p_badge_category text
)
returns boolean
language sql
stable
begin atomic
    select p_badge_definition_id = any(p_badge_ids)
    -- One row by its key, and not all badges hashed anew for every person. The path is asked first:
    -- it costs a twentieth of the walk, and is rarely there.
    or p_badge_ids is null and (
        select
            (p_badge_category is null or definition.category = p_badge_category)
            and not (
                definition.criteria @? '$.**.type ? (@ == "badges_earned")'
                and badges_internal._counts_badges(definition.criteria)
            )
        from badges.badge_definitions as definition
        where definition.badge_definition_id = p_badge_definition_id
    );
end;

comment on function badges_internal._is_counted(text, text[], text) is
'Tells whether a badge is one of those that a badges_earned condition counts.';
