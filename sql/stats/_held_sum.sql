-- Gives the sum that a person's row of a stat and bucket holds, null where there is none.
create or replace function badges_internal._held_sum(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_stat text,
    p_bucket text
)
returns numeric
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        select held.value_sum
        from badges.peer_mentor_stats as held
        where held.peer_mentor_id = p_peer_mentor_id
        and held.org_id = p_org_id
        and held.stat = p_stat
        and held.bucket = p_bucket
    );
end;
$$;

comment on function badges_internal._held_sum(uuid, text, text, text) is
'Gives the sum that a person''s row of a stat and bucket holds, null where there is none.';
