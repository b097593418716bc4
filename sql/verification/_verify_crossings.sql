-- Tells when every condition about activities began to hold, and when it ceased to.
create or replace function badges_internal._verify_crossings(
    p_scope badges_internal.verified_scope
)
returns setof badges_internal.verified_crossing
language sql
stable
parallel safe
begin atomic
    select crossing.*
    from badges_internal._verify_lasting_crossings(p_scope) as crossing
    union all
    select crossing.*
    from badges_internal._verify_level_crossings(p_scope) as crossing
    union all
    select crossing.*
    from badges_internal._verify_run_crossings(p_scope) as crossing
    union all
    select crossing.*
    from badges_internal._verify_tenure_crossings(p_scope) as crossing;
end;
