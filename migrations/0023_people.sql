-- Receipts of erasures: what went, when and by whom, and not of whom.
-- depends: 0020_known_people

set local lock_timeout = '5s';
set local statement_timeout = '60s';

create table badges_internal.erasure_receipts (
    receipt_id bigint generated always as identity,
    org_id text collate "C", -- null = in every organization
    erased_at timestamptz not null,
    erased_by text not null, -- the role
    removed jsonb not null, -- {table: rows}
    primary key (receipt_id)
);

-- What a row that keeps somebody is of: an organization, that of an event, none, two people, or an
-- organization or none.
create type badges_internal.person_row as enum (
    'organization', 'event', 'person', 'merge', 'archive'
);
