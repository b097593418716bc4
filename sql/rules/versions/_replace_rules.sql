-- Moves organizations to a version: the last step of an apply.
--
-- Statistics are left behind first, then the gate is closed, and what writers lock or read anew
-- is written after it.
--
-- Locks:  the gate of the rules, until the transaction ends.
-- Writes: badges.organizations, badges_internal.badge_places.
-- Raises: 55P03 when transactions that evaluated by the present rules do not end.
create or replace function badges_internal._replace_rules(p_org_ids text[], p_version integer)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    analyze badges_internal.milestones, badges_internal.condition_groups,
        badges_internal.stat_definitions, badges_internal.activity_routes,
        badges.org_badge_configs, badges.badge_definitions, badges.organizations;
    perform badges_internal._close_gate();
    perform badges_internal._save_places(p_org_ids, p_version);
    update badges.organizations as organization
    set
        rule_set_version = p_version,
        -- Writers wait now: what comes later has its day by the new calendar, or by hand.
        previous_activity_id = case
            when organization.previous_time_zone is not null then coalesce(
                organization.previous_activity_id,
                pg_sequence_last_value(
                    pg_get_serial_sequence('badges.activities', 'activity_id')::regclass
                ),
                0
            )
        end
    where organization.org_id = any(p_org_ids);
end;
$$;

comment on function badges_internal._replace_rules(text[], integer) is
'Moves organizations to a version: the last step of an apply.';
