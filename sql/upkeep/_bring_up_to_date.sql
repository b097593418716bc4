-- Builds what the current rule set asks of people whose base row is of another version.
--
-- p_is_counted false: the present statement's activities are not in the stats yet, so all is
-- rebuilt; so it is where the time zone has changed, after the days are rewritten. Else only stats
-- of which other numbers are asked since a person's version are looked at. p_oldest: a version
-- that none of them is older than, p_base_rows: which transactions wrote the base rows last, where
-- the caller knows, who holds them in any case. Gives the badges to evaluate.
--
-- Writes: badges.peer_mentor_stats, badges_internal.stat_elements, badges.activities (days).
create or replace function badges_internal._bring_up_to_date(
    p_peer_mentor_ids uuid[],
    p_org_ids text[],
    p_is_counted boolean,
    p_oldest integer default null,
    p_base_rows xid[] default null
)
returns badges_internal.candidate[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_material = off
set enable_seqscan = off
as $$
declare
    v_rezoned_people uuid[];
    v_rezoned_orgs text[];
    v_oldest_orgs text[];
    v_oldest_versions integer[];
    v_new_stats text[]; -- not built yet for somebody here
    v_other_stats text[]; -- built, but other numbers are asked
    v_gone_stats text[];
    v_due badges_internal.candidate[];
    v_reached badges_internal.candidate[];
begin
    select rezoned.peer_mentor_ids, rezoned.org_ids
    into v_rezoned_people, v_rezoned_orgs
    from badges_internal._rewrite_days(p_peer_mentor_ids, p_org_ids) as rezoned;

    if p_oldest is null or v_rezoned_people is not null then
        select array_agg(oldest.org_id), array_agg(oldest.version)
        into v_oldest_orgs, v_oldest_versions
        from (
            select base.org_id, min(base.rule_set_version) as version
            from badges_internal._base_versions(p_peer_mentor_ids, p_org_ids) as base
            group by base.org_id
        ) as oldest;
    else
        v_oldest_orgs := array(select distinct unnest(p_org_ids));
        v_oldest_versions := array_fill(p_oldest, array[cardinality(v_oldest_orgs)]);
    end if;

    select
        coalesce(array_agg(distinct change.stat) filter (where kind.is_new), '{}'),
        coalesce(array_agg(distinct change.stat) filter (where not kind.is_new), '{}'),
        array_agg(distinct change.stat) filter (where kind.is_gone)
    into v_new_stats, v_other_stats, v_gone_stats
    from unnest(v_oldest_orgs, v_oldest_versions) as oldest (org_id, version)
    join badges_internal.stat_changes as change
        on change.org_id = oldest.org_id
        and change.version > oldest.version
    left join badges_internal.stat_definitions as defined
        on defined.org_id = change.org_id
        and defined.stat = change.stat
    cross join lateral (
        select
            coalesce(defined.since_version > oldest.version, false) as is_new,
            change.stat >= '~' and defined.stat is null as is_gone
    ) as kind
    where p_is_counted;

    v_due := badges_internal._badges_asked_anew(
        p_peer_mentor_ids, p_org_ids, v_oldest_orgs, v_oldest_versions,
        case when p_is_counted then v_new_stats end
    );
    if v_gone_stats is not null then
        perform badges_internal._forget_stats(p_peer_mentor_ids, p_org_ids, v_gone_stats);
    end if;

    if not p_is_counted then
        v_reached := badges_internal._rebuild_people(p_peer_mentor_ids, p_org_ids, null);
    elsif v_new_stats <> '{}' then
        v_reached := badges_internal._build_stats(
            p_peer_mentor_ids, p_org_ids, p_base_rows, v_new_stats
        );
    end if;
    if p_is_counted and v_rezoned_people is not null then
        v_reached := v_reached
            || badges_internal._rebuild_people(v_rezoned_people, v_rezoned_orgs, null);
    end if;

    if v_other_stats <> '{}' then
        perform badges_internal._set_next_thresholds(
            p_peer_mentor_ids, p_org_ids, v_other_stats
        );
    end if;
    perform badges_internal._set_base_versions(p_peer_mentor_ids, p_org_ids);
    return v_due || v_reached;
end;
$$;

comment on function badges_internal._bring_up_to_date(uuid[], text[], boolean, integer, xid[]) is
'Builds what the current rule set asks of people whose base row is of another version.';
