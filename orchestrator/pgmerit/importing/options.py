"""How a file is read, and the error of a line that cannot be taken."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

PLAIN_COLUMNS = (
    "peer_mentor_id",
    "org_id",
    "activity_type",
    "occurred_at",
    "activity_date",
    "quantity",
    "idempotency_key",
    "attributes",
)
DEFAULT_MAX_ERRORS = 20
InputFormat = Literal["auto", "csv", "jsonl", "xlsx"]
DateOrder = Literal["dmy", "mdy", "ymd"]
Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How a file is read.

    `encoding`: of a text file; None is UTF-8, or what a byte order mark says.
    `sheet`: the sheet of a workbook; None where it has only one.
    `mapped`: the proper column for a name in the file, '' for one that is left out.
    `date_order`: how days are written, years with four digits; None is ISO 8601 alone.
    `decimal`: the decimal sign of numbers, a point or a comma.
    `mentor_namespace`: person ids are external ids of this namespace, which are remembered, not
    uuids.
    `key`: the columns that an idempotency key is made from.
    `max_errors`: stop reading after so many bad lines.
    `skip_errors`: import the good lines and only tell the bad ones, all of them.
    `chunk`: commit after about so many rows, whole persons; None is all in one transaction.
    `dry_run`: do all of it in one transaction, and roll it back.
    """

    input_format: InputFormat = "auto"
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    mapped: Mapping[str, str] = field(default_factory=dict)
    date_order: DateOrder | None = None
    decimal: str = "."
    mentor_namespace: str | None = None
    org_id: str | None = None
    key: tuple[str, ...] = ()
    max_errors: int = DEFAULT_MAX_ERRORS
    skip_errors: bool = False
    chunk: int | None = None
    dry_run: bool = False


class BadLineError(Exception):
    """A value on the current line that cannot be taken."""

    def __init__(self, column: str | None, message: str) -> None:
        super().__init__(message)
        self.column = column
        self.message = message


def shown(text: str) -> str:
    """Quote a value for a message, cut where it is long."""
    return json.dumps(text if len(text) <= 60 else text[:57] + "...", ensure_ascii=False)
