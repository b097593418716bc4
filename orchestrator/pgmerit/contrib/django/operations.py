"""Installing pgmerit by Django's migrations."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import CommandError
from django.db import router
from django.db.migrations.operations.base import Operation

from pgmerit import schema
from pgmerit.contrib.django.settings import dsn_of
from pgmerit.errors import PgmeritError


class InstallPgmerit(Operation):
    """Bring the database up to this version of pgmerit; backwards, take all of it away.

    What `pgmerit migrate` does, on a connection of its own: it commits by itself, and where the
    Django migration fails behind it, the next run finds it done. Backwards is refused while there
    is data to lose.
    """

    reduces_to_sql = False
    reversible = True

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Leave Django's models as they are."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        """Install; raises CommandError with the reason and what to do."""
        install(schema_editor.connection.alias, app_label)

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        """Take everything away; raises CommandError where that would drop data."""
        alias = schema_editor.connection.alias
        if router.allow_migrate(alias, app_label):
            with _as_command_error("`manage.py pgmerit migrate --down --all --yes` drops it."):
                schema.roll_back(dsn_of(alias), everything=True)

    def describe(self) -> str:
        """Say what the operation does."""
        return "Install pgmerit"


def install(alias: str, app_label: str) -> None:
    """Bring a database up to this version, where its router allows it."""
    if router.allow_migrate(alias, app_label):
        with _as_command_error():
            schema.migrate(dsn_of(alias))


@contextmanager
def _as_command_error(hint: str | None = None) -> Iterator[None]:
    try:
        yield
    except PgmeritError as error:
        told = [error.message, hint or error.hint or ""]
        raise CommandError(". ".join(filter(None, told)).rstrip(".") + ".") from error
