-- Names the stat that has the same of each month and is kept for a person, null = there is none.
--
-- p_stat: one that is measured whole. A person of an older version of the rules may lack it.
create or replace function badges_internal._monthly_stat(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_stat text
)
returns text
language plpgsql
volatile
as $$
declare
    v_selector jsonb := '{}';
begin
    if p_stat like '=%' then
        v_selector := jsonb_build_object('types', jsonb_build_array(substr(p_stat, 2)));
    elsif p_stat <> '*' then
        v_selector := (badges_internal._stat_definition(p_org_id, p_stat)).selector;
    end if;
    v_selector := v_selector || '{"window": "month"}';
    return (
        select monthly.stat
        from badges_internal.stat_definitions as monthly
        join badges.peer_mentor_stats as base
            on base.peer_mentor_id = p_peer_mentor_id
            and base.org_id = p_org_id
            and base.stat = '*'
            and base.bucket = ''
            and base.rule_set_version >= monthly.since_version
        where monthly.org_id = p_org_id
        and monthly.stat = badges_internal._stat_name(v_selector)
    );
end;
$$;

comment on function badges_internal._monthly_stat(uuid, text, text) is
'Names the stat that has the same of each month and is kept for a person, null = there is none.';
