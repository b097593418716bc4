-- Notes that people are still to be erased, and tells it.
--
-- Such a row has a person and no key. p_people null: whom it was about could not be read.
--
-- Writes: badges_internal.source_rows_set_aside, as _tell_set_aside.
create or replace function badges_internal._set_users_aside(
    p_source text,
    p_people uuid[],
    p_reason text
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    insert into badges_internal.source_rows_set_aside (
        peer_mentor_id, org_id, source, source_key, reason, set_aside_at
    )
    select
        given.person, '', p_source, '', left('is not erased: ' || p_reason, 500),
        clock_timestamp()
    from unnest(p_people) as given (person);
    perform badges_internal._tell_set_aside(p_source, 'users are not erased: ' || p_reason);
end;
$$;

comment on function badges_internal._set_users_aside(text, uuid[], text) is
'Notes that people are still to be erased, and tells it.';
