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


def pretty(value: Any, indent: int = 0) -> str:
    """Give JSON in lines of at most `WIDTH` columns, as wide as they may be."""
    flat = json.dumps(value, ensure_ascii=False, default=str)
    if not isinstance(value, dict | list) or not value or indent + len(flat) <= WIDTH - 1:
        return flat
    inner = " " * (indent + 2)
    if isinstance(value, dict):
        ends = "{}"
        parts = [
            f"{json.dumps(key)}: {pretty(each, indent + len(key) + 6).lstrip()}"
            if len(json.dumps(each, default=str)) + indent + len(key) + 6 <= WIDTH - 1
            else f"{json.dumps(key)}: {pretty(each, indent + 2)}"
            for key, each in value.items()
        ]
    else:
        ends = "[]"
        parts = [pretty(each, indent + 2) for each in value]
    lines: list[str] = []
    for part in parts:
        # Short ones share a line.
        if (
            lines
            and "\n" not in lines[-1] + part
            and isinstance(value, dict)
            and len(inner + lines[-1] + part) + 3 <= WIDTH
        ):
            lines[-1] += f", {part}"
        else:
            lines.append(part)
    body = ",\n".join(inner + line for line in lines)
    return f"{ends[0]}\n{body}\n{' ' * indent}{ends[1]}"


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
