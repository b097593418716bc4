-- Gives a text in the default language: itself, its English version or its first language's.
create or replace function badges_internal._localized(p_text jsonb)
returns text
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return case
        when jsonb_typeof(p_text) = 'object' then coalesce(
            p_text ->> 'en',
            (select each.value from jsonb_each_text(p_text) as each order by each.key limit 1)
        )
        else p_text #>> '{}'
    end;
end;
$$;

comment on function badges_internal._localized(jsonb) is
'Gives a text in the default language: itself, its English version or its first language''s.';
