-- Tables of applications whose rows are read as activities, and rows that could not be.
-- depends: 0020_known_people

set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- What attach_source makes for each source: views that are the mapping, and trigger functions.
do $schema$
begin
    if pg_catalog.to_regnamespace('badges_sources') is null then
        create schema badges_sources;
    elsif not exists (
        select
        from pg_catalog.pg_namespace as found
        where found.nspname = 'badges_sources'
        and pg_catalog.pg_get_userbyid(found.nspowner) = current_user
    ) then
        raise exception 'the schema badges_sources belongs to another role'
        using
            errcode = '42501',
            hint = 'Run this as that role if it installed pgmerit, else drop the schema.';
    end if;
end;
$schema$;

-- A row of a source as the activity that it is.
create type badges_internal.source_row as (
    source_key text, -- the row's key as text; of several columns a JSON array
    peer_mentor_id uuid,
    org_id text,
    activity_type text,
    occurred_at timestamptz,
    activity_date date,
    quantity numeric,
    attributes jsonb,
    external_id text, -- null where the table has uuids
    problem text -- why it cannot be an activity, null = it can
);

create table badges_internal.sources (
    source text collate "C" primary key,
    definition jsonb not null,
    made text not null, -- hash of what attach_source ran: another version may make it otherwise
    attached_at timestamptz not null,
    attached_by text not null,
    brought_in_count bigint not null default 0, -- rows that bring_in_source wrote
    -- How far the reading of everything has come: {"stage", "after", "upto", "began"}; null = done.
    reading jsonb,
    constraint source_is_a_slug check (source ~ '^[a-z0-9][a-z0-9._-]{0,39}$')
);

-- Each row says: the activity of this key must be made what the view says. Only added to by
-- triggers, so that no two writers meet here.
create table badges_internal.source_rows_set_aside (
    peer_mentor_id uuid not null, -- nil where it could not be read
    org_id text collate "C" not null, -- '' where it could not be read
    source text collate "C" not null,
    source_key text collate "C" not null, -- '' = everything must be read again
    set_aside_id bigint generated always as identity,
    reason text not null,
    set_aside_at timestamptz not null,
    tried_at timestamptz, -- when it was tried again
    primary key (peer_mentor_id, org_id, source, source_key, set_aside_id)
);

create index source_rows_set_aside_by_source
    on badges_internal.source_rows_set_aside (source, set_aside_id);
