"""The public SQL routines, one function each, in alphabetical order.

Every function takes an open psycopg connection, whatever rows it makes, and leaves the transaction
to its caller; asynchronous ones are for `pgmerit.aio`. Driver errors pass through:
`pgmerit.errors.translate` turns them into ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar, cast
from uuid import UUID

import psycopg
from psycopg.pq import Format
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb, JsonbLoader

Connection = psycopg.Connection[Any]
Row = dict[str, Any]
T = TypeVar("T")


def adopt_awards(
    connection: Connection,
    peer_mentor_ids: Sequence[UUID],
    badge_definition_ids: Sequence[str],
    org_ids: Sequence[str],
    earned_at: Sequence[datetime],
    tiers: Sequence[str] | None = None,
    occurrences: Sequence[int] | None = None,
) -> Row:
    """Take over awards, an element each: `adopted`, `held`, `denied`, `repeated`, `followed`."""
    return _value(
        Row,
        connection,
        "select badges.adopt_awards(%s::uuid[], %s::text[], %s::text[], %s::timestamptz[],"
        " %s::text[], %s::integer[]) as value",
        *(
            None if given is None else list(given)
            for given in (
                peer_mentor_ids,
                badge_definition_ids,
                org_ids,
                earned_at,
                tiers,
                occurrences,
            )
        ),
    )


def allow_badge(
    connection: Connection,
    peer_mentor_id: UUID,
    badge_definition_id: str,
    org_id: str,
    reason: str,
    tier: str | None = None,
) -> Row:
    """End a denial and evaluate the badge again: `award`, the row or None, and `changed`."""
    return _value(
        Row,
        connection,
        "select badges.allow_badge(%s, %s, %s, %s, %s) as value",
        peer_mentor_id,
        badge_definition_id,
        org_id,
        reason,
        tier,
    )


def apply_rule_set(
    connection: Connection,
    document: Mapping[str, Any],
    *,
    allow_empty: bool = False,
    allow_revoke: bool = False,
    expected_version: int | None = None,
) -> Row:
    """Commit a version of a rule set: `rule_set`, `version`, `changed`, counts and `warnings`.

    Raises 22023 with the problems as JSON in DETAIL when the document is not valid, 55000 when
    another version is current than expected, or with the losses as JSON in DETAIL when people
    would lose awards and that is not allowed.
    """
    return _value(
        Row,
        connection,
        "select badges.apply_rule_set(%s, %s, %s, %s) as value",
        Jsonb(document),
        allow_empty,
        allow_revoke,
        expected_version,
    )


def attach_source(connection: Connection, source: str, definition: Mapping[str, Any]) -> Row:
    """Attach a table: `changed`, and an estimate of `rows` that are to be brought in."""
    return _value(
        Row,
        connection,
        "select badges.attach_source(%s, %s) as value",
        source,
        Jsonb(definition),
    )


def award_badge(
    connection: Connection,
    peer_mentor_id: UUID,
    badge_definition_id: str,
    org_id: str,
    reason: str,
    tier: str | None = None,
) -> Row:
    """Award a badge by hand: `award`, the row, new or existing, and `changed`."""
    return _value(
        Row,
        connection,
        "select badges.award_badge(%s, %s, %s, %s, %s) as value",
        peer_mentor_id,
        badge_definition_id,
        org_id,
        reason,
        tier,
    )


def award_due_badges(connection: Connection, as_of: datetime | None = None) -> int:
    """Award what only time brings, as of a moment or now: the number of awards."""
    return _value(
        int, connection, "select badges.award_due_badges(coalesce(%s, now())) as value", as_of
    )


def backfill_rule_set(
    connection: Connection,
    rule_set: str,
    batch: int = 250,
    as_of: datetime | None = None,
    rest: timedelta = timedelta(0),
) -> Row:
    """Evaluate one batch of people for a version: `evaluated`, `awarded`, `remaining`.

    Badges that lapse are held or not as of a moment, or now. It first waits for `rest`, a minute
    at most, so that writers have the processors.
    """
    return _value(
        Row,
        connection,
        "select badges.backfill_rule_set(%s, %s, coalesce(%s, now()), %s) as value",
        rule_set,
        batch,
        as_of,
        rest,
    )


def bring_in_source(connection: Connection, source: str, batch: int = 1000) -> Row:
    """Bring in one batch of a source's rows: `brought_in`, `set_aside`, `is_done`."""
    return _value(Row, connection, "select badges.bring_in_source(%s, %s) as value", source, batch)


def calibrate_badge(
    connection: Connection,
    badge_definition_id: str,
    org_id: str | None = None,
    *,
    share: Decimal | float | None = None,
    part: str | None = None,
    as_of: date | None = None,
    then: date | None = None,
    document: Mapping[str, Any] | None = None,
    language: str | None = None,
) -> Row:
    """Tell which thresholds would give a badge to how many people, now and earlier; reads only.

    Gives `name`, `path` of the number, `now` and `then` as days, and by organization `thresholds`,
    `people`, `nearest` and `curve`. `share` is a part of 1; others as in SQL. Raises 22023 for an
    unknown badge or part, a rule without a threshold and an odd share or day.
    """
    return _value(
        Row,
        connection,
        "select badges.calibrate_badge(%s, %s, %s::numeric, %s, %s, %s, %s, %s) as value",
        badge_definition_id,
        org_id,
        share,
        part,
        as_of,
        then,
        None if document is None else Jsonb(document),
        language,
    )


def check_alerts(connection: Connection, keep_attempts: timedelta | None = None) -> int:
    """Raise and clear the alerts that the database sees by itself: how many are open.

    Deletes delivery attempts older than `keep_attempts`, 30 days unless told.
    """
    return _value(
        int,
        connection,
        "select badges.check_alerts(coalesce(%s, interval '30 days')) as value",
        keep_attempts,
    )


def claim_events(
    connection: Connection,
    consumer: str,
    limit: int = 100,
    lease: timedelta = timedelta(minutes=1),
) -> list[Row]:
    """Lease the next events of a consumer, each person's in their order; commit soon."""
    return _rows(
        connection, "select * from badges.claim_events(%s, %s, %s)", consumer, limit, lease
    )


def clear_alert(connection: Connection, alert: str, subject: str) -> bool:
    """Clear an alert; False where it was not open."""
    return _value(bool, connection, "select badges.clear_alert(%s, %s) as value", alert, subject)


def configure_badge(
    connection: Connection,
    badge_definition_id: str,
    org_id: str,
    is_enabled: bool,
    custom_thresholds: Any = None,
    *,
    allow_revoke: bool = False,
) -> Row:
    """Set a badge of one organization: what `apply_rule_set` gives."""
    return _value(
        Row,
        connection,
        "select badges.configure_badge(%s, %s, %s, %s, %s) as value",
        badge_definition_id,
        org_id,
        is_enabled,
        None if custom_thresholds is None else Jsonb(custom_thresholds),
        allow_revoke,
    )


def count_awards(
    connection: Connection, org_id: str | None = None, language: str | None = None
) -> list[Row]:
    """Count the awards not revoked: organization, badge, tier, `name`, `awards`, `people`."""
    return _rows(connection, "select * from badges.count_awards(%s, %s)", org_id, language)


def deny_badge(
    connection: Connection,
    peer_mentor_id: UUID,
    badge_definition_id: str,
    org_id: str,
    reason: str,
    tier: str | None = None,
) -> Row:
    """Deny a badge, of every tier unless one is named: `award`, the row or None, and `changed`."""
    return _value(
        Row,
        connection,
        "select badges.deny_badge(%s, %s, %s, %s, %s) as value",
        peer_mentor_id,
        badge_definition_id,
        org_id,
        reason,
        tier,
    )


def derive_idempotency_key(
    connection: Connection,
    peer_mentor_id: UUID,
    badge_definition_id: str,
    org_id: str,
    tier: str = "",
    occurrence: int = 1,
) -> str:
    """Give the award's key: SHA-256 hex of the parts that make it unique."""
    return _value(
        str,
        connection,
        "select badges.derive_idempotency_key(%s, %s, %s, %s, %s) as value",
        peer_mentor_id,
        badge_definition_id,
        org_id,
        tier,
        occurrence,
    )


def detach_source(connection: Connection, source: str, *, remove: bool) -> Row:
    """Detach a table: `detached`, and whether that `is_done` or activities are to be removed."""
    return _value(Row, connection, "select badges.detach_source(%s, %s) as value", source, remove)


def diff_rule_sets(connection: Connection, old: Any, new: Any) -> list[Row]:
    """List how one document differs from another, each change an object."""
    return _value(
        list[Row],
        connection,
        "select badges.diff_rule_sets(%s, %s) as value",
        Jsonb(old),
        Jsonb(new),
    )


def disable_consumer(connection: Connection, consumer: str, reason: str) -> bool:
    """Give a consumer nothing from now on; False where it was so already."""
    return _value(
        bool, connection, "select badges.disable_consumer(%s, %s) as value", consumer, reason
    )


def enable_consumer(connection: Connection, consumer: str) -> bool:
    """Let a disabled consumer go on; False where it was not disabled."""
    return _value(bool, connection, "select badges.enable_consumer(%s) as value", consumer)


def erase_peer_mentor(
    connection: Connection, peer_mentor_id: UUID, org_id: str | None = None
) -> Row:
    """Erase a person: the receipt, `receipt_id`, `erased_at`, `erased_by` and `removed` rows."""
    return _value(
        Row, connection, "select badges.erase_peer_mentor(%s, %s) as value", peer_mentor_id, org_id
    )


def evaluate_badges(connection: Connection, peer_mentor_id: UUID, org_id: str) -> list[Row]:
    """Evaluate one person again: the awards that came of it."""
    return _rows(connection, "select * from badges.evaluate_badges(%s, %s)", peer_mentor_id, org_id)


def export_person(connection: Connection, peer_mentor_id: UUID, org_id: str | None = None) -> Row:
    """Give all that is kept of a person: `tables`, each with its rows, and `organizations`."""
    return _value(
        Row, connection, "select badges.export_person(%s, %s) as value", peer_mentor_id, org_id
    )


def explain_badge(
    connection: Connection,
    peer_mentor_id: UUID,
    badge_definition_id: str,
    org_id: str,
    as_of: date | None = None,
    language: str | None = None,
) -> Row:
    """Tell why a person has a badge, or not: every condition with value, target and verdict.

    Names, `why_not` and notes are in `language` where they are written in it.
    """
    return _value(
        Row,
        connection,
        "select badges.explain_badge(%s, %s, %s, %s, %s) as value",
        peer_mentor_id,
        badge_definition_id,
        org_id,
        as_of,
        language,
    )


def explain_my_badge(
    connection: Connection,
    badge_definition_id: str,
    org_id: str | None = None,
    as_of: date | None = None,
    language: str | None = None,
) -> Row:
    """Tell the token's person why they have a badge: explain_badge, without others' reasons.

    With `org_id` None, in the one organization of the token that has the badge.
    """
    return _value(
        Row,
        connection,
        "select badges.explain_my_badge(%s, %s, %s, %s) as value",
        badge_definition_id,
        org_id,
        as_of,
        language,
    )


def find_mentor(connection: Connection, namespace: str, external_id: str) -> UUID:
    """Give who an application's own id means: mentor_id_from, and who was merged into since."""
    return _value(
        UUID, connection, "select badges.find_mentor(%s, %s) as value", namespace, external_id
    )


def get_badge_progress(
    connection: Connection,
    peer_mentor_id: UUID,
    org_id: str,
    as_of: date | None = None,
    language: str | None = None,
) -> list[Row]:
    """List a row a badge and tier: current, target, fraction, earned_at, expires_at."""
    return _rows(
        connection,
        "select * from badges.get_badge_progress(%s, %s, %s, %s)",
        peer_mentor_id,
        org_id,
        as_of,
        language,
    )


def get_rule_set(connection: Connection, rule_set: str, version: int | None = None) -> Row | None:
    """Give a rule set's document, the newest version unless one is named."""
    return _value(Row, connection, "select badges.get_rule_set(%s, %s) as value", rule_set, version)


def list_consumers(connection: Connection) -> list[Row]:
    """List the consumers: `pending`, `leased`, `dead`, `oldest_pending_at`, filters .."""
    return _rows(connection, "select * from badges.list_consumers()")


def list_badges(
    connection: Connection,
    org_id: str | None = None,
    near: Decimal | float | None = Decimal("0.8"),
    language: str | None = None,
) -> list[Row]:
    """List badges and tiers with `people` and `awards` that hold them, and how many are `near`.

    `near` is the fraction from which on somebody is; None does not count them, which is cheap.
    """
    return _rows(
        connection,
        "select * from badges.list_badges(%s, %s::numeric, %s)",
        org_id,
        near,
        language,
    )


def list_dead_events(connection: Connection, consumer: str | None = None) -> list[Row]:
    """List the dead letters of a consumer, or of all: `last_status` and `last_error` tell why."""
    return _rows(connection, "select * from badges.list_dead_events(%s)", consumer)


def list_holders(
    connection: Connection,
    badge_definition_id: str,
    org_id: str | None = None,
    tier: str | None = None,
    since: date | None = None,
    sort: str = "newest",
    limit: int | None = 100,
    after: str | None = None,
    language: str | None = None,
) -> list[Row]:
    """List who has a badge, a row an award: `tier`, `occurrence`, `earned_at`, `cursor` ..

    `sort` is newest or oldest; `after` is the cursor of the last row before.
    """
    return _rows(
        connection,
        "select * from badges.list_holders(%s, %s, %s, %s, %s, %s, %s, %s)",
        badge_definition_id,
        org_id,
        tier,
        since,
        sort,
        limit,
        after,
        language,
    )


def list_mentors(
    connection: Connection,
    org_id: str | None = None,
    badge_definition_id: str | None = None,
    tier: str | None = None,
    since: date | None = None,
    sort: str = "activity",
    limit: int | None = 100,
    after: str | None = None,
) -> list[Row]:
    """List people: `activities`, `last_activity_at`, `awards`, `last_earned_at`, `cursor` ..

    `sort` is activity, activities, awards, earned or id; `after` is the cursor of the last row
    before.
    """
    return _rows(
        connection,
        "select * from badges.list_mentors(%s, %s, %s, %s, %s, %s, %s)",
        org_id,
        badge_definition_id,
        tier,
        since,
        sort,
        limit,
        after,
    )


def list_metrics(connection: Connection, *, with_awards: bool = False) -> list[Row]:
    """List what a monitor asks: `metric`, `type`, `help`, `labels` and `value`.

    `with_awards` counts the awards, which reads every one.
    """
    return _rows(connection, "select * from badges.list_metrics(%s)", with_awards)


def list_namespaces(connection: Connection) -> list[Row]:
    """List the namespaces of the external ids that are known: `namespace`, `external_ids`."""
    return _rows(connection, "select * from badges.list_namespaces()")


def list_near_mentors(
    connection: Connection,
    badge_definition_id: str | None = None,
    org_id: str | None = None,
    tier: str | None = None,
    near: Decimal | float = Decimal("0.8"),
    limit: int | None = 100,
    after: str | None = None,
    language: str | None = None,
) -> list[Row]:
    """List who is near a badge, nearest first: `fraction`, `remaining`, `cursor` ..

    `near` is the fraction from which on somebody is; `after` is the cursor of the last row before.
    """
    return _rows(
        connection,
        "select * from badges.list_near_mentors(%s, %s, %s, %s::numeric, %s, %s, %s)",
        badge_definition_id,
        org_id,
        tier,
        near,
        limit,
        after,
        language,
    )


def list_progress(
    connection: Connection,
    org_id: str | None = None,
    as_of: date | None = None,
    language: str | None = None,
    badge_definition_id: str | None = None,
) -> list[Row]:
    """List what `get_badge_progress` gives of everybody with activities, hidden badges too.

    Beside its columns: `org_id`, `peer_mentor_id`, and `stat` and `measure`, what is counted.
    """
    return _rows(
        connection,
        "select * from badges.list_progress(%s, %s, %s, %s)",
        org_id,
        as_of,
        language,
        badge_definition_id,
    )


def list_rule_sets(connection: Connection) -> list[Row]:
    """List every version of every rule set: who applied it, when, and whether it is current."""
    return _rows(connection, "select * from badges.list_rule_sets()")


def list_set_aside(connection: Connection, source: str, limit: int = 100) -> list[Row]:
    """List rows of a source that could not be written, with the reason, oldest first."""
    return _rows(connection, "select * from badges.list_set_aside(%s, %s)", source, limit)


def list_sources(connection: Connection) -> list[Row]:
    """List the sources with their state and what is wrong with them."""
    return _rows(connection, "select * from badges.list_sources()")


def list_unfinished_rule_sets(
    connection: Connection, peer_mentor_id: UUID | None = None
) -> list[Row]:
    """List the rule sets for which people wait: `version`, `people` and `rezoned_orgs`."""
    return _rows(connection, "select * from badges.list_unfinished_rule_sets(%s)", peer_mentor_id)


def mark_my_seen(
    connection: Connection,
    org_id: str | None = None,
    idempotency_keys: Sequence[str] | None = None,
) -> int:
    """Note that awards of the token's person were shown, as mark_seen: how many were not before."""
    return _value(
        int,
        connection,
        "select badges.mark_my_seen(%s, %s::text[]) as value",
        org_id,
        None if idempotency_keys is None else list(idempotency_keys),
    )


def mark_seen(
    connection: Connection,
    peer_mentor_id: UUID,
    org_id: str,
    idempotency_keys: Sequence[str] | None = None,
) -> int:
    """Note that awards were shown, all that were not unless named: how many were not before."""
    return _value(
        int,
        connection,
        "select badges.mark_seen(%s, %s, %s::text[]) as value",
        peer_mentor_id,
        org_id,
        None if idempotency_keys is None else list(idempotency_keys),
    )


def measure_rule_set(connection: Connection, rule_set: str) -> int:
    """Measure a new version's stats of everybody in one pass, before backfill_rule_set."""
    return _value(int, connection, "select badges.measure_rule_set(%s) as value", rule_set)


def mentor_id_from(connection: Connection, namespace: UUID | str, external_id: str) -> UUID:
    """Give the stable uuid of a user whose own id is a number or a text."""
    return _value(
        UUID, connection, "select badges.mentor_id_from(%s, %s) as value", namespace, external_id
    )


def merge_peer_mentors(
    connection: Connection,
    from_peer_mentor_id: UUID,
    into_peer_mentor_id: UUID,
    org_id: str | None = None,
) -> Row:
    """Make two people one: what `plan_merge` gives, `new_badges` and `changed`."""
    return _value(
        Row,
        connection,
        "select badges.merge_peer_mentors(%s, %s, %s) as value",
        from_peer_mentor_id,
        into_peer_mentor_id,
        org_id,
    )


def my_badges(
    connection: Connection, org_id: str | None = None, language: str | None = None
) -> list[Row]:
    """List the badges that the token's person holds, the latest first."""
    return _rows(connection, "select * from badges.my_badges(%s, %s)", org_id, language)


def my_progress(
    connection: Connection,
    org_id: str | None = None,
    as_of: date | None = None,
    language: str | None = None,
) -> list[Row]:
    """List get_badge_progress of the token's person, with `org_id`; None = all of the token's."""
    return _rows(
        connection, "select * from badges.my_progress(%s, %s, %s)", org_id, as_of, language
    )


def my_unseen_awards(connection: Connection, org_id: str | None = None) -> list[Row]:
    """List the awards that the token's person holds and was never shown, with `org_id`."""
    return _rows(connection, "select * from badges.my_unseen_awards(%s)", org_id)


def name_mentors(connection: Connection, peer_mentor_ids: Sequence[UUID]) -> list[Row]:
    """List what applications call people: `peer_mentor_id`, `namespace`, `external_id`.

    Who has no external id is left out.
    """
    return _rows(connection, "select * from badges.name_mentors(%s::uuid[])", list(peer_mentor_ids))


def new_badges(connection: Connection) -> list[Row]:
    """List the awards made so far in this transaction."""
    return _rows(connection, "select * from badges.new_badges()")


def plan_merge(
    connection: Connection,
    from_peer_mentor_id: UUID,
    into_peer_mentor_id: UUID,
    org_id: str | None = None,
) -> Row:
    """Tell what a merge would do: `rows`, `awards`, `repeated`, `without_key`; changes nothing."""
    return _value(
        Row,
        connection,
        "select badges.plan_merge(%s, %s, %s) as value",
        from_peer_mentor_id,
        into_peer_mentor_id,
        org_id,
    )


def plan_rollback(connection: Connection, rule_set: str, version: int) -> Row:
    """Tell what rolling back to a version would do, as `plan_rule_set`; changes nothing."""
    return _value(
        Row, connection, "select badges.plan_rollback(%s, %s) as value", rule_set, version
    )


def plan_rule_set(
    connection: Connection, document: Mapping[str, Any], as_of: datetime | None = None
) -> Row:
    """Tell what applying a document would do: `version`, `changes`, `effects`, `warnings` ..

    Badges that lapse are held or not as of a moment, or now. Changes nothing; works in a read-only
    transaction. Raises as `apply_rule_set` does.
    """
    return _value(
        Row,
        connection,
        "select badges.plan_rule_set(%s, coalesce(%s, now())) as value",
        Jsonb(document),
        as_of,
    )


def plan_source(connection: Connection, source: str, definition: Mapping[str, Any]) -> str:
    """Give the SQL that `attach_source` runs; changes nothing."""
    return _value(
        str, connection, "select badges.plan_source(%s, %s) as value", source, Jsonb(definition)
    )


def purge_events(connection: Connection, before: datetime) -> int:
    """Delete events created before a moment that no consumer waits for: how many."""
    return _value(int, connection, "select badges.purge_events(%s) as value", before)


def raise_alert(
    connection: Connection,
    alert: str,
    subject: str,
    details: Mapping[str, Any] | None = None,
) -> bool:
    """Raise an alert as an event and a line of the server's log; False where it is open."""
    return _value(
        bool,
        connection,
        "select badges.raise_alert(%s, %s, %s) as value",
        alert,
        subject,
        Jsonb(details or {}),
    )


def rebuild_stats(connection: Connection, peer_mentor_id: UUID | None = None) -> None:
    """Build the snapshot again from the activities, of one person or of everybody."""
    connection.execute("select badges.rebuild_stats(%s)", (peer_mentor_id,))


def record_activities(connection: Connection, activities: Sequence[Mapping[str, Any]]) -> Row:
    """Record many activities: `recorded`, `duplicates`, `activity_ids`, `new_badges`."""
    return _value(
        Row, connection, "select badges.record_activities(%s) as value", Jsonb(list(activities))
    )


def record_activity(
    connection: Connection,
    peer_mentor_id: UUID,
    org_id: str,
    activity_type: str,
    occurred_at: datetime | None = None,
    quantity: Decimal | int = 0,
    attributes: Mapping[str, Any] | None = None,
    idempotency_key: str | None = None,
    activity_date: date | None = None,
) -> Row:
    """Record one activity: `activity_id`, `duplicate`, `new_badges`.

    `activity_date` is the person's own local day; None is the organization's.
    """
    return _value(
        Row,
        connection,
        "select badges.record_activity(%s, %s, %s, %s, %s, %s, %s, %s) as value",
        peer_mentor_id,
        org_id,
        activity_type,
        occurred_at,
        quantity,
        Jsonb(attributes or {}),
        idempotency_key,
        activity_date,
    )


def record_my_activity(
    connection: Connection,
    org_id: str,
    activity_type: str,
    attributes: Mapping[str, Any] | None = None,
    idempotency_key: str | None = None,
) -> Row:
    """Record one activity of the token's person, of a type in the setting own_activities, now.

    Gives what record_activity gives.
    """
    return _value(
        Row,
        connection,
        "select badges.record_my_activity(%s, %s, %s, %s) as value",
        org_id,
        activity_type,
        Jsonb(attributes or {}),
        idempotency_key,
    )


def record_verification(
    connection: Connection, differences: int, people_waiting: int, milliseconds: int, scope: str
) -> None:
    """Keep the result of a verification; scope is `all`, or in words who was looked at."""
    connection.execute(
        "select badges.record_verification(%s, %s, %s, %s)",
        (differences, people_waiting, milliseconds, scope),
    )


def register_consumer(
    connection: Connection,
    consumer: str,
    event_types: Sequence[str] | None = None,
    org_ids: Sequence[str] | None = None,
    badge_definition_ids: Sequence[str] | None = None,
    *,
    with_silent: bool = False,
    since: datetime | None = None,
) -> None:
    """Register a consumer, or give a known one another filter; None is all.

    Events created before `since` are passed over; it counts on the first registration only.
    """
    connection.execute(
        "select badges.register_consumer(%s, %s::text[], %s::text[], %s::text[], %s,"
        " coalesce(%s, '-infinity'::timestamptz))",
        (
            consumer,
            None if event_types is None else list(event_types),
            None if org_ids is None else list(org_ids),
            None if badge_definition_ids is None else list(badge_definition_ids),
            with_silent,
            since,
        ),
    )


def remember_mentors(
    connection: Connection, namespace: str, external_ids: Sequence[str]
) -> list[UUID]:
    """Remember what an application calls people: the person of each id, in the order given."""
    return _value(
        list[UUID],
        connection,
        "select badges.remember_mentors(%s, %s::text[]) as value",
        namespace,
        list(external_ids),
    )


def remove_consumer(connection: Connection, consumer: str) -> bool:
    """Remove a consumer with all that waits for it; False where it is unknown."""
    return _value(bool, connection, "select badges.remove_consumer(%s) as value", consumer)


def remove_source_activities(connection: Connection, source: str, batch: int = 1000) -> int:
    """Delete some activities of a source that is detached: how many; 0 = none are left."""
    return _value(
        int,
        connection,
        "select badges.remove_source_activities(%s, %s) as value",
        source,
        batch,
    )


def repair_source(
    connection: Connection, source: str, batch: int = 1000, *, from_start: bool = False
) -> Row:
    """Try one batch of what was set aside: `repaired`, `left`, `is_done`.

    `from_start`, at the first call, has everything read again.
    """
    return _value(
        Row,
        connection,
        "select badges.repair_source(%s, %s, %s) as value",
        source,
        batch,
        from_start,
    )


def replay_events(
    connection: Connection,
    consumer: str,
    event_ids: Sequence[int] | None = None,
    since: datetime | None = None,
) -> int:
    """Queue events again, all dead letters unless ids or a moment choose: how many."""
    return _value(
        int,
        connection,
        "select badges.replay_events(%s, %s::bigint[], %s) as value",
        consumer,
        None if event_ids is None else list(event_ids),
        since,
    )


def revoke_badge(
    connection: Connection,
    peer_mentor_id: UUID,
    badge_definition_id: str,
    org_id: str,
    reason: str,
    tier: str | None = None,
) -> Row:
    """Take a badge back by hand: `award`, the row or None, and `changed`."""
    return _value(
        Row,
        connection,
        "select badges.revoke_badge(%s, %s, %s, %s, %s) as value",
        peer_mentor_id,
        badge_definition_id,
        org_id,
        reason,
        tier,
    )


def rezone_organization(
    connection: Connection,
    org_id: str,
    time_zone: str | None = None,
    day_starts: str | None = None,
    week_starts: str | None = None,
) -> Row:
    """Give an organization another calendar: `rule_set`, `version`, `changed` and who waits."""
    return _value(
        Row,
        connection,
        "select badges.rezone_organization(%s, %s, %s, %s) as value",
        org_id,
        time_zone,
        day_starts,
        week_starts,
    )


def rollback_rule_set(
    connection: Connection,
    rule_set: str,
    version: int,
    *,
    allow_revoke: bool = False,
    expected_version: int | None = None,
) -> Row:
    """Commit a version that equals an earlier one: what `apply_rule_set` gives."""
    return _value(
        Row,
        connection,
        "select badges.rollback_rule_set(%s, %s, %s, %s) as value",
        rule_set,
        version,
        allow_revoke,
        expected_version,
    )


def rule_set_horizon(connection: Connection) -> str:
    """Give the transaction before which older ones must end, as the text of an xid8."""
    return _value(str, connection, "select badges.rule_set_horizon()::text as value")


def rule_set_is_settled(connection: Connection, rule_set: str | None, horizon: str) -> bool:
    """Tell whether nobody waits for a rule set, and every transaction before the horizon has ended.

    A rule set of None asks for the transactions alone.
    """
    return _value(
        bool,
        connection,
        "select badges.rule_set_is_settled(%s, %s::xid8) as value",
        rule_set,
        horizon,
    )


def set_setting(connection: Connection, setting: str, value: Any) -> None:
    """Set one of the engine's settings, such as criteria_raw."""
    connection.execute("select badges.set_setting(%s, %s)", (setting, Jsonb(value)))


def settle_events(
    connection: Connection,
    consumer: str,
    event_ids: Sequence[int],
    outcome: str,
    *,
    retry_in: timedelta | None = None,
    status: int | None = None,
    error: str | None = None,
    milliseconds: int | None = None,
) -> int:
    """Tell what became of claimed events, done, retry, dead or release: how many it changed."""
    return _value(
        int,
        connection,
        "select badges.settle_events(%s, %s::bigint[], %s, %s, %s, %s, %s) as value",
        consumer,
        list(event_ids),
        outcome,
        retry_in,
        status,
        error,
        milliseconds,
    )


def unseen_awards(connection: Connection, peer_mentor_id: UUID, org_id: str) -> list[Row]:
    """List the awards that a person holds and was never shown, oldest first."""
    return _rows(connection, "select * from badges.unseen_awards(%s, %s)", peer_mentor_id, org_id)


def validate_criteria(connection: Connection, criteria: Any) -> list[Row]:
    """List what is wrong with criteria, each problem with its JSON path; empty when valid."""
    return _value(
        list[Row], connection, "select badges.validate_criteria(%s) as value", Jsonb(criteria)
    )


def verify_awards(
    connection: Connection,
    peer_mentor_id: UUID | None = None,
    from_id: UUID | None = None,
    to_id: UUID | None = None,
    sample: float | None = None,
) -> list[Row]:
    """List how the awards differ from a recomputation; empty when exact.

    Both ids are included; `sample` is the share of people to look at, 0 to 1.
    """
    return _rows(
        connection,
        "select * from badges.verify_awards(%s, %s, %s, %s)",
        peer_mentor_id,
        from_id,
        to_id,
        sample,
    )


def verify_source(connection: Connection, source: str) -> list[Row]:
    """List where activities are not what a source's rows say; reads only."""
    return _rows(connection, "select * from badges.verify_source(%s)", source)


def verify_stats(
    connection: Connection,
    peer_mentor_id: UUID | None = None,
    from_id: UUID | None = None,
    to_id: UUID | None = None,
    sample: float | None = None,
) -> list[Row]:
    """List how the snapshot differs from a recomputation; empty when exact.

    Both ids are included; `sample` is the share of people to look at, 0 to 1.
    """
    return _rows(
        connection,
        "select * from badges.verify_stats(%s, %s, %s, %s)",
        peer_mentor_id,
        from_id,
        to_id,
        sample,
    )


def _rows(connection: Connection, query: str, *parameters: Any) -> list[Row]:
    if isinstance(connection, psycopg.AsyncConnection):
        return cast(list[Row], _rows_later(connection, query, parameters))
    with connection.cursor(row_factory=dict_row) as cursor:
        _read_json(cursor)
        return cursor.execute(query.encode(), parameters).fetchall()


def _value(kind: type[T], connection: Connection, query: str, *parameters: Any) -> T:
    if isinstance(connection, psycopg.AsyncConnection):
        return cast(T, _value_later(connection, query, parameters))
    found = _rows(connection, query, *parameters)
    return cast(T, found[0]["value"] if found else None)


def _read_json(cursor: psycopg.Cursor[Row] | psycopg.AsyncCursor[Row]) -> None:
    """Have JSON read where the connection leaves it as text, as Django's do."""
    as_text, as_json = (
        cursor.adapters.get_loader(psycopg.adapters.types[name].oid, Format.TEXT)
        for name in ("text", "jsonb")
    )
    if as_json is as_text:
        cursor.adapters.register_loader("jsonb", JsonbLoader)


async def _rows_later(
    connection: psycopg.AsyncConnection[Any], query: str, parameters: Sequence[Any]
) -> list[Row]:
    async with connection.cursor(row_factory=dict_row) as cursor:
        _read_json(cursor)
        await cursor.execute(query.encode(), parameters)
        return await cursor.fetchall()


async def _value_later(
    connection: psycopg.AsyncConnection[Any], query: str, parameters: Sequence[Any]
) -> Any:
    found = await _rows_later(connection, query, parameters)
    return found[0]["value"] if found else None
