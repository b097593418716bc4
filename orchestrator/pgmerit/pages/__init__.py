"""HTML pages that open from disk: one file, no script, nothing from a network.

A page is a template that extends `base.html`, filled with tables, figures and tiles; `words` gives
its texts in a language, `charts` its figures.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from pgmerit import __version__
from pgmerit.errors import PgmeritError
from pgmerit.pages.charts import Mark
from pgmerit.pages.words import Words


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


@dataclass(frozen=True)
class Tile:
    """A number that counts, and what it counts."""

    name: str
    value: Any
    is_alarming: bool = False


def render(template: str, words: Words, **context: Any) -> str:
    """Fill a template of this package; whatever is not markup is escaped."""
    page = _environment().get_template(template)
    return page.render(words=words, version=__version__, **context)


def write_page(path: Path, page: str) -> None:
    """Write a page beside its place and move it there, so that no half page is ever seen.

    Raises PgmeritError where it cannot be written.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        try:
            beside.write_text(page, encoding="utf-8")
            beside.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                beside.unlink()
            raise
    except OSError as exc:
        raise PgmeritError(
            f"{path} cannot be written: {exc.strerror}", "Name a file in a folder that you may use."
        ) from exc


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("pgmerit.pages"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.tests["numeric"] = _is_numeric
    return environment


def _is_numeric(value: Any) -> bool:
    return not isinstance(value, str | bool) and hasattr(value, "__round__")
