-- Tells which distinct values of a stat's bucket count and which lack, from what is stored.
create or replace function badges_internal._stored_elements(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_stat text,
    p_bucket text,
    p_selector jsonb
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        select badges_internal._element_details(
            p_selector, array_agg(element.element), array_agg(element.tally),
            array_agg(element.is_counted)
        )
        from badges_internal.stat_elements as element
        where p_selector ? 'distinct'
        and element.peer_mentor_id = p_peer_mentor_id
        and element.org_id = p_org_id
        and element.stat = p_stat
        and element.bucket = p_bucket
    );
end;
$$;

comment on function badges_internal._stored_elements(uuid, text, text, text, jsonb) is
'Tells which distinct values of a stat''s bucket count and which lack, from what is stored.';
