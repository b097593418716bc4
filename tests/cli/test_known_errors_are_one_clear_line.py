"""No server, an old one, no rights, no schema: a line and a hint, never a traceback or password."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable

import psycopg
import pytest
from pgmerit import errors, settings
from pgmerit.database import connect, retry

from tests.cli.conftest import greeting, refusal
from tests.conftest import CliResult

Cli = Callable[..., CliResult]
SECRET = "hunter2-the-secret"


def _closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def test_no_database_named_says_how_to_name_one(cli: Cli) -> None:
    result = cli("doctor")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "error: no database is named and the embedded server does not run\n"
        "hint: Run `pgmerit db start`, or name a database with --dsn, PGMERIT_DSN or PGHOST.\n"
    )


def test_no_server_is_one_line(cli: Cli) -> None:
    where = f"postgresql://someone:{SECRET}@127.0.0.1:{_closed_port()}/there"
    for arguments, environment in (
        (["--dsn", where], {}),
        ([], {"PGMERIT_DSN": where}),
    ):
        result = cli("doctor", *arguments, env=environment)
        assert (result.exit_code, result.stdout) == (2, "")
        first, *rest = result.stderr.splitlines()
        assert first.startswith("error: connection")
        assert [line[:6] for line in rest] == ["hint: "]
        assert SECRET not in result.stderr


def test_libpqs_own_variables_name_a_database(cli: Cli) -> None:
    variables = {"PGHOST": "127.0.0.1", "PGPORT": str(_closed_port())}
    assert variables["PGPORT"] in cli("doctor", env=variables).stderr


def test_libpqs_service_files_name_a_database(cli: Cli, tmp_path, dsn: str) -> None:
    service = tmp_path / "services"
    parts = psycopg.conninfo.conninfo_to_dict(dsn)
    service.write_text("[there]\n" + "".join(f"{k}={v}\n" for k, v in parts.items()))
    result = cli("migrate", env={"PGSERVICE": "there", "PGSERVICEFILE": str(service)})
    assert (result.exit_code, result.stderr) == (0, "nothing to do\n")


def test_a_named_database_comes_before_the_environment(cli: Cli, dsn: str) -> None:
    elsewhere = f"host=127.0.0.1 port={_closed_port()}"
    result = cli("migrate", "--dsn", dsn, env={"PGMERIT_DSN": elsewhere})
    assert result.stderr == "nothing to do\n"


@pytest.mark.parametrize(
    "broken", [f"postgresql//x:{SECRET}@host", f"password={SECRET} nonsense", "host='"]
)
def test_an_unreadable_connection_string_is_not_repeated(cli: Cli, broken: str) -> None:
    result = cli("doctor", "--dsn", broken)
    assert result.exit_code == 2
    assert result.stderr.startswith("error: the connection string cannot be read\nhint: ")
    assert SECRET not in result.stderr


def test_a_server_that_is_too_old_is_named(
    cli: Cli, pretend_server: Callable[[bytes], int]
) -> None:
    port = pretend_server(greeting("14.19"))
    result = cli("migrate", "--dsn", f"host=127.0.0.1 port={port} sslmode=disable")
    assert result.exit_code == 2
    assert "PostgreSQL 14.19, which is too old: pgmerit needs 15 or newer" in result.stderr


def test_a_wrong_password_is_not_printed(cli: Cli, pretend_server: Callable[[bytes], int]) -> None:
    port = pretend_server(refusal("28P01", 'password authentication failed for user "me"'))
    where = f"host=127.0.0.1 port={port} user=me password={SECRET} sslmode=disable"
    for chosen in ("table", "json"):
        result = cli("doctor", "--dsn", where, "--format", chosen)
        assert result.exit_code == 2
        assert "password authentication failed" in result.stderr
        assert SECRET not in result.stderr + result.stdout


def test_a_database_that_is_not_there_is_named(cli: Cli, dsn: str) -> None:
    missing = psycopg.conninfo.make_conninfo(dsn, dbname="nowhere_at_all")
    result = cli("doctor", "--dsn", missing)
    assert result.exit_code == 2
    assert 'database "nowhere_at_all" does not exist' in result.stderr


def test_errors_are_json_when_json_is_asked_for(cli: Cli, empty_dsn: str) -> None:
    with psycopg.connect(empty_dsn, autocommit=True) as connection:
        connection.execute("create schema badges")
        connection.execute("create table badges.theirs (n int)")
    result = cli("migrate", "--format", "json", dsn=empty_dsn)
    assert (result.exit_code, result.stdout) == (2, "")
    error = json.loads(result.stderr)["error"]
    assert "badges.theirs" in error["message"]
    assert error["hint"]


def test_a_routine_called_before_migrating_says_so(empty_dsn: str) -> None:
    with connect(empty_dsn) as connection, pytest.raises(psycopg.Error) as caught:
        connection.execute("select badges.new_badges()")
    error = errors.translate(caught.value)
    assert isinstance(error, errors.NotMigratedError)
    assert "pgmerit migrate" in (error.hint or "")


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("22023", errors.InvalidInputError),
        ("23514", errors.InvalidInputError),
        ("40001", errors.BusyError),
        ("40P01", errors.BusyError),
        ("42501", errors.NoRightsError),
        ("55P03", errors.BusyError),
        ("57014", errors.BusyError),
        ("57P01", errors.ServerUnreachableError),
        ("MB001", errors.EngineError),
        ("XX000", errors.PgmeritError),
    ],
)
def test_each_sqlstate_becomes_its_class(
    empty_dsn: str, state: str, kind: type[errors.PgmeritError]
) -> None:
    query = f"do $$ begin raise 'it went wrong' using errcode = '{state}'; end $$"
    with connect(empty_dsn) as connection, pytest.raises(psycopg.Error) as caught:
        connection.execute(query.encode())
    error = errors.translate(caught.value)
    assert type(error) is kind
    assert (error.message, error.sqlstate, error.exit_code) == ("it went wrong", state, 2)


def test_problems_in_the_detail_become_details(empty_dsn: str) -> None:
    query = (
        "do $$ begin raise 'two problems' using errcode = '22023',"
        """ detail = '[{"path": "$.a", "message": "no"}, {"path": "$.b", "message": "no"}]';"""
        " end $$"
    )
    with connect(empty_dsn) as connection, pytest.raises(psycopg.Error) as caught:
        connection.execute(query)
    details = errors.translate(caught.value).details
    assert [detail["path"] for detail in details] == ["$.a", "$.b"]


def test_any_other_detail_follows_the_message(empty_dsn: str) -> None:
    with connect(empty_dsn) as connection:
        connection.execute("create temp table one (n int primary key)")
        with pytest.raises(psycopg.Error) as caught:
            connection.execute("insert into one values (1), (1)")
    message = errors.translate(caught.value).message
    assert message.endswith("Key (n)=(1) already exists.")


@pytest.mark.parametrize(
    ("dsn", "shown"),
    [
        (f"postgresql://me:{SECRET}@host/there", "user=me dbname=there host=host"),
        (f"host=x password='{SECRET}'", "host=x"),
        (f"host=x sslpassword={SECRET}", "host=x"),
        ("postgresql://host/there", "postgresql://host/there"),
    ],
)
def test_secrets_are_left_out(dsn: str, shown: str) -> None:
    assert settings.without_secrets(dsn) == shown


def test_a_transaction_is_tried_again_after_a_conflict() -> None:
    tries = []

    def work() -> str:
        tries.append(1)
        if len(tries) < 3:
            raise (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected)[
                len(tries) - 1
            ]
        return "done"

    assert retry(work) == "done"
    assert len(tries) == 3


def test_a_conflict_that_never_ends_comes_out() -> None:
    def work() -> None:
        raise psycopg.errors.SerializationFailure

    with pytest.raises(psycopg.errors.SerializationFailure):
        retry(work, attempts=3)


def test_other_errors_are_not_tried_again() -> None:
    tries = []

    def work() -> None:
        tries.append(1)
        raise psycopg.errors.UniqueViolation

    with pytest.raises(psycopg.errors.UniqueViolation):
        retry(work)
    assert len(tries) == 1
