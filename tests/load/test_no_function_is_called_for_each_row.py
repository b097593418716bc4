"""A statement on an attached table costs what its rows cost: none is asked about by a call.

A routine that is not put in line takes one to three microseconds a row, of some fifteen in all.
"""

from __future__ import annotations

from pgmerit.database import Connection

from tests.engine import calls_of_functions
from tests.sources.stand import add, assert_mapped, attach, prepare

PREPARED = {"connection": prepare}
ROWS = 600


def test_no_function_is_called_for_each_row_of_an_attached_table(connection: Connection) -> None:
    attach(connection)

    def write() -> None:
        add(connection, ROWS)
        connection.execute("update public.quiz_results set score = score + 1")
        connection.execute("delete from public.quiz_results where id % 2 = 0")

    calls = calls_of_functions(connection, write)
    assert any("_write_source_rows" in name for name in calls)
    assert not {name: count for name, count in calls.items() if count >= ROWS // 2}
    assert_mapped(connection)
