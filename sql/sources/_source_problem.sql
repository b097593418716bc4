-- Builds the expression that says why a row of a source cannot be an activity, null = it can.
--
-- Over what _source_mapping reads. As far as the constraints of badges.activities go, and no word
-- of it depends on the session.
create or replace function badges_internal._source_problem(p_is_external boolean)
returns text
language sql
immutable
return $sql$case
        when octet_length(read.source_key) > 1000 then 'its key is longer than 1000 bytes'$sql$
    || case when p_is_external then $sql$
        when length(read.external_id) not between 1 and 200
            then 'the id of its person must have 1 to 200 characters'$sql$ else '' end
    || $sql$
        when organization.org_id is null
            then 'organization ' || to_jsonb(left(read.org_id, 100))::text || ' does not exist'
        when length(read.activity_type) not between 1 and 100
            then 'its activity type must have 1 to 100 characters'
        when moment.occurred_at > now() + interval '24 hours'
            then 'its moment lies more than a day ahead'
        when moment.occurred_at is null
            or moment.occurred_at < '1900-01-03 00:00+00'
            or moment.occurred_at >= '2200-01-01 00:00+00'
            then 'its moment must lie between 1900 and a day from now'
        when read.quantity not between -1e30 and 1e30
            then 'its quantity must be a number within 1e30'
        when jsonb_typeof(read.attributes) <> 'object' then 'its attributes are no object'
        when pg_column_size(read.attributes) > 262144
            then 'its attributes are larger than 262144 bytes'
    end$sql$;

comment on function badges_internal._source_problem(boolean) is
'Builds the expression that says why a row of a source cannot be an activity, null = it can.';
