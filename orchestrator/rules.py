"""Rule sets: reading, validating and applying them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from psycopg.types.json import set_json_dumps

from orchestrator import routines
from orchestrator.database import Connection, retry
from orchestrator.errors import PgmeritError, translate
from orchestrator.grammar import (
    Problem,
    canonical_text,
    criteria_problems,
    sorted_problems,
)
from orchestrator.rule_documents import document_problems
from orchestrator.rule_files import Document, load_document, parse_document

__all__ = [
    "Document",
    "Problem",
    "apply",
    "check_file",
    "load_document",
    "parse_document",
    "refusal",
    "validate_criteria",
    "validate_document",
    "warnings",
]

Progress = Callable[[str, int], AbstractContextManager[Callable[[float], None]]]

_WAIT_SECONDS = 0.1
_TOLD_AFTER = 30


def validate_criteria(criteria: Any) -> list[Problem]:
    """Return every problem of one badge's criteria; empty when valid.

    The same problems, in the same words, as badges.validate_criteria gives.
    """
    return criteria_problems(criteria)


def validate_document(document: Any) -> list[Problem]:
    """Return every problem of a rule set; empty when it may be applied.

    The same problems as the database finds, but for what it alone knows of criteria_raw.
    """
    return document_problems(document)


def check_file(path: str | Path) -> tuple[Document, list[Problem]]:
    """Read a file and return it with every problem, each with its line and column.

    Raises PgmeritError when the file cannot be read or is no YAML or JSON.
    """
    document = load_document(path)
    broken = {problem.path for problem in document.problems}
    found = [
        document.place(problem)
        for problem in validate_document(document.value)
        if problem.path not in broken
    ]
    problems = sorted_problems([*document.problems, *found])
    return document, sorted(problems, key=lambda each: (each.line or 0, each.column or 0))


def warnings(document: Any) -> list[str]:
    """Return what is allowed in a valid rule set and yet most likely not meant."""
    organizations = document.get("organizations", {}).values()
    badges = document.get("badges", {})
    said = [
        f'no organization enables the badge "{slug}"'
        for slug in badges
        if organizations
        and not any(slug in each["badges"] for each in organizations if "badges" in each)
        and all("badges" in each for each in organizations)
    ]
    said += [
        f'the badge "{slug}" is a raw rule: {badge["criteria"]["reason"]}'
        for slug, badge in badges.items()
        if badge["criteria"]["type"] == "criteria_raw"
    ]
    return said


def refusal(path: str | Path, problems: list[Problem]) -> PgmeritError:
    """Return the error that a file with problems is answered with."""
    count = len(problems)
    return PgmeritError(
        f"{path} has {count} problem{'' if count == 1 else 's'}; nothing was changed",
        "`pgmerit rules validate` lists them too.",
        [_detail(problem.as_dict()) for problem in problems],
    )


def _detail(problem: Mapping[str, Any]) -> dict[str, Any]:
    named = dict(problem)
    return {"path": named.pop("path", ""), "message": named.pop("problem", ""), **named}


def apply(
    connection: Connection,
    document: Document | Mapping[str, Any],
    *,
    allow_empty: bool = False,
    batch: int = 1000,
    progress: Progress | None = None,
    tell: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Make a document the current version of its rule set and evaluate everybody by it.

    `connection` is in autocommit mode; every step is a transaction of its own, so a run that was
    broken off is taken up by the next. `progress(description, total)` gives a function that takes
    the people done; `tell(message)` is called when older transactions keep it waiting. Returns what
    badges.apply_rule_set gives, with `evaluated` and `awarded`.

    Raises PgmeritError; its details are the problems when the document is not valid.
    """
    value = document.value if isinstance(document, Document) else document
    try:
        set_json_dumps(canonical_text, connection)
        applied = retry(
            partial(routines.apply_rule_set, connection, value, allow_empty=allow_empty)
        )
    except psycopg.Error as error:
        refused = translate(error)
        if isinstance(document, Document):
            refused.details = [_placed(document, each) for each in refused.details]
        refused.details = [_detail(each) if "problem" in each else each for each in refused.details]
        raise refused from error
    return applied | _settle(connection, applied, batch, progress, tell)


def _placed(document: Document, detail: dict[str, Any]) -> dict[str, Any]:
    if not {"path", "problem", "allowed"} <= detail.keys():
        return detail
    problem = Problem(detail["path"], detail["problem"], detail["allowed"])
    return document.place(problem).as_dict()


def _settle(
    connection: Connection,
    applied: Mapping[str, Any],
    batch: int,
    progress: Progress | None,
    tell: Callable[[str], None] | None,
) -> dict[str, int]:
    """Evaluate everybody by the current version, those of still open transactions included."""
    rule_set = applied["rule_set"]
    horizon = routines.rule_set_horizon(connection)
    done = {"evaluated": 0, "awarded": 0}
    idle = 0
    shown = progress or (lambda description, total: nullcontext(lambda steps: None))
    with shown("Evaluating people", applied["people_to_evaluate"]) as advance:
        while True:
            # Asked before the batch: who came before the answer is found by the batch.
            is_settled = routines.rule_set_is_settled(connection, rule_set, horizon)
            step = retry(partial(routines.backfill_rule_set, connection, rule_set, batch))
            done["evaluated"] += step["evaluated"]
            done["awarded"] += step["awarded"]
            advance(step["evaluated"])
            if is_settled and step["remaining"] == 0:
                return done
            idle = 0 if step["evaluated"] else idle + 1
            if idle:
                time.sleep(_WAIT_SECONDS)
            if idle == _TOLD_AFTER and tell:
                tell("waiting for transactions that began before the rule set was applied")
