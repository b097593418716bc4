from __future__ import annotations

from pathlib import Path

import pytest
from pgmerit import languages, routines
from pgmerit.database import Connection
from psycopg.types.json import Jsonb

from tests.acceptance.cases import NAMES, read
from tests.engine import insert, value
from tests.languages import third

LASTING = True


def test_no_explanation_of_a_case_has_a_word_that_stands_in_code(
    connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    third.write_third(tmp_path)
    monkeypatch.setattr(languages, "FOLDER", tmp_path)
    third.load_third(connection)
    value(connection, "select badges.set_setting('criteria_raw', 'true')")
    for case in map(read, NAMES):
        org, who = case.activities[0][:2]
        of_one = [each for each in case.activities if each[:2] == (org, who)]
        with connection.transaction(force_rollback=True):
            value(connection, "select badges.apply_rule_set(%s)", Jsonb(case.document))
            insert(connection, *of_one, tail="on conflict do nothing")
            for badge in case.document["badges"]:
                told = routines.explain_badge(connection, who, badge, org, None, third.CODE)
                assert third.words_in_code(told) == set(), (case.name, told)
