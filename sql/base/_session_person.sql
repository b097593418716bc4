-- Gives the person whose token the session has, after merges; null for nobody.
--
-- The claim that the setting person_claim names, "sub" by default: a key of the claims, or a path
-- with dots. With the setting person_namespace the claim is the application's own id, else a uuid.
-- A claim of another shape is nobody, never an error. For policies too: they run it as who reads.
create or replace function badges_internal._session_person()
returns uuid
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_claims constant jsonb := badges_internal._session_claims();
    v_claim constant text := coalesce(badges_internal._setting('person_claim') #>> '{}', 'sub');
    v_namespace constant text := badges_internal._setting('person_namespace') #>> '{}';
    v_value constant jsonb :=
        coalesce(v_claims -> v_claim, v_claims #> string_to_array(v_claim, '.'));
    v_text constant text := v_value #>> '{}';
begin
    if v_namespace is not null and jsonb_typeof(v_value) in ('string', 'number') then
        return badges.find_mentor(v_namespace, v_text);
    elsif v_namespace is null
        and jsonb_typeof(v_value) = 'string'
        and v_text ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
    then
        return badges_internal._person_now(v_text::uuid);
    end if;
    return null;
end;
$$;

comment on function badges_internal._session_person() is
'Gives the person whose token the session has, after merges; null for nobody.';
