from __future__ import annotations

import contextlib
import html
import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from pgmerit import database, languages, routines
from pgmerit.errors import PgmeritError
from pgmerit.pages.reading import read

from tests.conftest import CliResult
from tests.pages.conftest import NORTH, NORTH_NAME, SOUTH

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


def test_weeks_are_those_of_each_organization(filled_dsn: str, cli: Cli, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    since = date.today() - timedelta(days=100)
    assert cli("report", "--out", out, "--since", since, dsn=filled_dsn).exit_code == 0
    page = out.read_text()
    with contextlib.closing(database.connect(filled_dsn, autocommit=True)) as connection:
        found = read(connection, since=since)
    for org, weekday in ((NORTH, 1), (SOUTH, 7)):
        weeks = {day: count for (of, day), count in found.over_time.items() if of == org}
        assert {day.isoweekday() for day in weeks} == {weekday}
        for day, count in weeks.items():
            assert _cells(page, languages.find("en").day(day)) == [str(count)]


def test_readers_may_read_it_in_one_snapshot_that_writes_nothing(
    filled_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    list_metrics, seen = routines.list_metrics, []

    def watched(connection: database.Connection) -> list[routines.Row]:
        for setting in ("transaction_isolation", "transaction_read_only"):
            seen.append(connection.execute(f"show {setting}".encode()).fetchone())
        return list_metrics(connection)

    monkeypatch.setattr(routines, "list_metrics", watched)
    with contextlib.closing(database.connect(filled_dsn, autocommit=True)) as connection:
        connection.execute("set role pgmerit_reader")
        found = read(connection)
        assert [each and next(iter(each.values())) for each in seen] == ["repeatable read", "on"]
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
        assert (few.near, few.nearest, few.nearest_target) == (0, None, None)
        assert (many.near, many.nearest, many.nearest_target) == (1, 9, 10)
        with pytest.raises(PgmeritError, match="still to come"):
            read(connection, since=date.today() + timedelta(days=2))
        with pytest.raises(PgmeritError, match='organization "no" does not exist'):
            read(connection, "no")


def test_a_database_with_nothing_in_it_has_a_page_and_one_not_migrated_an_error(
    dsn: str, empty_dsn: str, cli: Cli, tmp_path: Path
) -> None:
    out = tmp_path / "report.html"
    assert cli("report", "--out", out, dsn=dsn).exit_code == 0
    assert "Nothing to show yet" in out.read_text()
    assert "Never verified" in out.read_text()
    result = cli("report", "--out", out, dsn=empty_dsn)
    assert result.exit_code == 2
    assert "pgmerit migrate" in result.stderr


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--since", "1899-12-31", "--out", "x.html"), "before 1900"),
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
