-- Lists what is wrong between two keys of one object.
--
-- The first may be one of an object below: repeat.each.
create or replace function badges_internal._validate_rule(
    p_spec jsonb,
    p_rule jsonb,
    p_value jsonb,
    p_path text
)
returns jsonb
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    v_defaults jsonb := badges_internal._criteria_grammar() -> 'defaults';
    v_key text := p_rule ->> 'key';
    v_other text := p_rule ->> 'other';
    v_given jsonb := p_value #> string_to_array(v_key, '.');
    -- A default that is written out counts as left out.
    v_has_key boolean := v_given is not null
        and v_given is distinct from v_defaults -> v_key;
    v_has_other boolean := p_value ? v_other
        and p_value -> v_other is distinct from v_defaults -> v_other;
    v_word jsonb := coalesce(p_value -> v_other, v_defaults -> v_other);
    v_is_word boolean := coalesce(jsonb_typeof(v_word) in ('string', 'object'), false);
    v_is_listed boolean := v_is_word and p_rule -> 'words' ? (v_word #>> '{}');
    v_words text := (
        select string_agg(word.value, ', ' order by word.ordinality)
        from jsonb_array_elements_text(p_rule -> 'words') with ordinality as word
    );
    v_own text := badges_internal._allowed_here(p_spec -> 'keys' -> v_key);
    v_named text := coalesce(p_rule ->> 'as', p_rule ->> 'below', v_other);
    v_either text := format('either %s or %s', v_key, v_named);
    v_parts text := badges_internal._parts_named(p_rule, p_value -> v_other);
    v_said text[];
begin
    if p_rule ->> 'rule' = 'exactly_one' then
        return badges_internal._validate_choice(
            array(select jsonb_array_elements_text(p_rule -> 'keys')), p_value, p_path
        );
    end if;
    v_said := case p_rule ->> 'rule'
        when 'only_with' then case when v_has_key and v_is_word and not v_is_listed then array[
            format('goes only with %s %s', v_other, v_words),
            format('%s with %s %s', v_key, v_other, v_words)
        ] end
        when 'not_with' then case when v_has_key and v_has_other then array[
            format('does not go with %s', v_named), coalesce(p_rule ->> 'allowed', v_either)
        ] end
        when 'not_with_below' then case
            when v_has_key
            and jsonb_typeof(p_value -> v_other) = 'object'
            and p_value -> v_other ? (p_rule ->> 'below')
                then array[format('does not go with %s', v_named), v_either]
        end
        when 'not_with_word' then case
            when v_has_key and p_value ->> v_other = p_rule ->> 'word' then array[
                format('does not go with %s', p_rule ->> 'word'),
                format('either %s or %s', v_key, p_rule ->> 'word')
            ]
        end
        when 'word_without_parts' then case
            when p_value ->> v_key = p_rule ->> 'word' and v_parts <> '' then array[
                format('is %s, which does not go with %s', p_rule ->> 'word', v_parts), v_own
            ]
        end
        when 'word_with_parts' then case
            when p_value ->> v_key is distinct from p_rule ->> 'word' and v_parts <> '' then array[
                format('must be %s, as there is %s', p_rule ->> 'word', v_parts), p_rule ->> 'word'
            ]
        end
        when 'not_after' then case
            when not (v_has_key and v_has_other)
            or badges_internal._validate_value(
                p_spec -> 'keys' -> v_key, p_value -> v_key, '$'
            ) <> '[]'
            or badges_internal._validate_value(
                p_spec -> 'keys' -> v_other, p_value -> v_other, '$'
            ) <> '[]' then null
            when p_value ->> v_key > p_value ->> v_other collate "C" then array[
                format('is after %s', v_other), format('%s up to %s', v_key, v_other)
            ]
        end
        when 'needs_without' then case when not v_has_key and not v_has_other then array[
            format('is missing, as there is no %s', v_other), v_own
        ] end
        when 'one_of' then case
            when v_has_key and v_has_other
                then array[format('does not go with %s', v_other), v_either]
            when not v_has_key and not v_has_other
                then array[format('is missing, as there is no %s', v_other), v_either]
        end
        when 'at_most_items' then case
            when jsonb_typeof(p_value -> v_key) <> 'number'
            or jsonb_typeof(p_value -> v_other) <> 'array' then null
            when (p_value -> v_key)::numeric > jsonb_array_length(p_value -> v_other) then array[
                format('is more than there are %s', v_other),
                format('at most %s', jsonb_array_length(p_value -> v_other))
            ]
        end
    end;
    if v_said is null then
        return '[]'::jsonb;
    end if;
    return badges_internal._problem(p_path || '.' || v_key, v_said[1], v_said[2]);
end;
$$;

comment on function badges_internal._validate_rule(jsonb, jsonb, jsonb, text) is
'Lists what is wrong between two keys of one object.';
