-- Gives the moment at which a person held as many counted badges as a condition asks, else null.
create or replace function badges_internal._nth_badge(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_badge_definition_id text,
    p_badge_ids text[],
    p_badge_category text,
    p_threshold numeric
)
returns timestamptz
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        select numbered.earned_at
        from (
            select held.earned_at, row_number() over (order by held.earned_at) as place
            from badges_internal._held_badges(
                p_peer_mentor_id, p_org_id, p_badge_definition_id, p_badge_ids, p_badge_category
            ) as held
        ) as numbered
        where numbered.place >= p_threshold
        order by numbered.place
        limit 1
    );
end;
$$;

comment on function badges_internal._nth_badge(uuid, text, text, text[], text, numeric) is
'Gives the moment at which a person held as many counted badges as a condition asks, else null.';
