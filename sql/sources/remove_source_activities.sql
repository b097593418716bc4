-- Deletes some activities of a source that is detached, and gives how many; 0 = none are left.
--
-- Badges that were earned by them stay, but for those of revoke badges.
--
-- Writes: badges.activities and what follows from them.
-- Raises: 55000 while the source is attached, 22023 for the batch, 42501 without the rights.
create or replace function badges.remove_source_activities(
    p_source text,
    p_batch integer default 1000
)
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_count integer;
begin
    perform badges_internal._require_attaching();
    if exists (select from badges_internal.sources as held where held.source = p_source) then
        raise exception 'source % is attached', badges_internal._quoted(p_source)
        using errcode = '55000', hint = 'Detach it first.';
    end if;
    if (p_batch between 1 and 100000) is not true then
        raise exception 'p_batch must be a whole number from 1 to 100000'
        using errcode = '22023', hint = 'A thousand at a time is quick.';
    end if;
    delete from badges.activities as held
    using (
        select found.peer_mentor_id, found.activity_id
        from badges.activities as found
        where starts_with(found.idempotency_key, badges_internal._source_prefix(p_source))
        limit p_batch
    ) as doomed
    where held.peer_mentor_id = doomed.peer_mentor_id
    and held.activity_id = doomed.activity_id;
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;

comment on function badges.remove_source_activities(text, integer) is
'Deletes some activities of a source that is detached, and gives how many; 0 = none are left.';
