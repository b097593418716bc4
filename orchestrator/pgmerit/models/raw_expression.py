"""The plain part of SQL/JSON path predicates: comparisons joined by &&, || and !.

Enough for is_eligible to decide what most raw rules say; the database decides all of them.
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<path>\$(?:\s*\.\s*(?:[A-Za-z_][A-Za-z0-9_]*|"(?:[^"\\]|\\.)*"))*)
      | (?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
      | (?P<string>"(?:[^"\\]|\\.)*")
      | (?P<word>true|false|null)\b
      | (?P<sign>&&|\|\||==|!=|<>|<=|>=|<|>|!|\(|\))
    )""",
    re.VERBOSE,
)
_STEP = re.compile(r'\.\s*([A-Za-z_][A-Za-z0-9_]*|"(?:[^"\\]|\\.)*")')
_MISSING = object()
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def evaluate(expression: str, document: Mapping[str, Any]) -> bool:
    """Tell whether a predicate holds on a document; unknown is not held.

    Raises ValueError for what goes beyond comparisons of paths and values.
    """
    reader = _Reader(expression, document)
    held = reader.either()
    if reader.tokens:
        raise _beyond(expression)
    return held is True


def named(expression: str, key: str) -> set[str]:
    """Return the names that an expression looks up below a key of the document."""
    found = re.findall(rf'\b{key}"?\s*\.\s*([A-Za-z_][A-Za-z0-9_]*|"(?:[^"\\]|\\.)*")', expression)
    return {_name(each) for each in found}


def _name(step: str) -> str:
    return str(json.loads(step)) if step.startswith('"') else step


def _beyond(expression: str) -> ValueError:
    return ValueError(f"only the database can decide {expression!r}")


class _Reader:
    def __init__(self, expression: str, document: Mapping[str, Any]) -> None:
        self.expression = expression
        self.document = document
        self.tokens: list[tuple[str, str]] = []
        place = 0
        text = expression.strip()
        while place < len(text):
            found = _TOKEN.match(text, place)
            if found is None or found.lastgroup is None:
                raise _beyond(expression)
            self.tokens.append((found.lastgroup, found[found.lastgroup]))
            place = found.end()

    def take(self, *signs: str) -> str | None:
        if self.tokens and self.tokens[0][0] == "sign" and self.tokens[0][1] in signs:
            return self.tokens.pop(0)[1]
        return None

    def either(self) -> bool | None:
        held = self.both()
        while self.take("||"):
            other = self.both()
            held = True if True in (held, other) else None if None in (held, other) else False
        return held

    def both(self) -> bool | None:
        held = self.negated()
        while self.take("&&"):
            other = self.negated()
            held = False if False in (held, other) else None if None in (held, other) else True
        return held

    def negated(self) -> bool | None:
        if self.take("!"):
            if not self.tokens or self.tokens[0] != ("sign", "("):
                raise _beyond(self.expression)
            held = self.negated()
            return None if held is None else not held
        if self.take("("):
            held = self.either()
            if not self.take(")"):
                raise _beyond(self.expression)
            return held
        return self.comparison()

    def comparison(self) -> bool | None:
        left = self.operand()
        sign = self.take(*_COMPARE)
        if sign is None:
            raise _beyond(self.expression)
        right = self.operand()
        if _MISSING in (left, right):
            return False
        if _kind(left) != _kind(right):
            # null differs from everything; values of two kinds cannot be compared.
            return sign in ("!=", "<>") if None in (left, right) else None
        if left is None:
            left = right = 0
        return _COMPARE[sign](left, right)

    def operand(self) -> Any:
        if not self.tokens:
            raise _beyond(self.expression)
        kind, text = self.tokens.pop(0)
        if kind == "path":
            found: Any = self.document
            for name in _STEP.findall(text):
                found = found.get(_name(name), _MISSING) if isinstance(found, Mapping) else _MISSING
            if isinstance(found, Mapping | list):
                raise _beyond(self.expression)
            return found
        if kind == "sign":
            raise _beyond(self.expression)
        return json.loads(text)


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, int | float) else type(value).__name__
