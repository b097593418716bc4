"""The lines of docs/operations.md for cron and pg_cron: five fields, and a command that sweeps."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pgmerit.database import Connection
from pgmerit.server.binaries import find_bindir
from psycopg.conninfo import conninfo_to_dict

from tests.engine import activity, apply, badge_ids, insert, rule_set
from tests.house.sources import ROOT

LASTING = True

PAGE = (ROOT / "docs/operations.md").read_text()
EVERY = r"(?:\d+|\*(?:/\d+)?)(?: (?:\d+|\*(?:/\d+)?)){4}"
CRON = re.findall(rf"^{EVERY} (.*)$", PAGE, re.M)
PG_CRON = re.findall(rf"cron\.schedule\w*\(\s*'[\w-]+', '{EVERY}', \$\$(.*?)\$\$", PAGE)


@pytest.fixture
def waiting(connection: Connection) -> Connection:
    apply(connection, rule_set({"ten_days": {"type": "tenure", "days": 10}}))
    insert(connection, activity("2026-03-01"))
    return connection


def test_there_is_a_line_for_each_way() -> None:
    assert [line.split()[1] for line in CRON] == ["pgmerit", "psql"]
    assert len(PG_CRON) == 1


@pytest.mark.parametrize("line", CRON)
def test_the_line_for_cron_awards(waiting: Connection, dsn: str, tmp_path: Path, line: str) -> None:
    service = tmp_path / "service.conf"
    named = "".join(f"{name}={value}\n" for name, value in conninfo_to_dict(dsn).items())
    service.write_text(f"[pgmerit]\n{named}")
    programs = [str(Path(sys.executable).parent), str(find_bindir())]
    environment = {
        "PATH": os.pathsep.join([*programs, os.environ["PATH"]]),
        "PGSERVICEFILE": str(service),
        "HOME": str(tmp_path),
    }
    done = subprocess.run(
        line, shell=True, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert badge_ids(waiting) == ["ten_days"]


@pytest.mark.parametrize("statement", PG_CRON)
def test_the_line_for_pg_cron_awards(
    waiting: Connection, connect: Callable[..., Connection], statement: str
) -> None:
    connect().execute(statement.encode())
    assert badge_ids(waiting) == ["ten_days"]
