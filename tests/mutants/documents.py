"""Mutants of the language, made from its grammar: a document without a key, or a bound elsewhere.

A mutant changes every acceptance document wherever the key stands, and must change an award of at
least one case. The keys and what may be done to them come from grammar.json alone: a
new key is a new mutant, and one without a case that it decides is a survivor.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from pgmerit.rules.documents import document_problems
from pgmerit.rules.grammar import criteria_problems, grammar, json_type, resolve

from tests.acceptance.brute_force import awards_of
from tests.acceptance.cases import NAMES, Case, read

OUT = object()
LITTLE = 1e-6
Document = dict[str, Any]
Change = Callable[[Any], Any]  # gives the new value, OUT, or the same value: nothing to change

# Keys that decide no award, and why.
NO_AWARD = {
    ("document", "version"): "always 1",
    ("document", "ruleset"): "a name",
    ("document", "activity_types"): "refuses documents, awards nothing",
    ("document", "organizations"): "without them there is nobody to award to",
    ("document", "badges"): "without them there is nothing to award",
    ("badge", "criteria"): "its own keys decide",
    ("organization", "name"): "a text",
    ("badge", "name"): "a text",
    ("badge", "description"): "a text",
    ("badge", "icon"): "for the application",
    ("badge", "hidden"): "what is listed, not what is earned",
    ("amount_tier", "name"): "a text",
    ("length_tier", "name"): "a text",
    ("criteria_raw", "type"): "an SQL/JSON path, which the plain evaluator cannot read",
    ("criteria_raw", "id"): "stands only at the top",
    ("criteria_raw", "expression"): "as its type",
    ("criteria_raw", "reason"): "a text",
    ("tier", "id"): "stands only at the top",
    ("manual", "id"): "stands only at the top",
    ("tenure", "id"): "has no number of an organization's own",
    ("all_of", "id"): "has no number of an organization's own",
    ("any_of", "id"): "has no number of an organization's own",
    ("none_of", "id"): "has no number of an organization's own",
}

# Kinds of values that decide none by themselves.
NO_AWARD_KINDS = {
    **dict.fromkeys(("label", "prose", "language", "name", "description"), "a text"),
    **dict.fromkeys(("label_by_language", "prose_by_language"), "a text"),
    **dict.fromkeys(("hour_from", "hour_until", "clock_from", "clock_until"), "moved by hours"),
    "closed_activity_types": "refuses documents, awards nothing",
    "expression": "an SQL/JSON path, which the plain evaluator cannot read",
    "time_zone": "taken out as a key",
    "require": "all is what is left out",
}


@dataclass(frozen=True)
class Site:
    """One place in a document where a key may stand; what owns it is an object of the grammar."""

    owner: str
    key: str
    kind: Any
    holder: dict[str, Any]

    @property
    def value(self) -> Any:
        """What stands there, or the default."""
        return self.holder.get(self.key, grammar()["defaults"].get(self.key, OUT))

    def put(self, value: Any) -> None:
        """Put a value there, or nothing."""
        if value is OUT:
            self.holder.pop(self.key, None)
        else:
            self.holder[self.key] = value


@dataclass(frozen=True)
class Mutant:
    """One change of the language: made in a whole document, telling how often it was made."""

    name: str
    change: Callable[[Document], int]

    def applied(self, document: Mapping[str, Any]) -> Document | None:
        """Give the changed document, None where nothing was changed.

        A badge that would be none of the language any more stays as it is, and so does a document.
        """
        changed = copy.deepcopy(dict(document))
        if not self.change(changed):
            return None
        for slug, badge in changed["badges"].items():
            _prune(badge["criteria"])
            if criteria_problems(badge["criteria"]):
                badge["criteria"] = document["badges"][slug]["criteria"]
        return dict(document) if document_problems(changed) else changed

    def decides(self, case: Case) -> bool:
        """Tell whether a case's awards are others with this change."""
        document = self.applied(case.document)
        if document is None or document == case.document:
            return False
        return awards_of(case, document) != case.awards

    def is_refused(self, cases: Sequence[Case]) -> bool:
        """Tell whether the change finds something, and leaves no other document that is one."""
        found = [(case.document, self.applied(case.document)) for case in cases]
        changed = [(before, after) for before, after in found if after is not None]
        return bool(changed) and all(before == after for before, after in changed)


def _prune(value: Any) -> None:
    """Take out objects that were emptied."""
    parts = list(value.items()) if isinstance(value, dict) else []
    for key, part in parts:
        for each in part if isinstance(part, list) else [part]:
            _prune(each)
        if part == {}:
            del value[key]


# --- Where keys stand ----------------------------------------------------------------------------


def all_keys() -> list[tuple[str, str]]:
    """List every key of the grammar with what it stands in, reachable or not."""
    table = grammar()
    owners = {name: spec for name, spec in table["kinds"].items() if spec["is"] == "object"}
    return [
        (owner, key) for owner, spec in {**owners, **table["types"]}.items() for key in spec["keys"]
    ]


def sites(document: Document) -> Iterator[Site]:
    """List all places of a document where a key stands or may stand."""
    yield from _below("document", document)


def _below(kind: Any, value: Any) -> Iterator[Site]:
    spec = resolve(kind)
    if spec["is"] == "either":
        yield from _below(spec.get(json_type(value), spec["else"]), value)
    elif spec["is"] == "object" and isinstance(value, dict):
        yield from _of_object(kind, spec, value)
    elif spec["is"] == "map" and isinstance(value, dict):
        for each in value.values():
            yield from _below(spec["values"], each)
    elif spec["is"] == "list" and isinstance(value, list):
        for each in value:
            yield from _below(spec["items"], each)


def _of_object(owner: str, spec: Mapping[str, Any], value: dict[str, Any]) -> Iterator[Site]:
    for key, kind in spec["keys"].items():
        yield Site(owner, key, kind, value)
        if key == "criteria" and key in value:
            for node in value[key] if isinstance(value[key], list) else [value[key]]:
                yield from _of_object(node["type"], grammar()["types"][node["type"]], node)
        elif key in value:
            yield from _below(kind, value[key])


# --- What is done to them ------------------------------------------------------------------------


def all_mutants() -> dict[str, list[Mutant]]:
    """List the mutants by what they are of: keys, kinds of values, kinds of own numbers."""
    table = grammar()
    found = {
        f"{owner}.{key}": mutants_of_key(owner, key)
        for owner, key in all_keys()
        if (owner, key) not in NO_AWARD
    }
    found |= {
        kind: [Mutant(f"{kind}: {label}", _at_kind(kind, change)) for label, change in changes]
        for kind in table["kinds"]
        if kind not in NO_AWARD_KINDS and (changes := list(_changes(kind)))
    }
    found |= {f"own {how} {kind}": [_without_own(how, kind)] for how, kind in own_numbers()}
    return found


def mutants_of_key(owner: str, key: str) -> list[Mutant]:
    """List the mutants of a key: taken out, and a number's bounds."""
    table = grammar()
    spec = table["types"].get(owner) or table["kinds"][owner]
    kind = spec["keys"][key]
    if key == "type":
        return [Mutant(f"{owner}.type: another", _other_type(owner))]
    if key == "id":
        return [_without_own("part", owner)]
    if (owner, key) == ("repeat", "each"):
        return [Mutant("repeat.each: as every", _each_as_every)]
    made: dict[str, Change] = {}
    if key not in spec["required"]:
        made["out"] = lambda value: OUT
    if owner == "operators" and key in _OTHER_BOUND:
        return [
            Mutant(f"operators.{key}: out", _at_key(owner, key, made["out"])),
            Mutant(f"operators.{key}: as {_OTHER_BOUND[key]}", _other_operator(key)),
        ]
    if key in spec["required"] or resolve(kind)["is"] == "list":
        made |= dict(_changes(kind))
    for numeric in _alternatives(kind):
        made |= dict(_number_changes(resolve(numeric)))
    return [
        Mutant(f"{owner}.{key}: {label}", _at_key(owner, key, change))
        for label, change in made.items()
    ]


def _number_changes(spec: Mapping[str, Any]) -> Iterator[tuple[str, Change]]:
    if spec["is"] == "boolean":
        yield "the other", lambda value: not value if isinstance(value, bool) else value
    elif spec["is"] == "number":
        if not spec.get("whole"):
            yield "a little more", lambda value: _plus(value, LITTLE)
        if "decimals" in spec:
            yield "a little less", lambda value: _plus(value, -LITTLE)
        else:
            yield "one more", lambda value: _plus(value, 1)
            yield "one less", lambda value: _plus(value, -1)


def _changes(kind: Any) -> Iterator[tuple[str, Change]]:
    """List what can be done to a value of a kind that is no number, with a label each."""
    spec = resolve(kind)
    match spec["is"]:
        case "either":
            for alternative in _alternatives(kind):
                if resolve(alternative)["is"] != "number":
                    yield f"{alternative} out", _of_alternative(spec, alternative, lambda _: OUT)
        case "word":
            for word in spec["words"]:
                for other in spec["words"]:
                    if word != other:
                        yield f"{word} as {other}", _instead(word, other)
        case "scalar":
            yield "number as text", lambda value: str(value) if _is_number(value) else value
            yield "another text", _longer
        case "text" if kind in _SHIFTS:
            for label, step in (("later", 1), ("earlier", -1)):
                yield label, _shifted(_SHIFTS[kind], step)
        case "text" if kind == "prefix":
            yield "one character less", lambda text: text[:-1]
            yield "other characters", _longer
        case "text":
            yield "another", _longer
        case "span":
            for place, name in enumerate(("from", "until")):
                for label, step in (("later", 1), ("earlier", -1)):
                    yield f"{name} {label}", _moved_bound(place, step)
        case "list":
            yield "without its first", _without(lambda elements: elements[1:])
            yield "without its last", _without(lambda elements: elements[:-1])
            items = resolve(spec["items"])
            for word in items.get("words", []):
                yield f"without {word}", _without(_less(word))
            if items["is"] == "number":
                yield "each one more", _each(lambda value: value + 1)
                yield "each one less", _each(lambda value: value - 1)
        case "map":
            yield "without its first", _without_entry(0)
            yield "without its last", _without_entry(-1)


def _alternatives(kind: Any) -> list[Any]:
    """List the kinds that a value of a kind may be of."""
    spec = resolve(kind)
    if spec["is"] != "either":
        return [kind]
    return list(dict.fromkeys(each for name, each in spec.items() if name not in ("is", "allowed")))


def _of_alternative(spec: Mapping[str, Any], alternative: Any, change: Change) -> Change:
    def changed(value: Any) -> Any:
        is_it = spec.get(json_type(value), spec["else"]) == alternative
        return change(value) if is_it else value

    return changed


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _plus(value: Any, step: float) -> Any:
    return value + step if _is_number(value) and value + step > 0 else value


def _instead(word: str, other: str) -> Change:
    return lambda value: other if value == word else value


def _longer(value: Any) -> Any:
    return value + "x" if isinstance(value, str) else value


def _without(fewer: Callable[[list[Any]], list[Any]]) -> Change:
    def changed(value: Any) -> Any:
        left = fewer(value)
        return value if len(left) == len(value) else left or OUT

    return changed


def _less(word: str) -> Callable[[list[Any]], list[Any]]:
    return lambda elements: [each for each in elements if each != word]


def _each(change: Change) -> Change:
    return lambda value: [change(each) for each in value]


def _without_entry(place: int) -> Change:
    def changed(value: Any) -> Any:
        if len(value) < 2:
            return value
        left = list(value.items())
        del left[place]
        return dict(left)

    return changed


def _later_day(value: Any, step: int) -> Any:
    return (date.fromisoformat(value) + timedelta(days=step)).isoformat()


def _later_date(value: Any, step: int) -> Any:
    moved = date.fromisoformat(f"2024-{value}") + timedelta(days=step)
    return moved.isoformat()[5:]


def _later_time(value: Any, step: int) -> Any:
    hour, minute = value.split(":")
    moved = int(hour) * 60 + int(minute) + step
    return f"{moved // 60:02}:{moved % 60:02}"


def _later_closed_day(value: Any, step: int) -> Any:
    return (_later_date if len(str(value)) < len("2026-12-25") else _later_day)(value, step)


_SHIFTS: dict[Any, Callable[[Any, int], Any]] = {
    "date": _later_day,
    "month_day": _later_date,
    "closed_day": _later_closed_day,
    "day_starts": _later_time,
}


def _shifted(move: Callable[[Any, int], Any], step: int) -> Change:
    return lambda value: move(value, step)


def _moved_bound(place: int, step: int) -> Change:
    """Move a bound of hours by a minute."""

    def changed(value: Any) -> Any:
        bound = value[place]
        hour, minute = bound.split(":") if isinstance(bound, str) else (bound, 0)
        moved = (int(hour) * 60 + int(minute) + step) % (24 * 60)
        after = list(value)
        after[place] = f"{moved // 60:02}:{moved % 60:02}"
        return after

    return changed


# --- Where it is done ----------------------------------------------------------------------------


def _at_key(owner: str, key: str, change: Change) -> Callable[[Document], int]:
    """Change the values of a key."""

    def made(document: Document) -> int:
        places = [site for site in sites(document) if (site.owner, site.key) == (owner, key)]
        return sum(_is_put(site, change) for site in places)

    return made


def _at_kind(kind: str, change: Change) -> Callable[[Document], int]:
    """Change the values of a kind, wherever it stands: at a key, in a list, as an alternative."""

    def made(document: Document) -> int:
        return sum(
            _is_put(site, lambda value, at=site.kind: _changed(at, value, kind, change))
            for site in list(sites(document))
        )

    return made


def _is_put(site: Site, change: Change) -> bool:
    """Put a changed value, and tell whether it is another."""
    before = site.value
    after = OUT if before is OUT else change(copy.deepcopy(before))
    if after == before:
        return False
    site.put(after)
    _drop_dependents(site)
    return True


def _drop_dependents(site: Site) -> None:
    """Take out the keys that have no meaning with a key's new value."""
    table = grammar()
    spec = table["types"].get(site.owner) or table["kinds"][site.owner]
    for rule in spec["rules"]:
        is_of_key = rule["rule"] == "only_with" and rule["other"] == site.key
        if is_of_key and site.value not in rule["words"]:
            site.holder.pop(rule["key"], None)


def _changed(found: Any, value: Any, kind: str, change: Change) -> Any:
    if found == kind:
        return change(value)
    spec = resolve(found)
    if spec["is"] == "either":
        return _changed(spec.get(json_type(value), spec["else"]), value, kind, change)
    if spec["is"] == "list":
        after = [_changed(spec["items"], each, kind, change) for each in value]
        return [each for each in after if each is not OUT] or OUT
    if spec["is"] == "map":
        entries = {
            name: _changed(spec["values"], each, kind, change) for name, each in value.items()
        }
        return {name: each for name, each in entries.items() if each is not OUT} or OUT
    return value


_OTHER_BOUND = {"gte": "gt", "gt": "gte", "lte": "lt", "lt": "lte"}


def _other_operator(operator: str) -> Callable[[Document], int]:
    def made(document: Document) -> int:
        found = [
            site.holder
            for site in sites(document)
            if (site.owner, site.key) == ("operators", operator) and operator in site.holder
        ]
        for test in found:
            test[_OTHER_BOUND[operator]] = test.pop(operator)
        return len(found)

    return made


def _each_as_every(document: Document) -> int:
    """Repeat for each one more of a lifetime, where each window brought the badge again."""
    found = [
        node
        for badge in document["badges"].values()
        for node in _nodes(badge["criteria"])
        if "each" in node.get("repeat", {})
    ]
    for node in found:
        del node["window"], node["repeat"]["each"]
        node["repeat"]["every"] = 1
    return len(found)


def _other_type(kind: str) -> Callable[[Document], int]:
    """Award nothing for a type of criteria, or something for the one that awards nothing."""
    other = {"type": "any_of", "criteria": [{"type": "badges_earned", "at_least": 1000}]}
    if kind == "manual":
        other = {"type": "threshold", "at_least": 1}

    def made(document: Document) -> int:
        found = [
            site.holder for site in sites(document) if (site.owner, site.key) == (kind, "type")
        ]
        for node in found:
            node.clear()
            node |= copy.deepcopy(other)
        return len(found)

    return made


# --- An organization's own numbers ---------------------------------------------------------------


def own_numbers() -> list[tuple[str, str]]:
    """List the kinds of an organization's own numbers: plain, by tier, by a part's id."""
    table = grammar()
    tiered = [kind for kind, spec in table["types"].items() if "tiers" in spec["keys"]]
    return (
        [("plain", kind) for kind in table["plain_numbers"]]
        + [("tier", kind) for kind in tiered]
        + [("part", kind) for kind in table["numbers"]]
    )


def _without_own(how: str, kind: str) -> Mutant:
    def made(document: Document) -> int:
        count = 0
        for organization in document["organizations"].values():
            own = organization.get("custom_thresholds", {})
            for slug in list(own):
                criteria = document["badges"][slug]["criteria"]
                if how == "part":
                    named = [node.get("id") for node in _nodes(criteria) if node["type"] == kind]
                    for name in named:
                        if isinstance(own[slug], dict) and own[slug].pop(name, None) is not None:
                            count += 1
                elif criteria["type"] == kind and isinstance(own[slug], dict) == (how == "tier"):
                    del own[slug]
                    count += 1
        return count

    return Mutant(f"{how} number of {kind}: out", made)


def _nodes(criteria: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield criteria
    for part in criteria.get("criteria", []):
        yield from _nodes(part)


# --- Who survives --------------------------------------------------------------------------------


def all_cases() -> list[Case]:
    """Give every acceptance case, the shortest first."""
    return sorted((read(name) for name in NAMES), key=lambda case: len(case.activities))


def survivors(mutants: Sequence[Mutant], cases: Sequence[Case]) -> list[str]:
    """Name the mutants that change no case's awards.

    Those that only make documents that would be refused (a key out, of which one must stand) are
    not among them, as long as another mutant of the same list decides an award.
    """
    deciding = [each for each in mutants if any(each.decides(case) for case in cases)]
    left = [each for each in mutants if each not in deciding]
    if deciding:
        left = [each for each in left if not each.is_refused(cases)]
    return [each.name for each in left]
