"""HTML pages that open from disk: one file, no script, nothing from a network.

A page is a template that extends `base.html`, filled with tables, figures and tiles; its texts are
those of a language, its charts come from `charts`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from pgmerit import __version__
from pgmerit.languages import Language
from pgmerit.pages.charts import Mark

if TYPE_CHECKING:  # Jinja is imported where it fills: most commands write no page.
    from jinja2 import Environment


class Share(float):
    """A fraction that a table shows as per cent."""


@dataclass(frozen=True)
class Table:
    """Rows below the names of their columns; numbers stand to the right."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]


@dataclass(frozen=True)
class Figure:
    """A chart of `pgmerit.pages.charts` with the table of its numbers behind it.

    `legend` names the chart's series in their order, where it has more than one; `marks` are the
    lines across it.
    """

    title: str
    chart: Markup
    table: Table
    legend: Sequence[str] = ()
    marks: Sequence[Mark] = ()
    note: str = ""

    @property
    def marked(self) -> dict[str, list[float]]:
        """The values that lines stand at, by the name of the mark."""
        found: dict[str, list[float]] = {}
        for mark in self.marks:
            found.setdefault(mark.name, []).append(mark.value)
        return found


@dataclass(frozen=True)
class Tile:
    """A number that counts, and what it counts."""

    name: str
    value: Any
    is_alarming: bool = False


def render(template: str, language: Language, **context: Any) -> str:
    """Fill a template of this package; whatever is not markup is escaped."""
    page = _environment().get_template(template)
    made_at = language.moment(datetime.now(UTC), UTC)
    return page.render(language=language, version=__version__, made_at=made_at, **context)


def shown(language: Language, value: Any) -> str:
    """Write a value of a table as a language does; a moment has its own zone."""
    match value:
        case None:
            return ""
        case bool():
            return language.text("page.true" if value else "page.false")
        case Share():
            return language.percent(value)
        case int() | float() | Decimal():
            return language.number(value)
        case datetime():
            return language.moment(value, value.tzinfo or UTC)
        case date():
            return language.day(value)
    return str(value)


@cache
def _environment() -> Environment:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("pgmerit.pages"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.tests["numeric"] = _is_numeric
    environment.filters["shown"] = jinja2.pass_context(
        lambda context, value: shown(context["language"], value)
    )
    return environment


def _is_numeric(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)
