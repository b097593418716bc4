-- Lists where activities are not what a source's rows say: missing, different or surplus.
--
-- detail: of different ones the columns, each {"is", "must_be"}; of what was set aside why, as
-- set_aside. Reads only.
--
-- Raises: 22023 an unknown source.
create or replace function badges.verify_source(p_source text)
returns table (
    source_key text,
    peer_mentor_id uuid,
    org_id text,
    difference text,
    detail jsonb
)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set jit = off
as $$
begin
    perform badges_internal._require_source(p_source);
    return query execute format(
        $sql$
        with wanted as (
            select * from badges_sources.%I as row where row.problem is null
        ),
        found as (
            select held.*, substr(held.idempotency_key, length($1) + 1) as source_key
            from badges.activities as held
            where starts_with(held.idempotency_key, $1)
        )
        select
            coalesce(wanted.source_key, found.source_key),
            coalesce(wanted.peer_mentor_id, found.peer_mentor_id),
            coalesce(wanted.org_id, found.org_id),
            case
                when found.source_key is null then 'missing'
                when wanted.source_key is null then 'surplus'
                else 'different'
            end,
            coalesce(badges_internal._source_differences(to_jsonb(found), to_jsonb(wanted)), '{}')
                || coalesce(
                (
                    select jsonb_build_object('set_aside', min(aside.reason))
                    from badges_internal.source_rows_set_aside as aside
                    where aside.source = $2
                    and aside.source_key = coalesce(wanted.source_key, found.source_key)
                    having count(*) > 0
                ),
                '{}'
            )
        from wanted
        full join found
            on found.source_key = wanted.source_key
            and found.peer_mentor_id = wanted.peer_mentor_id
            and found.org_id = wanted.org_id
        where (
            wanted.activity_type, wanted.occurred_at, wanted.activity_date, wanted.quantity,
            wanted.attributes
        ) is distinct from (
            found.activity_type, found.occurred_at, found.activity_date, found.quantity,
            found.attributes
        )
        order by 1, 2, 3
        $sql$,
        p_source
    )
    using badges_internal._source_prefix(p_source), p_source;
end;
$$;

comment on function badges.verify_source(text) is
'Lists where activities are not what a source''s rows say: missing, different or surplus.';
