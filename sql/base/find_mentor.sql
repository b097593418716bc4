-- Gives the person whom an application's own id means now, after merges too.
--
-- That of mentor_id_from, and after a merge the one merged into. The person need not have anything
-- recorded.
create or replace function badges.find_mentor(p_namespace text, p_external_id text)
returns uuid
language plpgsql
stable
strict
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    return badges_internal._person_now(badges.mentor_id_from(p_namespace, p_external_id));
end;
$$;

comment on function badges.find_mentor(text, text) is
'Gives the person whom an application''s own id means now, after merges too.';
