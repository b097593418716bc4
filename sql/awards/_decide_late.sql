-- Decides what a person's one late activity changes: awards that move, awards that it brings.
--
-- p_counted: its late activity is in the table and in the snapshot, as all of the person's. Where a
-- value fell, what is enough now does not tell what was enough before (docs of _falling_badges):
-- then nothing is done. Else is_newest is set, and the candidates need the general way.
--
-- Writes: badges.peer_mentor_stats, badges.earned_badges, badges.award_events.
create or replace function badges_internal._decide_late(
    p_counted badges_internal.counted_activity,
    p_has_reached boolean
)
returns badges_internal.counted_activity
language plpgsql
volatile
as $$
declare
    v_counted badges_internal.counted_activity := p_counted;
begin
    perform
    from badges.peer_mentor_stats as held
    where held.peer_mentor_id = p_counted.peer_mentor_id
    and held.org_id = p_counted.org_id
    and held.has_negative;
    if not found then
        perform badges_internal._redate_late(array[p_counted.late]);
        if p_has_reached then
            v_counted.candidates := badges_internal._award_reached(
                p_counted.peer_mentor_id, p_counted.org_id, p_counted.stats, p_counted.buckets,
                null, null, p_counted.late
            );
        end if;
        v_counted.is_newest := true;
    end if;
    return v_counted;
end;
$$;

comment on function badges_internal._decide_late(badges_internal.counted_activity, boolean) is
'Decides what a person''s one late activity changes: awards that move, awards that it brings.';
