-- Dates candidates by the one activity that brought them into reach: the person's latest.
create or replace function badges_internal._dated_now(
    p_candidates badges_internal.candidate[],
    p_occurred_at timestamptz,
    p_activity_id bigint
)
returns badges_internal.candidate[]
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
    return array(
        select row(
            candidate.peer_mentor_id, candidate.org_id, candidate.badge_definition_id,
            p_occurred_at, p_activity_id
        )::badges_internal.candidate
        from unnest(p_candidates) as candidate
    );
end;
$$;

comment on function badges_internal._dated_now(badges_internal.candidate[], timestamptz, bigint) is
'Dates candidates by the one activity that brought them into reach: the person''s latest.';
