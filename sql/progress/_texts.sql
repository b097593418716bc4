-- Gives what explain_badge says in words, {key: {language: text}}.
--
-- Written into the body by `pgmerit migrate`, from orchestrator/pgmerit/languages/*.toml.
create or replace function badges_internal._texts()
returns jsonb
language sql
immutable
parallel safe
return jsonb $texts${}$texts$;

comment on function badges_internal._texts() is
'Gives what explain_badge says in words, {key: {language: text}}.';
