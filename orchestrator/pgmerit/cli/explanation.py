"""An explanation of badges.explain_badge in words: what a condition has, needs, and waits for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rich.text import Text
from rich.tree import Tree

from pgmerit.cli.common import verbatim

_MEASURES = {
    "count": "how many",
    "sum": "sum",
    "max": "highest",
    "active_days": "active days",
    "distinct": "different",
    "badges": "other badges",
    "raw": "raw criteria",
}
_GROUPS = {"all_of": "all of", "any_of": "any of"}
_WEEKDAYS = ("", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "",
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_MOMENTS = ("came_true_at", "denied_at", "due_at", "earned_at", "revoked_at")
_WHEN = ("weekdays", "hours", "months", "dates", "days_of_year", "from", "until")

Part = Mapping[str, Any]


def explanation_tree(told: Part, clock: Callable[[str], str]) -> Tree:
    """Draw an explanation: verdict, awards, then each condition below its group.

    `clock` writes a moment.
    """
    told = _with_moments(told, clock)
    root = Tree(_line(f"{told['name']}: {told['verdict']}", "bold"))
    for text, style in _head(told):
        root.add(_line(text, style))
    branches: dict[int | None, Tree] = {None: root}
    # Numbered from above and from left, so that a group comes before its parts.
    for part in sorted([*told["groups"], *told["conditions"]], key=lambda each: each["node"]):
        above = branches.get(part["parent"], root)
        if "kind" in part:
            branches[part["node"]] = above.add(_line(*_group_line(part)))
            continue
        place = above.add(_line(*_condition_line(part)))
        for detail in _condition_details(part):
            place.add(_line(detail, "dim"))
    return root


def _with_moments(told: Any, clock: Callable[[str], str]) -> Any:
    """Give an explanation whose moments are written by a clock.

    What a selector holds is the rule's own: there these words name attributes.
    """
    if isinstance(told, list):
        return [_with_moments(each, clock) for each in told]
    if isinstance(told, Mapping):
        return {
            name: value
            if name == "selector" or value is None
            else clock(value)
            if name in _MOMENTS
            else _with_moments(value, clock)
            for name, value in told.items()
        }
    return told


def _line(text: str, style: str = "") -> Text:
    return verbatim(text, style)


def _head(told: Part) -> Iterator[tuple[str, str]]:
    yield (
        f"{told['criteria_type']} of {told['rule_set']} version {told['rule_set_version']}"
        f" in {told['org_id']}",
        "",
    )
    if told["why_not"]:
        yield f"not yet: {told['why_not']}", "yellow"
    for denial in told["denials"]:
        tier = f" (tier {denial['tier']})" if denial["tier"] else ""
        yield (
            f"denied{tier} {denial['denied_at']} by {denial['denied_by']}: {denial['reason']}",
            "red",
        )
    for place in told["places"]:
        tier = f" of {place['tier']}" if place["tier"] else ""
        yield f"{place['claimed']} of {place['places']} places{tier} are taken", ""
    for award in told["awards"]:
        yield _award_line(award)


def _award_line(award: Part) -> tuple[str, str]:
    again = f" #{award['occurrence']}" if award["occurrence"] > 1 else ""
    by = f"by activity {award['activity_id']}" if award["activity_id"] else "by no single activity"
    text = f"{award['name']}{again}: earned {award['earned_at']} {by}, source {award['source']}"
    if award["rule_set_version"] is not None:
        text += f", version {award['rule_set_version']}"
    if award["note"]:
        text += f"; {award['note']}"
    if award["revoked_at"]:
        by = "a person" if award["revoked_by"] == "person" else "the rule"
        reason = f": {award['revoke_reason']}" if award["revoke_reason"] else ""
        return f"{text}; revoked {award['revoked_at']} by {by}{reason}", "red"
    return text, "green"


def _group_line(group: Part) -> tuple[str, str]:
    name = _GROUPS.get(group["kind"], f"{group['required']} of")
    text = f"{name}: {group['value']} of {group['required']}, {group['verdict']}"
    if group["threshold_source"] == "organization":
        text += (
            f" (the number is this organization's own, the badge's is {group['default_target']})"
        )
    if group["verdict"] == "met":
        return text, "green"
    if group["remaining"] == 0:
        return f"{text}: the parts never held at the same moment", "yellow"
    return text, "yellow"


def _condition_line(condition: Part) -> tuple[str, str]:
    is_met = condition["verdict"] == "met"
    name = f"{condition['tier']}: " if condition["tier"] else ""
    again = f" #{condition['occurrence']}" if condition["occurrence"] > 1 else ""
    text = (
        f"{name}{_measure_name(condition)}{again} {_number(condition['value'])}"
        f" of {_number(condition['target'])}: {condition['verdict']}"
    )
    if not is_met:
        text += f", {_number(condition['remaining'])} remaining"
    return text, "green" if is_met else "yellow"


def _measure_name(condition: Part) -> str:
    match condition.get("type"):
        case "training_completion":
            return "courses"
        case "tenure":
            return f"{condition['tenure']['unit']} passed"
        case "streak":
            order = "in a row" if "run" in condition else "in all"
            return f"{condition['now']['unit']}s {order}"
    measure: str = condition["measure"]
    return _MEASURES.get(measure, measure)


def _condition_details(condition: Part) -> Iterator[str]:
    if condition["selector"] is not None:
        yield f"of {_selector_text(condition['selector'])}"
    if condition.get("period", "now") != "now":
        yield f"the period is {condition['period']}"
    if condition["came_true_at"]:
        by = f" by activity {condition['activity_id']}" if condition["activity_id"] else ""
        yield f"came true {condition['came_true_at']}{by}"
    windows = [("best", condition.get("best")), ("now", condition.get("current"))]
    if condition.get("best") == condition.get("current"):
        windows = [("best and now", condition.get("best"))]
    for word, window in windows:
        if window is not None:
            yield f"{word} {_part_text(window)}"
            yield from _value_details(window)
    yield from _value_details(condition)
    yield from _run_details(condition)
    if "first_day" in condition.get("tenure", {}):
        yield _tenure_text(condition["tenure"])
    if "expression" in condition:
        yield f"expression {condition['expression']}"
        yield f"because {condition['reason']}"
    if condition["threshold_source"] == "organization":
        source = f"this organization's own, the badge's is {_number(condition['default_target'])}"
    else:
        source = "the badge's"
    yield (
        f"the threshold is {source} ({condition['path']}, since version"
        f" {condition['since_version']})"
    )


def _part_text(part: Part) -> str:
    """Say where a window or a value of `per` lies, and what it has."""
    words = []
    if "from" in part:
        words.append(_days(part))
    if "of" in part:
        words.append(_test(part["of"]))
    return f"{', '.join(words)}: {_number(part['value'])}"


def _value_details(part: Part) -> Iterator[str]:
    """Say which values or badges count, which lack, and which are near."""
    counted = [_test(each) for each in part.get("counted", [])]
    counted += [each["badge_definition_id"] for each in part.get("held", [])]
    if counted:
        yield f"has {', '.join(counted)}"
    if part.get("missing"):
        yield f"missing {', '.join(_test(each) for each in part['missing'])}"
    for near in part.get("open", []):
        yield (
            f"not yet {_test(near['of'])}: {_number(near['value'])} of {_number(near['target'])},"
            f" {_number(near['remaining'])} remaining"
        )


def _run_details(condition: Part) -> Iterator[str]:
    run = condition.get("run")
    if run and run["current"]:
        yield (
            f"the current run of {run['current']} began {run['first']} and lives until"
            f" {run['alive_until']}; the longest is {run['longest']}"
        )
    elif run:
        yield f"no run is alive; the longest was {run['longest']}"
    now = condition.get("now")
    if now and now["counts"]:
        yield f"this {now['unit']} ({_days(now)}) counts"
    elif now:
        yield (
            f"this {now['unit']} ({_days(now)}) has {_number(now['value'])} of"
            f" {_number(now['target'])}, {_number(now['remaining'])} remaining"
        )


def _tenure_text(tenure: Part) -> str:
    text = f"since {tenure['first_day']}, due {tenure['due_at']}"
    return f"{text}, {tenure['days_left']} days left" if tenure["days_left"] else text


def _days(part: Part) -> str:
    return part["from"] if part["from"] == part["until"] else f"{part['from']} to {part['until']}"


def _selector_text(selector: Part) -> str:
    """Say which activities are looked at, in words."""
    rest = dict(selector)
    words = [", ".join(rest.pop("types", None) or ["any activity"])]
    if where := rest.pop("where", None):
        words.append("where " + ", ".join(f"{name} {_test(test)}" for name, test in where.items()))
    when = rest.pop("when", {})
    words += [_when_text(name, when[name]) for name in _WHEN if name in when]
    window = rest.pop("window", None)
    if isinstance(window, Mapping):
        words.append(f"within {window['rolling_days']} days")
    elif window:
        words.append(f"within a {window}")
    unit = rest.pop("unit", None)
    for name, least in (("per_value", "each value"), ("per_unit", f"each {unit}")):
        if limits := rest.pop(name, None):
            words.append(f"{least} with {_limits_text(limits)}")
    if grace := rest.pop("grace", None):
        words.append(f"up to {grace} {unit}{'s' if grace > 1 else ''} in succession may lack")
    words += [f"{name} {_test(value)}" for name, value in rest.items()]
    return "; ".join(words)


def _when_text(name: str, value: Any) -> str:
    match name:
        case "hours":
            return f"between {value[0]} and {value[1]}"
        case "weekdays":
            return f"on {' or '.join(_WEEKDAYS[day] for day in value)}"
        case "months":
            return f"in {' or '.join(_MONTHS[month] for month in value)}"
        case "dates":
            return f"on {_test(value)}"
        case "days_of_year":
            return f"on day {_test(value)} of the year"
    return f"{name} {value}"


def _limits_text(limits: Part) -> str:
    measure = limits.get("measure", "count")
    name = _MEASURES.get(measure, measure)
    field = f" of {limits['field']}" if "field" in limits else ""
    return f"{name}{field} at least {_number(limits['at_least'])}"


def _test(test: Any) -> str:
    match test:
        case dict():
            return " and ".join(f"{name} {_test(value)}" for name, value in test.items())
        case list():
            return " or ".join(_test(value) for value in test)
        case bool():
            return "true" if test else "false"
        case float() | int():
            return _number(test)
    return str(test)


def _number(value: Any) -> str:
    if value is None:
        return "?"
    return f"{value:.4f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
