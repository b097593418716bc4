-- Lists what the database alone can say against criteria_raw: setting, role and parse errors.
create or replace function badges_internal._validate_raw(p_criteria jsonb, p_path text)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_problems jsonb := '[]'::jsonb;
    v_said text;
begin
    if p_criteria ->> 'type' is distinct from 'criteria_raw' then
        return v_problems;
    end if;
    if not badges_internal._is_setting_on('criteria_raw') then
        v_problems := v_problems || badges_internal._problem(
            p_path || '.type',
            'criteria_raw is switched off',
            'a typed rule, or the setting criteria_raw switched on'
        );
    end if;
    if not badges_internal._is_administrator() then
        v_problems := v_problems || badges_internal._problem(
            p_path || '.type',
            'criteria_raw may be saved by the platform administrator alone',
            'a typed rule, or a member of the role that owns schema badges'
        );
    end if;
    begin
        perform (p_criteria ->> 'expression')::jsonpath;
    exception
        when syntax_error or data_exception then
            get stacked diagnostics v_said = message_text;
            v_problems := v_problems || badges_internal._problem(
                p_path || '.expression',
                'is no SQL/JSON path: ' || v_said,
                'an SQL/JSON path predicate such as $.activities.call.count > 3'
            );
    end;
    return v_problems;
end;
$$;

comment on function badges_internal._validate_raw(jsonb, text) is
'Lists what the database alone can say against criteria_raw: setting, role and parse errors.';
