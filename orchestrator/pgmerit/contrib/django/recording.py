"""Recording activities in Django's transactions, and the signal after their awards."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.dispatch import Signal

from pgmerit import routines

# Sent when a transaction has committed, with `awards`, the rows of badges.new_badges() as
# dictionaries, oldest first, and `using`, the database's alias.
badges_awarded = Signal()

Row = dict[str, Any]


@contextmanager
def psycopg_connection(using: str = DEFAULT_DB_ALIAS) -> Iterator[routines.Connection]:
    """Give the psycopg connection below Django's, for `pgmerit.routines`; errors are Django's."""
    connection = connections[using]
    connection.ensure_connection()
    with connection.wrap_database_errors:
        yield connection.connection


def mentor_of(person: Any, using: str = DEFAULT_DB_ALIAS, *, remember: bool = False) -> UUID:
    """Give the peer_mentor_id of a UUID, or of a model instance such as a user.

    A primary key that is a UUID is the id itself; another one is mapped in the namespace of
    settings.PGMERIT_NAMESPACE, "django" unless set, and follows merges. With `remember` the
    database keeps it, so that all that names people calls them by it.
    """
    key = getattr(person, "pk", person)
    if isinstance(key, UUID):
        return key
    if key is None:
        raise ValueError("a person who is not saved has no id yet: save it first")
    with psycopg_connection(using) as connection:
        if remember:
            return routines.remember_mentors(connection, namespace(), [str(key)])[0]
        return routines.find_mentor(connection, namespace(), str(key))


def namespace() -> str:
    """Give the namespace that the ids of Django's users are mapped in."""
    found: str = getattr(settings, "PGMERIT_NAMESPACE", "django")
    return found


@contextmanager
def awarding(using: str = DEFAULT_DB_ALIAS, *, savepoint: bool = True) -> Iterator[None]:
    """Run a block, or a decorated function, as `transaction.atomic` does, and tell its awards.

    What the transaction has earned when the block ends is sent by `badges_awarded` once it has
    committed; what rolls back is not. Blocks may be nested: each award is sent once.
    """
    with transaction.atomic(using, savepoint=savepoint):
        yield
        if badges_awarded.has_listeners():
            _tell_on_commit(using)


def record_activity(
    person: Any,
    org_id: str,
    activity_type: str,
    occurred_at: datetime | None = None,
    quantity: Decimal | int = 0,
    attributes: Mapping[str, Any] | None = None,
    idempotency_key: str | None = None,
    activity_date: date | None = None,
    *,
    using: str = DEFAULT_DB_ALIAS,
) -> Row:
    """Record one activity of a user or UUID: `activity_id`, `duplicate`, `new_badges`.

    In the transaction that is open, else in one of its own; `badges_awarded` follows the commit.
    """
    with awarding(using):
        mentor = mentor_of(person, using, remember=True)
        with psycopg_connection(using) as connection:
            return routines.record_activity(
                connection,
                mentor,
                org_id,
                activity_type,
                occurred_at,
                quantity,
                attributes,
                idempotency_key,
                activity_date,
            )


def _tell_on_commit(using: str) -> None:
    """Have the transaction's awards sent, but for those that a block before will send."""
    with psycopg_connection(using) as connection:
        earned = routines.new_badges(connection)
    if earned:
        # What a rolled back savepoint took along is no longer in the list.
        waiting = [each for _, each, *_ in connections[using].run_on_commit]
        sent = {
            _key(award) for each in waiting if _is_ours(each) for award in each.keywords["awards"]
        }
        awards = [award for award in earned if _key(award) not in sent]
        if awards:
            transaction.on_commit(partial(_send, awards=awards, using=using), using)


def _key(award: Row) -> tuple[Any, ...]:
    """Give what an award is one of; a late activity may have moved its date since."""
    columns = ("peer_mentor_id", "org_id", "badge_definition_id", "tier", "occurrence")
    return tuple(award[column] for column in columns)


def _is_ours(function: Callable[..., Any]) -> bool:
    return isinstance(function, partial) and function.func is _send


def _send(awards: list[Row], using: str) -> None:
    badges_awarded.send_robust(sender=None, awards=awards, using=using)
