"""Goals of single activities: what a backend computes for one, a commit each, prepared."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from importlib.resources import as_file, files
from pathlib import Path
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from pgmerit.rules.files import load_document

from tests.bench.machine import Machine
from tests.bench.stand import (
    BARE,
    COLUMNS,
    FLOOR,
    HAND,
    OURS,
    Activity,
    Line,
    Scale,
    Stand,
    at,
    line,
    made,
    person,
    ratios,
    rounds,
    stand,
)
from tests.engine import rule_set

NEVER = 10**9
CALL: dict[str, Any] = {"type": "threshold", "activity": "call", "at_least": NEVER}
STREAK: dict[str, Any] = {"type": "streak", "activity": "call", "length": NEVER}
KEYS: dict[str, dict[str, Any]] = {
    "where": CALL | {"where": {"mood": "good"}},
    "when": CALL | {"when": {"hours": [6, 22]}},
    "window": CALL | {"window": "month"},
    "per": CALL | {"per": "place"},
    "field": CALL | {"measure": "sum", "field": "minutes"},
    "distinct": CALL | {"measure": "distinct", "field": "topic"},
    "per_value": CALL | {"measure": "distinct", "field": "topic", "per_value": {"at_least": 3}},
    "per_unit": STREAK | {"unit": "week", "per_unit": {"at_least": 3}},
    "grace": STREAK | {"unit": "day", "grace": 2},
    "tenure": {"type": "tenure", "activity": "call", "years": 100},
    "rolling_days": CALL | {"window": {"rolling_days": 7}},
}
FIVE = ("where", "window", "distinct")  # beside the two base stats
HISTORY = 60  # days, an activity each

MENTORS = ("nhf", "blindeforbundet", "hlf")
# As they come at a peer-mentor organization: type, quantity, attributes, of twenty.
MIX = (
    [("assignment", 1.5, '{"kind": "home_visit"}')] * 4
    + [("assignment", 1.5, '{"kind": "clinic"}')] * 3
    + [("assignment", 1.5, '{"kind": "phone"}')] * 5
    + [("call", 1, "{}")] * 5
    + [("group_meeting", 1.5, '{"participants": 9}')] * 2
    + [("training_completed", 1, '{"course": "role"}')]
)
MONTH = 30


class Group:
    """People of one organization, each a day further whenever they are asked for the next."""

    def __init__(self, org: str, size: int, history: int = HISTORY, gap: int = 1) -> None:
        self.org = org
        self.people = [person(f"{org} {n}") for n in range(size)]
        self.history = history
        self.gap = gap  # days between two activities of a person
        self.day = 0
        self.value = 0
        self.lates = 0

    def past(self) -> Iterator[Activity]:
        """Give everybody's history."""
        for _ in range(self.history):
            yield from self.next()

    def next(self, days: int | None = None, topic: str | None = None) -> list[Activity]:
        """Give an activity of each person, later than all before."""
        self.day += days or self.gap
        return [self._call(who, n, topic) for n, who in enumerate(self.people)]

    def late(self) -> list[Activity]:
        """Give an activity of each person, some time in what they have, like those of that day."""
        self.lates += 1
        return [
            self._call(who, n, None, random.Random(f"{self.lates} {n}").randrange(1, self.day))
            for n, who in enumerate(self.people)
        ]

    def strangers(self) -> list[Activity]:
        """Give the first activity of as many people nobody knows."""
        self.value += 1
        named = [person(f"{self.org} new {self.value} {n}") for n in range(len(self.people))]
        return [self._call(who, n, None) for n, who in enumerate(named)]

    def new_topics(self) -> list[Activity]:
        """Give activities in order, each with a value its person has not had."""
        self.value += 1
        return self.next(topic=f"new{self.value}")

    def _call(self, who: Any, n: int, topic: str | None, late_day: int | None = None) -> Activity:
        day = late_day or self.day
        said = topic or f"t{(day + n) % 4}"
        attributes = (
            f'{{"mood": "good", "place": "p{(day + n) % 5}",'
            f' "topic": "{said}", "minutes": {5 + (day * 7 + n) % 50}}}'
        )
        moment = at(day, 36000 + n + (late_day is not None) * self.lates)
        return made(self.org, who, "call", moment, attributes=attributes)


class Mentors:
    """People of the peer-mentor rule set, with the mix of activities that comes there."""

    def __init__(self, name: str, size: int, span: int) -> None:
        self.people = [(MENTORS[n % len(MENTORS)], person(f"{name} {n}")) for n in range(size)]
        self.span = span  # days of the history
        self.day = span
        self._random = random.Random(name)

    def past(self, history: int) -> Iterator[Activity]:
        """Give everybody so many activities, evenly over the span, one a day at the most."""
        for n in range(history):
            yield from self._each(1 + n * (self.span - 1) // history)

    def next(self, days: int = 9) -> list[Activity]:
        """Give an activity of each person, later than all before."""
        self.day += days
        return self._each(self.day)

    def late(self) -> list[Activity]:
        """Give an activity of each person, some time in the history."""
        return [
            row
            for who in self.people
            for row in self._each(self._random.randint(1, self.span), [who])
        ]

    def _each(self, day: int, people: Sequence[tuple[str, Any]] | None = None) -> list[Activity]:
        made_up = []
        for org, who in people or self.people:
            kind, quantity, attributes = self._random.choice(MIX)
            moment = at(day, self._random.randint(28800, 60000))
            made_up.append(made(org, who, kind, moment, quantity, attributes))
        return made_up


def peer_mentors(place: Stand) -> None:
    """Apply the rule set of the demo."""
    with as_file(files("pgmerit.demo") / "rule_sets" / "peer-mentors.yaml") as path:
        place.apply(load_document(path).value)


def keys_document() -> dict[str, Any]:
    """Give a rule set with an organization for each key of the language, and some beside."""
    tiers = [{"tier": str(n), "at_least": HISTORY + n} for n in range(1, 51)]
    badges = {"plain": CALL, **KEYS, "tiers": {"type": "tier", "activity": "call", "tiers": tiers}}
    enabled = {name: [name] for name in badges} | {"five": list(FIVE)}
    return rule_set(
        badges,
        {_org(name): {"time_zone": "UTC", "badges": chosen} for name, chosen in enabled.items()},
    )


def _org(name: str) -> str:
    return name.replace("_", "-")


def of_bare(machine: Machine, scale: Scale) -> list[Line]:
    """Goal 2: an activity of two stats, and of five, beside the least that a trigger does."""
    with stand(machine) as place:
        place.apply(keys_document())
        groups = {name: Group(_org(name), scale.block) for name in ("plain", "five")}
        for group in groups.values():
            place.fill(group.past())
        place.stand_on_floor()
        ways: dict[str, Callable[[], float]] = {
            "bare": lambda: place.insert(groups["plain"].next(), BARE)
        }
        for name, group in groups.items():
            ways[name] = _in_order(place, group)
            ways[f"floor {name}"] = lambda group=group: place.insert(group.next(), FLOOR)  # type: ignore[misc]
        found = rounds(scale.rounds, ways)
    lines = []
    for name, stats, aim in (("plain", "two stats", 0.40), ("five", "five stats", 0.30)):
        floor = median(ratios(found["bare"], found[f"floor {name}"]))
        note = (
            f"{median(found[name]):.0f} µs, bare {median(found['bare']):.0f};"
            f" the least a trigger does: {floor:.2g} of bare"
        )
        share = ratios(found["bare"], found[name])
        lines.append(line(2, f"{stats}, in order", share, aim, "of bare", at_least=True, note=note))
    return lines


def of_each_key(machine: Machine, scale: Scale) -> list[Line]:
    """Goal 3: each key of the language alone beside the base stats."""
    with stand(machine) as place:
        place.apply(keys_document())
        groups = {name: Group(_org(name), scale.block) for name in ("plain", *KEYS)}
        place.fill(itertools.chain(*(group.past() for group in groups.values())))
        found = rounds(
            scale.rounds, {name: _in_order(place, group) for name, group in groups.items()}
        )
    return [
        line(
            3,
            name,
            ratios(found[name], found["plain"]),
            2.5 if name == "rolling_days" else 1.5,
            "x plain",
            note=f"{median(found[name]):.0f} µs, plain {median(found['plain']):.0f}",
        )
        for name in KEYS
    ]


def of_first_ones(machine: Machine, scale: Scale) -> list[Line]:
    """Goal 4: first of a person, a bucket, an element; one that awards."""
    with stand(machine) as place:
        place.apply(keys_document())
        names = ("plain", "window", "distinct", "tiers")
        groups = {name: Group(_org(name), scale.block) for name in names}
        place.fill(itertools.chain(*(group.past() for group in groups.values())))
        ways: dict[str, Callable[[], list[Activity]]] = {
            "plain": groups["plain"].next,
            "first of a person": groups["plain"].strangers,
            "first of a bucket": lambda: groups["window"].next(days=31),
            "first of an element": groups["distinct"].new_topics,
            "one that awards": groups["tiers"].next,
        }
        found = rounds(
            scale.rounds,
            {name: (lambda give=give: place.insert(give())) for name, give in ways.items()},  # type: ignore[misc]
        )
    return [
        line(
            4,
            name,
            ratios(found[name], found["plain"]),
            2.5,
            "x plain",
            note=f"{median(found[name]):.0f} µs, plain {median(found['plain']):.0f}",
        )
        for name in ways
        if name != "plain"
    ]


def of_late_ones(machine: Machine, scale: Scale) -> list[Line]:
    """Goal 5: a late activity, with the peer-mentor set and with seventeen badges."""
    with stand(machine) as place:
        peer_mentors(place)
        group = Mentors("late", 2 * scale.block, 540)
        place.fill(group.past(60))
        found = rounds(
            scale.rounds,
            {
                "bare": lambda: place.insert(group.late(), BARE),
                "in order": lambda: place.insert(group.next()),
                "late": lambda: place.insert(group.late()),
            },
        )
    late, in_order, bare = (median(found[name]) for name in ("late", "in order", "bare"))
    with stand(machine) as place:
        commits = _commits_but_for(place, scale.rounds * scale.block // 4 + 20)
        place.insert([next(commits) for _ in range(20)])
        costs = [
            place.insert([next(commits) for _ in range(scale.block // 4)]) / 1000
            for _ in range(scale.rounds)
        ]
    return [
        line(
            5,
            "late, peer-mentor set, 60 to 70 a person",
            ratios(found["late"], found["in order"]),
            3,
            "x in order",
            note=f"{late:.0f} µs, in order {in_order:.0f}, bare {bare:.0f}",
        ),
        line(5, "late, 17 badges, 3,000 a person", costs, 1.5, "ms"),
    ]


def commits(people: int, history: int = 3000) -> Iterator[Activity]:
    """Give commits of made-up people, ten years of them, half in order and the rest shuffled."""
    chance = random.Random("commits")
    zone = ZoneInfo("Europe/Istanbul")
    kinds = ("feat", "fix", "docs", "test", "chore", "refactor", "perf")
    rows = []
    for n in range(people):
        moment = datetime(2014, 1, 5, 9, tzinfo=zone)
        for _ in range(history):
            # Bursts: an hour between most of them, days between some.
            moment += timedelta(
                minutes=chance.expovariate(1 / 60)
                if chance.random() < 0.6
                else chance.expovariate(1 / (3 * 1440))
            )
            rows.append(
                made(
                    "repo",
                    person(f"committer {n}"),
                    "merge" if chance.random() < 0.1 else "commit",
                    moment,
                    chance.randint(1, 119),
                    f'{{"kind": "{chance.choice(kinds)}"}}',
                    moment.date(),
                )
            )
    rows.sort(key=lambda row: row[3])
    first, rest = rows[::2], rows[1::2]
    chance.shuffle(rest)
    return iter(first + rest)


def _commits_but_for(place: Stand, left: int, people: int = 3) -> Iterator[Activity]:
    """Apply the seventeen badges and fill their commits up to so many, which are given."""
    place.apply(load_document(Path(__file__).with_name("late.yaml")).value)
    rows = list(commits(people))
    past = rows[:-left]
    half = len(past) // 2
    place.fill(past[:half])
    place.fill(past[half:])
    return iter(rows[-left:])


def of_long_histories(machine: Machine, scale: Scale) -> list[Line]:
    """Goal 6: people with 10,000 activities beside people with 100; a delete of one."""
    few, many = 100, 10_000
    people = max(2, 12 // scale.shrink)
    with stand(machine) as place:
        peer_mentors(place)
        groups = {size: Mentors(f"{size}", people, size * 7 // 5) for size in (few, many)}
        for size, group in groups.items():
            place.fill(group.past(size))
        each = max(1, scale.block // people)
        newest = (
            "select peer_mentor_id, activity_id from badges.activities"
            " order by activity_id desc limit %s"
        )

        def several(give: Callable[[], list[Activity]]) -> float:
            return place.insert([row for _ in range(each) for row in give()])

        def deleted() -> float:
            # The late ones just measured: each stands somewhere in its person's history.
            found = place.connection.execute(newest.encode(), (each * people,)).fetchall()
            keys = [tuple(row.values()) for row in found]
            return place.cost(
                "delete from badges.activities where peer_mentor_id = %s and activity_id = %s",
                keys[:: max(1, len(keys) // 12)],
            )

        ways: dict[str, Callable[[], float]] = {}
        for size, group in groups.items():
            ways |= {
                f"in order {size}": lambda group=group: several(lambda: group.next(1)),  # type: ignore[misc]
                f"late {size}": lambda group=group: several(group.late),  # type: ignore[misc]
                f"delete {size}": deleted,
            }
        found = rounds(scale.rounds, ways)
    lines = []
    for name, aim in (("in order", 0.95), ("late", 0.8)):
        short, long = found[f"{name} {few}"], found[f"{name} {many}"]
        note = f"{median(long):.0f} µs at {many:,}, {median(short):.0f} at {few}"
        what = f"{name}: {many:,} activities a person"
        share = ratios(short, long)
        lines.append(line(6, what, share, aim, f"of {few}", at_least=True, note=note))
    for size in (few, many):
        late, deletes = found[f"late {size}"], found[f"delete {size}"]
        note = f"{median(deletes):.0f} µs, late {median(late):.0f}"
        what = f"delete of one of {size:,}"
        lines.append(line(6, what, ratios(deletes, late), 3, "x late", note=note))
    return lines


def of_recomputing(machine: Machine, scale: Scale) -> list[Line]:
    """Goal 7: against the trigger that computes everything anew."""
    lines = []
    for history in (25, 60):
        with stand(machine) as place:
            peer_mentors(place)
            group = Mentors(f"beside {history}", scale.block, history * 9)
            place.fill(group.past(history), (OURS, BARE, HAND))
            # The people who are measured differ from round to round, as their histories would grow.
            third = max(1, len(group.people) // 3)
            turns = itertools.cycle(
                [group.people[n : n + third] for n in range(0, len(group.people), third)]
            )
            found: dict[str, list[float]] = {}
            for _ in range(scale.rounds + 1):
                part = next(turns)
                for name, give in (("in order", group.next), ("late", group.late)):
                    rows = [row for row in give() if (row[0], row[1]) in part]
                    for table in (OURS, HAND):
                        cost = place.insert(rows, table)
                        found.setdefault(f"{name} {table}", []).append(cost)
        for name in ("in order", "late"):
            own, hand = (found[f"{name} {table}"][1:] for table in (OURS, HAND))
            lines.append(
                line(
                    7,
                    f"{name}, {history} activities a person",
                    ratios(hand, own),
                    1,
                    "x as fast",
                    at_least=True,
                    beside=f"{median(hand):.0f} µs",
                    note=f"{median(own):.0f} µs",
                )
            )
    return [*lines, _bulk_beside(machine, scale)]


def _bulk_beside(machine: Machine, scale: Scale, each: int = 15) -> Line:
    """Insert people with fifteen rows each in one statement, by both ways."""
    with stand(machine) as place:
        peer_mentors(place)
        query = f"insert into {{}} ({COLUMNS}) select {COLUMNS} from bench.source"
        costs: dict[str, list[float]] = {OURS: [], HAND: []}
        for n in range(3):
            place.connection.execute("truncate bench.source")
            people = Mentors(f"bulk {n}", 3000 // scale.shrink, 1000)
            place.fill(people.past(each), ("bench.source",))
            for table, kept in costs.items():
                kept.append(place.cost(query.format(table), [()]) / len(people.people) / each)
    own, hand = median(costs[OURS]), median(costs[HAND])
    return line(
        7,
        f"bulk, {3000 // scale.shrink * each:,} rows in one statement, {each} a person",
        ratios(costs[HAND], costs[OURS]),
        1,
        "x as fast",
        at_least=True,
        beside=f"{hand:.0f} µs a row",
        note=f"{own:.0f} µs a row",
    )


def of_small_batches(machine: Machine, scale: Scale) -> list[Line]:
    """Goal 9: statements of one to nine late rows of a person, with the seventeen badges."""
    sizes = [size for _ in range(max(1, scale.block // 40)) for size in range(1, 10)]
    left = sum(sizes) * (scale.rounds + 3) * 2
    with stand(machine) as place:
        waiting = _commits_but_for(place, left, people=max(3, left // 900))  # of some 3,000 each
        own = sorted(waiting, key=lambda row: row[1])  # stable: shuffled within a person
        shares = [list(rows) for _, rows in itertools.groupby(own, key=lambda row: row[1])]
        turns = itertools.cycle([iter(rows) for rows in shares])
        found = rounds(scale.rounds, {"ms": lambda: _batches(place, turns, sizes)})
    return [line(9, "1 to 9 late rows, 17 badges, 3,000 a person", found["ms"], 4, "ms")]


def _batches(place: Stand, turns: Iterator[Iterator[Activity]], sizes: Sequence[int]) -> float:
    """Insert batches, a person each; gives CPU milliseconds each."""
    cost = sum(place.insert_together(list(itertools.islice(next(turns), size))) for size in sizes)
    return cost / len(sizes) / 1000


def of_many_badges(machine: Machine, scale: Scale) -> list[Line]:
    """Goal 10: a hundred organizations with a hundred badges each, beside ten badges each."""
    few, many, organizations = 10, 100, 100
    with stand(machine) as short, stand(machine) as long:
        ways = {}
        for place, badges in ((short, few), (long, many)):
            chosen = {
                f"b{n}": CALL | {"where": {"minutes": {"gte": n % 8}}, "at_least": NEVER + n}
                for n in range(badges)
            }
            place.apply(
                rule_set(chosen, {f"o{n}": {"time_zone": "UTC"} for n in range(organizations)})
            )
            groups = [
                Group(f"o{n}", max(1, scale.block // organizations), history=10)
                for n in range(organizations)
            ]
            place.fill(itertools.chain(*(group.past() for group in groups)))
            ways[str(badges)] = _everywhere(place, groups)
        found = rounds(scale.rounds, ways)
    return [
        line(
            10,
            "100 badges over 8 stats in each of 100 organizations",
            ratios(found[str(few)], found[str(many)]),
            0.95,
            f"of {few} badges",
            at_least=True,
            note=f"{median(found[str(many)]):.0f} µs, {median(found[str(few)]):.0f}",
        )
    ]


def _everywhere(place: Stand, groups: Sequence[Group]) -> Callable[[], float]:
    return lambda: place.insert([row for group in groups for row in group.next()])


def _in_order(place: Stand, group: Group) -> Callable[[], float]:
    return lambda: place.insert(group.next())
