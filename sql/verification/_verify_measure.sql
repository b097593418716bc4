-- Names what a verification measures for a condition; of badges that lapse, what holds now.
create or replace function badges_internal._verify_measure(
    p_milestone badges_internal.milestones
)
returns text
language sql
immutable
parallel safe
return case
    when (p_milestone).lapse_measure is null then (p_milestone).measure
    when (p_milestone).last_days is not null then 'last_days'
    when (p_milestone).lapse_measure like '%\_run' then 'live_run'
    else (p_milestone).lapse_measure
end;

comment on function badges_internal._verify_measure(badges_internal.milestones) is
'Names what a verification measures for a condition; of badges that lapse, what holds now.';
