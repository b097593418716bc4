-- Gives the moment at which a person held as many counted badges as a condition asks, else no row.
--
-- In line where it is called in a FROM clause.
create or replace function badges_internal._nth_badge(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_badge_definition_id text,
    p_badge_ids text[],
    p_badge_category text,
    p_threshold numeric
)
returns table (earned_at timestamptz)
language sql
stable
rows 1
begin atomic
    select held.earned_at
    from badges_internal._held_badges(
        p_peer_mentor_id, p_org_id, p_badge_definition_id, p_badge_ids, p_badge_category
    ) as held
    order by held.earned_at
    offset ceil(p_threshold)::bigint - 1
    limit 1;
end;

comment on function badges_internal._nth_badge(uuid, text, text, text[], text, numeric) is
'Gives the moment at which a person held as many counted badges as a condition asks, else no row.';
