"""Recording activities in Django's transactions, and the signal after their awards."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db import connections, router, transaction
from django.dispatch import Signal

from pgmerit import routines

# Sent when a transaction has committed, with `awards`, the rows of badges.new_badges() as
# dictionaries, oldest first, and `using`, the database's alias.
badges_awarded = Signal()

Row = dict[str, Any]


@contextmanager
def psycopg_connection(using: str | None = None) -> Iterator[routines.Connection]:
    """Give the psycopg connection below Django's, for `pgmerit.routines`; errors are Django's.

    Here and below, `using` is the database's alias, by default where routers keep activities.
    """
    connection = connections[_alias(using)]
    connection.ensure_connection()
    with connection.wrap_database_errors:
        yield connection.connection


def mentor_of(person: Any, using: str | None = None, *, remember: bool = False) -> UUID:
    """Give the peer_mentor_id of a UUID, or of a model instance such as a user.

    A primary key that is a UUID is the id itself; another one is mapped in the namespace of
    settings.PGMERIT_NAMESPACE, "django" unless set, and follows merges. With `remember` the
    database keeps it, so that all that names people calls them by it.
    """
    if not isinstance(person, UUID) and not hasattr(person, "pk"):
        raise TypeError(f"a person is a UUID or a model instance, not {type(person).__name__}")
    key = person if isinstance(person, UUID) else person.pk
    if isinstance(key, UUID):
        return key
    if key is None:
        raise ValueError("a person who is not saved, or not signed in, has no id")
    with psycopg_connection(using) as connection:
        if remember:
            return routines.remember_mentors(connection, namespace(), [str(key)])[0]
        return routines.find_mentor(connection, namespace(), str(key))


def namespace() -> str:
    """Give the namespace that the ids of Django's users are mapped in."""
    found: str = getattr(settings, "PGMERIT_NAMESPACE", "django")
    return found


@contextmanager
def awarding(using: str | None = None, *, savepoint: bool = True) -> Iterator[None]:
    """Run a block, or a decorated function, as `transaction.atomic` does, and tell its awards.

    What the transaction has earned when the block ends is sent by `badges_awarded` once it has
    committed; what rolls back is not. Blocks may be nested: each award is sent once.
    """
    alias = _alias(using)
    with transaction.atomic(alias, savepoint=savepoint):
        yield
        if badges_awarded.has_listeners():
            _tell_on_commit(alias)


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
    using: str | None = None,
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


def _alias(using: str | None) -> str:
    return using or str(router.db_for_write(apps.get_model("pgmerit", "Activity")))


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
