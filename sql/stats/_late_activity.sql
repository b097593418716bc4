-- Tells of one activity which rows of the snapshot it counts in.
create or replace function badges_internal._late_activity(p_new badges_internal.new_activity)
returns badges_internal.late_activity
language plpgsql
volatile
as $$
begin
    return (
        select row(
            p_new.peer_mentor_id, p_new.org_id, p_new.occurred_at, p_new.activity_id,
            p_new.activity_date, p_new.activity_type, p_new.quantity, p_new.attributes,
            array_agg(chosen.stat), array_agg(chosen.bucket)
        )::badges_internal.late_activity
        from (
            select
                wanted.stat,
                badges_internal._bucket(
                    wanted.per_field, wanted.window_unit, p_new.attributes, p_new.quantity,
                    p_new.activity_date
                ) as bucket
            from badges_internal._wanted_stats(
                array[row(p_new.org_id, p_new.activity_type)::badges_internal.activity_kind],
                null
            ) as wanted
            where badges_internal._is_chosen(
                wanted.predicate, wanted.needs_quantity, wanted.needs_calendar,
                wanted.clock_zone, p_new.attributes, p_new.quantity, p_new.activity_date,
                p_new.occurred_at
            )
        ) as chosen
        where chosen.bucket is not null
    );
end;
$$;

comment on function badges_internal._late_activity(badges_internal.new_activity) is
'Tells of one activity which rows of the snapshot it counts in.';
