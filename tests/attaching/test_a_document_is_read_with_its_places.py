"""A document of sources: its shape, its schema for editors, and one clear line for a bad one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from pgmerit.attaching import sources_schema
from pgmerit.attaching.documents import definitions
from pgmerit.database import Connection
from pgmerit.rules.versions import parse_document

from tests.conftest import CliResult
from tests.engine import value
from tests.house import documentation
from tests.house.sources import ROOT

Cli = Callable[..., CliResult]

QUIZ = """\
version: 1
sources:
  quiz:
    table: public.quiz_results
    person: user_id
    organization: study
    type: quiz
    at: finished_at
    quantity: score
    attributes: [course, difficulty]
    only: {status: done, difficulty: {gte: 2}}
    key: id
"""
OF_SOURCES = jsonschema.Draft202012Validator(sources_schema())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "1:1 $: is empty (a document with version and sources)"),
        ("- 1\n", "1:1 $: must not be a list (namespace, sources, version)"),
        ("version: 1\n", "1:1 $.sources: is missing"),
        ("version: 2\nsources: {a: {}}\n", "1:1 $.version: is out of bounds (1)"),
        ("version: 1\nsources: {}\n", "2:1 $.sources: is empty"),
        ("version: 1\nsource: {}\n", 'unknown key "source", did you mean "sources"?'),
        ("version: 1\nsources:\n\tquiz: {}\n", r"3:1: found character '\t'"),
        ("version: 1\nsources:\n  Quiz: {}\n", '3:3 $.sources.Quiz: "Quiz" is not well formed'),
        ("version: 1\nsources: {a: {}, a: {}}\n", 'the key "a" is there twice'),
    ],
)
def test_what_is_no_document_is_told_with_its_place(
    cli: Cli, tmp_path: Path, text: str, said: str
) -> None:
    file = tmp_path / "app.yaml"
    file.write_text(text)
    told = cli("attach", file, dsn="host=/nowhere")
    assert (told.exit_code, told.stdout) == (2, "")
    assert said in told.stderr
    assert str(file) in told.stderr.splitlines()[0]


def test_a_file_that_is_called_like_a_command_is_given_by_its_folder(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("schema").write_text("version: 2\n")
    assert json.loads(cli("attach", "schema").stdout) == sources_schema()
    assert "schema has 2 problems" in cli("attach", "./schema").stderr


def test_the_namespace_of_the_document_is_that_of_each_person_without_one() -> None:
    text = """\
version: 1
namespace: app
sources: {a: {person: id}, b: {person: {column: id, namespace: own}}, c: {person: 5}, d: 5}
"""
    assert definitions(parse_document(text)) == {
        "a": {"person": {"column": "id", "namespace": "app"}},
        "b": {"person": {"column": "id", "namespace": "own"}},
        "c": {"person": 5},
        "d": 5,
    }


def test_the_schema_of_the_docs_is_the_one_that_is_printed(cli: Cli) -> None:
    written = (ROOT / "docs/sources.schema.json").read_text(encoding="utf-8")
    assert json.loads(written) == json.loads(cli("attach", "schema").stdout) == sources_schema()
    jsonschema.Draft202012Validator.check_schema(sources_schema())


@pytest.mark.parametrize(
    ("old", "new", "is_valid"),
    [
        ("", "", True),
        ("organization: study", "organization: {column: club}", True),
        ("type: quiz", "type: {column: kind, names: {q: quiz}}", True),
        ("[course, difficulty]", "{subject: course}", True),
        ("key: id", "key: [person, round]", True),
        ("key: id", "on_user_delete: {table: public.users, key: id, then: erase}", True),
        ("key: id", "on_user_delete: {table: public.users, key: id, then: forget}", False),
        ("person: user_id", "persons: user_id", False),
        ("    at: finished_at\n", "", False),
        ("type: quiz", "type: {names: {q: quiz}}", False),
        ("{gte: 2}", "{gt: two}", False),
    ],
)
def test_the_schema_knows_a_source(old: str, new: str, is_valid: bool) -> None:
    assert old in QUIZ
    document = parse_document(QUIZ.replace(old, new, 1)).value
    assert OF_SOURCES.is_valid(json.loads(json.dumps(document, default=float))) == is_valid


def test_the_schema_has_the_keys_that_the_database_takes(connection: Connection) -> None:
    taken = value(connection, "select badges_internal._source_grammar()")
    source = sources_schema()["$defs"]["source"]
    assert source["properties"].keys() == taken["keys"].keys()
    assert sorted(source["required"]) == sorted(taken["required"])
    user, theirs = source["properties"]["on_user_delete"], taken["keys"]["on_user_delete"]
    assert user["properties"].keys() == theirs["keys"].keys()
    assert user["properties"]["then"]["enum"] == theirs["keys"]["then"]["words"]


def test_the_examples_on_the_pages_keep_to_the_schema() -> None:
    found = [
        document
        for page in sorted((ROOT / "docs").glob("*.md"))
        for block in documentation.blocks(page.read_text(encoding="utf-8"))
        if block.kind == "yaml" and "sources:" in block.body
        for document in [parse_document(block.body).value]
        if "sources" in document
    ]
    assert found
    for document in found:
        OF_SOURCES.validate(json.loads(json.dumps(document, default=float)))
