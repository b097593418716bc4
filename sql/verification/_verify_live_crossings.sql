-- Tells when every condition that time or the next activity can end began to hold, and ceased to.
create or replace function badges_internal._verify_live_crossings(
    p_scope badges_internal.verified_scope
)
returns setof badges_internal.verified_crossing
language sql
stable
parallel safe
begin atomic
    select crossing.*
    from badges_internal._verify_last_days_crossings(p_scope) as crossing
    union all
    select crossing.*
    from badges_internal._verify_live_run_crossings(p_scope) as crossing
    union all
    select crossing.*
    from badges_internal._verify_live_sequence_crossings(p_scope) as crossing;
end;

comment on function badges_internal._verify_live_crossings(badges_internal.verified_scope) is
'Tells when every condition that time or the next activity can end began to hold, and ceased to.';
