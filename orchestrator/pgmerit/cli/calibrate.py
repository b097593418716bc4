"""`pgmerit rules calibrate`: which threshold gives a badge to which share of the people."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from pgmerit import languages, routines
from pgmerit.cli.common import (
    FILE,
    WRITTEN_FILE,
    Database,
    database_options,
    emit,
    format_option,
    language_option,
    print_line,
    say,
)
from pgmerit.pages.calibration import calibration_page, nearest
from pgmerit.rules import versions
from pgmerit.writing import write_whole

_BAR = 30
_DAY = click.DateTime(["%Y-%m-%d"])
_SHARE = re.compile(r"(\d{1,4}(?:\.\d{1,9})?)\s*(%?)")


def _share(ctx: click.Context, param: click.Parameter, given: str | None) -> Decimal | None:
    """Read a share as people write it: 10%, or 0.1."""
    if given is None:
        return None
    found = _SHARE.fullmatch(given.strip())
    share = Decimal(found[1]) / (100 if found[2] else 1) if found else Decimal(0)
    if not 0 < share < 1:
        raise click.BadParameter(f'"{given}" is not a share between 0% and 100%, such as 10%')
    return share


@click.command("calibrate")
@click.argument("badge")
@click.option("--org", metavar="SLUG", help="One organization; default: each that enables it.")
@click.option(
    "--share", callback=_share, metavar="SHARE", help="Name the thresholds nearest to it, as 10%."
)
@click.option("--part", metavar="NAME", help="A part of a composed badge: its id or path.")
@click.option("--as-of", type=_DAY, metavar="DATE", help="The day that counts as now.")
@click.option("--then", type=_DAY, metavar="DATE", help="The earlier day; default: a year before.")
@click.option(
    "--file", type=FILE, metavar="FILE", help="A rule set to look in that need not be applied."
)
@click.option("--html", type=WRITTEN_FILE, metavar="PAGE", help="Write the curves to a page.")
@language_option
@format_option
@database_options
def command(
    badge: str,
    org: str | None,
    share: Decimal | None,
    part: str | None,
    as_of: datetime | None,
    then: datetime | None,
    file: Path | None,
    html: Path | None,
    language: str | None,
    output_format: str,
    database: Database,
) -> None:
    """Show which thresholds would give BADGE to how many people, now and a year ago.

    Counts people by the activities recorded by now, of the days up to each of the two; changes
    nothing. Shares are of the people with an activity in the organization by then.
    """
    with database.connect(autocommit=True) as connection:
        told = routines.calibrate_badge(
            connection,
            badge,
            org,
            share=share,
            part=part,
            as_of=as_of.date() if as_of else None,
            then=then.date() if then else None,
            document=versions.read_file(file).value if file else None,
            language=language,
        )
    if html:
        write_whole(html, calibration_page(told, languages.find(language)))
        say(f"{html} is written")
    if output_format == "json":
        emit(told, output_format)
    else:
        _print(told)


def _print(told: Mapping[str, Any]) -> None:
    print_line(f"{told['name']}: {told['path']} of rule set {told['rule_set']}", bold=True)
    for organization in told["organizations"]:
        people = organization["people"]
        print_line()
        emit(
            [_row(told, organization, point) for point in organization["curve"]],
            "table",
            f"{organization['name']}: {people['now']} people, {people['then']} on {told['then']}",
        )
        for line in _lines(told, organization):
            print_line(line)


def _row(
    told: Mapping[str, Any], organization: Mapping[str, Any], point: Mapping[str, Any]
) -> dict[str, Any]:
    now, then = point["now"], point["then"]
    most = max(each["now"]["share"] or 0 for each in organization["curve"]) or 1
    present = [
        each["tier"] or "set now"
        for each in organization["thresholds"]
        if each["threshold"] == point["threshold"]
    ]
    return {
        told["key"]: point["threshold"],
        "people": now["people"],
        "share": _percent(now["share"]),
        "": "█" * round(_BAR * (now["share"] or 0) / most),
        told["then"]: then["people"],
        "share then": _percent(then["share"]),
        "set": ", ".join(present),
    }


def _lines(told: Mapping[str, Any], organization: Mapping[str, Any]) -> Iterator[str]:
    """Say which thresholds are nearest to the share that was asked for."""
    for moment in ("now", "then") if told["share"] is not None else ():
        given = [
            f"{told['key']} {point['threshold']} gives {point[moment]['people']}"
            f" ({_percent(point[moment]['share'])})"
            for point in nearest(organization, moment)
        ]
        yield (
            f"{_percent(told['share'])} on {told[moment]}: "
            + ("; ".join(given) or "no threshold comes near it")
        )


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.4g}%"
