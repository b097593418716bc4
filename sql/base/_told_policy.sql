-- Gives a mark of a policy as the server tells it, null where there is none.
create or replace function badges_internal._told_policy(p_table regclass, p_policy text)
returns text
language sql
stable
return (
    select md5(concat_ws(
        ' ', held.polcmd, held.polpermissive, held.polroles::regrole[],
        pg_get_expr(held.polqual, held.polrelid), pg_get_expr(held.polwithcheck, held.polrelid)
    ))
    from pg_policy as held
    where held.polrelid = p_table
    and held.polname = p_policy
);

comment on function badges_internal._told_policy(regclass, text) is
'Gives a mark of a policy as the server tells it, null where there is none.';
