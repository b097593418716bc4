"""The rule language by brute force: every beginning of a history, measured from scratch.

Written from the description of the language alone, slow and plain on purpose. It shares nothing
with the engine and nothing with orchestrator/, so that each can be held against it. Every key and
every bound of the language is one small function of this module, called by its name: whoever
replaces one (`monkeypatch.setattr(evaluator, "reaches", ...)`) has a language without that bound.

    awards(document, activities)            what a rule set awards, and when
    expected_stats(selectors, activities)   the rows of the snapshot

Numbers are fractions, so nothing is ever rounded.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

LARGEST_NUMBER = Fraction(10**30)
ABSENT = object()
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
COMPOSED = ("all_of", "any_of", "n_of", "none_of")
# The key that holds the number of a criteria type, and that an organization may set.
NUMBER_KEYS = {
    "threshold": "at_least",
    "streak": "length",
    "training_completion": "require",
    "badges_earned": "at_least",
    "n_of": "n",
    "in_a_row": "length",
    "share": "at_least",
}

Criteria = Mapping[str, Any]
AwardKey = tuple[str, UUID, str, str, int]  # organization, mentor, badge, tier, occurrence
HeldKey = tuple[str, UUID, str]  # organization, mentor, badge
StatKey = tuple[UUID, str, str, str]  # mentor, organization, stat, bucket
RUN_MEASURES = {"active_days", "day_run", "week_run", "month_run"}


@dataclass(frozen=True)
class Activity:
    """One activity. `attributes` as `read_json` or `exact` gives them; no day = the local day."""

    org: str
    mentor: UUID
    activity_type: str
    occurred_at: datetime
    quantity: Fraction = Fraction(0)
    attributes: Mapping[str, Any] = field(default_factory=dict, hash=False)
    activity_date: date | None = None
    key: str | None = None


@dataclass(frozen=True)
class Clock:
    """How an organization tells the time."""

    zone: ZoneInfo
    day_starts: time


@dataclass
class History:
    """One person's activities in one organization, with all that a rule may ask about them."""

    clock: Clock
    activities: list[Activity]
    as_of: datetime | None
    badges: Mapping[str, Mapping[str, Any]]
    held: dict[str, datetime]  # other badges, and since when
    last_award: datetime | None
    moments: list[datetime] = field(default_factory=list)
    measured: dict[str, list[Fraction | None]] = field(default_factory=dict)
    chosen: dict[str, list[Activity]] = field(default_factory=dict)
    lapsing: dict[str, list[Criteria]] = field(default_factory=dict)  # by badge: what may be held


def read_json(text: str) -> Any:
    """Read JSON with exact numbers."""
    return json.loads(text, parse_int=Fraction, parse_float=Fraction)


def exact(value: Any) -> Any:
    """Give a value of Python or YAML as `read_json` gives it."""
    if isinstance(value, Mapping):
        return {name: exact(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [exact(each) for each in value]
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return number(value)
    return value


def number(value: Any) -> Fraction:
    """Give a number of a document exactly."""
    return Fraction(str(value)) if isinstance(value, float) else Fraction(value)


def whole(value: Any) -> int:
    """Give a whole number of a document."""
    return int(number(value))


def day(value: Any) -> date:
    """Give a day of a document; YAML makes dates of them by itself."""
    return value if isinstance(value, date) else date.fromisoformat(value)


def minutes(value: Any) -> int:
    """Give an hour (22) or a time of day ("22:30") as minutes since midnight."""
    if isinstance(value, str):
        hours, rest = value.split(":")
        return int(hours) * 60 + int(rest)
    return whole(value) * 60


def awards(
    document: Mapping[str, Any],
    activities: Iterable[Activity],
    as_of: datetime | None = None,
    held: Mapping[HeldKey, datetime] | None = None,
    *,
    is_touched: bool = False,
    last_awards: Mapping[tuple[str, UUID], datetime] | None = None,
) -> dict[AwardKey, datetime]:
    """Give every award that the activities call for, with the moment it was earned.

    as_of: a moment up to which time has passed without an activity; tenure and what lapses look at
    it. A badge that lapses is there only while it is held, with the moment since when.
    held: what badges_earned counts instead of the awards found here: what is held in truth.
    is_touched: by decisions of people; then held alone says what is held of badges that lapse.
    last_awards: of each person, of any tier and occurrence; time has passed up to it.
    limit is handed out as one backfill of everybody does it.
    """
    present = list(without_replays(activities))
    found: dict[AwardKey, datetime] = {}
    for org, organization in document["organizations"].items():
        clock = clock_of(organization)
        badges = {
            slug: {**badge, "criteria": with_weeks(badge["criteria"], organization)}
            for slug, badge in document.get("badges", {}).items()
        }
        people = [
            _history(clock, each, as_of, badges, org, mentor, held, last_awards or {})
            for mentor, each in _by_mentor(present, org, held or {}).items()
        ]
        for badge in in_order_of_need(badges):
            if not is_enabled(badge, badges[badge], organization):
                continue
            custom = organization.get("custom_thresholds", {}).get(badge)
            criteria = with_thresholds(badges[badge]["criteria"], custom)
            criteria = with_closed_days(criteria, organization.get("closed_days", []))
            given: dict[AwardKey, datetime] = {}
            if badges[badge].get("on_unmet") == "lapse" and not is_touched:
                for history, _ in people:
                    history.lapsing[badge] = [each for _, _, each in targets(criteria)]
            for history, mentor in people:
                for tier, occurrence, target in targets(criteria):
                    lapses = badges[badge].get("on_unmet") == "lapse"
                    moment = (held_since if lapses else earned_at)(badge, target, history)
                    if moment is not None:
                        given[org, mentor, badge, tier, occurrence] = moment
            given = within_limit(badges[badge].get("limit"), given)
            found |= given
            if held is None:
                for history, mentor in people:
                    dates = [given[key] for key in given if key[1] == mentor]
                    if dates:
                        history.held[badge] = min(dates)
    return found


def without_replays(activities: Iterable[Activity]) -> Iterator[Activity]:
    """Pass over activities whose idempotency key was seen before."""
    seen = set()
    for each in activities:
        identity = (each.org, each.mentor, each.key)
        if each.key is None or identity not in seen:
            yield each
        seen.add(identity)


def _by_mentor(
    activities: Iterable[Activity], org: str, held: Iterable[HeldKey]
) -> dict[UUID, list[Activity]]:
    """Part an organization's activities by person; who holds a badge is there without any."""
    people: dict[UUID, list[Activity]] = {key[1]: [] for key in held if key[0] == org}
    for each in activities:
        if each.org == org:
            people.setdefault(each.mentor, []).append(each)
    return people


def _history(
    clock: Clock,
    activities: list[Activity],
    as_of: datetime | None,
    badges: Mapping[str, Any],
    org: str,
    mentor: UUID,
    held: Mapping[HeldKey, datetime] | None,
    last_awards: Mapping[tuple[str, UUID], datetime],
) -> tuple[History, UUID]:
    dated = [replace(each, activity_date=local_day(each, clock)) for each in activities]
    own = {key[2]: at for key, at in (held or {}).items() if key[:2] == (org, mentor)}
    history = History(clock, dated, as_of, badges, own, last_awards.get((org, mentor)))
    instants = {each.occurred_at for each in dated} | set(own.values())
    dues = {
        tenure_due(node, history)
        for badge in badges.values()
        for _, _, target in targets(badge["criteria"])
        for node in nodes(target)
        if node["type"] == "tenure"
    }
    history.moments = sorted(instants | {due for due in dues if due is not None})
    return history, mentor


def clock_of(organization: Mapping[str, Any]) -> Clock:
    """time_zone and day_starts of an organization."""
    return Clock(
        ZoneInfo(organization.get("time_zone", "UTC")),
        time.fromisoformat(str(organization.get("day_starts", "00:00"))),
    )


def with_weeks(node: Criteria, organization: Mapping[str, Any]) -> dict[str, Any]:
    """week_starts of an organization, known to every node of its criteria."""
    parts = [with_weeks(part, organization) for part in node.get("criteria", ())]
    known = {**node, "week_starts": organization.get("week_starts", "monday")}
    return known | ({"criteria": parts} if parts else {})


def local_day(activity: Activity, clock: Clock) -> date:
    """Give the day the writer gave, else that of the moment: before day_starts the day before."""
    if activity.activity_date is not None:
        return activity.activity_date
    shown = activity.occurred_at.astimezone(clock.zone).replace(tzinfo=None)
    return (shown - since_midnight(clock.day_starts)).date()


def since_midnight(at: time) -> timedelta:
    """Give a time of day as a span."""
    return datetime.combine(date.min, at) - datetime.min


def is_enabled(slug: str, badge: Mapping[str, Any], organization: Mapping[str, Any]) -> bool:
    """Tell whether an organization awards a badge."""
    listed = organization.get("badges")
    return badge.get("active", True) and (listed is None or slug in listed)


def nodes(criteria: Criteria) -> Iterator[Criteria]:
    """List criteria and all their parts."""
    yield criteria
    for part in criteria.get("criteria", []):
        yield from nodes(part)


def counts_badges(badge: Mapping[str, Any]) -> bool:
    """Tell whether a badge's own criteria contain badges_earned."""
    return any(node["type"] == "badges_earned" for node in nodes(badge["criteria"]))


def in_order_of_need(badges: Mapping[str, Any]) -> list[str]:
    """List the badges so that each comes after those it counts."""
    ordered: list[str] = []

    def add(slug: str) -> None:
        if slug in ordered:
            return
        for node in nodes(badges[slug]["criteria"]):
            for needed in node.get("badges", []) if node["type"] == "badges_earned" else []:
                add(needed)
        ordered.append(slug)

    for slug in sorted(badges, key=lambda each: counts_badges(badges[each])):
        add(slug)
    return ordered


def with_thresholds(criteria: Criteria, custom: Any) -> Criteria:
    """Put an organization's own numbers in: a plain one, or by tier or by a part's id."""
    if custom is None:
        return criteria
    if not isinstance(custom, Mapping):
        return {**criteria, NUMBER_KEYS[criteria["type"]]: custom}
    if "tiers" in criteria:
        key = "at_least" if criteria["type"] == "tier" else "length"
        return {
            **criteria,
            "tiers": [
                {**tier, key: custom.get(tier["tier"], tier[key])} for tier in criteria["tiers"]
            ],
        }
    return {**criteria, "criteria": [_own_part(part, custom) for part in criteria["criteria"]]}


def _own_part(part: Criteria, custom: Mapping[str, Any]) -> Criteria:
    own = dict(part)
    if part.get("id") in custom:
        own[NUMBER_KEYS[part["type"]]] = custom[part["id"]]
    if "criteria" in part:
        own["criteria"] = [_own_part(each, custom) for each in part["criteria"]]
    return own


def with_closed_days(criteria: Criteria, closed: Sequence[str]) -> Criteria:
    """Put the organization's closed days into the streaks that leave them out."""
    own = dict(criteria)
    if own.get("on", {}).get("closed_days") is False:
        own["on"] = {**own["on"], "closed": closed}
    if "criteria" in own:
        own["criteria"] = [with_closed_days(part, closed) for part in own["criteria"]]
    return own


def targets(criteria: Criteria) -> Iterator[tuple[str, int, Criteria]]:
    """List what can be earned: tier, occurrence and the criteria with its one number."""
    if "tiers" in criteria:
        for tier in criteria["tiers"]:
            plain = {key: value for key, value in criteria.items() if key != "tiers"}
            if criteria["type"] == "tier":
                plain |= {"type": "threshold", "at_least": tier["at_least"]}
            else:
                plain |= {"length": tier["length"]}
            yield tier["tier"], 1, plain
    elif "repeat" in criteria:
        plain = {key: value for key, value in criteria.items() if key != "repeat"}
        for occurrence in range(1, most_occurrences(criteria["repeat"]) + 1):
            if "each" in criteria["repeat"]:
                again = {"type": "windows", "windows": occurrence}
            elif criteria["type"] == "tenure":
                again = repeated_span(criteria, occurrence)
            else:
                again = {"at_least": repeated_threshold(criteria, occurrence)}
            yield "", occurrence, plain | again
    else:
        yield "", 1, criteria


def most_occurrences(repeat: Mapping[str, Any]) -> int:
    """repeat.max: how often at most."""
    return whole(repeat["max"])


def repeated_threshold(criteria: Criteria, occurrence: int) -> Fraction:
    """repeat.every: occurrence k is earned at at_least + (k - 1) * every."""
    first, every = number(criteria["at_least"]), number(criteria["repeat"]["every"])
    return first + (occurrence - 1) * every


def repeated_span(criteria: Criteria, occurrence: int) -> dict[str, Any]:
    """repeat of tenure: occurrence k falls due after k times the span."""
    unit = next(each for each in ("days", "months", "years") if each in criteria)
    return {unit: occurrence * whole(criteria[unit])}


def within_limit(
    limit: Mapping[str, Any] | None, given: dict[AwardKey, datetime]
) -> dict[AwardKey, datetime]:
    """limit.first: so many places in an organization, each tier apart, by date and person."""
    if limit is None:
        return given
    kept: dict[AwardKey, datetime] = {}
    taken: dict[str, int] = defaultdict(int)
    for key in sorted(given, key=lambda each: (given[each], each[1])):
        if has_place(taken[key[3]], limit):
            taken[key[3]] += 1
            kept[key] = given[key]
    return kept


def has_place(taken: int, limit: Mapping[str, Any]) -> bool:
    """Tell whether a place is left."""
    return taken < whole(limit["first"])


def earned_at(slug: str, criteria: Criteria, history: History) -> datetime | None:
    """Give the first moment at which a rule holds."""
    for moment, holds in zip(history.moments, verdicts(slug, criteria, history), strict=True):
        if holds:
            return moment
    return None


def held_since(slug: str, criteria: Criteria, history: History) -> datetime | None:
    """on_unmet: lapse: since when a rule holds without a break, None where it does not now."""
    seen = [each.occurred_at for each in history.activities]
    seen += [each for each in (history.as_of, history.last_award) if each is not None]
    seen += history.held.values()
    since = None
    for moment in sorted(lapse_moments(criteria, history, max(seen, default=None)), reverse=True):
        if not holds_now(slug, criteria, history, moment):
            break
        since = moment
    return since


def lapse_moments(criteria: Criteria, history: History, now: datetime | None) -> set[datetime]:
    """List the moments up to one at which a rule may begin or cease to hold.

    What happens, and the beginnings of days: those of the activities, and of every one on which
    something that counted may count no longer.
    """
    days = {_day(each) for each in history.activities}
    spans = {0}
    for node in (
        node
        for rule in [criteria, *itertools.chain(*history.lapsing.values())]
        for node in nodes(rule)
    ):
        spans |= {whole(node.get("valid_days", 0)), last_days_of(node) or 0}
        if node["type"] == "streak":
            spans |= set(range(31 * (grace_of(node) + 2) if node["unit"] != "day" else 99))
    begins = {
        day_begins(of_day + timedelta(days=span), history.clock)
        for of_day in days
        for span in spans
    }
    held = {*history.held.values()}
    instants = {each.occurred_at for each in history.activities}
    return {moment for moment in begins | held | instants if now is not None and moment <= now}


def holds_now(slug: str, node: Criteria, history: History, moment: datetime) -> bool:
    """Tell whether a rule holds at a moment of all activities up to then."""
    kind = node["type"]
    if kind in COMPOSED:
        held = sum(holds_now(slug, part, history, moment) for part in node["criteria"])
        return is_composed(node, held)
    if kind == "badges_earned":
        counted = counted_then(slug, node, history, moment)
        return enough_badges(len(counted), required_badges(node))
    chosen = [each for each in chosen_by(node, history) if is_in_prefix(each, moment)]
    today = day_of(moment, history.clock)
    if kind == "streak" and must_be_consecutive(node):
        excusing = [
            each
            for each in history.activities
            if excuses(each, node) and is_in_prefix(each, moment)
        ]
        return lives(node, chosen, excusing, today)
    days = last_days_of(node)
    if days is not None:
        chosen = [each for each in chosen if is_in_last_days(_day(each), today, days)]
    if kind in ("in_a_row", "share"):
        value = sequence_value(node, chosen)
    else:
        value = measured({**node, "window": "lifetime"} if days is not None else node, chosen)
    reached = {"training_completion": enough_courses, "in_a_row": is_long_enough}.get(kind, reaches)
    reached = is_long_enough if kind == "streak" else reached
    return value is not None and reached(value, target_of(node))


def counted_then(slug: str, node: Criteria, history: History, moment: datetime) -> set[str]:
    """List the badges that were held at a moment: those that lapse by their own rules."""
    lapsing = {
        other
        for other, rules in history.lapsing.items()
        if other != slug
        and is_counted_badge(other, node, history)
        and any(holds_now(other, rule, history, moment) for rule in rules)
    }
    others = counted_badges(slug, node, history, moment)
    return lapsing | {other for other in others if other not in history.lapsing}


def chosen_by(node: Criteria, history: History) -> list[Activity]:
    """List what a condition chooses, once for all moments."""
    name = json.dumps(node, sort_keys=True, default=str)
    if name not in history.chosen:
        history.chosen[name] = [
            each for each in history.activities if is_chosen(each, node, history.clock)
        ]
    return history.chosen[name]


def last_days_of(node: Criteria) -> int | None:
    """window: {last_days: N}, and valid_days of training_completion."""
    if "valid_days" in node:
        return whole(node["valid_days"])
    window = node.get("window")
    if isinstance(window, Mapping) and "last_days" in window:
        return whole(window["last_days"])
    return None


def is_in_last_days(of_day: date, today: date, days: int) -> bool:
    """last_days, valid_days: so many days that end today; a day to come is not in them yet."""
    return today - timedelta(days=days) < of_day <= today


def lives(
    node: Criteria, chosen: Sequence[Activity], excusing: Sequence[Activity], today: date
) -> bool:
    """Tell whether the present run is long enough and can still go on."""
    present = unit_number(node["unit"], today, node["week_starts"])
    units = [
        unit
        for unit in qualifying_units(
            node["unit"], node.get("per_unit"), chosen, node["week_starts"]
        )
        if unit <= present
    ]
    if not units:
        return False
    run = runs(units, node, excusing)[-1]
    excused = {unit_number(node["unit"], _day(each), node["week_starts"]) for each in excusing}
    is_alive = continues_run(missed(run[-1], present, node, excused), grace_of(node))
    return is_alive and is_long_enough(Fraction(len(run)), target_of(node))


def day_of(moment: datetime, clock: Clock) -> date:
    """Give the last local day that has begun."""
    shown = moment.astimezone(clock.zone).date()
    days = (shown + timedelta(days=offset) for offset in (1, 0, -1, -2))
    return next(each for each in days if day_begins(each, clock) <= moment)


def verdicts(slug: str, node: Criteria, history: History) -> list[bool]:
    """Tell for each moment of a history whether criteria hold then."""
    kind = node["type"]
    if kind in COMPOSED:
        parts = [verdicts(slug, part, history) for part in node["criteria"]]
        return [is_composed(node, sum(held)) for held in zip(*parts, strict=True)]
    if kind == "badges_earned":
        return [
            enough_badges(len(counted_badges(slug, node, history, moment)), required_badges(node))
            for moment in history.moments
        ]
    if kind == "tenure":
        due = tenure_due(node, history)
        return [due is not None and is_due(moment, due) for moment in history.moments]
    if kind in ("manual", "criteria_raw"):
        return [False for _ in history.moments]
    reached = {
        "threshold": reaches,
        "windows": enough_windows,
        "streak": is_long_enough,
        "training_completion": enough_courses,
        "in_a_row": is_long_enough,
        "share": reaches,
    }[kind]
    return [
        value is not None and reached(value, target_of(node)) for value in values(node, history)
    ]


def target_of(node: Criteria) -> Fraction:
    """Give the number that a single condition must reach."""
    if node["type"] == "training_completion":
        return required_courses(node)
    if node["type"] == "windows":
        return number(node["windows"])
    return number(node[NUMBER_KEYS[node["type"]]])


def reaches(value: Fraction, at_least: Fraction) -> bool:
    """at_least of a threshold or a tier."""
    return value >= at_least


def enough_windows(reached: Fraction, required: Fraction) -> bool:
    """repeat.each: occurrence k takes k windows that have reached at_least."""
    return reached >= required


def is_long_enough(units: Fraction, length: Fraction) -> bool:
    """The length of a streak."""
    return units >= length


def enough_courses(done: Fraction, required: Fraction) -> bool:
    """Tell whether as many courses are done as must be."""
    return done >= required


def required_courses(node: Criteria) -> Fraction:
    """require: so many courses; `all` or nothing means all of them."""
    require = node.get("require", "all")
    return Fraction(len(node["courses"])) if require == "all" else number(require)


def is_composed(node: Criteria, held: int) -> bool:
    """Tell whether composed criteria hold of which so many parts do."""
    if node["type"] == "none_of":
        return none_holds(held)
    return enough_parts(held, required_parts(node))


def enough_parts(held: int, required: int) -> bool:
    """Tell whether as many parts hold at the same moment as must."""
    return held >= required


def none_holds(held: int) -> bool:
    """Tell whether none of the parts of none_of holds."""
    return held == 0


def required_parts(node: Criteria) -> int:
    """all_of, any_of, n_of: all, one, n."""
    if node["type"] == "n_of":
        return whole(node["n"])
    return len(node["criteria"]) if node["type"] == "all_of" else 1


def enough_badges(held: int, required: int) -> bool:
    """Tell whether as many badges are held as must be."""
    return held >= required


def required_badges(node: Criteria) -> int:
    """at_least of badges_earned: all that are listed where it is left out."""
    return whole(node["at_least"]) if "at_least" in node else len(node["badges"])


def counted_badges(slug: str, node: Criteria, history: History, moment: datetime) -> list[str]:
    """List the other badges held at a moment that badges_earned counts."""
    return [
        other
        for other, since in history.held.items()
        if other != slug and since <= moment and is_counted_badge(other, node, history)
    ]


def is_counted_badge(slug: str, node: Criteria, history: History) -> bool:
    """badges, category or neither: the last two pass over badges for badges."""
    if "badges" in node:
        return slug in node["badges"]
    badge = history.badges.get(slug)
    if badge is None or skips_counting_badge(badge):
        return False
    return "category" not in node or has_category(badge, node["category"])


def skips_counting_badge(badge: Mapping[str, Any]) -> bool:
    """Tell whether category and any pass over a badge."""
    return counts_badges(badge)


def has_category(badge: Mapping[str, Any], category: str) -> bool:
    """category of badges_earned."""
    return badge.get("category") == category


def tenure_due(node: Criteria, history: History) -> datetime | None:
    """Give the midnight at which a tenure fell due, None where nothing has noticed it.

    Noticed by the person's first activity from then on, of whatever kind, or by the passing of
    time up to as_of.
    """
    chosen = [each for each in history.activities if is_chosen(each, node, history.clock)]
    notices = {each.occurred_at for each in history.activities}
    if history.as_of is not None:
        notices.add(history.as_of)
    for moment in sorted(notices):
        days = [_day(each) for each in chosen if is_in_prefix(each, moment)]
        if days:
            due = day_begins(after_interval(min(days), node), history.clock)
            if is_due(moment, due):
                return due
    return None


def is_due(moment: datetime, due: datetime) -> bool:
    """Tell whether a moment has come."""
    return moment >= due


def after_interval(first: date, node: Criteria) -> date:
    """days, months or years later, as PostgreSQL adds them: the last day of a shorter month."""
    if "days" in node:
        return first + timedelta(days=whole(node["days"]))
    months = whole(node["months"]) if "months" in node else 12 * whole(node["years"])
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return date(year, month + 1, min(first.day, days_in_month(year, month + 1)))


def days_in_month(year: int, month: int) -> int:
    """Count the days of a month."""
    return (date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).day


@functools.cache
def day_begins(of_day: date, clock: Clock) -> datetime:
    """Give the beginning of a local day: the later moment where the clock shows it twice.

    Where the clock jumps over it the jump is the beginning, to the minute.
    """
    shown = datetime.combine(of_day, clock.day_starts)
    moment = max(shown.replace(tzinfo=clock.zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if moment.astimezone(clock.zone).replace(tzinfo=None) == shown:
        return moment
    minutes_before = (moment - timedelta(minutes=each) for each in range(1, 25 * 60))
    return next(
        each + timedelta(minutes=1)
        for each in minutes_before
        if each.astimezone(clock.zone).replace(tzinfo=None) < shown
    )


def is_in_prefix(activity: Activity, moment: datetime) -> bool:
    """Activities of the same instant count together."""
    return activity.occurred_at <= moment


def is_chosen(activity: Activity, node: Criteria, clock: Clock) -> bool:
    """Tell whether criteria choose an activity: activity, where, when, and the listed courses."""
    return (
        has_type(activity, node)
        and matches_where(activity, node.get("where", {}))
        and matches_when(activity, node.get("when", {}), clock)
        and exists_for(_day(activity), node)
        and (node["type"] != "training_completion" or is_course(activity, node))
    )


def exists_for(of_day: date, node: Criteria) -> bool:
    """on: the weekdays that exist for a streak, closed days left out or not."""
    on = node.get("on", {})
    return is_weekday(of_day, on.get("weekdays", WEEKDAYS)) and not is_closed(
        of_day, on.get("closed", ())
    )


def is_closed(of_day: date, closed: Iterable[str]) -> bool:
    """closed_days: a date, or a month and day of every year."""
    return any(of_day.isoformat().endswith(each) for each in closed)


def excuses(activity: Activity, node: Criteria) -> bool:
    """excused_by: an activity that excuses its unit, if its day exists for the streak."""
    excuse = node.get("excused_by")
    return (
        excuse is not None
        and has_type(activity, {"type": "streak", **excuse})
        and matches_where(activity, excuse.get("where", {}))
        and exists_for(_day(activity), node)
    )


def has_type(activity: Activity, node: Criteria) -> bool:
    """activity: a type or a list of types, left out = any."""
    default = "training_completed" if node["type"] == "training_completion" else None
    wanted = node.get("activity", default)
    if wanted is None:
        return True
    return activity.activity_type in ([wanted] if isinstance(wanted, str) else wanted)


def is_course(activity: Activity, node: Criteria) -> bool:
    """courses, and the field that names them."""
    value = value_of(activity, course_field(node))
    return any(is_same(value, course) for course in node["courses"])


def course_field(node: Criteria) -> str:
    """field of training_completion."""
    return node.get("field", "course")


def value_of(activity: Activity, name: str) -> Any:
    """Give an attribute; quantity is the column, JSON null is absent."""
    if name == "quantity":
        return activity.quantity
    value = activity.attributes.get(name)
    return ABSENT if value is None else value


def number_of(activity: Activity, name: str) -> Fraction | None:
    """Give an attribute's number, None where it has none."""
    return as_number(value_of(activity, name))


def as_number(value: Any) -> Fraction | None:
    """Numbers beyond 1e30 are no number."""
    is_number = isinstance(value, Fraction) and abs(value) <= LARGEST_NUMBER
    return value if is_number else None


def scalar_of(activity: Activity, name: str) -> tuple[str, Any] | None:
    """Give what tells an attribute's value from others, None where it is absent or no scalar."""
    value = value_of(activity, name)
    if isinstance(value, bool):
        return "boolean", value
    if isinstance(value, str):
        return "text", value
    return None if as_number(value) is None else ("number", value)


def is_same(value: Any, operand: Any) -> bool:
    """Compare numbers as numbers, everything else by its JSON value."""
    wanted = exact(operand)
    return type(value) is type(wanted) and bool(value == wanted)


def matches_where(activity: Activity, where: Mapping[str, Any]) -> bool:
    """where: every attribute must pass its test."""
    return all(passes(value_of(activity, name), test) for name, test in where.items())


def passes(value: Any, test: Any) -> bool:
    """A test is a value, a list of values, or operators that must all hold."""
    if isinstance(test, Mapping):
        return all(holds_operator(name, value, operand) for name, operand in test.items())
    return is_one_of(value, test) if isinstance(test, list) else is_same(value, test)


def holds_operator(name: str, value: Any, operand: Any) -> bool:
    """Apply one operator of where."""
    compared = as_number(value)
    return {
        "gte": lambda: compared is not None and is_at_least(compared, number(operand)),
        "gt": lambda: compared is not None and is_above(compared, number(operand)),
        "lte": lambda: compared is not None and is_at_most(compared, number(operand)),
        "lt": lambda: compared is not None and is_below(compared, number(operand)),
        "ne": lambda: is_other(value, operand),
        "in": lambda: is_one_of(value, operand),
        "prefix": lambda: has_prefix(value, operand),
        "exists": lambda: exists_as(value, operand),
    }[name]()


def is_at_least(value: Fraction, bound: Fraction) -> bool:
    """gte."""
    return value >= bound


def is_above(value: Fraction, bound: Fraction) -> bool:
    """gt."""
    return value > bound


def is_at_most(value: Fraction, bound: Fraction) -> bool:
    """lte."""
    return value <= bound


def is_below(value: Fraction, bound: Fraction) -> bool:
    """lt."""
    return value < bound


def is_other(value: Any, operand: Any) -> bool:
    """ne: another value, or none."""
    return not is_same(value, operand)


def is_one_of(value: Any, operands: Iterable[Any]) -> bool:
    """in, and the plain list."""
    return any(is_same(value, operand) for operand in operands)


def has_prefix(value: Any, prefix: str) -> bool:
    """prefix: of texts only."""
    return isinstance(value, str) and value.startswith(prefix)


def exists_as(value: Any, wanted: bool) -> bool:
    """exists."""
    return (value is not ABSENT) == wanted


def matches_when(activity: Activity, when: Mapping[str, Any], clock: Clock) -> bool:
    """when: the hours by the local clock, all else by the person's local day."""
    shown = activity.occurred_at.astimezone(clock.zone)
    of_day = _day(activity)
    tests = {
        "hours": lambda hours: is_within_hours(shown.hour * 60 + shown.minute, *hours),
        "weekdays": lambda listed: is_weekday(of_day, listed),
        "months": lambda listed: is_month(of_day, listed),
        "dates": lambda listed: is_date(of_day, listed),
        "days_of_year": lambda listed: is_day_of_year(of_day, listed),
        "from": lambda first: is_from(of_day, day(first)),
        "until": lambda last: is_until(of_day, day(last)),
    }
    return all(tests[name](operand) for name, operand in when.items())


def is_within_hours(minute: int, first: Any, end: Any) -> bool:
    """hours: from the first to before the end; [22, 6] wraps past midnight."""
    start, stop = minutes(first), minutes(end)
    if start < stop:
        return start <= minute < stop
    return minute >= start or minute < stop


def is_weekday(of_day: date, listed: Iterable[Any]) -> bool:
    """weekdays: by name, or by ISO number as the engine's selectors have them."""
    return any(each in (WEEKDAYS[of_day.weekday()], of_day.isoweekday()) for each in listed)


def is_month(of_day: date, listed: Iterable[Any]) -> bool:
    """months: 1 to 12."""
    return of_day.month in listed


def is_date(of_day: date, listed: Iterable[str]) -> bool:
    """dates: month and day."""
    return of_day.isoformat()[5:] in listed


def is_day_of_year(of_day: date, listed: Iterable[Any]) -> bool:
    """days_of_year: 1 to 366."""
    return of_day.timetuple().tm_yday in listed


def is_from(of_day: date, first: date) -> bool:
    """from: this day included."""
    return of_day >= first


def is_until(of_day: date, last: date) -> bool:
    """until: this day included."""
    return of_day <= last


def values(node: Criteria, history: History) -> list[Fraction | None]:
    """Measure a condition at each moment of a history."""
    aside = {"length", "require", "id", "windows"}
    if node["type"] != "windows":
        aside.add("at_least")
    choice = {key: node[key] for key in node if key not in aside}
    name = repr(sorted(choice.items()))
    if name not in history.measured:
        chosen = [each for each in history.activities if is_chosen(each, node, history.clock)]
        excusing = [each for each in history.activities if excuses(each, node)]
        found: list[Fraction | None] = []
        size = (0, 0)
        for moment in history.moments:
            prefix = [each for each in chosen if is_in_prefix(each, moment)]
            excused = [each for each in excusing if is_in_prefix(each, moment)]
            is_unchanged = found and (len(prefix), len(excused)) == size
            found.append(found[-1] if is_unchanged else measured(node, prefix, excused))
            size = (len(prefix), len(excused))
        history.measured[name] = found
    return history.measured[name]


def measured(
    node: Criteria, chosen: Sequence[Activity], excusing: Sequence[Activity] = ()
) -> Fraction | None:
    """Measure what a condition has chosen of one beginning of a history."""
    if node["type"] == "streak":
        return Fraction(longest_streak(node, chosen, excusing))
    if node["type"] in ("in_a_row", "share"):
        return best(value for _, value in sequence_values(node, chosen))
    if node["type"] == "training_completion":
        return Fraction(
            max((len(courses_done(node, part)) for part in spans(node, chosen)), default=0)
        )
    if node["type"] == "windows":
        reached = (measure(node, window) for window in parts_by_window(node, chosen))
        at_least = number(node["at_least"])
        return Fraction(sum(value is not None and reaches(value, at_least) for value in reached))
    return best(
        measure(node, window)
        for part in parts_by_value(node, chosen)
        for window in parts_by_window(node, part)
    )


def best(found: Iterable[Fraction | None]) -> Fraction | None:
    """The best single part counts."""
    return max((value for value in found if value is not None), default=None)


def parts_by_value(node: Criteria, chosen: Sequence[Activity]) -> list[list[Activity]]:
    """per: the activities of each value of an attribute apart."""
    if "per" not in node:
        return [list(chosen)]
    parts: dict[Any, list[Activity]] = defaultdict(list)
    for each in chosen:
        value = scalar_of(each, node["per"])
        if value is not None:
            parts[value].append(each)
    return list(parts.values())


def parts_by_window(node: Criteria, part: Sequence[Activity]) -> list[list[Activity]]:
    """window: lifetime, each calendar window, or each span of days that ends on an activity's."""
    window = node.get("window", "lifetime")
    if window == "lifetime":
        return [list(part)]
    if isinstance(window, Mapping):
        return rolling_windows(part, whole(window["rolling_days"]))
    windows: dict[date, list[Activity]] = defaultdict(list)
    for each in part:
        windows[window_start(window, _day(each), node["week_starts"])].append(each)
    return list(windows.values())


def spans(node: Criteria, chosen: Sequence[Activity]) -> list[list[Activity]]:
    """within_days: the span of days the courses must be done in."""
    if "within_days" not in node:
        return [list(chosen)]
    return rolling_windows(chosen, whole(node["within_days"])) or [[]]


def rolling_windows(part: Sequence[Activity], days: int) -> list[list[Activity]]:
    """List for each day that has an activity what lies in the days up to it."""
    return [
        [each for each in part if is_in_rolling_window(_day(each), last, days)]
        for last in sorted({_day(each) for each in part})
    ]


def is_in_rolling_window(of_day: date, last: date, days: int) -> bool:
    """rolling_days, within_days: so many days, the last one included."""
    return last - timedelta(days=days) < of_day <= last


def window_start(window: str, of_day: date, week_starts: str) -> date:
    """Give the first day of a calendar window."""
    if window == "day":
        return of_day
    if window == "week":
        return of_day - timedelta(days=(of_day.weekday() + before_monday(week_starts)) % 7)
    month = {"month": of_day.month, "quarter": (of_day.month - 1) // 3 * 3 + 1, "year": 1}[window]
    return date(of_day.year, month, 1)


def before_monday(week_starts: str) -> int:
    """week_starts: by how many days weeks begin before a Monday."""
    return {"monday": 0, "sunday": 1, "saturday": 2}[week_starts]


def measure(node: Criteria, part: Sequence[Activity]) -> Fraction | None:
    """measure: count, sum, max, active_days, distinct."""
    kind = node.get("measure", "count")
    if kind == "distinct":
        return Fraction(len(counted_values(node, part)))
    if "cap" in node:
        return capped(kind, node, part)
    return measure_plain(kind, node.get("field", "quantity"), part)


def capped(kind: str, node: Mapping[str, Any], part: Sequence[Activity]) -> Fraction | None:
    """cap: what each of its units adds; None where there is nothing to measure."""
    totals = [
        total
        for those in by_unit(node["cap"]["per"], part, node["week_starts"]).values()
        if (total := measure_plain(kind, node.get("field", "quantity"), those)) is not None
    ]
    at = number(node["cap"]["at"])
    return sum((cut(total, at) for total in totals), Fraction(0)) if totals else None


def cut(total: Fraction, at: Fraction) -> Fraction:
    """at of cap: a unit adds no more."""
    return min(total, at)


def measure_plain(kind: str, name: str, part: Sequence[Activity]) -> Fraction | None:
    """Measure what needs no parting; None where there is nothing to measure."""
    if kind == "count":
        return Fraction(len(part))
    if kind == "active_days":
        return Fraction(len({_day(each) for each in part}))
    numbers = [found for each in part if (found := number_of(each, name)) is not None]
    if not numbers:
        return None
    return sum(numbers, Fraction(0)) if kind == "sum" else max(numbers)


def counted_values(node: Criteria, part: Sequence[Activity]) -> list[Any]:
    """distinct, per_value: the values of a field that reach what they must."""
    by_value: dict[Any, list[Activity]] = defaultdict(list)
    for each in part:
        value = scalar_of(each, node.get("field", "quantity"))
        if value is not None:
            by_value[value].append(each)
    return [
        value for value, those in by_value.items() if value_counts(node.get("per_value"), those)
    ]


def value_counts(per_value: Mapping[str, Any] | None, those: Sequence[Activity]) -> bool:
    """Tell whether a value counts: per_value, left out = it occurs."""
    return per_value is None or element_reaches(per_value, those)


def unit_counts(per_unit: Mapping[str, Any] | None, those: Sequence[Activity]) -> bool:
    """Tell whether a unit qualifies: per_unit, left out = it is not empty."""
    return per_unit is None or element_reaches(per_unit, those)


def element_reaches(rule: Mapping[str, Any], those: Sequence[Activity]) -> bool:
    """measure, field and at_least of per_value and per_unit."""
    value = measure_plain(rule.get("measure", "count"), rule.get("field", "quantity"), those)
    return value is not None and element_is_enough(value, number(rule["at_least"]))


def element_is_enough(value: Fraction, at_least: Fraction) -> bool:
    """at_least of per_value and per_unit."""
    return value >= at_least


def courses_done(node: Criteria, part: Sequence[Activity]) -> set[Any]:
    """List the different courses done."""
    return {scalar_of(each, course_field(node)) for each in part}


def longest_streak(node: Criteria, chosen: Sequence[Activity], excusing: Sequence[Activity]) -> int:
    """Count the units of the longest run; with consecutive: false of all."""
    units = qualifying_units(node["unit"], node.get("per_unit"), chosen, node["week_starts"])
    if not must_be_consecutive(node):
        return len(units)
    return max((len(run) for run in runs(units, node, excusing)), default=0)


def sequence_values(
    node: Criteria, chosen: Sequence[Activity]
) -> list[tuple[datetime, Fraction | None]]:
    """Give what a sequence has come to at the end of each instant of the chosen activities."""
    return [
        (instant, sequence_value(node, [each for each in chosen if is_in_prefix(each, instant)]))
        for instant in sorted({each.occurred_at for each in chosen})
    ]


def sequence_value(node: Criteria, prefix: Sequence[Activity]) -> Fraction | None:
    """in_a_row: the run at the end; share: of all, or of the last; None while there are too few."""
    verdicts_in_order = in_sequence(node, prefix)
    if "of_at_least" in node:
        if not enough_for_share(len(verdicts_in_order), whole(node["of_at_least"])):
            return None
        return Fraction(sum(verdicts_in_order), len(verdicts_in_order))
    if "of_last" in node:
        size = whole(node["of_last"])
        if not enough_for_share(len(verdicts_in_order), size):
            return None
        return Fraction(sum(verdicts_in_order[-size:]), size)
    run = 0
    for qualified in verdicts_in_order:
        run = run + 1 if qualified else 0
    return Fraction(run)


def in_sequence(node: Criteria, chosen: Iterable[Activity]) -> list[bool]:
    """Tell in the order of time which qualify; at one instant those that do not come first."""
    ordered = sorted((each.occurred_at, qualifies(each, node)) for each in chosen)
    return [qualified for _, qualified in ordered]


def qualifies(activity: Activity, node: Criteria) -> bool:
    """qualify: tests of attributes, as where has them."""
    return matches_where(activity, node["qualify"])


def enough_for_share(number_of_them: int, needed: int) -> bool:
    """of_at_least, of_last: no share of fewer."""
    return number_of_them >= needed


def must_be_consecutive(node: Criteria) -> bool:
    """consecutive: false lets units lie anywhere."""
    return node.get("consecutive", True)


def grace_of(node: Criteria) -> int:
    """grace: left out = none."""
    return whole(node.get("grace", 0))


def qualifying_units(
    unit: str,
    per_unit: Mapping[str, Any] | None,
    chosen: Sequence[Activity],
    week_starts: str,
) -> list[int]:
    """List the numbers of the units that qualify, in order."""
    units = by_unit(unit, chosen, week_starts)
    return sorted(place for place, those in units.items() if unit_counts(per_unit, those))


def by_unit(unit: str, chosen: Sequence[Activity], week_starts: str) -> dict[int, list[Activity]]:
    """Part activities by the unit that their day lies in."""
    units: dict[int, list[Activity]] = defaultdict(list)
    for each in chosen:
        units[unit_number(unit, _day(each), week_starts)].append(each)
    return units


def unit_number(unit: str, of_day: date, week_starts: str) -> int:
    """Number days, weeks, months, quarters or years so that neighbours differ by one."""
    if unit in _UNITS_A_YEAR:
        number_a_year = _UNITS_A_YEAR[unit]
        return of_day.year * number_a_year + (of_day.month - 1) * number_a_year // 12
    if unit == "day":
        return of_day.toordinal()
    # Day 1 of the calendar was a Monday.
    return (of_day.toordinal() - 1 + before_monday(week_starts)) // 7


def runs(units: Iterable[int], node: Criteria, excusing: Iterable[Activity]) -> list[list[int]]:
    """Part units into runs."""
    found: list[list[int]] = []
    excused = {unit_number(node["unit"], _day(each), node["week_starts"]) for each in excusing}
    for unit in units:
        if found and continues_run(missed(found[-1][-1], unit, node, excused), grace_of(node)):
            found[-1].append(unit)
        else:
            found.append([unit])
    return found


def missed(last: int, unit: int, node: Criteria, excused: Collection[int]) -> int:
    """Count the units between two that count: those that exist, and that nobody excused."""
    if not excused and "on" not in node:
        return unit - last - 1
    return sum(
        each not in excused and ("on" not in node or exists_for(date.fromordinal(each), node))
        for each in range(last + 1, unit)
    )


def continues_run(missing: int, grace: int) -> bool:
    """grace: so many units that do not qualify may lie between two that do."""
    return missing <= grace


def _day(activity: Activity) -> date:
    assert activity.activity_date is not None
    return activity.activity_date


def base_selectors(activities: Iterable[Activity]) -> list[tuple[str, str, dict[str, Any]]]:
    """List the stats that are always kept: all types, and each."""
    orgs = {each.org for each in activities}
    kinds = {(each.org, each.activity_type) for each in activities}
    return [(org, "*", {}) for org in sorted(orgs)] + [
        (org, f"={kind}", {"types": [kind]}) for org, kind in sorted(kinds)
    ]


def expected_stats(
    selectors: Iterable[tuple[str, str, Mapping[str, Any]]],
    activities: Sequence[Activity],
    organizations: Mapping[str, Mapping[str, Any]],
    asked: Mapping[tuple[str, str], Collection[str]],
) -> dict[StatKey, dict[str, Any]]:
    """Give the rows that peer_mentor_stats must have.

    selectors: organization, stat, selector (as badges_internal.stat_definitions has it).
    organizations: by slug. asked: by organization and stat, the measures that some rule asks for.
    has_negative may be true where it is false here, and never the other way.
    """
    parts: dict[StatKey, tuple[Mapping[str, Any], list[Activity]]] = {}
    excusing: dict[tuple[UUID, str, str], list[Activity]] = defaultdict(list)
    for org, stat, written in selectors:
        clock = clock_of(organizations[org])
        selector = with_weeks(written, organizations[org])
        for each in activities:
            dated = replace(each, activity_date=local_day(each, clock))
            choice = selector_choice(selector)
            if each.org == org and is_chosen(dated, choice, clock):
                bucket = bucket_of(dated, selector)
                if bucket is not None:
                    key = (each.mentor, org, stat, bucket)
                    parts.setdefault(key, (selector, []))[1].append(dated)
            if each.org == org and excuses(dated, choice):
                excusing[each.mentor, org, stat].append(dated)
    return {
        key: stats_row(
            selector, key[2], asked.get((key[1], key[2]), ()), part, excusing.get(key[:3], ())
        )
        for key, (selector, part) in parts.items()
    }


def selector_choice(selector: Mapping[str, Any]) -> dict[str, Any]:
    """Write what a selector chooses as criteria do."""
    choice = {
        key: selector[key] for key in ("where", "when", "on", "excused_by") if key in selector
    }
    if "types" in selector:
        choice["activity"] = selector["types"]
    if "excused_by" in choice:
        choice["excused_by"] = choice["excused_by"] | {"activity": choice["excused_by"]["types"]}
    return choice | {"type": "threshold"}


def is_rolling(selector: Mapping[str, Any]) -> bool:
    """Tell whether a selector has windows that roll."""
    return isinstance(selector.get("window"), Mapping)


def bucket_of(activity: Activity, selector: Mapping[str, Any]) -> str | None:
    """Name the part an activity is measured in, None where it belongs to none."""
    names = []
    if isinstance(selector.get("window"), str):
        first = window_start(selector["window"], _day(activity), selector["week_starts"])
        names.append(first.isoformat())
    if "per" in selector:
        scalar = scalar_of(activity, selector["per"])
        if scalar is None:
            return None
        names.append(bucket_name(scalar))
    return " ".join(names)


def bucket_name(scalar: tuple[str, Any]) -> str:
    """Write a scalar as JSON, numbers without trailing zeros; over 200 bytes as its hash."""
    kind, value = scalar
    name = plain_number(value) if kind == "number" else json.dumps(value, ensure_ascii=False)
    if len(name.encode()) > 200:
        return "sha256:" + hashlib.sha256(name.encode()).hexdigest()
    return name


def plain_number(value: Fraction) -> str:
    """Write a finite decimal fraction without an exponent."""
    places = 0
    while (value * 10**places).denominator != 1:
        places += 1
    digits = str(abs(int(value * 10**places))).rjust(places + 1, "0")
    sign = "-" if value < 0 else ""
    return sign + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)


def stats_row(
    selector: Mapping[str, Any],
    stat: str,
    asked: Collection[str],
    part: Sequence[Activity],
    excusing: Sequence[Activity] = (),
) -> dict[str, Any]:
    """Count one row of the snapshot; what no rule asks of it is None."""
    name = selector.get("field", "quantity")
    days = sorted({_day(each) for each in part})
    numbers = [found for each in part if (found := number_of(each, name)) is not None]
    # A streak over units apart keeps its units, a rolling window nothing but its activities.
    keeps_days = not is_rolling(selector) and "unit" not in selector
    keeps_days = keeps_days and (not stat.startswith("~") or not RUN_MEASURES.isdisjoint(asked))
    row: dict[str, Any] = {
        "activity_count": len(part),
        "value_sum": sum(numbers, Fraction(0)),
        "value_max": max(numbers, default=None),
        "has_negative": any(found < 0 for found in numbers),
        "active_days": len(days) if keeps_days else None,
        "distinct_count": None,
        "first_at": min(each.occurred_at for each in part),
        "last_at": max(each.occurred_at for each in part),
        "last_date": days[-1] if keeps_days else None,
        "run_end": days[-1] if keeps_days else None,
    }
    row |= sequence_columns(selector, part)
    if is_rolling(selector):
        row |= best_window_columns(selector, part)
    if "distinct" in selector and not is_rolling(selector):
        rule = {"field": selector["distinct"], "per_value": selector.get("per_value")}
        row["distinct_count"] = len(counted_values(rule, part))
    if "unit" in selector:
        unit = selector["unit"]
        units = qualifying_units(unit, selector.get("per_unit"), part, selector["week_starts"])
        row |= run_columns(selector, units, excusing)
        row["distinct_count"] = len(units)
        row["run_end"] = (
            first_day_of_unit(unit, units[-1], selector["week_starts"]) if units else None
        )
    elif keeps_days:
        for unit in _UNITS:
            units = qualifying_units(unit, None, part, selector["week_starts"])
            row |= run_columns({"unit": unit, "week_starts": selector["week_starts"]}, units, ())
    for unit in _UNITS:
        if f"{unit}_run" not in asked:
            row |= {f"{unit}_run": None, f"longest_{unit}_run": None}
    return row


_UNITS = ("day", "week", "month")
_UNITS_A_YEAR = {"month": 12, "quarter": 4, "year": 1}


def cut_off(value: Fraction | None) -> Fraction | None:
    """The snapshot keeps six decimals of a share, as no rule asks for more."""
    return None if value is None else Fraction(int(value * 10**6), 10**6)


def sequence_columns(selector: Mapping[str, Any], part: Sequence[Activity]) -> dict[str, Any]:
    """Give what the row of a sequence has of it: how many qualified, the best, and the last."""
    if "cap" in selector:
        return capped_columns(selector, part)
    if "qualify" not in selector:
        return {"value_last": None, "lately": None}
    verdicts_in_order = in_sequence(selector, part)
    found = [value for _, value in sequence_values(selector, part)]
    lately = "".join(str(int(each)) for each in verdicts_in_order)
    return {
        "value_sum": Fraction(sum(verdicts_in_order)),
        "value_max": best(map(cut_off, found)),
        "value_last": cut_off(found[-1]),
        "has_negative": False,
        "lately": lately[-whole(selector["of_last"]) :] if "of_last" in selector else None,
    }


def capped_columns(selector: Mapping[str, Any], part: Sequence[Activity]) -> dict[str, Any]:
    """Give what the row of a capped stat has: what counts, and the newest unit's whole total."""
    kind, per = selector["cap"].get("measure", "count"), selector["cap"]["per"]
    units = by_unit(per, part, selector["week_starts"])
    last = max(units)
    name = selector.get("field", "quantity")
    numbers = [number_of(each, name) or 0 for each in part] if kind == "sum" else []
    return {
        "has_negative": any(each < 0 for each in numbers),
        "value_sum": capped(kind, selector, part) or 0,
        "value_max": None,
        "value_last": measure_plain(kind, name, units[last]) or 0,
        "lately": None,
        "last_date": None,
        "run_end": first_day_of_unit(per, last, selector["week_starts"]),
    }


def best_window_columns(selector: Mapping[str, Any], part: Sequence[Activity]) -> dict[str, Any]:
    """Give what the best windows have, each measure by itself; nothing to sum is 0."""
    windows = rolling_windows(part, whole(selector["window"]["rolling_days"]))
    name = selector.get("field", "quantity")
    rule = {"field": selector.get("distinct", ""), "per_value": selector.get("per_value")}
    return {
        "activity_count": max(len(window) for window in windows),
        "active_days": max(len({_day(each) for each in window}) for window in windows),
        "distinct_count": (
            max(len(counted_values(rule, window)) for window in windows)
            if "distinct" in selector
            else None
        ),
        "value_sum": best(measure_plain("sum", name, window) for window in windows) or 0,
        "value_max": best(measure_plain("max", name, window) for window in windows),
    }


def run_columns(
    node: Mapping[str, Any], units: Sequence[int], excusing: Sequence[Activity]
) -> dict[str, int]:
    """Give the columns of one unit's runs, where it has any: which ends last, and the longest."""
    unit = node["unit"]
    if unit not in _UNITS:
        return {}
    found = [len(run) for run in runs(units, node, excusing)] or [0]
    return {f"{unit}_run": found[-1], f"longest_{unit}_run": max(found)}


def first_day_of_unit(unit: str, place: int, week_starts: str) -> date:
    """Give the first day of a numbered unit."""
    if unit in _UNITS_A_YEAR:
        year, part = divmod(place, _UNITS_A_YEAR[unit])
        return date(year, part * 12 // _UNITS_A_YEAR[unit] + 1, 1)
    if unit == "day":
        return date.fromordinal(place)
    return date.fromordinal(place * 7 + 1 - before_monday(week_starts))
