"""Rule sets: reading, validating, planning and applying them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from pgmerit import routines
from pgmerit.database import Connection, connect_alike, retry
from pgmerit.errors import PgmeritError, StoppedError, translate
from pgmerit.rules.documents import document_problems
from pgmerit.rules.files import Document, excerpt, load_document, parse_document
from pgmerit.rules.grammar import (
    Problem,
    canonical_text,
    criteria_problems,
    sorted_problems,
)
from pgmerit.writing import write_whole
from psycopg.types.json import set_json_dumps

__all__ = [
    "Document",
    "Plan",
    "Problem",
    "Unfinished",
    "apply",
    "check_file",
    "configure",
    "diff",
    "evaluate",
    "load_document",
    "parse_document",
    "plan",
    "plan_rollback",
    "read_file",
    "read_plan",
    "refusal",
    "rezone",
    "rollback",
    "unfinished",
    "validate_criteria",
    "validate_document",
    "warnings",
]

Progress = Callable[[str, int], AbstractContextManager[Callable[[float], None]]]

_PLAN_FORMAT = 1
_WAIT_SECONDS = 0.1
BATCH = 2000
_MEASURED_AHEAD_FROM = 250
_TOLD_AFTER = 30
_LONGEST_REST = 60.0  # seconds; docs of backfill_rule_set


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
    return document, _problems(document)


def read_file(path: str | Path) -> Document:
    """Read a valid rule set from a file; raises PgmeritError with every problem of another one."""
    document, problems = check_file(path)
    if problems:
        raise refusal(path, problems, document.lines)
    return document


def check_text(text: str) -> list[Problem]:
    """Return every problem of a rule set in text; raises PgmeritError as check_file does."""
    return _problems(parse_document(text))


def _problems(document: Document) -> list[Problem]:
    return in_the_file(document, validate_document(document.value))


def in_the_file(document: Document, found: Iterable[Problem]) -> list[Problem]:
    """Return every problem of a document in the order of its lines, those of reading it too."""
    broken = {problem.path for problem in document.problems}
    placed = [document.place(problem) for problem in found if problem.path not in broken]
    problems = sorted_problems([*document.problems, *placed])
    return sorted(problems, key=lambda each: (each.line or 0, each.column or 0))


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


def refusal(
    path: str | Path,
    problems: list[Problem],
    lines: Sequence[str] = (),
    hint: str = "`pgmerit rules validate` lists them too.",
) -> PgmeritError:
    """Return the error that a file with problems is answered with; `lines` are the file's."""
    count = len(problems)
    return PgmeritError(
        f"{path} has {count} problem{'' if count == 1 else 's'}; nothing was changed",
        hint,
        [
            _detail(each.as_dict()) | {"excerpt": excerpt(lines, each.line, each.column)}
            for each in problems
        ],
    )


def _detail(problem: Mapping[str, Any]) -> dict[str, Any]:
    named = dict(problem)
    return {"path": named.pop("path", ""), "message": named.pop("problem", ""), **named}


@dataclass(frozen=True)
class Plan:
    """What a plan file holds: a document, and the version of its rule set it was made for."""

    rule_set: str
    version: int
    checksum: str
    document: Mapping[str, Any]

    def write(self, path: Path) -> None:
        """Write the plan to a file, as JSON with exact numbers.

        Raises PgmeritError when the file cannot be written.
        """
        held = {
            "pgmerit_plan": _PLAN_FORMAT,
            "rule_set": self.rule_set,
            "version": self.version,
            "checksum": self.checksum,
            "document": self.document,
        }
        write_whole(path, canonical_text(held) + "\n")


def read_plan(path: Path) -> Plan | None:
    """Read a plan file; None when the file is none, or cannot be read as JSON.

    Raises PgmeritError when it is a plan of another format, or was changed since it was written.
    """
    try:
        held = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(held, dict) or "pgmerit_plan" not in held:
        return None
    try:
        plan = Plan(held["rule_set"], held["version"], held["checksum"], held["document"])
        is_whole = (
            held["pgmerit_plan"] == _PLAN_FORMAT
            # In Python true and 1.0 equal 1 as well.
            and type(held["pgmerit_plan"]) is type(plan.version) is int
            and 0 <= plan.version < 2**31
            and sha256(canonical_text(plan.document).encode()).hexdigest() == plan.checksum
            and plan.document["ruleset"] == plan.rule_set
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        is_whole = False
    if not is_whole:
        raise PgmeritError(
            f"{path} is not the plan that was written", "Make it anew: `pgmerit rules plan --out`."
        )
    return plan


def plan(connection: Connection, document: Document | Mapping[str, Any]) -> dict[str, Any]:
    """Tell what applying a document would change and do to people, read-only.

    Returns what badges.plan_rule_set gives. Raises PgmeritError as `apply` does.
    """
    value = document.value if isinstance(document, Document) else document
    with _told_in_place(connection, document), _read_only(connection):
        return routines.plan_rule_set(connection, value)


def plan_rollback(connection: Connection, rule_set: str, version: int) -> dict[str, Any]:
    """Tell what rolling back to a version would do, read-only; see `plan`."""
    with _told_in_place(connection, None), _read_only(connection):
        return routines.plan_rollback(connection, rule_set, version)


def diff(connection: Connection, old: Any, new: Any) -> list[dict[str, Any]]:
    """List how one document differs from another, as the `changes` of a plan."""
    with _told_in_place(connection, None):
        return routines.diff_rule_sets(connection, old, new)


@dataclass(frozen=True)
class Unfinished:
    """A rule set whose current version has not reached everybody."""

    rule_set: str
    version: int
    people: int
    rezoned_orgs: list[str]

    @property
    def command(self) -> str:
        """The command that ends it."""
        return f"pgmerit rules backfill --ruleset {self.rule_set}"

    @property
    def who(self) -> str:
        """How many people wait."""
        return "1 person waits" if self.people == 1 else f"{self.people} people wait"

    def __str__(self) -> str:
        """Say who waits for what."""
        said = f'{self.who} for version {self.version} of "{self.rule_set}"'
        if not self.rezoned_orgs:
            return said
        return f"{said}, and the calendar of {', '.join(self.rezoned_orgs)} is being changed"


def unfinished(connection: Connection, peer_mentor_id: UUID | None = None) -> list[Unfinished]:
    """List the rule sets for which people wait: all of them, or one person."""
    found = routines.list_unfinished_rule_sets(connection, peer_mentor_id)
    return [Unfinished(**row) for row in found]


@contextmanager
def _stoppable(
    connection: Connection, rule_set: str | None = None, *, is_evaluating: bool = False
) -> Iterator[None]:
    """Say on Ctrl-C which versions stand, who waits for them, and which command goes on."""
    try:
        yield
    except StoppedError:
        raise
    except KeyboardInterrupt as stop:
        # The stop may have come in the middle of an answer: the connection is of no use then.
        with suppress(psycopg.Error, PgmeritError), closing(connect_alike(connection)) as other:
            standing = _standing(other, rule_set, is_evaluating)
            raise StoppedError(f"stopped: {standing}") from stop
        raise


def _standing(connection: Connection, rule_set: str | None, is_evaluating: bool) -> str:
    waiting = {each.rule_set: each for each in unfinished(connection)}
    said = []
    for row in routines.list_rule_sets(connection):
        name, version = row["rule_set"], row["version"]
        if not row["is_current"] or rule_set not in (None, name):
            continue
        left = waiting.get(name)
        if left is None and is_evaluating:
            # Transactions begun before the version may still bring somebody.
            left = Unfinished(name, version, 0, [])
        is_applied = f'version {version} of "{name}" is applied'
        said.append(
            f"{is_applied} and nobody waits for it"
            if left is None
            else f"{is_applied}; {left.who}: `{left.command}` goes on"
        )
    return "; ".join(said) or "nothing was applied"


@contextmanager
def _read_only(connection: Connection) -> Iterator[None]:
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read, read only")
        yield


def apply(
    connection: Connection,
    document: Document | Mapping[str, Any],
    *,
    allow_empty: bool = False,
    allow_revoke: bool = False,
    expected_version: int | None = None,
    batch: int = BATCH,
    progress: Progress | None = None,
    tell: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Make a document the current version of its rule set and evaluate everybody by it.

    `connection` is in autocommit mode; every step is a transaction of its own, so a run that was
    broken off is taken up by the next. `expected_version` is the version it was planned for.
    `progress(description, total)` gives a function that takes the people done; `tell(message)` is
    called when older transactions keep it waiting. Returns what badges.apply_rule_set gives, with
    `evaluated` and `awarded`.

    Raises PgmeritError; its details are the problems when the document is not valid, or who would
    lose awards when `allow_revoke` is not given.
    """
    value = document.value if isinstance(document, Document) else document
    named = value.get("ruleset") if isinstance(value, Mapping) else None
    with _stoppable(connection, named):
        with _told_in_place(connection, document):
            applied = retry(
                partial(
                    routines.apply_rule_set,
                    connection,
                    value,
                    allow_empty=allow_empty,
                    allow_revoke=allow_revoke,
                    expected_version=expected_version,
                )
            )
        return applied | evaluate(connection, applied["rule_set"], batch, progress, tell)


def rollback(
    connection: Connection,
    rule_set: str,
    version: int,
    *,
    allow_revoke: bool = False,
    expected_version: int | None = None,
    batch: int = BATCH,
    progress: Progress | None = None,
    tell: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Make a version that equals an earlier one, and evaluate everybody by it; see `apply`."""
    with _stoppable(connection, rule_set):
        with _told_in_place(connection, None):
            applied = retry(
                partial(
                    routines.rollback_rule_set,
                    connection,
                    rule_set,
                    version,
                    allow_revoke=allow_revoke,
                    expected_version=expected_version,
                )
            )
        return applied | evaluate(connection, rule_set, batch, progress, tell)


def configure(
    connection: Connection,
    badge_definition_id: str,
    org_id: str,
    is_enabled: bool,
    custom_thresholds: Any = None,
    *,
    allow_revoke: bool = False,
    batch: int = BATCH,
    progress: Progress | None = None,
    tell: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Set a badge of one organization, and evaluate everybody by it; see `apply`."""
    with _stoppable(connection):
        with _told_in_place(connection, None):
            applied = retry(
                partial(
                    routines.configure_badge,
                    connection,
                    badge_definition_id,
                    org_id,
                    is_enabled,
                    custom_thresholds,
                    allow_revoke=allow_revoke,
                )
            )
        return applied | evaluate(connection, applied["rule_set"], batch, progress, tell)


def rezone(
    connection: Connection,
    org_id: str,
    time_zone: str | None = None,
    day_starts: str | None = None,
    week_starts: str | None = None,
    *,
    batch: int = BATCH,
    progress: Progress | None = None,
    tell: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Give an organization another calendar, and everybody the days of it; see `apply`."""
    with _stoppable(connection):
        applied = retry(
            partial(
                routines.rezone_organization,
                connection,
                org_id,
                time_zone,
                day_starts,
                week_starts,
            )
        )
        return applied | evaluate(connection, applied["rule_set"], batch, progress, tell)


@contextmanager
def _told_in_place(
    connection: Connection, document: Document | Mapping[str, Any] | None
) -> Iterator[None]:
    """Send numbers exactly; tell what the database refuses with the lines of the file."""
    set_json_dumps(canonical_text, connection)
    try:
        yield
    except psycopg.Error as error:
        refused = translate(error)
        if isinstance(document, Document):
            refused.details = [_placed(document, each) for each in refused.details]
        refused.details = [_detail(each) if "problem" in each else each for each in refused.details]
        raise refused from error


def _placed(document: Document, detail: dict[str, Any]) -> dict[str, Any]:
    if not {"path", "problem", "allowed"} <= detail.keys():
        return detail
    problem = Problem(detail["path"], detail["problem"], detail["allowed"])
    return document.place(problem).as_dict()


def evaluate(
    connection: Connection,
    rule_set: str,
    batch: int = BATCH,
    progress: Progress | None = None,
    tell: Callable[[str], None] | None = None,
) -> dict[str, int]:
    """Evaluate everybody by the current version, those of still open transactions included.

    Takes up what an earlier run left. Returns `evaluated` and `awarded`; see `apply`.
    """
    done = {"evaluated": 0, "awarded": 0}
    idle = 0
    shown = progress or (lambda description, total: nullcontext(lambda steps: None))
    with _stoppable(connection, rule_set, is_evaluating=True):
        horizon = routines.rule_set_horizon(connection)
        waiting = routines.backfill_rule_set(connection, rule_set, 0)["remaining"]
        if waiting > _MEASURED_AHEAD_FROM:
            retry(partial(routines.measure_rule_set, connection, rule_set))
        # A writer waits for as many people as lie locked, and for as long as they do.
        small = min(batch, max(50, waiting // 200))
        size, seen, rest = small, int(routines.rule_set_horizon(connection)), 0.0
        is_near_end = waiting <= size
        with shown("Evaluating people", waiting) as advance:
            while True:
                # Asked before what may be the last: who came before the answer is found by it.
                is_settled = is_near_end and routines.rule_set_is_settled(connection, None, horizon)
                began = time.monotonic()
                step = retry(
                    partial(
                        routines.backfill_rule_set,
                        connection,
                        rule_set,
                        size,
                        rest=timedelta(seconds=rest),
                    )
                )
                took = time.monotonic() - began - rest
                done["evaluated"] += step["evaluated"]
                done["awarded"] += step["awarded"]
                advance(step["evaluated"])
                if is_settled and step["remaining"] == 0:
                    return done
                # Whoever writes takes a transaction id: others have taken some, or only the batch.
                before, seen = seen, int(routines.rule_set_horizon(connection))
                is_alone = seen - before <= bool(step["evaluated"])
                size = min(batch, 2 * size) if is_alone else small
                # Beside writers it takes half of the time.
                rest = 0.0 if is_alone else min(took, _LONGEST_REST)
                is_near_end = step["remaining"] == 0 or done["evaluated"] + size >= waiting
                idle = 0 if step["evaluated"] else idle + 1
                if idle:
                    time.sleep(_WAIT_SECONDS)
                if idle == _TOLD_AFTER and tell:
                    tell("waiting for transactions that began before the rule set was applied")
