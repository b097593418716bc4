-- Gives the claims of the session's token, as PostgREST puts them into request.jwt.claims.
--
-- Null where there are none, or where they are no JSON or more of it than the server reads.
create or replace function badges_internal._session_claims()
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return nullif(current_setting('request.jwt.claims', true), '')::jsonb;
exception
    when data_exception or program_limit_exceeded then
        return null;
end;
$$;

comment on function badges_internal._session_claims() is
'Gives the claims of the session''s token, as PostgREST puts them into request.jwt.claims.';
