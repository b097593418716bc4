-- Gives what the idempotency keys of a source's activities begin with; the row's key follows.
create or replace function badges_internal._source_prefix(p_source text)
returns text
language sql
immutable
return '@' || p_source || ':';

comment on function badges_internal._source_prefix(text) is
'Gives what the idempotency keys of a source''s activities begin with; the row''s key follows.';
