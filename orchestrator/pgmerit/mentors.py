"""Who is meant on the command line, and what applications call the people in an output."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.errors import InsufficientPrivilege

from pgmerit import routines
from pgmerit.database import Connection
from pgmerit.errors import InvalidInputError, PgmeritError, UnknownObjectError

_PERSON, _SOME = "peer_mentor_id", "sample"


@dataclass(frozen=True)
class Names:
    """What applications call people: namespace and external id, by the person's uuid as text.

    `is_told_apart`: several namespaces are known, so that an external id alone tells nobody.
    """

    known: Mapping[str, tuple[str, str]]
    is_told_apart: bool = False

    def of(self, peer_mentor_id: object) -> str:
        """Give a person's external id, as NAMESPACE:ID where several are known, else the uuid."""
        namespace, external_id = self.known.get(str(peer_mentor_id), ("", ""))
        if not namespace:
            return str(peer_mentor_id)
        return f"{namespace}:{external_id}" if self.is_told_apart else external_id

    def row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Give a row for a table: `person` stands in the place of `peer_mentor_id`."""
        return {
            "person" if key == _PERSON else key: self.of(value) if key == _PERSON else value
            for key, value in row.items()
        }

    def added_to(self, result: Any) -> Any:
        """Give a result for JSON with `external_id` and `namespace` behind each `peer_mentor_id`.

        They are None of whom has none. Behind a `sample` of people stand `sample_names`.
        """
        if isinstance(result, Mapping):
            added: dict[str, Any] = {}
            for key, value in result.items():
                added[key] = self.added_to(value)
                if key == _PERSON:
                    namespace, external_id = self.known.get(str(value), (None, None))
                    added |= {"external_id": external_id, "namespace": namespace}
                elif key == _SOME:
                    added["sample_names"] = [self.of(each) for each in value]
            return added
        if isinstance(result, list | tuple):
            return [self.added_to(each) for each in result]
        return result


def names_in(connection: Connection, result: Any) -> Names:
    """Ask what applications call the people who stand in a result, see `Names.added_to`."""
    return names_of(connection, _people_in(result))


def names_of(connection: Connection, peer_mentor_ids: Iterable[UUID | str]) -> Names:
    """Ask what applications call people; nothing is known where the role may not ask.

    The connection is in autocommit.
    """
    asked = {UUID(str(each)) for each in peer_mentor_ids}
    if not asked:
        return Names({})
    try:
        found = routines.name_mentors(connection, sorted(asked))
        return names_told(found, is_told_apart=bool(found) and is_told_apart(connection))
    except InsufficientPrivilege:
        return Names({})


def names_told(rows: Iterable[Mapping[str, Any]], *, is_told_apart: bool) -> Names:
    """Take the names from rows that have them: with `namespace` and `external_id`."""
    return Names(
        {
            str(row[_PERSON]): (row["namespace"], row["external_id"])
            for row in rows
            if row.get("namespace") is not None
        },
        is_told_apart,
    )


def is_told_apart(connection: Connection) -> bool:
    """Tell whether several namespaces are known, so that an external id alone tells nobody."""
    return len(routines.list_namespaces(connection)) > 1


@contextmanager
def naming_losses(connection: Connection) -> Iterator[None]:
    """Name the people in the details of a refusal."""
    try:
        yield
    except PgmeritError as error:
        names = names_in(connection, error.details) if not connection.closed else Names({})
        if names.known:
            error.details = names.added_to(error.details)
        raise


def find(
    connection: Connection, given: str, namespace: str | None = None, *, as_derived: bool = False
) -> UUID:
    """Give the person who is meant: by a uuid, or by an external id, of a namespace or alone.

    An external id alone is enough where one namespace is known, and is NAMESPACE:ID where there are
    several. It means who the person is now, `as_derived` who it was before merges. Raises
    InvalidInputError for what is neither, UnknownObjectError for an external id alone that nobody
    has.
    """
    external_id = given
    if namespace is None:
        with suppress(ValueError):
            return UUID(given)
        namespace, external_id = _told_apart(connection, given)
        person = routines.find_mentor(connection, namespace, external_id)
        if not routines.name_mentors(connection, [person]):
            raise UnknownObjectError(
                f'nobody is known as "{external_id}" in the namespace "{namespace}"',
                f"Mend the id, or give --mentor-namespace {namespace} as well to ask all the same.",
            )
    derive = routines.mentor_id_from if as_derived else routines.find_mentor
    return derive(connection, namespace, external_id)


def _told_apart(connection: Connection, given: str) -> tuple[str, str]:
    """Give namespace and external id of what was given without --mentor-namespace."""
    known = [row["namespace"] for row in routines.list_namespaces(connection)]
    if len(known) == 1:
        return known[0], given
    if not known:
        raise InvalidInputError(
            f'"{given}" is not a uuid',
            "Give the person's uuid, or your own id with --mentor-namespace.",
        )
    named = [each for each in known if given.startswith(f"{each}:")]
    if not named:
        raise InvalidInputError(
            f'"{given}" is an id of one of several namespaces: {", ".join(known)}',
            f"Say which by --mentor-namespace, or write {known[0]}:{given}.",
        )
    namespace = max(named, key=len)
    return namespace, given.removeprefix(f"{namespace}:")


def _people_in(result: Any) -> Iterator[UUID | str]:
    if isinstance(result, Mapping):
        for key, value in result.items():
            if key == _PERSON and value is not None:
                yield value
            elif key == _SOME:
                yield from value
            else:
                yield from _people_in(value)
    elif isinstance(result, list | tuple):
        for each in result:
            yield from _people_in(each)
