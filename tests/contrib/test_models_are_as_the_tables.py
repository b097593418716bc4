"""The models of Django and SQLAlchemy have the tables' columns; nothing changes them by itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from django.db.migrations.loader import MigrationLoader
from pgmerit.contrib import sqlalchemy as ours
from pgmerit.database import Connection
from pgmerit.errors import PgmeritError
from psycopg.conninfo import conninfo_to_dict

from tests.engine import ANN, rows

Column = tuple[str, bool]  # its name, and whether it may be null


def columns(connection: Connection) -> dict[str, set[Column]]:
    found: dict[str, set[Column]] = {}
    for row in rows(
        connection,
        "select c.relname, a.attname, not a.attnotnull as is_nullable"
        " from pg_catalog.pg_attribute as a join pg_catalog.pg_class as c on c.oid = a.attrelid"
        " where c.relnamespace = 'badges'::regnamespace and c.relkind in ('r', 'p', 'v')"
        " and a.attnum > 0 and not a.attisdropped",
    ):
        found.setdefault(row["relname"], set()).add((row["attname"], row["is_nullable"]))
    return found


@pytest.mark.usefixtures("study")
def test_djangos_have_each_column(connection: Connection) -> None:
    from django.apps import apps

    tables = columns(connection)
    models = list(apps.get_app_config("pgmerit").get_models())
    assert len(models) == 8
    past = MigrationLoader(None).project_state().apps
    for model in models:
        before = past.get_model("pgmerit", model.__name__)._meta
        assert [field.name for field in before.pk_fields] == [
            field.name for field in model._meta.pk_fields
        ]
    for model in models:
        table = model._meta.db_table.split('"')[3]
        assert not model._meta.managed
        fields = {(field.column, field.null) for field in model._meta.local_concrete_fields}
        if table in (
            "mentor_activity_totals",
            "activities",
        ):  # a view; a day that the trigger fills
            assert {name for name, _ in fields} == {name for name, _ in tables[table]}
        else:
            assert fields == tables[table], model


def test_sqlalchemys_have_each_column(connection: Connection) -> None:
    tables = columns(connection)
    assert len(ours.Base.metadata.tables) == 5
    for table in ours.Base.metadata.tables.values():
        assert table.schema == "badges"
        assert {(each.name, each.nullable) for each in table.columns} == tables[table.name], table


@pytest.fixture
def session(dsn: str) -> Iterator[sqlalchemy.Connection]:
    named = conninfo_to_dict(dsn)
    url = sqlalchemy.URL.create(
        "postgresql+psycopg",
        username=named["user"],
        database=named["dbname"],
        password=named.get("password"),
        query={"host": named["host"], "port": named.get("port", "")},
    )
    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
    with engine.connect() as connection:
        yield connection


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")  # of types that it does not know
def test_autogenerate_finds_nothing_of_ours_to_change(session: sqlalchemy.Connection) -> None:
    theirs = sqlalchemy.MetaData()

    def found(metadata: Any, **hooks: Any) -> list[Any]:
        options = {"include_schemas": True, **hooks}
        return list(compare_metadata(MigrationContext.configure(session, opts=options), metadata))

    name, object_ = {"include_name": ours.include_name}, {"include_object": ours.include_object}
    assert found(theirs, **name) == []
    assert found(theirs, **object_) == []
    # Where the application's metadata has our tables, reading none of them is not enough.
    mixed = [theirs, ours.Base.metadata]
    assert len(found(mixed, **name)) > 3
    assert found(mixed, **name, **object_) == []
    sqlalchemy.Table("people", theirs, sqlalchemy.Column("person_id", sqlalchemy.Uuid))
    (change,) = found(mixed, **name, **object_)
    assert change[0] == "add_table"
    sqlalchemy.Table("badges", theirs, sqlalchemy.Column("n", sqlalchemy.Integer), schema="public")
    assert len(found(mixed, **name, **object_)) == 2


def test_a_revision_that_only_prints_says_what_else_to_print() -> None:
    with pytest.raises(PgmeritError, match="writes SQL") as refused:
        ours.install(None)
    assert "migrate --sql" in str(refused.value.hint)


def test_an_activity_comes_after_what_the_session_holds_and_keeps_its_content(
    session: sqlalchemy.Connection,
) -> None:
    session.execute(
        sqlalchemy.text("insert into badges.organizations (org_id, name) values ('nhf', 'NHF')")
    )
    at = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
    with sqlalchemy.orm.Session(session, autoflush=False) as work:
        pending = ours.Activity(
            **{"peer_mentor_id": ANN, "org_id": "nhf", "activity_type": "call"},
            **{"occurred_at": at, "idempotency_key": "pending"},
        )
        work.add(pending)
        told = ours.record_activity(work, ANN, "nhf", "call", at, idempotency_key="pending")
        assert (told["duplicate"], told["activity_id"]) == (True, pending.activity_id)
        told = ours.record_activity(
            work, ANN, "nhf", "call", at, 7, {"topic": "a"}, "key", activity_date=at.date()
        )
        again = ours.record_activity(work, ANN, "nhf", "call", at, 7, {"topic": "a"}, "key")
        assert again == told | {"duplicate": True}
        kept = work.get_one(ours.Activity, (ANN, told["activity_id"]))
        assert (kept.occurred_at, kept.quantity, kept.attributes) == (at, 7, {"topic": "a"})
        with pytest.raises(sqlalchemy.exc.DBAPIError, match="known with another quantity"):
            ours.record_activity(work, ANN, "nhf", "call", at, 8, {"topic": "a"}, "key")
