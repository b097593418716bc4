-- Gives text for a message or a line of the log: quoted, in one line, its first 100 characters.
--
-- What would move a terminal's cursor, or turn the direction of writing, is escaped or a ?.
create or replace function badges_internal._quoted(p_text text)
returns text
language sql
immutable
parallel safe
return coalesce(
    regexp_replace(
        to_jsonb(left(p_text, 100))::text,
        '[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]', '?', 'g'
    ) || case when length(p_text) > 100 then '..' else '' end,
    'null'
);

comment on function badges_internal._quoted(text) is
'Gives text for a message or a line of the log: quoted, in one line, its first 100 characters.';
