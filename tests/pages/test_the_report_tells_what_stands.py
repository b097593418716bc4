from __future__ import annotations

import contextlib
import html
import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest
from pgmerit import database
from pgmerit.errors import PgmeritError
from pgmerit.pages.reading import read

from tests.conftest import CliResult
from tests.pages.conftest import NORTH, NORTH_NAME

Cli = Callable[..., CliResult]
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-")


def _cells(page: str, row: str) -> list[str]:
    """Give the numbers of the first row of a table that has a name."""
    found = re.search(rf'<th scope="row">{re.escape(html.escape(row))}</th>(.*?)</tr>', page, re.S)
    assert found, row
    return re.findall(r"<td[^>]*>(.*?)</td>", found[1])


def test_the_page_tells_all_and_names_nobody(filled_dsn: str, cli: Cli, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    result = cli("report", "--out", out, dsn=filled_dsn)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", f"{out} is written\n")
    page = out.read_text()
    assert not UUID.search(page)
    assert html.escape(NORTH_NAME) in page.replace("&#39;", "&#x27;")
    assert "<b>" not in page
    assert "<i>" not in page
    # 15 people in the north and 5 in the south; person n made n calls.
    assert _cells(page, "Calls <i>: Few") == ["13", "5"]
    assert _cells(page, "daily") == ["12", ""]
    assert _cells(page, "rare") == ["0", ""]
    told = re.sub(r"<[^>]+>", " ", page)
    assert re.search(r"Verified 2\d{3}-.*: 0 differences", told)
    assert "Nothing waits" in told


def test_the_page_of_one_organization_in_norwegian_with_ids(
    filled_dsn: str, cli: Cli, tmp_path: Path
) -> None:
    out = tmp_path / "report.html"
    yesterday = date.today() - timedelta(days=1)
    options = ("--org", NORTH, "--since", yesterday, "--language", "nb", "--with-ids")
    assert cli("report", "--out", out, *options, dsn=filled_dsn).exit_code == 0
    page = out.read_text()
    assert '<html lang="nb">' in page
    assert _cells(page, "Samtaler: Få") == ["13"]
    assert "south" not in page
    # Persons 9 and 7 are one call and three from the tenth; near are those with 8 and more.
    assert len(set(UUID.findall(page))) > 1
    assert len(_over_time(page)) == 2


def _over_time(page: str) -> list[str]:
    return re.findall(r'<g class="bar"><title>', page.split("<h2")[1])


def test_readers_may_read_it_and_it_writes_nothing(filled_dsn: str) -> None:
    with contextlib.closing(database.connect(filled_dsn, autocommit=True)) as connection:
        connection.execute("set role pgmerit_reader")
        found = read(connection)
        assert sum(each.people for each in found.organizations) == 20
        by_measure = {
            tuple(target.badge_definition_id for target in each.targets): each
            for each in found.measured
            if each.org_id == NORTH
        }
        calls = by_measure["calls", "calls"]
        assert sum(calls.people) == 15
        assert [target.values for target in calls.targets] == [[3], [10]]
        few, many = calls.targets
        assert (few.near, few.nearest, few.nearest_target) == (0, 2, 3)
        assert (many.near, many.nearest, many.nearest_target) == (1, 9, 10)
        with pytest.raises(PgmeritError, match="still to come"):
            read(connection, since=date.today() + timedelta(days=2))
        with pytest.raises(PgmeritError, match='organization "no" does not exist'):
            read(connection, "no")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("delete from badges.activities")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--org", "no", "--out", "x.html"), '"no" does not exist'),
        (("--since", "yesterday", "--out", "x.html"), "yesterday"),
        (("--since", "2999-01-01", "--out", "x.html"), "still to come"),
        (("--out", "none/x.html"), "none/x.html cannot be written"),
        ((), "--out"),
    ],
)
def test_what_is_wrong_is_one_line_and_writes_nothing(
    filled_dsn: str,
    cli: Cli,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    result = cli("report", *options, dsn=filled_dsn)
    assert result.exit_code == 2
    assert told in result.stderr
    assert not list(tmp_path.rglob("*.html"))
