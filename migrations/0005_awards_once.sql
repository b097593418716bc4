-- The key of the awards where it was lost, and an archive of the rows that stood there twice.
--
-- Where badges.earned_badges has a whole, valid, immediate unique index on its key, and no deferrable
-- one, which would stop awards, nothing of it is looked at. Elsewhere one row of each key stays: one
-- that counts before a revoked one, then the earliest earned_at, then the earliest granted_at. So
-- nobody gains or loses a badge, and nothing is told. A table too large for the time limits is made
-- right by `pgmerit dedupe` first.
-- depends: 0004_bounded_keys

set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- Awards that stood beside another one of the same key, whole.
create table badges_internal.removed_awards (
    like badges.earned_badges,
    kept_earned_at timestamptz not null, -- of the award of this key that stayed
    removed_at timestamptz not null,
    reason text not null,
    removal_id bigint generated always as identity,
    primary key (
        peer_mentor_id, badge_definition_id, org_id, tier, occurrence, removal_id
    )
);

do $once$
declare
    v_key constant name[] := array[
        'peer_mentor_id', 'badge_definition_id', 'org_id', 'tier', 'occurrence'
    ];
    v_before bigint;
    v_nulls bigint;
    v_extra bigint;
    v_archived bigint;
    v_kept bigint;
    v_index record;
begin
    if exists (
        select
        from pg_catalog.pg_index as i
        where i.indrelid = 'badges.earned_badges'::regclass
        and i.indisunique and i.indisvalid and i.indisready and i.indimmediate
        and i.indpred is null
        and i.indnkeyatts = cardinality(v_key)
        and v_key = array(
            select a.attname
            from unnest(i.indkey::int2[]) with ordinality as k (attnum, place)
            join pg_catalog.pg_attribute as a on a.attrelid = i.indrelid and a.attnum = k.attnum
            where k.place <= i.indnkeyatts
            and a.attnotnull
            order by k.place
        )
    ) and not exists (
        select
        from pg_catalog.pg_index as i
        where i.indrelid = 'badges.earned_badges'::regclass
        and i.indisunique
        and not i.indimmediate
        and i.indnkeyatts = cardinality(v_key)
        and v_key @> array(
            select a.attname
            from pg_catalog.pg_attribute as a
            where a.attrelid = i.indrelid
            and a.attnum = any((i.indkey::int2[])[0:i.indnkeyatts - 1])
        )
    ) then
        return;
    end if;

    -- A policy that hides rows is an error here, not rows left over.
    set local row_security = off;
    lock table badges.earned_badges in access exclusive mode;
    select
        count(*),
        count(*) filter (
            where num_nulls(peer_mentor_id, badge_definition_id, org_id, tier, occurrence) > 0
        ),
        count(*) - count(distinct (peer_mentor_id, badge_definition_id, org_id, tier, occurrence))
    into v_before, v_nulls, v_extra
    from badges.earned_badges;
    if v_nulls > 0 then
        raise exception '% awards have no value in a column of their key', v_nulls
        using
            errcode = '23502',
            table = 'earned_badges',
            hint = 'Fill or delete them: peer_mentor_id, badge_definition_id, org_id, tier and '
                'occurrence must be set.';
    end if;
    if v_extra > 0 and exists (
        select
        from pg_catalog.pg_constraint as c
        where c.confrelid = 'badges.earned_badges'::regclass
    ) then
        raise exception '% awards stand there twice, and foreign keys point at them', v_extra
        using
            errcode = '23503',
            table = 'earned_badges',
            hint = 'Run `pgmerit dedupe badges.earned_badges --key '
                'peer_mentor_id,badge_definition_id,org_id,tier,occurrence --keep earned_at '
                '--children repoint --apply`, then this again.';
    end if;

    with ranked as (
        select
            award.ctid as place,
            row_number() over same_key as number,
            first_value(award.earned_at) over same_key as kept_earned_at
        from badges.earned_badges as award
        window same_key as (
            partition by
                award.peer_mentor_id, award.badge_definition_id, award.org_id, award.tier,
                award.occurrence
            order by
                award.revoked_at is not null, award.earned_at, award.granted_at, award.ctid
        )
    ),
    removed as (
        delete from badges.earned_badges as award
        using ranked
        where award.ctid = ranked.place
        and ranked.number > 1
        returning award.*, ranked.kept_earned_at
    )
    insert into badges_internal.removed_awards
    select removed.*, now(), 'another award of the same key stayed'
    from removed;
    get diagnostics v_archived = row_count;
    select count(*) into v_kept from badges.earned_badges;
    if v_archived <> v_extra or v_kept + v_archived <> v_before then
        raise exception 'of % awards, % of them extra, % were archived and % are left',
            v_before, v_extra, v_archived, v_kept
        using
            errcode = '23514',
            table = 'earned_badges',
            hint = 'Nothing was changed. Look for triggers of your own on badges.earned_badges.';
    end if;

    -- What stands in for the key, or has its name.
    for v_index in
        select i.indexrelid::regclass as name, c.conname
        from pg_catalog.pg_index as i
        join pg_catalog.pg_class as r on r.oid = i.indexrelid
        left join pg_catalog.pg_constraint as c
            on c.conindid = i.indexrelid
            and c.conrelid = i.indrelid
        where i.indrelid = 'badges.earned_badges'::regclass
        and (
            r.relname = 'earned_badges_are_awarded_once'
            or i.indisprimary
            or (
                i.indpred is null
                and i.indnkeyatts = cardinality(v_key)
                and v_key @> array(
                    select a.attname
                    from pg_catalog.pg_attribute as a
                    where a.attrelid = i.indrelid
                    and a.attnum = any((i.indkey::int2[])[0:i.indnkeyatts - 1])
                )
                and not 0 = any(i.indkey::int2[])
            )
        )
    loop
        if v_index.conname is not null then
            execute format(
                'alter table badges.earned_badges drop constraint %I', v_index.conname
            );
        else
            execute format('drop index %s', v_index.name);
        end if;
    end loop;
    alter table badges.earned_badges
        add constraint earned_badges_are_awarded_once
            primary key (peer_mentor_id, badge_definition_id, org_id, tier, occurrence);
    raise notice 'earned_badges: % rows, % kept, % archived in badges_internal.removed_awards',
        v_before, v_kept, v_archived;
end;
$once$;
