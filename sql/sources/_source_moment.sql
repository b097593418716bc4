-- Builds the expression of a row's moment, null where it lies outside what activities may have.
--
-- p_kind: timestamptz; timestamp, the organization's local time; date, its local noon. Bounds come
-- first: what is centuries off cannot be converted.
create or replace function badges_internal._source_moment(p_kind text, p_reference text)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    select format(
        'case when %1$s >= %2$L and %1$s < %3$L then %4$s end',
        p_reference, bounds.first, bounds.last,
        case p_kind
            when 'timestamptz' then p_reference
            when 'timestamp' then p_reference || ' at time zone organization.time_zone'
            else format('(%s + time ''12:00'') at time zone organization.time_zone', p_reference)
        end
    )
    from (
        values
            ('timestamptz', '1900-01-03 00:00+00', '2200-01-01 00:00+00'),
            ('timestamp', '1900-01-02', '2200-01-02'),
            ('date', '1900-01-02', '2200-01-02')
    ) as bounds (kind, first, last)
    where bounds.kind = p_kind;
$$;

comment on function badges_internal._source_moment(text, text) is
'Builds the expression of a row''s moment, null where it lies outside what activities may have.';
