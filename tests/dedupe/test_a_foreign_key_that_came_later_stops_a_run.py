"""A batch looks for children at its start: with a foreign key of later it removes nothing more."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from pgmerit.database import Connection

from tests.conftest import CliResult
from tests.dedupe.legacy import LEGACY, fill
from tests.engine import value

Run = Callable[..., CliResult]


@pytest.mark.parametrize("action", ["cascade", "no action"])
def test_nothing_is_cascaded_that_nobody_looked_for(
    legacy: Connection, session: Callable[..., Connection], run: Run, action: str
) -> None:
    fill(legacy, people=5, copies=3)
    busy = session(autocommit=False)
    busy.execute("update user_badges set note = 'held' where id = 1")
    stopped = run(*LEGACY, "--apply", "--lock-timeout", "0.05", "--give-up-after", "0")
    assert stopped.exit_code == 2
    busy.commit()
    legacy.execute(
        "create table pins (award bigint references user_badges"
        f" on delete {action}); insert into pins select id from user_badges".encode()
    )
    for way in ("--apply", "--print-sql"):
        refused = run(*LEGACY, way)
        assert (refused.exit_code, refused.stdout) == (2, "")
        assert "public.user_badges was altered since batch 1 began" in refused.stderr
    assert value(legacy, "select count(*) from pins") == 15
    assert value(legacy, "select count(*) from user_badges") == 15
    assert run("dedupe", "--undo", 1).exit_code == 0
    # Begun anew it sees them.
    told = json.loads(run(*LEGACY, "--format", "json").stdout)
    assert told["foreign_keys"][0]["child_rows"] == 10
