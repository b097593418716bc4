-- Tells whether a raw expression holds on a stats document; one that fails does not.
--
-- Silent mode passes over most errors. An unknown variable, a comparison of dates that needs a time
-- zone and a path nested too deep are errors all the same.
create or replace function badges_internal._raw_holds(p_expression text, p_document jsonb)
returns boolean
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
    return coalesce(jsonb_path_match(p_document, p_expression::jsonpath, '{}', true), false);
exception
    when feature_not_supported or undefined_object or data_exception or program_limit_exceeded then
        return false;
end;
$$;

comment on function badges_internal._raw_holds(text, jsonb) is
'Tells whether a raw expression holds on a stats document; one that fails does not.';
