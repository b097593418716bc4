-- Tells whether another activity had counted a day in a part by the moment of one that does.
--
-- Then that one adds no day. Never where a day takes more than one activity to count. p_pending:
-- docs of _count_rest.
create or replace function badges_internal._counts_already(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_stat text,
    p_bucket text,
    p_day date,
    p_occurred_at timestamptz,
    p_pending bigint[]
)
returns boolean
language plpgsql
volatile
as $$
declare
    v_route badges_internal.stat_route;
begin
    v_route := (badges_internal._stat_definition(p_org_id, p_stat)).route;
    if v_route.element_at_least is not null then
        return false;
    end if;
    return (
        select count(*) > 1
        from badges_internal._selected_activities(
            array[p_peer_mentor_id], p_org_id, p_stat, p_bucket, p_day, p_day
        ) as own
        where own.occurred_at <= p_occurred_at
        and own.activity_id <> all(coalesce(p_pending, '{}'))
    );
end;
$$;

comment on function badges_internal._counts_already(
    uuid, text, text, text, date, timestamptz, bigint[]
) is
'Tells whether another activity had counted a day in a part by the moment of one that does.';
