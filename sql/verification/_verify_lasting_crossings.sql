-- Tells when every condition on a count, on active days or on a maximum began to hold.
create or replace function badges_internal._verify_lasting_crossings(
    p_scope badges_internal.verified_scope
)
returns setof badges_internal.verified_crossing
language sql
stable
parallel safe
begin atomic
    select crossing.*
    from badges_internal._verify_count_crossings(p_scope) as crossing
    union all
    select crossing.*
    from badges_internal._verify_max_crossings(p_scope) as crossing;
end;

comment on function badges_internal._verify_lasting_crossings(badges_internal.verified_scope) is
'Tells when every condition on a count, on active days or on a maximum began to hold.';
