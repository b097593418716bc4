"""Charts as SVG that take letters and colours from the page around them, light or dark.

Each bar has its number as a title, which a browser shows below the pointer. To a screen reader a
chart is one image: its numbers are in the table behind it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, tostring

from markupsafe import Markup

_WIDTH = 440
_HEIGHT = 210
_LETTERS = 13
_ROW = 27
_MANY_LABELS = 14
_STEPS = (1, 2, 2.5, 5, 10)
_TICKS = 7
_LEFT_OUT = ("defs", "desc")
_SERIES = re.compile(r"series serie-(\d+) ")

Write = Callable[[float], str]
plain: Write = "{:g}".format


@dataclass(frozen=True)
class Mark:
    """A line across a chart at a value of its lower axis, such as a threshold."""

    value: float
    name: str


@dataclass(frozen=True)
class Bin:
    """How many lie between two values of the lower axis."""

    low: float
    high: float
    many: int
    name: str


def round_step(least: float, is_whole: bool = False) -> float:
    """Give the next round number from one on: 1, 2, 2.5 or 5 times a power of ten."""
    power = 10 ** math.floor(math.log10(least))
    step = next(each * power for each in _STEPS if each * power >= least * 0.999)
    return float(max(1, math.ceil(step))) if is_whole else step


def columns(
    title: str,
    labels: Sequence[str],
    series: Mapping[str, Sequence[float]],
    write: Write = plain,
) -> Markup:
    """Draw columns; the series stand upon each other in their order, a value for each label."""
    chart = _new("StackedBar")
    chart.x_labels = list(labels)
    if len(labels) > _MANY_LABELS:
        chart.x_labels_major_count = _MANY_LABELS // 2
        chart.show_minor_x_labels = False
    for name, values in series.items():
        said = f", {name}" if len(series) > 1 else ""
        bars = zip(labels, values, strict=True)
        chart.add(name, [_bar(each, f"{label}{said}: {write(each)}") for label, each in bars])
    return _drawn(chart, title, len(series))


def bars(title: str, values: Sequence[tuple[str, float]], write: Write = plain) -> Markup:
    """Draw a bar a name, the first one above, each with its number."""
    chart = _new(
        "HorizontalBar",
        height=len(values) * _ROW + _LETTERS,
        show_y_guides=False,
        print_values=True,
        print_values_position="top",
        show_x_labels=False,
        value_formatter=write,
        range=(0, max([1.0, *(value for _, value in values)]) * 1.08),
    )
    chart.x_labels = [name for name, _ in values[::-1]]
    chart.add("", [_bar(value, f"{name}: {write(value)}") for name, value in values[::-1]])
    return _drawn(chart, title)


def histogram(
    title: str, bins: Sequence[Bin], marks: Sequence[Mark] = (), write: Write = plain
) -> Markup:
    """Draw how many lie in each bin, and a line up from each mark."""
    chart = _new("Histogram")
    chart.add(
        "",
        [
            {
                "value": (each.many, each.low, each.high),
                "tooltip": f"{each.name}: {write(each.many)}",
            }
            for each in bins
        ],
    )
    low, high = bins[0].low, bins[-1].high
    ticks = round_step((high - low) / _TICKS or 1, is_whole=True)
    chart.x_labels = [low + ticks * place for place in range(int((high - low) / ticks) + 1)]
    chart.x_value_formatter = write
    highest = max([1.0, *(each.many for each in bins)])
    thin = (high - low) / 300
    for mark in marks:
        place = (highest * 1.1, mark.value - thin / 2, mark.value + thin / 2)
        chart.add("", [{"value": place, "tooltip": f"{mark.name}: {write(mark.value)}"}])
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
    chart = _new("XY", dots_size=3)
    chart.value_formatter = write
    chart.x_value_formatter = write_across
    for name, points in series.items():
        chart.add(name, [_dot(each, name, write_across, write) for each in points])
    for mark in marks:
        ends = [(mark.value, 0), (mark.value, highest)]
        chart.add(mark.name, ends, show_dots=False)
    return _drawn(chart, title, len(series))


def _new(kind: str, **settings: Any) -> Any:
    """Make a chart of pygal, which is imported where something is drawn: it takes its time."""
    import pygal
    from pygal.style import Style

    letters = ("label", "major_label", "value", "value_label", "no_data")
    sizes = {f"{each}_font_size": _LETTERS for each in letters}
    usual = {
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
        "style": Style(font_family="sans-serif", **sizes),
        "width": _WIDTH,
    }
    return getattr(pygal, kind)(**usual | settings)


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
