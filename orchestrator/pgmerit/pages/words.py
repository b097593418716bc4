"""The texts of pages by language, and how numbers, days and moments are written in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from ruamel.yaml import YAML

from pgmerit.errors import PgmeritError

_NO_BREAK = "\u00a0"


@dataclass(frozen=True)
class Words:
    """The texts of one language: words("near", people=3) fills the names of a text."""

    language: str
    texts: Mapping[str, str]

    def __call__(self, key: str, **values: Any) -> str:
        """Give a text; what stands in for its names is written as this language writes it."""
        return self.texts[key].format_map({name: self.shown(each) for name, each in values.items()})

    def shown(self, value: Any) -> str:
        """Write a value of a table."""
        match value:
            case None:
                return ""
            case bool():
                return self.texts["yes" if value else "no"]
            case int() | float() | Decimal():
                return self.number(value)
            case datetime():
                return value.strftime("%Y-%m-%d %H:%M %Z").rstrip()
            case date():
                return value.isoformat()
        return str(value)

    def number(self, value: float | Decimal) -> str:
        """Write a number with at most two decimals."""
        text = f"{value:,.2f}".rstrip("0").rstrip(".") if value % 1 else f"{value:,.0f}"
        marks = {",": self.texts["group_mark"], ".": self.texts["decimal_mark"]}
        return "".join(marks.get(each, each) for each in text).replace(" ", _NO_BREAK)

    def month(self, day: date) -> str:
        """Name a day's month in three letters."""
        return self.texts["months"].split()[day.month - 1]


def languages() -> list[str]:
    """List the languages that there are texts in."""
    return sorted(each.name.removesuffix(".yaml") for each in _folder().iterdir())


@cache
def words(language: str | None = None) -> Words:
    """Give the texts of a language, English unless named.

    Raises PgmeritError for a language without texts.
    """
    code = language or "en"
    if code not in languages():
        raise PgmeritError(
            f'there are no texts in the language "{code}"', f"Use one of {', '.join(languages())}."
        )
    texts = YAML(typ="safe", pure=True).load((_folder() / f"{code}.yaml").read_text("utf-8"))
    return Words(code, texts)


def _folder() -> Any:
    return files("pgmerit.pages") / "texts"
