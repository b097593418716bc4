-- Does one batch of the reading of a source that has begun, and gives whether that was the last.
--
-- set_aside: the rows that are, by now.
--
-- Stages: rows, by their keys; activities, for rows that are gone; rest, what was set aside. Who is
-- written for at the moment is set aside until the rest.
--
-- Writes: as _settle_source_rows; badges_internal.sources.
create or replace function badges_internal._read_source(
    p_source text,
    p_batch integer,
    out written bigint,
    out is_done boolean,
    out set_aside bigint
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_reading jsonb;
    v_stage text;
    v_more jsonb;
begin
    select held.reading
    into v_reading
    from badges_internal.sources as held
    where held.source = p_source
    for update;
    v_stage := v_reading ->> 'stage';
    case v_stage
        when 'rows' then
            select step.written, step.after
            into written, v_more
            from badges_internal._read_rows(p_source, v_reading ->> 'after', p_batch) as step;
        when 'activities' then
            select step.written, step.after
            into written, v_more
            from badges_internal._read_activities(p_source, v_reading -> 'after', p_batch) as step;
        when 'rest' then
            select step.written, step.after
            into written, v_more
            from badges_internal._read_rest(
                p_source, (v_reading ->> 'began')::timestamptz, p_batch
            ) as step;
        else
            written := 0;
    end case;
    is_done := v_more is null and (v_stage = 'rest' or v_stage is null);
    if is_done then
        written := coalesce(written, 0) + badges_internal._erase_set_aside(p_source);
        delete from badges_internal.source_rows_set_aside as aside
        where aside.source = p_source
        and aside.source_key = ''
        and aside.peer_mentor_id = '00000000-0000-0000-0000-000000000000'
        and aside.set_aside_id <= (v_reading -> 'upto')::bigint
        and v_reading ? 'is_whole';
    end if;
    update badges_internal.sources as held
    set
        reading = case
            when is_done then null
            when v_more is not null then v_reading || jsonb_build_object('after', v_more)
            when v_stage = 'rows'
                then v_reading - array['after'] || '{"stage": "activities", "is_whole": true}'
            else v_reading - array['after']
                || jsonb_build_object('stage', 'rest', 'began', clock_timestamp())
        end,
        brought_in_count = held.brought_in_count
            + case when v_stage = 'rows' then written else 0 end
    where held.source = p_source;
    select count(*)
    into set_aside
    from badges_internal.source_rows_set_aside as aside
    where aside.source = p_source;
    if is_done and set_aside = 0 then
        perform badges.clear_alert('rows_set_aside', p_source);
    end if;
end;
$$;

comment on function badges_internal._read_source(text, integer) is
'Does one batch of the reading of a source that has begun, and gives whether that was the last.';
