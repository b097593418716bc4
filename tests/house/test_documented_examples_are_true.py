"""Every example of README.md and docs/ runs and gives what it says; so does the runner itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import CliResult, NewDatabase, Server
from tests.house.documentation import (
    copy_application,
    is_of_an_application,
    run_page,
    runnable_pages,
)
from tests.house.sources import ROOT

Cli = Callable[..., CliResult]

PAGE = """
```yaml rules.yaml
version: 1
```
Text.
```console
$ make test
$ pgmerit migrate   # brings it up to date
nothing to do
$ pgmerit db psql -c "select 1 as one, null, 'x'"
...
1 | | x
...
```
```sql
create temp table seen as select 41 as n;
select jsonb_build_object('n', n + 1, 'at', now()) from seen;
```
```json
{"n": 42, "at": "..."}
```
```sql
select n from generate_series(1, 9) as n;
```
```text
1
...
9
```
"""


TUTORIAL = ROOT / "docs/tutorial.md"
SUPABASE = ROOT / "docs/how-to/supabase.md"


@pytest.mark.parametrize(
    "page",
    [
        page
        for page in runnable_pages()
        if page not in (TUTORIAL, SUPABASE) and not is_of_an_application(page)
    ],
    ids=lambda page: page.name,
)
def test_the_examples_of_a_page_are_true(page: Path, dsn: str, cli: Cli, tmp_path: Path) -> None:
    run_page(page.read_text(), dsn, cli, tmp_path)


def test_the_tutorial_goes_from_an_empty_database_to_the_third_badge(
    server: Server, new_database: NewDatabase, cli: Cli, tmp_path: Path
) -> None:
    with new_database("template0") as name:
        run_page(TUTORIAL.read_text(), server.dsn(name), cli, tmp_path)


@pytest.mark.parametrize(
    "page",
    [page for page in runnable_pages() if is_of_an_application(page)],
    ids=lambda page: page.parent.name,
)
def test_an_application_does_what_its_page_says(
    page: Path, empty_dsn: str, cli: Cli, tmp_path: Path
) -> None:
    copy_application(page, tmp_path)
    run_page(page.read_text(), empty_dsn, cli, tmp_path)


def test_the_runner_runs_what_a_page_shows(dsn: str, cli: Cli, tmp_path: Path) -> None:
    run_page(PAGE, dsn, cli, tmp_path)
    assert (tmp_path / "rules.yaml").read_text() == "version: 1\n"


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("nothing to do", "something to do"),
        ("$ make test", "$ make tests"),
        ("$ pgmerit migrate ", "$ pgmerit migrrate "),
        ("1 | | x", "1 | 2 | x"),
        ('"n": 42', '"n": 43'),
        ('"at": "..."', '"when": "..."'),
        ("...\n9", "...\n8"),
        ("n + 1", "n +"),
        ("$ make", "$ rm"),
    ],
)
def test_the_runner_sees_what_is_not_true(
    dsn: str, cli: Cli, tmp_path: Path, right: str, wrong: str
) -> None:
    assert right in PAGE
    with pytest.raises(AssertionError, match=r"line \d+"):
        run_page(PAGE.replace(right, wrong, 1), dsn, cli, tmp_path)
