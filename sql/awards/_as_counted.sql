-- Gives a row where a badge is one of those that a badges_earned condition counts, else none.
--
-- Parameters: docs of _held_badges. In line in a FROM clause: one row by its key, and not all
-- badges hashed anew for every person. The path is asked first: it costs a twentieth of the walk,
-- and is rarely there.
create or replace function badges_internal._as_counted(
    p_badge_definition_id text,
    p_badge_ids text[],
    p_badge_category text
)
returns table (badge_definition_id text)
language sql
stable
rows 1
begin atomic
    select definition.badge_definition_id
    from badges.badge_definitions as definition
    where definition.badge_definition_id = p_badge_definition_id
    and (
        p_badge_definition_id = any(p_badge_ids)
        or p_badge_ids is null
        and (p_badge_category is null or definition.category = p_badge_category)
        and not (
            definition.criteria @? '$.**.type ? (@ == "badges_earned")'
            and badges_internal._counts_badges(definition.criteria)
        )
    )
    offset 0;
end;

comment on function badges_internal._as_counted(text, text[], text) is
'Gives a row where a badge is one of those that a badges_earned condition counts, else none.';
