"""The document that names an application's tables, and how their rows read as activities."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from pgmerit.errors import PgmeritError
from pgmerit.rules import versions
from pgmerit.rules.editor_schema import rule_set_schema
from pgmerit.rules.files import Document, load_document
from pgmerit.rules.grammar import Problem, step, validate_value

CONTENT = "a document with version and sources"
# A source itself is read by the database, which knows the table.
_DOCUMENT: dict[str, Any] = {
    "is": "object",
    "keys": {
        "version": "version",
        "namespace": "label",
        "sources": {
            "is": "map",
            "names": "slug",
            "values": "anything",
            "from": 1,
            "allowed": "by name: a table, and how its rows read as activities",
        },
    },
    "required": ["version", "sources"],
    "rules": [],
}


def read_file(path: str | Path) -> Document:
    """Read a document of sources from a file; `-` is standard input.

    Raises PgmeritError, with every problem and its place, for what is none.
    """
    document = load_document(path, CONTENT)
    refuse(path, document, validate_value(_DOCUMENT, document.value, "$"))
    return document


def refuse(path: str | Path, document: Document, problems: list[Problem]) -> None:
    """Raise PgmeritError where the file has problems, each with its place."""
    found = versions.in_the_file(document, problems)
    if found:
        hint = "`pgmerit attach schema` lets an editor tell them while you type."
        raise versions.refusal(path, found, document.lines, hint)


def definitions(document: Document) -> dict[str, Any]:
    """Give each source's definition by its name, with the namespace of the whole document.

    What is not well formed is left as it is, for the database to say so.
    """
    sources: dict[str, Any] = document.value["sources"]
    if "namespace" not in document.value:
        return sources
    found = {}
    for name, definition in sources.items():
        person = definition.get("person") if isinstance(definition, Mapping) else None
        if isinstance(person, str):
            person = {"column": person}
        if isinstance(person, Mapping):
            person = {"namespace": document.value["namespace"], **person}
            definition = {**definition, "person": person}
        found[name] = definition
    return found


def problems_of(source: str, refused: PgmeritError) -> list[Problem]:
    """Give what the database says about one source as problems of the whole document.

    Raises the error itself where it is about something else.
    """
    below = step("$.sources", source)
    try:
        return [
            Problem(below + each["path"].removeprefix("$"), each["problem"], each["allowed"])
            for each in refused.details or [{}]
        ]
    except KeyError:
        raise refused from None


@cache
def sources_schema() -> dict[str, Any]:
    """Return the JSON Schema of documents of sources, for editors."""
    text = files("pgmerit.attaching").joinpath("sources.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    shared = rule_set_schema()["$defs"]
    missing = [schema]
    while missing:
        for name in re.findall(r'"#/\$defs/(\w+)"', json.dumps(missing.pop())):
            if name not in schema["$defs"]:
                schema["$defs"][name] = shared[name]
                missing.append(shared[name])
    return schema
