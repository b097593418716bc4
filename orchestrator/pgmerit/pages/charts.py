"""Charts as SVG that take letters and colours from the page around them, light or dark.

Each bar has its number as a title, which a browser shows below the pointer. To a screen reader a
chart is one image: its numbers are in the table behind it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, tostring

import pygal
from markupsafe import Markup
from pygal.style import Style

_WIDTH = 440
_HEIGHT = 210
_LETTERS = 13
_ROW = 27
_STYLE = Style(
    font_family="sans-serif",
    label_font_size=_LETTERS,
    major_label_font_size=_LETTERS,
    value_font_size=_LETTERS,
    value_label_font_size=_LETTERS,
    no_data_font_size=_LETTERS,
)
_LEFT_OUT = ("defs", "desc")
_SERIES = re.compile(r"series serie-(\d+) ")

Write = Callable[[float], str]
plain: Write = "{:g}".format


@dataclass(frozen=True)
class Mark:
    """A line across a chart at a value of its lower axis, such as a threshold."""

    value: float
    name: str


def columns(
    title: str,
    labels: Sequence[str],
    series: Mapping[str, Sequence[float]],
    write: Write = plain,
) -> Markup:
    """Draw columns; the series stand upon each other in their order, a value for each label."""
    chart = pygal.StackedBar(**_settings())
    chart.x_labels = [str(label) for label in labels]
    for name, values in series.items():
        said = f", {name}" if len(series) > 1 else ""
        bars = zip(labels, values, strict=True)
        chart.add(name, [_bar(each, f"{label}{said}: {write(each)}") for label, each in bars])
    return _drawn(chart, title, len(series))


def bars(title: str, values: Mapping[str, float], write: Write = plain) -> Markup:
    """Draw a bar a name, the first one above, each with its number."""
    chart = pygal.HorizontalBar(
        **_settings(height=len(values) * _ROW + _LETTERS, show_y_guides=False),
        print_values=True,
        print_values_position="top",
        show_x_labels=False,
        value_formatter=write,
        range=(0, max([1.0, *values.values()]) * 1.08),
    )
    rising = list(values.items())[::-1]
    chart.x_labels = [name for name, _ in rising]
    chart.add("", [_bar(value, f"{name}: {write(value)}") for name, value in rising])
    return _drawn(chart, title)


def histogram(
    title: str,
    bins: Sequence[tuple[float, float, float]],
    marks: Sequence[Mark] = (),
    write: Write = plain,
) -> Markup:
    """Draw how many lie in each bin, given as (from, up to, how many), and a line at each mark."""
    highest = max([1.0, *(each for _, _, each in bins)])
    chart = pygal.Histogram(**_settings())
    chart.add(
        "",
        [
            {**_bar(many, f"{write(low)}–{write(high)}: {write(many)}"), "value": (many, low, high)}
            for low, high, many in bins
        ],
    )
    thin = (max(high for _, high, _ in bins) - min(low for low, _, _ in bins)) / 300
    for mark in marks:
        place = (highest * 1.1, mark.value - thin / 2, mark.value + thin / 2)
        said = f"{mark.name}: {write(mark.value)}"
        chart.add("", [{"value": place, "tooltip": said}])
    return _drawn(chart, title)


def lines(
    title: str,
    series: Mapping[str, Sequence[tuple[float, float]]],
    marks: Sequence[Mark] = (),
    write: Write = plain,
    write_across: Write = plain,
) -> Markup:
    """Draw a line through the points (across, up) of each series, and one up from each mark."""
    highest = max([1e-9, *(up for points in series.values() for _, up in points)])
    chart = pygal.XY(**_settings(), dots_size=3)
    chart.value_formatter = write
    chart.x_value_formatter = write_across
    for name, points in series.items():
        chart.add(name, [_dot(each, name, write_across, write) for each in points])
    for mark in marks:
        ends = [(mark.value, 0), (mark.value, highest)]
        chart.add(mark.name, ends, show_dots=False)
    return _drawn(chart, title, len(series))


def _settings(**changed: Any) -> dict[str, Any]:
    return {
        "classes": ("chart",),
        "css": [],
        "disable_xml_declaration": True,
        "height": _HEIGHT,
        "js": [],
        "margin": 3,
        "max_scale": 6,
        "no_prefix": True,
        "show_legend": False,
        "show_x_guides": False,
        "show_y_guides": True,
        "style": _STYLE,
        "width": _WIDTH,
        **changed,
    }


def _bar(value: float, said: str) -> dict[str, Any]:
    return {"value": value, "tooltip": said}


def _dot(point: tuple[float, float], name: str, across: Write, up: Write) -> dict[str, Any]:
    return {"value": point, "tooltip": f"{name}, {across(point[0])}: {up(point[1])}"}


def _drawn(chart: Any, title: str, series: int = 1) -> Markup:
    """Give the chart; what was added after so many series are marks."""
    root: Element = chart.render_tree()
    _clean(root, series)
    root.attrib.pop("id", None)
    root.attrib |= {"role": "img", "aria-label": title}
    return Markup(tostring(root, encoding="unicode"))  # noqa: S704 - a tree, whose texts are escaped


def _clean(node: Element, series: int) -> None:
    """Leave out pygal's comments, script and style sheet, and what only they need."""
    for child in list(node):
        told = child.get("class", "")
        is_ours = isinstance(child.tag, str) and child.tag not in _LEFT_OUT
        if not is_ours or "tooltip-overlay" in told or (child.tag == "title" and node.tag == "svg"):
            node.remove(child)
            continue
        _clean(child, series)
        if child.tag == "g" and not len(child):
            node.remove(child)
        elif (place := _SERIES.match(told)) and int(place[1]) >= series:
            child.set("class", "mark")
