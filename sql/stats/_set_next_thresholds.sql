-- Sets the next thresholds of people's rows of some stats anew, where they are other ones.
--
-- For stats of which other numbers are asked than when the rows were written. Runs that no rule
-- asks for any more go.
--
-- Writes: badges.peer_mentor_stats.
create or replace function badges_internal._set_next_thresholds(
    p_peer_mentor_ids uuid[],
    p_org_ids text[],
    p_stats text[]
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_material = off
set enable_seqscan = off
as $$
begin
    update badges.peer_mentor_stats as held
    set
        (
            next_count, next_sum, next_max, next_active_days, next_distinct, next_day_run,
            next_week_run, next_month_run
        ) = row(next.*),
        day_run = case when 'day_run' = any(defined.watched) then held.day_run end,
        week_run = case when 'week_run' = any(defined.watched) then held.week_run end,
        month_run = case when 'month_run' = any(defined.watched) then held.month_run end,
        longest_day_run = case when 'day_run' = any(defined.watched) then held.longest_day_run end,
        longest_week_run = case
            when 'week_run' = any(defined.watched) then held.longest_week_run
        end,
        longest_month_run = case
            when 'month_run' = any(defined.watched) then held.longest_month_run
        end
    from unnest(p_peer_mentor_ids, p_org_ids) as person (peer_mentor_id, org_id)
    join badges.peer_mentor_stats as own
        on own.peer_mentor_id = person.peer_mentor_id
        and own.org_id = person.org_id
        and own.stat = any(p_stats)
    left join badges_internal.stat_definitions as defined
        on defined.org_id = own.org_id
        and defined.stat = own.stat
    cross join lateral badges_internal._next_thresholds(
        defined.thresholds, own.org_id, own.stat, badges_internal._stat_values(own)
    ) as next
    where held.peer_mentor_id = own.peer_mentor_id
    and held.org_id = own.org_id
    and held.stat = own.stat
    and held.bucket = own.bucket;
end;
$$;

comment on function badges_internal._set_next_thresholds(uuid[], text[], text[]) is
'Sets the next thresholds of people''s rows of some stats anew, where they are other ones.';
