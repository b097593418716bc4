"""Reads a file as an import does, without a database."""

from __future__ import annotations

import io
import json
from typing import Any, NamedTuple

import pytest
from pgmerit.errors import PgmeritError
from pgmerit.importing import ImportOptions
from pgmerit.importing.checking import LineChecker
from pgmerit.importing.options import BadLineError
from pgmerit.importing.reading import open_reader

NAMES = (
    "line",
    "uuid",
    "person",
    "org_id",
    "activity_type",
    "moment",
    "local_moment",
    "day",
    "quantity",
    "attributes",
    "key",
)


class Taken(NamedTuple):
    """The lines that were taken, and what was wrong with the others, by line."""

    rows: list[dict[str, Any]]
    errors: dict[int, str]


def take(content: bytes | str, **options: Any) -> Taken:
    """Read a file whose lines are of organization `nhf` and people of an application's own ids."""
    told = ImportOptions(**{"org_id": "nhf", "mentor_namespace": "app", **options})
    source = io.BytesIO(content.encode() if isinstance(content, str) else content)
    reader = open_reader(source, "rows", told, lambda count: None)
    checker = LineChecker(reader.columns, {"nhf"}, told)
    taken = Taken([], {})
    for number, row in reader.rows:
        try:
            if isinstance(row, BadLineError):
                raise row
            values = checker.copy_line(number, row).rstrip("\n").split("\t")
        except BadLineError as exc:
            taken.errors[number] = f"{exc.column}: {exc.message}" if exc.column else exc.message
        else:
            named = dict(zip(NAMES, values, strict=True))
            attributes = named["attributes"].replace("\\\\", "\\")
            taken.rows.append(named | {"attributes": json.loads(attributes)})
    return taken


def refused(content: bytes | str, **options: Any) -> str:
    """Give the one line that a file is refused in as a whole."""
    with pytest.raises(PgmeritError) as caught:
        take(content, **options)
    assert "\n" not in caught.value.message
    return caught.value.message
