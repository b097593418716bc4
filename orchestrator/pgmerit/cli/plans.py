"""Plans and changes of rule sets, as people read them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pgmerit.cli.common import emit, print_line
from pgmerit.mentors import Names

_MOVES = ("awarded", "restored", "revoked", "lapsed")
_SIGNS = {
    "organization added": "+",
    "badge added": "+",
    "tier added": "+",
    "enabled": "+",
    "organization dropped": "-",
    "badge dropped": "-",
    "tier removed": "-",
    "disabled": "-",
}
_COLOURS = {"+": "green", "-": "red", "~": "yellow"}
_SOURCES = {"default": "the badge's", "organization": "the organization's own"}


def would_change(plan: Mapping[str, Any]) -> bool:
    """Tell whether applying the plan changes the rule set, or anything for anybody."""
    return bool(plan["changed"] or _moves(plan))


def print_plan(plan: Mapping[str, Any], names: Names) -> None:
    """Print a plan: the changes, then what they do to people."""
    version = plan["version"]
    if not plan["changed"]:
        print_line(f"{plan['rule_set']}: nothing changes, this is version {version}")
    elif version:
        print_line(f"{plan['rule_set']}: version {version} becomes {version + 1}")
    else:
        print_line(f"{plan['rule_set']}: version 1, the first")
    if plan["waiting"]:
        print_line(f"{plan['waiting']} people wait for version {version}; that is counted in")
    print_line()
    print_changes(plan["changes"], "Changes")
    if plan["effects"]:
        print_line()
        emit([_effect(each, names) for each in plan["effects"]], "table", "Effects on people")
    for title, listed in (
        ("Tiers moved", _tiers_moved(plan)),
        ("Nearest misses", _nearest(plan, names)),
    ):
        if listed:
            print_line()
            emit(listed, "table", title)
    for effect in plan["effects"]:
        if not effect["exact"]:
            print_line()
            print_line(f"{effect['badge_definition_id']}: not exact, {effect['note']}")
    print_line()
    print_line(_summary(plan))


def print_changes(changes: Sequence[Mapping[str, Any]], title: str | None = None) -> None:
    """Print changes, a line each."""
    if title:
        print_line(title)
    for change in changes:
        sign = _SIGNS.get(change["change"], "~")
        print_line(f"  {sign} {_change(change)}", colour=_COLOURS[sign])
    if not changes:
        print_line("  none")


def _change(change: Mapping[str, Any]) -> str:
    subject = str(change.get("badge_definition_id") or change.get("org_id") or "")
    if change.get("tier"):
        subject += f", tier {change['tier']}"
    words = [change["change"], subject, change.get("key"), *change.get("keys", ())]
    said = " ".join(str(word) for word in words if word)
    if change["change"] == "threshold changed":
        place = change["path"]
        if "criteria" in place:
            said += f" at {place}"
        old, new = (
            f"{change[name]} ({_SOURCES[change[name + '_source']]})" for name in ("old", "new")
        )
        said += f": {old} becomes {new}"
    elif "old" in change or "new" in change:
        known = [
            json.dumps(change[name], ensure_ascii=False, default=str)
            for name in ("old", "new")
            if name in change
        ]
        said += f": {' becomes '.join(known)}"
    if change.get("org_ids"):
        said += f" in {', '.join(change['org_ids'])}"
    return said


def _effect(effect: Mapping[str, Any], names: Names) -> dict[str, Any]:
    row: dict[str, Any] = {"organization": effect["org_id"], "badge": effect["badge_definition_id"]}
    for move in _MOVES:
        row[move] = effect[move]["awards"] if effect["exact"] else f"~{effect[move]['awards']}"
    tiers = [
        f"{each['tier']} {', '.join(f'{each[move]} {move}' for move in _MOVES if each[move])}"
        for each in effect["tiers"]
    ]
    people = [
        f"{move}: {', '.join(map(names.of, effect[move]['sample']))}"
        + (" .." if effect[move]["people"] > len(effect[move]["sample"]) else "")
        for move in _MOVES
        if effect[move]["people"]
    ]
    return row | {"tiers": "; ".join(tiers), "for example": "; ".join(people)}


def _tiers_moved(plan: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "organization": effect["org_id"],
            "badge": effect["badge_definition_id"],
            "from": moved["from"] or "none",
            "to": moved["to"] or "none",
            "people": moved["people"],
        }
        for effect in plan["effects"]
        for moved in effect["tiers_moved"]
    ]


def _nearest(plan: Mapping[str, Any], names: Names) -> list[dict[str, Any]]:
    return [
        {
            "organization": effect["org_id"],
            "badge": effect["badge_definition_id"],
            "tier": near["tier"],
            "person": names.of(near["peer_mentor_id"]),
            "value": near["value"],
            "target": near["target"],
            "fraction": near["fraction"],
        }
        for effect in plan["effects"]
        for near in effect["nearest"]
    ]


def _moves(plan: Mapping[str, Any]) -> dict[str, int]:
    counted = {move: sum(effect[move]["awards"] for effect in plan["effects"]) for move in _MOVES}
    return {move: count for move, count in counted.items() if count}


def _summary(plan: Mapping[str, Any]) -> str:
    moved = [f"{count} {move}" for move, count in _moves(plan).items()]
    return f"Awards: {', '.join(moved)}" if moved else "Awards: nobody gains or loses one"
