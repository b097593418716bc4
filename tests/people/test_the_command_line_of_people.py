"""`pgmerit mentor export`, `erase` and `merge`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

from pgmerit import routines
from pgmerit.database import Connection

from tests.conftest import CliResult
from tests.engine import ANN, BEN, ORG, activity, insert, person, value
from tests.people.test_no_table_forgets_a_person import naming

Cli = Callable[..., CliResult]


def test_export_gives_json_of_one_or_a_line_each(
    ruled: Connection, dsn: str, cli: Cli, tmp_path: Path
) -> None:
    insert(ruled, activity("2026-03-01"), activity("2026-03-01", who=BEN))
    shown = cli("mentor", "export", ANN, "--org", ORG, dsn=dsn)
    assert shown.exit_code == 0
    assert json.loads(shown.stdout)["peer_mentor_id"] == str(ANN)
    ids, out = tmp_path / "ids", tmp_path / "out.jsonl"
    ids.write_text(f"# who asked\n{ANN}\n\n{BEN}\n{ANN}\n")
    written = cli("mentor", "export", "--file", ids, "--out", out, dsn=dsn)
    assert (written.exit_code, written.stdout) == (0, "")
    found = [json.loads(line) for line in out.read_text().splitlines()]
    assert [each["peer_mentor_id"] for each in found] == [str(ANN), str(BEN)]
    assert [len(each["tables"]["badges.activities"]) for each in found] == [1, 1]
    ids.write_text(f"{ANN}\nannika\n")
    for command in ("export", "erase"):
        refused = cli("mentor", command, "--file", ids, "--out" if command == "export" else "--yes",
                      *([out] if command == "export" else []), dsn=dsn)  # fmt: skip
        assert refused.exit_code == 2
        assert f'{ids} line 2: "annika"' in refused.stderr
        nobody = cli("mentor", command, dsn=dsn)
        assert (nobody.exit_code, nobody.stderr.splitlines()[0]) == (
            2, "error: no person is named",
        )  # fmt: skip
    assert len(out.read_text().splitlines()) == 2
    assert value(ruled, "select count(*) from badges.activities") == 2


def test_erase_asks_and_goes_on_where_it_was_stopped(
    ruled: Connection, dsn: str, cli: Cli, tmp_path: Path
) -> None:
    people = [person(f"many{n}") for n in range(5)]
    insert(ruled, *[activity("2026-03-01", who=who) for who in [ANN, *people]])
    asked = cli("mentor", "erase", ANN, dsn=dsn, stdin="n\n")
    assert (asked.exit_code, asked.stdout) == (2, "")
    assert "Erase 1 person in every organization? Nothing brings them back" in asked.stderr
    assert naming(ruled, ANN) != set()
    answered = cli("mentor", "erase", ANN, "--org", ORG, dsn=dsn, stdin="y\n")
    assert answered.exit_code == 0
    assert answered.stdout.splitlines()[-1] == f"1 person erased in {ORG}: receipt 1"
    assert naming(ruled, ANN) == set()

    ids = tmp_path / "ids"
    ids.write_text("\n".join(map(str, people)))
    erase, done = routines.erase_peer_mentor, []

    def stopping(*given: object) -> object:
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(given)
        return erase(*given)  # type: ignore[arg-type]

    with patch.object(routines, "erase_peer_mentor", stopping):
        stopped = cli("mentor", "erase", "--file", ids, "--yes", dsn=dsn)
    assert (stopped.exit_code, stopped.stdout) == (130, "")
    assert "stopped: 2 of 5 people are erased; run the same command again" in stopped.stderr
    again = cli("mentor", "erase", "--file", ids, "--yes", "--format", "json", dsn=dsn)
    told = json.loads(again.stdout)
    assert (told["people"], told["removed"]["badges.activities"]) == (5, 3)
    assert told["receipts"] == [4, 5, 6, 7, 8]
    assert value(ruled, "select count(*) from badges.activities") == 0


def test_merge_shows_the_plan_and_asks(ruled: Connection, dsn: str, cli: Cli) -> None:
    ann, ben = (value(ruled, "select badges.mentor_id_from('app', %s)", n) for n in ("17", "18"))
    insert(ruled, *[activity(f"2026-03-0{n}", who=ann, key=str(n)) for n in (1, 2)])
    insert(ruled, activity("2026-03-02", who=ben, key="2"), activity("2026-03-03", who=ben))
    given = ("mentor", "merge", "17", "18", "--mentor-namespace", "app")
    planned = cli(*given, "--plan", dsn=dsn)
    assert planned.exit_code == 0
    for told in ("badges.activities", "first", "united", "activities that both have are dropped"):
        assert told in planned.stdout
    assert json.loads(cli(*given, "--plan", "--format", "json", dsn=dsn).stdout)["awards"]
    refused = cli(*given, dsn=dsn, stdin="n\n")
    assert refused.exit_code == 2
    assert f"of {ann} into {ben}? Nothing undoes it" in refused.stderr
    assert value(ruled, "select count(*) from badges_internal.merged_people") == 0
    merged = cli(*given, dsn=dsn, stdin="y\n")
    assert merged.exit_code == 0
    assert merged.stdout.count("What moves") == 1
    assert "merged\nnew: third, earned 2026-03-03" in merged.stdout
    again = cli(*given, "--yes", dsn=dsn)
    assert again.stdout.splitlines()[-1] == "unchanged: they are one already"
    # An id of the application's means whom it means now.
    assert cli("mentor", "erase", "17", *given[-2:], "--yes", dsn=dsn).exit_code == 0
    assert naming(ruled, ben) == set()


def test_bad_input_is_one_clear_line(ruled: Connection, dsn: str, cli: Cli) -> None:
    wrong: list[tuple[tuple[object, ...], str]] = [
        (("merge", ANN, ANN), "a person cannot be merged into themselves"),
        (("merge", ANN, "ben"), '"ben" '),
        (("merge", ANN, BEN, "--plan", "--yes"), "--plan does not go with --yes"),
        (("merge", ANN, BEN, "--org", "nowhere"), 'organization "nowhere" does not exist'),
        (("export", ANN, "--file", "missing"), "missing cannot be read"),
        (("export", ANN, "--out", "missing/file"), "missing/file cannot be written"),
    ]
    for arguments, told in wrong:
        refused = cli("mentor", *arguments, dsn=dsn)
        assert (refused.exit_code, refused.stdout) == (2, "")
        first, *rest = refused.stderr.splitlines()
        assert first.startswith(f"error: {told}")
        assert rest[-1].startswith("hint: ")
