"""docs/how-to/supabase.md: each step on a database such as Supabase makes it, as its owner."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import psycopg

from tests.conftest import CliResult
from tests.docs.supabase import command_line, project
from tests.house.documentation import run_page
from tests.house.sources import ROOT

Cli = Callable[..., CliResult]
PAGE = ROOT / "docs/how-to/supabase.md"
_CAN_READ = """
select exists (select from badges.earned_badges where badge_definition_id = 'starter')
"""


def test_each_step_of_the_page(dsn: str, empty_dsn: str, cli: Cli, tmp_path: Path) -> None:
    with project(empty_dsn) as owner, contextlib.chdir(tmp_path):
        run_page(PAGE.read_text(), owner, cli, tmp_path, {"supabase": command_line(owner)})
        with psycopg.connect(owner, autocommit=True) as connection:
            jobs = connection.execute("select command from cron.job order by jobid").fetchall()
            assert len(jobs) == 2
            for (job,) in jobs:
                connection.execute(job.encode())
            posted = connection.execute("select body from net.http_request_queue").fetchall()
            # The backfill's award is silent; what comes next is not.
            assert posted == []
            connection.execute(
                "select badges.award_badge("
                "'a3f1c6de-0000-4000-8000-000000000002', 'first_quiz', 'study', 'by hand')"
            )
            ((body,),) = connection.execute("select body from net.http_request_queue").fetchall()
            assert [each["badge_definition_id"] for each in body["events"]] == ["first_quiz"]
            # As Realtime asks before it tells a subscriber.
            assert connection.execute(
                "select tablename from pg_publication_tables where pubname = 'supabase_realtime'"
            ).fetchall() == [("earned_badges",)]
            for number, may in ((1, True), (2, False)):
                with connection.transaction():
                    claims = f'{{"sub": "a3f1c6de-0000-4000-8000-00000000000{number}"}}'
                    connection.execute(
                        "select set_config('role', 'authenticated', true),"
                        " set_config('request.jwt.claims', %s, true)",
                        (claims,),
                    )
                    assert connection.execute(_CAN_READ.encode()).fetchone() == (may,)
        for command in ("doctor", "verify"):
            done = cli(command, dsn=owner)
            assert done.exit_code == 0, done.stdout + done.stderr
        assert cli("migrate", dsn=owner).stderr == "nothing to do\n"
