"""What the generated pages share: sections between comments, tables, JSON that can be read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

WIDTH = 100


def fill(text: str, sections: Mapping[str, str]) -> str:
    """Give a text with its sections as they should be; raises LookupError where one is missing."""
    for name, body in sections.items():
        pattern = rf"(<!-- {name}: [^\n]*-->\n).*?(<!-- end of {name} -->)"
        found = re.search(pattern, text, re.DOTALL)
        if not found:
            raise LookupError(f"no section {name}")
        text = text[: found.end(1)] + body + text[found.start(2) :]
    return text


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Give a table; a bar in a cell is escaped."""
    lines = [
        heads,
        ["---"] * len(heads),
        *([cell.replace("|", "\\|") for cell in row] for row in rows),
    ]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def block(kind: str, text: str) -> str:
    """Give a fenced block."""
    return f"```{kind}\n{text.rstrip()}\n```\n"


def pretty(value: Any, indent: int = 0, before: int = 0) -> str:
    """Give JSON in lines of at most `WIDTH` columns; `before` stands before it in its line."""
    flat = json.dumps(value, ensure_ascii=False, default=str)
    if not isinstance(value, dict | list) or indent + before + len(flat) < WIDTH:
        return flat
    heads = (
        [f"{json.dumps(key)}: " for key in value] if isinstance(value, dict) else [""] * len(value)
    )
    below = value.values() if isinstance(value, dict) else value
    lines: list[str] = []
    for head, each in zip(heads, below, strict=True):
        part = head + pretty(each, indent + 2, len(head))
        # What is short shares a line with what is beside it in an object.
        fits = lines and indent + 2 + len(lines[-1]) + 2 + len(part) < WIDTH
        if fits and head and "\n" not in lines[-1] + part:
            lines[-1] += f", {part}"
        else:
            lines.append(part)
    first, last = flat[0], flat[-1]
    body = ",\n".join(" " * (indent + 2) + line for line in lines)
    return f"{first}\n{body}\n{' ' * indent}{last}"


def masked(value: Any) -> Any:
    """Give a value with three dots for each moment of today: all others are the example's."""
    if isinstance(value, dict):
        return {key: masked(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [masked(each) for each in value]
    moment = value
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return value
    if isinstance(moment, datetime):
        if moment.tzinfo and abs(moment - datetime.now(UTC)) < timedelta(days=1):
            return "..."
        return value if isinstance(value, str) else value.isoformat()
    return value
