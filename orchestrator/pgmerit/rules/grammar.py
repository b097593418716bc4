"""The grammar of rule sets: one table (grammar.json) and the small engine that applies it.

The database holds the same table and the same engine (badges_internal._criteria_grammar and
badges_internal._validate_*), so that both name the same problems with the same words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib.resources import files
from itertools import chain, islice
from typing import Any

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LONGEST_SUGGESTED = 40
_MOST_COMPARED = 1000
_DIRECT = 2  # the depth of a node's own parts


@dataclass(frozen=True, order=True, slots=True)
class Problem:
    """One thing that is wrong: where, what, and what is allowed there."""

    path: str
    problem: str
    allowed: str
    line: int | None = None
    column: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the problem as the database shapes it, with line and column where known."""
        shown: dict[str, Any] = {
            "path": self.path,
            "problem": self.problem,
            "allowed": self.allowed,
        }
        if self.line is not None:
            shown |= {"line": self.line, "column": self.column}
        return shown


@cache
def grammar() -> dict[str, Any]:
    """Return grammar.json, its numbers as integers and decimals."""
    text = files("pgmerit.rules").joinpath("grammar.json").read_text(encoding="utf-8")
    table: dict[str, Any] = json.loads(text, parse_float=Decimal)
    return table


def canonical_text(value: Any) -> str:
    """Return a JSON value exactly as PostgreSQL writes it as jsonb::text.

    Raises ValueError for what JSON cannot hold: NaN, infinity, NUL, lone surrogates, other types.
    """
    return "".join(_write(value))


def _write(value: Any) -> Iterator[str]:
    if value is None:
        yield "null"
    elif isinstance(value, bool):
        yield "true" if value else "false"
    elif isinstance(value, str):
        yield quote(value)
    elif isinstance(value, int | float | Decimal):
        yield _number_text(value)
    elif isinstance(value, Mapping):
        yield "{"
        for index, key in enumerate(sorted(value, key=_key_order)):
            yield (", " if index else "") + quote(key) + ": "
            yield from _write(value[key])
        yield "}"
    elif isinstance(value, list | tuple):
        yield "["
        for index, element in enumerate(value):
            if index:
                yield ", "
            yield from _write(element)
        yield "]"
    else:
        raise ValueError(f"{type(value).__name__} is no JSON value")


def _key_order(key: Any) -> tuple[int, bytes]:
    if not isinstance(key, str):
        raise ValueError(f"{type(key).__name__} is no JSON key")
    encoded = key.encode("utf-8")
    return len(encoded), encoded


def _number_text(value: int | float | Decimal) -> str:
    number = as_number(value)
    if number is None or not number.is_finite() or abs(number.adjusted()) > 16000:
        raise ValueError("a number must be finite and of a sane size")
    if not number:
        places = max(0, -int(number.as_tuple().exponent))
        return "0." + "0" * places if places else "0"
    return format(number, "f")


def quote(text: str) -> str:
    """Return text as a JSON string, as PostgreSQL escapes it."""
    text.encode("utf-8")
    if "\0" in text:
        raise ValueError("text must not hold the character NUL")
    return json.dumps(text, ensure_ascii=False)


def as_number(value: Any) -> Decimal | None:
    """Return a JSON number as a decimal, None for everything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, Decimal):
        return value
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, float):
        return Decimal(repr(value))
    return None


def json_type(value: Any) -> str:
    """Return the JSON type's name, as jsonb_typeof gives it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    if isinstance(value, int | float | Decimal):
        return "number"
    if isinstance(value, Mapping):
        return "object"
    return "array"


_TYPE_WORDS = {
    "null": "null",
    "boolean": "true or false",
    "string": "text",
    "number": "a number",
    "object": "an object",
    "array": "a list",
}


def step(path: str, key: str | int) -> str:
    """Return the JSON path of a key or an index below a path."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    if _IDENTIFIER.fullmatch(key):
        return f"{path}.{key}"
    return f"{path}[{quote(key)}]"


def edit_distance(left: str, right: str) -> int:
    """Return the Levenshtein distance of two words."""
    previous = list(range(len(right) + 1))
    for row, one in enumerate(left, start=1):
        current = [row]
        for column, other in enumerate(right, start=1):
            current.append(
                min(
                    previous[column] + 1,
                    current[column - 1] + 1,
                    previous[column - 1] + (one != other),
                )
            )
        previous = current
    return previous[-1]


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that a misspelt one most likely means, or None.

    Of very many words none is looked for.
    """
    known = list(known)
    if len(word) > _LONGEST_SUGGESTED or len(known) > _MOST_COMPARED:
        return None
    furthest = max(1, min(3, len(word) // 2))
    candidates = [
        (edit_distance(word, other), other.encode("utf-8"), other)
        for other in known
        if abs(len(word) - len(other)) <= furthest
        # A letter that only one of the two has costs a change each time.
        and sum(letter not in other for letter in word) <= furthest
        and sum(letter not in word for letter in other) <= furthest
    ]
    best = min(candidates, default=None)
    return best[2] if best is not None and best[0] <= furthest else None


def unknown(word: str, known: Iterable[str], before: str, after: str) -> str:
    """Return the text for an unknown word, with the nearest known one."""
    meant = nearest(word, known)
    hint = "" if meant is None else f", did you mean {quote(meant)}?"
    return f"{before}{quote(word[:100])}{after}{hint}"


def sorted_words(words: Iterable[str]) -> list[str]:
    """Return words in the order of their bytes, as the database sorts them."""
    return sorted(words, key=lambda word: word.encode("utf-8"))


def sorted_problems(problems: Iterable[Problem]) -> list[Problem]:
    """Return the problems without repetitions, in the order the database gives them."""
    return sorted(
        set(problems),
        key=lambda each: tuple(
            part.encode("utf-8") for part in (each.path, each.problem, each.allowed)
        ),
    )


def resolve(kind: str | Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the specification of a kind given by name or in full."""
    if isinstance(kind, str):
        found: Mapping[str, Any] = grammar()["kinds"][kind]
        return found
    return kind


def allowed_here(kind: str | Mapping[str, Any]) -> str:
    """Return what a kind allows, in words."""
    spec = resolve(kind)
    if "allowed" in spec:
        return str(spec["allowed"])
    if spec["is"] == "word":
        return ", ".join(spec["words"])
    if spec["is"] == "object":
        return ", ".join(sorted_words(spec["keys"]))
    if spec["is"] == "either":
        return allowed_here(spec["else"])
    return "anything"


def validate_value(kind: str | Mapping[str, Any], value: Any, path: str) -> list[Problem]:
    """Return the problems of a value against a kind of the grammar."""
    spec = resolve(kind)
    match spec["is"]:
        case "anything":
            return []
        case "either":
            return validate_value(spec.get(json_type(value), spec["else"]), value, path)
        case "word":
            return _validate_word(spec, value, path)
        case "object":
            return _validate_object(spec, value, path)
        case "map":
            return _validate_map(spec, value, path)
        case "list":
            return _validate_list(spec, value, path)
        case "span":
            return _validate_span(spec, value, path)
    problem = _scalar_problem(spec, value)
    return [] if problem is None else [Problem(path, problem, allowed_here(spec))]


def _scalar_problem(spec: Mapping[str, Any], value: Any) -> str | None:
    found = json_type(value)
    wanted = {"number": ("number",), "boolean": ("boolean",), "text": ("string",)}.get(
        spec["is"], ("string", "number", "boolean")
    )
    if found not in wanted:
        return f"must not be {_TYPE_WORDS[found]}"
    number = as_number(value)
    if number is not None:
        return _number_problem(spec, number)
    if spec["is"] == "text":
        return _text_problem(spec, value)
    return None


def _number_problem(spec: Mapping[str, Any], number: Decimal) -> str | None:
    if (
        ("above" in spec and number <= spec["above"])
        or ("from" in spec and number < spec["from"])
        or number > spec["to"]
    ):
        return "is out of bounds"
    if spec.get("whole") and number != number.to_integral_value():
        return "is not a whole number"
    if "decimals" in spec and number != round(number, spec["decimals"]):
        return f"has more than {spec['decimals']} decimals"
    return None


def _text_problem(spec: Mapping[str, Any], text: str) -> str | None:
    if len(text) < spec["from"]:
        return "is empty"
    if len(text) > spec["to"]:
        return f"is longer than {spec['to']} characters"
    if "patterns" in spec and not any(re.fullmatch(each, text) for each in spec["patterns"]):
        return f"{quote(text)} is not well formed"
    for banned in spec.get("without", []):
        if banned in text:
            return f"must not contain {quote(banned)}"
    for name, pattern in spec.get("once", {}).items():
        if len(re.findall(pattern, text)) > 1:
            return f"contains {name} more than once"
    return None


def _validate_word(spec: Mapping[str, Any], value: Any, path: str) -> list[Problem]:
    allowed = allowed_here(spec)
    if not isinstance(value, str):
        return [Problem(path, f"must not be {_TYPE_WORDS[json_type(value)]}", allowed)]
    if value in spec["words"]:
        return []
    return [Problem(path, unknown(value, spec["words"], "", " is not known"), allowed)]


def first(problems: Iterable[Problem]) -> list[Problem]:
    """Return as many problems as are told at once; what comes after is not looked at."""
    return list(islice(problems, grammar()["limits"]["problems"]))


def in_order(value: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Give the entries of an object in the order in which the database keeps them."""
    for key in sorted(value, key=_key_order):
        yield key, value[key]


def _validate_object(spec: Mapping[str, Any], value: Any, path: str) -> list[Problem]:
    if not isinstance(value, Mapping):
        said = f"must not be {_TYPE_WORDS[json_type(value)]}"
        return [Problem(path, said, allowed_here(spec))]
    if len(value) < spec.get("from", 0):
        return [Problem(path, "is empty", allowed_here(spec))]
    return first(_object_problems(spec, value, path))


def _object_problems(
    spec: Mapping[str, Any], value: Mapping[str, Any], path: str
) -> Iterator[Problem]:
    for key, below in in_order(value):
        if key in spec["keys"]:
            yield from validate_value(spec["keys"][key], below, step(path, key))
        else:
            said = unknown(key, spec["keys"], "unknown key ", "")
            allowed = spec.get("instead", {}).get(key) or allowed_here(spec)
            yield Problem(step(path, key), said, allowed)
    for key in spec["required"]:
        if key not in value:
            wanted = allowed_here(spec["keys"][key])
            yield Problem(step(path, key), "is missing", wanted)
    for rule in spec["rules"]:
        yield from _validate_rule(spec, rule, value, path)


def _wrong_number_of(spec: Mapping[str, Any], number: int) -> str | None:
    """Say that a list or an object holds none or too many of what it may hold."""
    if number < spec.get("from", 1 if spec["is"] == "list" else 0):
        return "is empty"
    if number > spec.get("to", number):
        return f"has more than {spec['to']} entries"
    return None


def _validate_map(spec: Mapping[str, Any], value: Any, path: str) -> list[Problem]:
    is_map = isinstance(value, Mapping)
    said = (
        _wrong_number_of(spec, len(value))
        if is_map
        else f"must not be {_TYPE_WORDS[json_type(value)]}"
    )
    if said is not None:
        return [Problem(path, said, allowed_here(spec))]
    return first(
        problem
        for key, below in in_order(value)
        for problem in validate_value(spec["names"], key, step(path, key))
        + validate_value(spec["values"], below, step(path, key))
    )


def _validate_list(spec: Mapping[str, Any], value: Any, path: str) -> list[Problem]:
    is_list = isinstance(value, list | tuple)
    said = (
        _wrong_number_of(spec, len(value))
        if is_list
        else f"must not be {_TYPE_WORDS[json_type(value)]}"
    )
    if said is not None:
        return [Problem(path, said, allowed_here(spec))]
    return first(_list_problems(spec, value, path))


def _list_problems(spec: Mapping[str, Any], value: Sequence[Any], path: str) -> Iterator[Problem]:
    for index, element in enumerate(value):
        yield from validate_value(spec["items"], element, step(path, index))
    if "unique" in spec:
        yield from _repeated(spec, value, path)
    if "rising" in spec:
        yield from not_rising(value, spec["rising"], path)


def _validate_span(spec: Mapping[str, Any], value: Any, path: str) -> list[Problem]:
    allowed = allowed_here(spec)
    if not isinstance(value, list | tuple):
        return [Problem(path, f"must not be {_TYPE_WORDS[json_type(value)]}", allowed)]
    if len(value) != len(spec["items"]):
        return [Problem(path, "is not two times", allowed)]
    problems = []
    for index, (kind, end) in enumerate(zip(spec["items"], value, strict=True)):
        problems += validate_value(kind, end, step(path, index))
    if not problems and _minutes(value[0]) == _minutes(value[1]):
        problems.append(Problem(path, "is empty, as both ends are the same", allowed))
    return problems


def _minutes(time: Any) -> int:
    """Return the minutes since midnight of a valid time: a whole hour or HH:MM."""
    if isinstance(time, str):
        hours, minutes = time.split(":")
        return int(hours) * 60 + int(minutes)
    return int(time) * 60


def _repeated(spec: Mapping[str, Any], elements: Iterable[Any], path: str) -> list[Problem]:
    key = spec["unique"]
    seen: set[tuple[str, Any]] = set()
    problems = []
    for index, element in enumerate(elements):
        if key and not isinstance(element, Mapping):
            continue
        value = element.get(key) if key else element
        kind = json_type(value)
        if kind not in ("string", "number", "boolean"):
            continue
        identity = (kind, as_number(value) if kind == "number" else value)
        if identity in seen:
            place = step(path, index)
            said = Problem(step(place, key) if key else place, "is there twice", allowed_here(spec))
            problems.append(said)
        seen.add(identity)
    return problems


def not_rising(elements: Iterable[Any], key: str, path: str) -> list[Problem]:
    """Return a problem for each tier whose number is not above the one before it."""
    problems = []
    before: Decimal | None = None
    for index, element in enumerate(elements):
        number = as_number(element.get(key)) if isinstance(element, Mapping) else None
        if before is not None and number is not None and number <= before:
            place = step(step(path, index), key)
            said = "is not above the tier before it"
            problems.append(Problem(place, said, "numbers that rise from tier to tier"))
        before = number
    return problems


def _is_given(value: Mapping[str, Any], key: str) -> bool:
    """Tell whether a key is there; a default that is written out counts as left out.

    key: of the object, or of one below it (`repeat.each`).
    """
    name, _, below = key.partition(".")
    if below:
        return isinstance(value.get(name), Mapping) and below in value[name]
    if key not in value:
        return False
    defaults = grammar()["defaults"]
    return (
        key not in defaults
        or json_type(value[key]) != json_type(defaults[key])
        or value[key] != defaults[key]
    )


def _validate_rule(
    spec: Mapping[str, Any], rule: Mapping[str, Any], value: Mapping[str, Any], path: str
) -> list[Problem]:
    key = rule["key"]
    if rule["rule"] == "exactly_one":
        return _validate_choice(rule["keys"], value, path)
    other = rule["other"]
    has_key, has_other = _is_given(value, key), _is_given(value, other)
    named = rule.get("as", other)
    word = value.get(other, grammar()["defaults"].get(other))
    match rule["rule"]:
        case "only_with" if has_key and isinstance(word, str | Mapping):
            if isinstance(word, str) and word in rule["words"]:
                return []
            words = ", ".join(rule["words"])
            said = f"goes only with {other} {words}"
            return [Problem(f"{path}.{key}", said, f"{key} with {other} {words}")]
        case "not_with" if has_key and has_other:
            said = f"does not go with {named}"
            allowed = rule.get("allowed", f"either {key} or {named}")
            return [Problem(f"{path}.{key}", said, allowed)]
        case "not_with_below" if has_key and json_type(value.get(other)) == "object":
            below = rule["below"]
            if below in value[other]:
                said = f"does not go with {below}"
                return [Problem(step(path, key), said, f"either {key} or {below}")]
        case "not_with_word" if has_key and value.get(other) == rule["word"]:
            said = f"does not go with {rule['word']}"
            return [Problem(step(path, key), said, f"either {key} or {rule['word']}")]
        case "word_without_parts" | "word_with_parts":
            parts = _parts_named(rule, value.get(other))
            is_word = value.get(key) == rule["word"]
            if parts and is_word and rule["rule"] == "word_without_parts":
                said = f"is {rule['word']}, which does not go with {parts}"
                return [Problem(step(path, key), said, allowed_here(spec["keys"][key]))]
            if parts and not is_word and rule["rule"] == "word_with_parts":
                said = f"must be {rule['word']}, as there is {parts}"
                return [Problem(step(path, key), said, rule["word"])]
        case "not_after" if has_key and has_other:
            ends = [(spec["keys"][each], value[each]) for each in (key, other)]
            is_sound = not any(validate_value(kind, end, "$") for kind, end in ends)
            if is_sound and value[key] > value[other]:
                return [Problem(step(path, key), f"is after {other}", f"{key} up to {other}")]
        case "needs_without" if not has_key and not has_other:
            said = f"is missing, as there is no {other}"
            return [Problem(step(path, key), said, allowed_here(spec["keys"][key]))]
        case "one_of" if has_key == has_other:
            said = "does not go with " + other if has_key else f"is missing, as there is no {other}"
            return [Problem(step(path, key), said, f"either {key} or {other}")]
        case "at_most_items" if isinstance(value.get(other), list | tuple):
            number = as_number(value.get(key))
            count = len(value[other])
            if number is not None and number > count:
                said = f"is more than there are {other}"
                return [Problem(step(path, key), said, f"at most {count}")]
    return []


def _parts_named(rule: Mapping[str, Any], criteria: Any) -> str:
    """Name what criteria have of the types and keys of a rule; a key may also be a window's."""
    types, keys = set(rule.get("types", ())), set(rule["keys"])
    named: set[str] = set()
    for _, node, _ in walk(criteria):
        if isinstance(node, Mapping):
            window = node.get("window")
            named |= types & {type_of(node)} | keys & set(node)
            named |= keys & set(window) if isinstance(window, Mapping) else set()
    return ", ".join(sorted(named))


def _validate_choice(keys: list[str], value: Mapping[str, Any], path: str) -> list[Problem]:
    """Return the problems of an object that must have exactly one of some keys."""
    allowed = "one of " + ", ".join(keys)
    given = [key for key in keys if key in value]
    if not given:
        said = "is missing, as there is no " + " or ".join(keys[1:])
        return [Problem(step(path, keys[0]), said, allowed)]
    said = f"does not go with {given[0]}"
    return [Problem(step(path, key), said, allowed) for key in given[1:]]


def type_of(node: Any) -> str | None:
    """Give the type of a criteria node, None where it has none of the language."""
    kind = node.get("type") if isinstance(node, Mapping) else None
    return kind if isinstance(kind, str) and kind in grammar()["types"] else None


def walk(criteria: Any) -> Iterator[tuple[str, Any, int]]:
    """Give every criteria node with its path and depth, parents first, one level too deep at most.

    A node of unknown type is walked as a composed one: its parts may have problems of their own.
    The number of levels is bounded before anything recurses.
    """
    table = grammar()
    level: list[tuple[str, Any]] = [("$", criteria)]
    depth = 0
    while level and depth <= table["limits"]["depth"]:
        depth += 1
        below: list[tuple[str, Any]] = []
        for path, node in level:
            yield path, node, depth
            if not isinstance(node, Mapping):
                continue
            key = table["parts"].get(type_of(node), None if type_of(node) else "criteria")
            parts = node.get(key) if key else None
            if isinstance(parts, list | tuple):
                place = step(path, key or "")
                below += [(step(place, index), part) for index, part in enumerate(parts)]
        level = below


def criteria_problems(criteria: Any) -> list[Problem]:
    """Return every problem of one badge's criteria, sorted by path; empty when valid."""
    limits = grammar()["limits"]
    try:
        size = len(canonical_text(criteria).encode("utf-8"))
    except (ValueError, InvalidOperation, RecursionError) as error:
        said = "is nested too deep" if isinstance(error, RecursionError) else str(error)
        return [Problem("$", said, "a JSON value")]
    if size > limits["criteria_bytes"]:
        said = f"is larger than {limits['criteria_bytes']} bytes"
        return [Problem("$", said, f"at most {limits['criteria_bytes']} bytes")]
    nodes = list(walk(criteria))
    problems = first(chain.from_iterable(_found_in_node(*node) for node in nodes))
    if len(nodes) > limits["nodes"]:
        said = f"has more than {limits['nodes']} parts"
        problems.append(Problem("$", said, f"at most {limits['nodes']} parts"))
    return sorted_problems(problems + first(sorted_problems(_repeated_ids(nodes))))


def _found_in_node(path: str, node: Any, depth: int) -> list[Problem]:
    deepest = grammar()["limits"]["depth"]
    if depth > deepest:
        return [Problem(path, f"is nested deeper than {deepest}", f"at most {deepest} levels")]
    return _node_problems(node, path)


def _node_problems(node: Any, path: str) -> list[Problem]:
    table = grammar()
    types = table["types"]
    names = ", ".join(sorted_words(types))
    if not isinstance(node, Mapping):
        said = f"must not be {_TYPE_WORDS[json_type(node)]}"
        return [Problem(path, said, "criteria: an object with type")]
    place = step(path, "type")
    kind = node.get("type")
    if "type" not in node:
        return [Problem(place, "is missing", names)]
    if not isinstance(kind, str):
        return [Problem(place, f"must not be {_TYPE_WORDS[json_type(kind)]}", names)]
    if kind not in types:
        return [Problem(place, unknown(kind, types, "", " is not known"), names)]
    problems = []
    if path != "$" and kind in table["top_types"]:
        said = f"{quote(kind)} stands only at the top of a badge"
        problems.append(Problem(place, said, "a type that may be a part"))
    misplaced = table["part_keys"] if path == "$" else table["top_keys"]
    where = "on a part" if path == "$" else "at the top of a badge"
    for key in misplaced:
        if key in node and key in types[kind]["keys"]:
            said = f"{quote(key)} stands only {where}"
            problems.append(Problem(step(path, key), said, allowed_here(types[kind])))
    return problems + validate_value(types[kind], node, path) + part_problems(node, path)


def part_problems(node: Mapping[str, Any], path: str) -> list[Problem]:
    """Return the parts that a node of a known type may not have, and whether it needs another."""
    table = grammar()
    kind, owners = node["type"], table["part_types"]
    below = [(path + place[1:], type_of(part) or "", depth) for place, part, depth in walk(node)]
    allowed = "a type that may be a part here"
    problems = [
        Problem(step(place, "type"), f"{quote(found)} stands only in {owners[found]}", allowed)
        for place, found, depth in below
        if (depth, path) == (1, "$") or (depth == _DIRECT and kind != owners.get(found))
        if found in owners
    ]
    problems += [
        Problem(step(place, "type"), f"{quote(found)} does not stand in {kind}", allowed)
        for place, found, _ in below
        if found in table["not_within"].get(kind, [])
    ]
    direct = {found for _, found, depth in below if depth == _DIRECT}
    if direct and all(owners.get(found) == kind for found in direct):
        said = "has only parts that must not hold"
        problems.append(Problem(step(path, table["parts"][kind]), said, "a part that must hold"))
    return problems


def _repeated_ids(nodes: Iterable[tuple[str, Any, int]]) -> list[Problem]:
    places: dict[str, list[str]] = {}
    for path, node, _ in nodes:
        if isinstance(node, Mapping) and isinstance(node.get("id"), str):
            places.setdefault(node["id"], []).append(step(path, "id"))
    return [
        Problem(place, "is there twice", "an id once in a badge")
        for found in places.values()
        for place in sorted_words(found)[1:]
    ]


def grammar_sql() -> str:
    """Return sql/rules/language/_criteria_grammar.sql: the table as the database holds it."""
    text = files("pgmerit.rules").joinpath("grammar.json").read_text(encoding="utf-8").rstrip()
    said = "Gives the grammar of the rule language, the same table as pgmerit/rules/grammar.json."
    return f"""-- {said}
--
-- Written by python -m pgmerit.rules.grammar; a test compares the two.
create or replace function badges_internal._criteria_grammar()
returns jsonb
language sql
immutable
parallel safe
return '{text.replace("'", "''")}'::jsonb;

comment on function badges_internal._criteria_grammar() is
'{said}';
"""


if __name__ == "__main__":
    print(grammar_sql(), end="")
