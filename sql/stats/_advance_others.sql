-- Sets the next thresholds of a person's rows where they crossed milestones of several measures.
--
-- p_stats, p_buckets: the rows, by pairs; p_milestones: what they crossed. Of each row one measure
-- was moved on already.
--
-- Writes: badges.peer_mentor_stats.
create or replace function badges_internal._advance_others(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_stats text[],
    p_buckets text[],
    p_milestones badges_internal.milestones[]
)
returns void
language plpgsql
volatile
as $$
begin
    if p_milestones is null or exists (
        select
        from unnest(p_milestones) as crossed
        where crossed.measure <> p_milestones[1].measure
    ) then
        perform badges_internal._advance_thresholds(array(
            select row(p_peer_mentor_id, p_org_id, stat, bucket)::badges_internal.stat_key
            from unnest(p_stats, p_buckets) as given (stat, bucket)
        ));
    end if;
end;
$$;

comment on function badges_internal._advance_others(
    uuid, text, text[], text[], badges_internal.milestones[]
) is
'Sets the next thresholds of a person''s rows where they crossed milestones of several measures.';
