-- Counts the insertions, deletions and replacements that turn one word into another.
create or replace function badges_internal._edit_distance(p_left text, p_right text)
returns integer
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    v_left text[] := string_to_array(p_left, null);
    v_right text[] := string_to_array(p_right, null);
    v_previous integer[] := array(select generate_series(0, cardinality(v_right)));
    v_current integer[];
begin
    for v_row in 1..cardinality(v_left) loop
        v_current := array[v_row];
        for v_column in 1..cardinality(v_right) loop
            v_current[v_column + 1] := least(
                v_previous[v_column + 1] + 1,
                v_current[v_column] + 1,
                v_previous[v_column] + (v_left[v_row] <> v_right[v_column])::integer
            );
        end loop;
        v_previous := v_current;
    end loop;
    return v_previous[cardinality(v_previous)];
end;
$$;

comment on function badges_internal._edit_distance(text, text) is
'Counts the insertions, deletions and replacements that turn one word into another.';
