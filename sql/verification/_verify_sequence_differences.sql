-- Compares the rows of sequences with their recomputation, as _verify_stat_differences does others.
create or replace function badges_internal._verify_sequence_differences(
    p_scope badges_internal.verified_scope
)
returns table (
    peer_mentor_id uuid,
    org_id text,
    stat text,
    bucket text,
    measure text,
    stored text,
    expected text
)
language plpgsql
stable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    if not exists (
        select from unnest(p_scope.stats) as stat where stat.sequence is not null
    ) then
        return;
    end if;
    return query
    select
        coalesce(stored.peer_mentor_id, expected.peer_mentor_id), sequence.org_id, sequence.stat,
        coalesce(stored.bucket, expected.bucket), told.measure, told.stored, told.expected
    from (
        select kept.*
        from badges.peer_mentor_stats as kept
        inner join unnest(p_scope.stats) as sequence
            on sequence.org_id = kept.org_id
            and sequence.stat = kept.stat
            and sequence.sequence is not null
        where badges_internal._verify_is_looked_at(p_scope, kept.peer_mentor_id)
    ) as stored
    full join badges_internal._verify_sequence_rows(p_scope) as expected
        on expected.peer_mentor_id = stored.peer_mentor_id
        and expected.org_id = stored.org_id
        and expected.stat = stored.stat
        and expected.bucket = stored.bucket
    inner join unnest(p_scope.stats) as sequence
        on sequence.org_id = coalesce(stored.org_id, expected.org_id)
        and sequence.stat = coalesce(stored.stat, expected.stat)
    left join badges.peer_mentor_stats as base
        on badges_internal._verify_is_looked_at(p_scope, base.peer_mentor_id)
        and base.peer_mentor_id = coalesce(stored.peer_mentor_id, expected.peer_mentor_id)
        and base.org_id = sequence.org_id
        and base.stat = '*'
        and base.bucket = ''
    cross join lateral (
        values
        (
            'row',
            case when stored.activity_count is not null then 'present' end,
            case when expected.activity_count is not null then 'present' end
        ),
        ('activity_count', stored.activity_count::text, expected.activity_count::text),
        ('value_sum', trim_scale(stored.value_sum)::text, trim_scale(expected.value_sum)::text),
        ('value_max', trim_scale(stored.value_max)::text, trim_scale(expected.value_max)::text),
        ('value_last', trim_scale(stored.value_last)::text, trim_scale(expected.value_last)::text),
        ('lately', stored.lately::text, expected.lately),
        ('has_negative', (stored.has_negative or not expected.has_negative)::text, 'true'),
        ('run_end', stored.run_end::text, expected.run_end::text),
        ('first_at', stored.first_at::text, expected.first_at::text),
        ('last_at', stored.last_at::text, expected.last_at::text)
    ) as told (measure, stored, expected)
    where told.stored is distinct from told.expected
    and (
        told.measure = 'row'
        or stored.activity_count is not null and expected.activity_count is not null
    )
    and (base.stat is null or sequence.since_version <= coalesce(base.rule_set_version, 0));
end;
$$;

comment on function badges_internal._verify_sequence_differences(badges_internal.verified_scope) is
'Compares the rows of sequences with their recomputation, as _verify_stat_differences does others.';
