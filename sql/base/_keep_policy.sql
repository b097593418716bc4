-- Makes a policy as it is wanted, and leaves one that is so already: making one locks out readers.
--
-- For those of the roles that are there; without any of them there is no policy. Its comment marks
-- it as ours, by what it was made from and what the server then told of it.
--
-- Locks: the table, where the policy is not as wanted.
create or replace function badges_internal._keep_policy(
    p_table regclass,
    p_policy text,
    p_command text,
    p_roles text[],
    p_condition text
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_roles constant text := (
        select string_agg(quote_ident(held.rolname), ', ' order by held.rolname)
        from pg_roles as held
        where held.rolname = any(p_roles)
    );
    v_mark constant text := 'pgmerit: '
        || md5(concat_ws(' ', p_table, p_policy, p_command, v_roles, p_condition)) || ' ';
    v_told constant text := badges_internal._told_policy(p_table, p_policy);
begin
    if v_mark || v_told = (
        select obj_description(held.oid, 'pg_policy')
        from pg_policy as held
        where held.polrelid = p_table
        and held.polname = p_policy
    ) then
        return;
    end if;
    if v_told is not null then
        execute format('drop policy %I on %s', p_policy, p_table);
    end if;
    if v_roles is not null then
        execute format(
            'create policy %I on %s for %s to %s using (%s)',
            p_policy, p_table, p_command, v_roles, p_condition
        );
        execute format(
            'comment on policy %I on %s is %L',
            p_policy, p_table, v_mark || badges_internal._told_policy(p_table, p_policy)
        );
    end if;
end;
$$;

comment on function badges_internal._keep_policy(regclass, text, text, text[], text) is
'Makes a policy as it is wanted, and leaves one that is so already: making one locks out readers.';
