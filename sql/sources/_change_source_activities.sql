-- Changes activities that differ from how their rows now read; gives how many.
--
-- Writes: badges.activities.
create or replace function badges_internal._change_source_activities(
    p_prefix text,
    p_rows badges_internal.source_row[]
)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_count bigint;
begin
    update badges.activities as held
    set
        activity_type = now.activity_type,
        occurred_at = now.occurred_at,
        activity_date = now.activity_date,
        quantity = now.quantity,
        attributes = now.attributes
    from unnest(p_rows) as now
    where now.problem is null
    and held.peer_mentor_id = now.peer_mentor_id
    and held.org_id = now.org_id
    and held.idempotency_key = p_prefix || now.source_key
    and (
        held.activity_type, held.occurred_at, held.activity_date, held.quantity, held.attributes
    ) is distinct from (
        now.activity_type, now.occurred_at, now.activity_date, now.quantity, now.attributes
    );
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;

comment on function badges_internal._change_source_activities(
    text, badges_internal.source_row[]
) is
'Changes activities that differ from how their rows now read; gives how many.';
