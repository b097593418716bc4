"""`manage.py migrate` installs the engine, brings it up to date and takes it away."""

from __future__ import annotations

import os
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connections, router
from pgmerit.contrib.django import record_activity
from pgmerit.contrib.django.apps import bring_up_to_date
from pgmerit.contrib.django.operations import install
from pgmerit.contrib.django.settings import dsn_of

from tests.engine import person

_ROUTINES = "select count(*) from pg_proc where pronamespace = to_regnamespace('badges')"
_DROP = "drop function badges.find_mentor(text, text)"


def count(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute(_ROUTINES).fetchone()
    assert row is not None
    return int(row[0])


def migrate(*arguments: str) -> str:
    said = StringIO()
    call_command("migrate", *arguments, stdout=said)
    return said.getvalue()


def test_each_migrate_leaves_the_engine_whole_until_it_is_taken_away(
    on_empty: psycopg.Connection[Any],
) -> None:
    assert "Applying pgmerit.0001_initial... OK" in migrate("pgmerit")
    held = count(on_empty)
    assert held > 30
    on_empty.execute(_DROP)
    bring_up_to_date("default")  # as a flush asks, which makes nothing
    assert count(on_empty) == held - 1
    migrate("contenttypes")
    assert count(on_empty) == held
    call_command("makemigrations", check_changes=True, verbosity=0)
    call_command("check", fail_level="DEBUG", databases=["default"])

    on_empty.execute(
        "insert into badges.organizations (org_id, name) values ('study', 'Study');"
        "insert into badges.activities (peer_mentor_id, org_id, activity_type, occurred_at)"
        " values (gen_random_uuid(), 'study', 'quiz', now())"
    )
    with pytest.raises(CommandError, match=r"would drop data: .*migrate --down --all --yes"):
        migrate("pgmerit", "zero")
    assert count(on_empty) == held
    with pytest.raises(SystemExit, match="0"):
        call_command("pgmerit", "migrate", "--down", "--all", "--yes")
    assert "Unapplying pgmerit.0001_initial... OK" in migrate("pgmerit", "zero")
    assert count(on_empty) == 0
    migrate("contenttypes")
    assert count(on_empty) == 0


@pytest.mark.usefixtures("study")
def test_the_command_line_works_on_the_settings_database(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "environ", os.environ.copy())
    record_activity(person("ann"), "study", "quiz")
    with pytest.raises(SystemExit, match="0"):
        call_command("pgmerit", "mentor", "show", str(person("ann")), "--org", "study")
    assert "First quiz" in capfd.readouterr().out
    with pytest.raises(SystemExit, match="2"):
        call_command("pgmerit", "rules", "apply", "nothing.yaml")


def test_the_engine_belongs_to_the_role_that_django_assumes(
    on_empty: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = connections["default"].settings_dict
    on_empty.execute('create role "an owner"')
    try:
        monkeypatch.setitem(settings, "OPTIONS", {"assume_role": "an owner"})
        with psycopg.connect(dsn_of()) as found:
            assert found.execute("select current_user").fetchone() == ("an owner",)
    finally:
        on_empty.execute('drop role "an owner"')


def test_a_database_that_a_router_excludes_is_left_alone(
    on_empty: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(router, "allow_migrate", lambda *_: False)
    install("default", "pgmerit")
    assert count(on_empty) == 0


def test_another_database_is_refused_in_words(monkeypatch: pytest.MonkeyPatch, study: None) -> None:
    monkeypatch.setattr(connections["default"], "vendor", "sqlite")
    with pytest.raises(ImproperlyConfigured, match=r"'default'.* is sqlite"):
        dsn_of()
