"""Rule-set files: YAML 1.2 scalars, no traps, and a line and column for everything."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pgmerit.errors import PgmeritError
from pgmerit.rules.versions import check_file, load_document, parse_document


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"), ("on", "on"), ("yes", "yes"), ("off", "off"), ("y", "y"),
        ("true", True), ("False", False), ("~", None), ("null", None), ("", None),
        ("010", 10), ("0o10", 8), ("0x1F", 31), ("+5", 5), ("-5", -5), ("1_000", "1_000"),
        ("1.50", Decimal("1.50")), ("1e3", Decimal("1E+3")), (".5", Decimal("0.5")),
        ("12:30", "12:30"), ("2020-01-01", "2020-01-01"), ('"5"', "5"), ("'true'", "true"),
    ],
)  # fmt: skip
def test_scalars(text: str, value: Any) -> None:
    read = parse_document(f"a: {text}")
    assert read.value == {"a": value}
    assert type(read.value["a"]) is type(value)
    assert read.problems == ()


def test_keys_are_words_as_written() -> None:
    assert parse_document("no: 1\n1: 2\ntrue: 3\n").value == {"no": 1, "1": 2, "true": 3}


@pytest.mark.parametrize(
    ("text", "path", "said", "line", "column"),
    [
        ("a: 1\nb: 2\na: 3", "$.a", 'the key "a" is there twice', 3, 1),
        ("a: &x 1\nb: 2", "$.a", "has an anchor", 1, 4),
        ("a: &x {b: 1}\nc: *x", "$.c", "is an alias", 2, 4),
        ("a:\n  - .nan", "$.a[0]", ".nan is no number", 2, 5),
        ("a: -.inf", "$.a", "-.inf is no number", 1, 4),
        ("a: 1e100000", "$.a", "is a number too large or too fine", 1, 4),
        (f"a: 1e{'9' * 20}", "$.a", "is a number too large or too fine", 1, 4),
        ("a: 1e-100000", "$.a", "is a number too large or too fine", 1, 4),
        ("a: 0e100000", "$.a", "is a number too large or too fine", 1, 4),
        (f"a: {'9' * 300}", "$.a", "is a number too large or too fine", 1, 4),
        ("a: !!python/object:os.system 1", "$.a",
         "has the tag tag:yaml.org,2002:python/object:os.system", 1, 4),
        ("a: 1\n---\nb: 2", "$", "is a second document in the file", 2, 1),
        ("", "$", "is empty", 1, 1),
    ],
)  # fmt: skip
def test_traps_are_problems_with_their_place(
    text: str, path: str, said: str, line: int, column: int
) -> None:
    found = parse_document(text).problems
    assert (path, said, line, column) in [
        (each.path, each.problem, each.line, each.column) for each in found
    ]


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("a.yaml", "a: [1\n", ":2:1: "),
        ("a.yaml", "a: 1\nb: c: d\n", ":2:5: "),
        ("a.yaml", "a:\n\t- b", ":2:1: "),
        ("a.yaml", "a: \x01", ":1:4: "),
        ("a.yaml", 'a: "\\ud83d"', ":1:4: "),
        ("a.yaml", "[" * 100, ":1:65: "),
        ("a.yaml", "? [a]\n: 1", ":1:3: "),
        ("a.json", '{"a": 1,}', ":1:9: "),
        ("a.json", "{'a': 1}", ":1:2: "),
        ("a.json", '{"a": 1}\nx', ":2:1: "),
    ],
)
def test_malformed_files_are_one_error_with_line_and_column(
    tmp_path: Path, name: str, text: str, place: str
) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PgmeritError) as caught:
        load_document(path)
    assert caught.value.message.startswith(f"{path}{place}")
    assert caught.value.exit_code == 2


def test_json_is_read_with_its_tabs_and_escapes(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    value = {"a": "\U0001f600/é\t", "b": [1, 2.5, True, None, {"c": {}}]}
    path.write_text(json.dumps(value, indent="\t"), encoding="utf-8")
    document = load_document(path)
    assert document.value == value
    assert document.problems == ()
    assert document.places["$.b[4].c"] == (9, 4)


def test_what_is_no_text_or_too_large_or_not_there(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"a: 1\nb: \xff\n")
    with pytest.raises(PgmeritError, match=":2:4: is not UTF-8"):
        load_document(path)
    path.write_bytes(b"#" * 1_100_000)
    with pytest.raises(PgmeritError, match="is larger than"):
        load_document(path)
    with pytest.raises(PgmeritError, match="cannot be read"):
        load_document(tmp_path / "nothing.yaml")
    with pytest.raises(PgmeritError, match="cannot be read"):
        load_document(tmp_path)


def test_every_problem_of_a_file_has_its_line_and_column(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(
        "version: 1\n"
        "ruleset: x\n"
        "organizations:\n"
        "  nhf: {badges: [a, bb]}\n"
        "badges:\n"
        "  a:\n"
        "    name: A\n"
        "    criteria:\n"
        "      type: tier\n"
        "      tiers:\n"
        "        - {tier: 1, at_least: 5}\n"
        '        - {tier: "2", at_leest: 5}\n'
        "  bbb: {criteria: {type: threshold, at_least: .inf}}\n",
        encoding="utf-8",
    )
    _, problems = check_file(path)
    assert [(each.line, each.column, each.path, each.problem) for each in problems] == [
        (4, 21, "$.organizations.nhf.badges[1]",
         'badge "bb" does not exist, did you mean "bbb"?'),
        (11, 12, "$.badges.a.criteria.tiers[0].tier", "must not be a number"),
        (12, 11, "$.badges.a.criteria.tiers[1].at_least", "is missing"),
        (12, 23, "$.badges.a.criteria.tiers[1].at_leest",
         'unknown key "at_leest", did you mean "at_least"?'),
        (13, 3, "$.badges.bbb.name", "is missing"),
        (13, 47, "$.badges.bbb.criteria.at_least", ".inf is no number"),
    ]  # fmt: skip


def test_times_and_days_need_no_quotes(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(
        "version: 1\n"
        "ruleset: x\n"
        "badges:\n"
        "  a:\n"
        "    name: {no: Natt, en: Night}\n"
        "    criteria:\n"
        "      type: threshold\n"
        "      when: {hours: [22:30, 06:00], dates: [12-24, 02-29], from: 2026-01-01}\n"
        "      at_least: 1\n"
        "  b:\n"
        "    name: B\n"
        "    limit: {first: 10}\n"
        "    criteria:\n"
        "      type: threshold\n"
        "      at_least: 1\n"
        "      repeat: {every: 1, max: 2}\n"
        "      when:\n"
        "        hours: [24:00, 6:00]\n"
        "        from: 2026-12-31\n"
        "        until: 2026-01-01\n",
        encoding="utf-8",
    )
    document, problems = check_file(path)
    assert document.value["badges"]["a"]["criteria"]["when"] == {
        "hours": ["22:30", "06:00"],
        "dates": ["12-24", "02-29"],
        "from": "2026-01-01",
    }
    assert document.value["badges"]["a"]["name"] == {"no": "Natt", "en": "Night"}
    assert [(each.line, each.column, each.path, each.problem) for each in problems] == [
        (12, 5, "$.badges.b.limit", "does not go with repeat"),
        (18, 17, "$.badges.b.criteria.when.hours[0]", '"24:00" is not well formed'),
        (18, 24, "$.badges.b.criteria.when.hours[1]", '"6:00" is not well formed'),
        (19, 9, "$.badges.b.criteria.when.from", "is after until"),
    ]
