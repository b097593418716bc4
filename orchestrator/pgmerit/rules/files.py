"""Reading rule sets from YAML 1.2 or JSON files, with the line and column of everything.

The document is built from the parser's events, so that nothing is expanded, guessed or executed:
no aliases, tags or duplicate keys; `no` and `on` are words, `010` is ten, numbers are exact.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from pgmerit.errors import PgmeritError
from pgmerit.rules.grammar import Problem, grammar, quote, step
from ruamel.yaml import YAML, events
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError

LARGEST_FILE = 1_048_576
_DEEPEST = 64
_LONGEST_NUMBER = 200
_WIDEST_EXCERPT = 100

_NULL = re.compile(r"~|null|Null|NULL|")
_TRUE = re.compile(r"true|True|TRUE")
_FALSE = re.compile(r"false|False|FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?(\.inf|\.Inf|\.INF)|\.nan|\.NaN|\.NAN")


@dataclass(frozen=True)
class Document:
    """A file's content: the value, where each of its paths stands, and what was wrong to read."""

    value: Any
    places: dict[str, tuple[int, int]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    lines: tuple[str, ...] = ()

    def place(self, problem: Problem) -> Problem:
        """Return a problem with the line and column of its path, or of what holds it."""
        path = problem.path
        while path not in self.places and path != "$":
            path = _above(path)
        line, column = self.places.get(path, (1, 1))
        return replace(problem, line=line, column=column)


def _above(path: str) -> str:
    shorter = re.sub(r'(\.[A-Za-z0-9_]+|\[[0-9]+\]|\["(?:[^"\\]|\\.)*"\])$', "", path)
    return shorter if shorter != path and shorter else "$"


def excerpt(lines: Sequence[str], line: int | None, column: int | None) -> list[str]:
    """Give a line and a caret below its column; nothing where there is no such line.

    Of a very long line a part around the column.
    """
    if not line or not column or line > len(lines) or not lines[line - 1].strip():
        return []
    begin = max(0, column - 1 - _WIDEST_EXCERPT // 2)
    shown = lines[line - 1].rstrip("\r")[begin : begin + _WIDEST_EXCERPT].replace("\t", " ")
    return [shown, " " * (column - 1 - begin) + "^"]


class MalformedFileError(PgmeritError):
    """The file is no YAML or JSON; the detail holds line and column."""


def load_document(path: str | Path, content_name: str = "a rule set") -> Document:
    """Read a rule set, or what `content_name` says, from a file; `-` is standard input.

    Raises PgmeritError when the file cannot be read, MalformedFileError when it is no YAML or
    JSON. What can be read but must not stand there is among the document's problems.
    """
    path = Path(path)
    try:
        with nullcontext(sys.stdin.buffer) if str(path) == "-" else path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise PgmeritError(
            f"{path} cannot be read: {error.strerror}", f"Name {content_name} in YAML or JSON."
        ) from error
    if len(content) > LARGEST_FILE:
        raise PgmeritError(f"{path} is larger than {LARGEST_FILE} bytes", "Split it.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line = before.count(b"\n") + 1
        raise _malformed(path, line, len(before.split(b"\n")[-1]) + 1, "is not UTF-8") from error
    return parse_document(text, path, content_name)


def parse_document(
    text: str, path: Path = Path("document.yaml"), content_name: str = "a rule set"
) -> Document:
    """Read a rule set, or what `content_name` says, from text; a path in .json demands JSON."""
    read = _checked_json(text, path) if path.suffix.lower() == ".json" else text
    try:
        built = _Builder(content_name).build(_parsed(read))
        return replace(built, lines=tuple(text.split("\n")))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        said = " ".join(str(error.problem or error.context or "is malformed").split())
        raise _malformed(path, line, column, said, text) from error
    except ReaderError as error:
        before = text[: error.position]
        column = len(before.split("\n")[-1]) + 1
        character = error.character if isinstance(error.character, int) else text[error.position]
        code = character if isinstance(character, int) else ord(character)
        said = f"holds the character {code:#06x}, which YAML does not allow"
        raise _malformed(path, before.count("\n") + 1, column, said, text) from error
    except (YAMLError, RecursionError, ValueError) as error:
        raise _malformed(path, 1, 1, " ".join(str(error).split()) or "is malformed") from error


def _malformed(path: Path, line: int, column: int, said: str, text: str = "") -> MalformedFileError:
    detail: dict[str, Any] = {"line": line, "column": column, "message": said}
    if shown := excerpt(text.split("\n"), line, column):
        detail["excerpt"] = shown
    return MalformedFileError(
        f"{path}:{line}:{column}: {said}",
        "Mend the file there; YAML 1.2 and JSON are understood.",
        [detail],
    )


def _checked_json(text: str, path: Path) -> str:
    """Return JSON text as the YAML parser likes it, after a JSON parser has accepted it."""
    try:
        json.loads(text, parse_float=str, parse_int=str)
    except json.JSONDecodeError as error:
        raise _malformed(path, error.lineno, error.colno, error.msg, text) from error
    except RecursionError as error:
        raise _malformed(path, 1, 1, "is nested too deep") from error
    # Outside of strings a tab is mere space, and inside JSON allows none.
    return text.replace("\t", " ")


def _parsed(text: str) -> Iterator[Any]:
    parser = YAML(typ="safe", pure=True)
    parser.allow_duplicate_keys = True
    parsed: Iterator[Any] = parser.parse(text)
    return parsed


@dataclass
class _Open:
    """A mapping or list whose end has not been read yet."""

    value: Any
    path: str
    key: str | None = None


class _Builder:
    """Builds the value from the parser's events, without recursion."""

    def __init__(self, content_name: str) -> None:
        self.content_name = content_name
        self.places: dict[str, tuple[int, int]] = {}
        self.problems: list[Problem] = []
        self.open: list[_Open] = []
        self.value: Any = None

    def build(self, parsed: Iterator[Any]) -> Document:
        documents = 0
        for event in parsed:
            if isinstance(event, events.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self.complain("$", event, "is a second document in the file", "one document")
                    break
            elif isinstance(event, events.AliasEvent):
                path = self.enter(event)
                self.complain(path, event, "is an alias", "the value itself, written out")
                self.add(None)
            elif isinstance(event, events.ScalarEvent):
                self.scalar(event)
            elif isinstance(event, events.MappingStartEvent | events.SequenceStartEvent):
                self.start(event)
            elif isinstance(event, events.MappingEndEvent | events.SequenceEndEvent):
                self.open.pop()
        if not documents:
            self.problems.append(Problem("$", "is empty", self.content_name, 1, 1))
        return Document(self.value, self.places, tuple(self.problems))

    def complain(self, path: str, event: Any, said: str, allowed: str) -> None:
        mark = event.start_mark
        if len(self.problems) < grammar()["limits"]["problems"]:
            self.problems.append(Problem(path, said, allowed, mark.line + 1, mark.column + 1))

    def enter(self, event: Any) -> str:
        """Return the path of the value that begins, and remember where it stands."""
        if not self.open:
            path = "$"
        else:
            top = self.open[-1]
            path = step(top.path, len(top.value) if isinstance(top.value, list) else top.key or "")
        self.places.setdefault(path, (event.start_mark.line + 1, event.start_mark.column + 1))
        if getattr(event, "anchor", None) and not isinstance(event, events.AliasEvent):
            self.complain(path, event, "has an anchor", "the value alone")
        tag = getattr(event, "tag", None)
        if tag and tag != "!":
            self.complain(path, event, f"has the tag {tag}", "the value alone")
        return path

    def add(self, value: Any) -> None:
        if not self.open:
            self.value = value
            return
        top = self.open[-1]
        if isinstance(top.value, list):
            top.value.append(value)
        else:
            top.value.setdefault(top.key, value)
            top.key = None

    def expects_key(self) -> bool:
        return (
            bool(self.open)
            and isinstance(self.open[-1].value, dict)
            and (self.open[-1].key is None)
        )

    def start(self, event: Any) -> None:
        if self.expects_key():
            mark = event.start_mark
            said = "a list or an object cannot be a key"
            raise MarkedYAMLError(problem=said, problem_mark=mark)
        if len(self.open) >= _DEEPEST:
            said = f"is nested deeper than {_DEEPEST}"
            raise MarkedYAMLError(problem=said, problem_mark=event.start_mark)
        path = self.enter(event)
        value: Any = {} if isinstance(event, events.MappingStartEvent) else []
        self.add(value)
        self.open.append(_Open(value, path))

    def scalar(self, event: Any) -> None:
        text = _joined_surrogates(event.value)
        if text is None:
            mark = event.start_mark
            raise MarkedYAMLError(problem="holds no valid text", problem_mark=mark)
        if not self.expects_key():
            path = self.enter(event)
            self.add(self.resolved(text, path, event) if not event.style else text)
            return
        top = self.open[-1]
        top.key = text
        path = step(top.path, text)
        if text in top.value:
            self.complain(path, event, f"the key {quote(text)} is there twice", "each key once")
        else:
            mark = event.start_mark
            self.places[path] = (mark.line + 1, mark.column + 1)

    def resolved(self, text: str, path: str, event: Any) -> Any:
        """Return what a plain scalar means in the core schema of YAML 1.2."""
        if event.tag or _NULL.fullmatch(text):
            return text if event.tag else None
        if _TRUE.fullmatch(text) or _FALSE.fullmatch(text):
            return bool(_TRUE.fullmatch(text))
        if _NOT_FINITE.fullmatch(text):
            self.complain(path, event, f"{text} is no number", "a finite number")
            return 0
        if _OCTAL.fullmatch(text) or _HEXADECIMAL.fullmatch(text):
            return int(text, 0) if len(text) <= _LONGEST_NUMBER else self.too_large(path, event)
        if _INTEGER.fullmatch(text) or _DECIMAL.fullmatch(text):
            if len(text) > _LONGEST_NUMBER:
                return self.too_large(path, event)
            try:
                number = Decimal(text)
            except InvalidOperation:  # an exponent that has too many digits itself
                return self.too_large(path, event)
            if number and not -_LONGEST_NUMBER < number.adjusted() < _LONGEST_NUMBER:
                return self.too_large(path, event)
            if not number and abs(int(number.as_tuple().exponent)) > _LONGEST_NUMBER:
                return self.too_large(path, event)
            return int(number) if _INTEGER.fullmatch(text) else number
        return text

    def too_large(self, path: str, event: Any) -> int:
        self.complain(path, event, "is a number too large or too fine", "at most 200 digits")
        return 0


def _joined_surrogates(text: str) -> str | None:
    """Return text whose escaped surrogate pairs are characters, None where one stands alone."""
    try:
        joined = text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeError:
        return None
    return None if "\0" in joined else joined
