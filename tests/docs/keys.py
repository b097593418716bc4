"""docs/rule-keys.md: types and keys of the rule language as the grammar has them, and runs."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from pgmerit.rules.editor_schema import rule_set_schema
from pgmerit.rules.files import parse_document
from pgmerit.rules.grammar import allowed_here, grammar, resolve
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from ruamel.yaml import YAML

from tests.docs.markdown import WIDTH, block, table
from tests.engine import apply, person
from tests.house.sources import ROOT

OSLO = ZoneInfo("Europe/Oslo")
OBJECTS = ("document", "organization", "badge")
# Kinds whose own keys are told elsewhere, or which have none worth a line.
_APART = ("organizations", "badges", "parts")
_ACTIVITY = re.compile(
    r"(?P<deleted>delete )?(?P<kind>\w+) (?P<day>[\d-]{10})(?: (?P<time>\d\d:\d\d))?"
    r"(?: (?P<attributes>\{.*\}))?"
)
_ENDINGS = {None: "", "rule": "and taken back", "person": "and taken back", "time": "and lapsed"}
_AWARDS = """
select
    held.org_id,
    held.peer_mentor_id,
    held.badge_definition_id as badge,
    held.tier,
    held.occurrence,
    held.earned_at,
    held.source = 'manual' as is_by_hand,
    held.revoked_by
from badges.earned_badges as held
where held.org_id = any (%s)
order by held.earned_at, badge, held.tier, held.occurrence
"""


def sections(dsn: str) -> dict[str, str]:
    """Give a section for each object and type, with what the examples earn."""
    source = (ROOT / "tests/docs/examples.yaml").read_text()
    examples: dict[str, Any] = parse_document(source).value
    shown = _yaml().load(source)
    _check(examples)
    with psycopg.connect(dsn, autocommit=True, row_factory=dict_row) as connection:
        connection.execute("select badges.set_setting('criteria_raw', 'true')")
        told = _run(connection, examples)
    parts: list[str] = []
    seen: dict[str, str] = {}
    for name, ones in examples.items():
        spec = grammar()["types"].get(name) or grammar()["kinds"][name]
        head = f"## {name}\n\n{_meaning(name)}\n\n{_keys(name, spec, seen)}{_rules(spec)}"
        parts.append(f"{head.rstrip()}\n")
        for number, example in enumerate(ones):
            key = next(iter(example))
            does = "\n".join([*example["does"], *told[name, number]])
            parts.append(block("yaml", _dumped(shown[name][number][key])) + block("text", does))
    return {"keys": "\n".join(parts)}


def _check(examples: Mapping[str, Any]) -> None:
    """Fail unless every type, key and word of the grammar is in some example."""
    used = set(_words(examples))
    known = {*grammar()["types"]}
    for spec in [*grammar()["types"].values(), *grammar()["kinds"].values()]:
        known |= {*spec.get("keys", ()), *spec.get("words", ())}
    if missing := known - used:
        raise LookupError(f"tests/docs/examples.yaml has nothing of {sorted(missing)}")


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, below in value.items():
            yield key
            yield from _words(below)
    elif isinstance(value, list):
        for below in value:
            yield from _words(below)
    else:
        yield str(value)


def _yaml() -> YAML:
    """Give a reader and writer that keeps to the way in which an example is written."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = WIDTH
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _dumped(value: Any) -> str:
    text = io.StringIO()
    _yaml().dump(value, text)
    return text.getvalue()


def _run(
    connection: psycopg.Connection[Any], examples: Mapping[str, Any]
) -> dict[tuple[str, int], list[str]]:
    """Give what the examples earn, in words: a line an organization, person and award."""
    places: dict[tuple[str, int], list[str]] = {}
    together: dict[str, Any] = {
        "version": 1,
        "ruleset": "examples",
        "organizations": {},
        "badges": {},
    }
    for name, ones in examples.items():
        for number, example in enumerate(ones):
            if "document" in example:
                apply(connection, example["document"])
                places[name, number] = list(example["document"]["organizations"])
                continue
            slug = f"{name}_{number}".replace("_", "-")
            together["organizations"][slug] = {"time_zone": "Europe/Oslo", "badges": [slug]}
            together["badges"][slug] = example.get("badge") or {
                "name": slug,
                "criteria": example["rule"],
            }
            places[name, number] = [slug]
    apply(connection, together)
    for (name, number), orgs in places.items():
        for org in orgs:
            for line in examples[name][number]["does"]:
                _do(connection, org, line)
    connection.execute("select badges.award_due_badges('2025-12-31 00:00+01')")
    return {
        place: _told(
            connection.execute(_AWARDS, (orgs,)).fetchall(), orgs, examples[place[0]][place[1]]
        )
        for place, orgs in places.items()
    }


def _do(connection: psycopg.Connection[Any], org: str, line: str) -> None:
    who, _, what = line.rpartition(": ") if re.match(r"\w+: ", line) else ("", "", line)
    whom = person(f"{org} {who}")
    if what == "by hand":
        connection.execute("select badges.award_badge(%s, %s, %s, 'by hand')", (whom, org, org))
        return
    found = _ACTIVITY.fullmatch(what)
    assert found, line
    moment = datetime.fromisoformat(f"{found['day']}T{found['time'] or '12:00'}")
    values = (whom, org, found["kind"], moment.replace(tzinfo=OSLO))
    if found["deleted"]:
        connection.execute(
            "delete from badges.activities where (peer_mentor_id, org_id, activity_type,"
            " occurred_at) = (%s, %s, %s, %s)",
            values,
        )
        return
    connection.execute(
        "insert into badges.activities (peer_mentor_id, org_id, activity_type, occurred_at,"
        " attributes) values (%s, %s, %s, %s, %s)",
        (*values, Jsonb(json.loads(found["attributes"] or "{}"))),
    )


def _told(rows: list[dict[str, Any]], orgs: list[str], example: Mapping[str, Any]) -> list[str]:
    """Give the awards of an example in words, a line each."""
    people = {line.partition(": ")[0] for line in example["does"] if re.match(r"\w+: ", line)}
    names = {person(f"{org} {who}"): who for org in orgs for who in people}
    lines = []
    for row in rows:
        words = [
            row["org_id"] if len(orgs) > 1 else "",
            names.get(row["peer_mentor_id"], ""),
            row["badge"] if "document" in example else "",
            row["tier"],
            f"time {row['occurrence']}" if row["occurrence"] > 1 else "",
            "earned",
            "by hand"
            if row["is_by_hand"]
            else f"{row['earned_at'].astimezone(OSLO):%Y-%m-%d %H:%M}",
            _ENDINGS[row["revoked_by"]],
        ]
        lines.append(f"=> {' '.join(word for word in words if word)}")
    return lines or ["=> not earned"]


def _meaning(name: str) -> str:
    if name in OBJECTS:
        return {
            "document": "The whole file.",
            "organization": "One of `organizations`, by its slug.",
            "badge": "One of `badges`, by its slug.",
        }[name]
    kinds = rule_set_schema()["$defs"]
    found = kinds.get(f"criteria_{name}") or kinds[f"part_{name}"]
    return str(found["description"])


def _keys(name: str, spec: Mapping[str, Any], seen: dict[str, str]) -> str:
    rows = [row for row in _rows(name, spec, "", seen) if row[0] != "`type`"]
    for kind in {*map(str, spec["keys"].values())} - {*_APART}:
        seen.setdefault(kind, name)
    return table(("key", "meaning", "allowed"), rows) + "\n" if rows else ""


def _rows(
    owner: str, spec: Mapping[str, Any], before: str, seen: Mapping[str, str]
) -> Iterator[tuple[str, str, str]]:
    """Give a row a key, and one for each of an object below it that was not told before."""
    schema = rule_set_schema()
    kinds = schema["$defs"]
    texts = dict(schema["properties"]) if owner == "document" else {}
    for found in (f"part_{owner}", f"criteria_{owner}", owner):
        texts |= kinds.get(found, {}).get("properties", {})
    for key, kind in spec["keys"].items():
        if key not in texts:  # nowhere allowed: the id of a part on a type that is none
            continue
        text, below = texts[key]["description"], _below(kind)
        words = kinds.get(kind, {}).get("oneOf", ())
        allowed = "a rule" if kind == "anything" else allowed_here(kind)
        if kind not in seen and words:
            told = [f"`{word['const']}` {_inner(word['description'])}" for word in words]
            allowed = "; ".join(told)
        elif kind in seen and below:
            allowed = f"as of [{seen[kind]}](#{seen[kind]})"
        yield f"`{before}{key}`", text + " Needed." * (key in spec["required"]), allowed
        if below and kind not in seen:
            yield from _rows(below, grammar()["kinds"][below], f"{before}{key}.", seen)


def _inner(sentence: str) -> str:
    """Give a sentence as a part of another."""
    begins = sentence[:1] if sentence.startswith("ISO") else sentence[:1].lower()
    return begins + sentence[1:].rstrip(".")


def _below(kind: str) -> str | None:
    """Give the kind of object that a value of a kind is or holds, None where there is none."""
    spec = resolve(kind)
    if kind in _APART:
        return None
    if spec["is"] == "object":
        return kind
    inner = {"either": "object", "list": "items", "map": "values"}.get(spec["is"], "")
    return _below(spec[inner]) if inner in spec else None


def _rules(spec: Mapping[str, Any]) -> str:
    """Give in words which keys go together."""
    lines = []
    for rule in spec["rules"]:
        key, other = f"`{rule['key']}`", f"`{rule.get('as', rule.get('other', ''))}`"
        words = {
            "only_with": f"{key} goes only with {other} {', '.join(rule.get('words', []))}",
            "not_with": f"{key} does not go with {other}",
            "not_with_below": f"{key} does not go with `{rule.get('below')}`",
            "not_with_word": f"{key} does not go with `{rule.get('word')}`",
            "word_without_parts": f"{key} `{rule.get('word')}` does not go with "
            + ", ".join(f"`{each}`" for each in rule.get("types", []) + rule.get("keys", [])),
            "word_with_parts": f"{key} must be `{rule.get('word')}` with "
            + ", ".join(f"`{each}`" for each in rule.get("keys", [])),
            "one_of": f"either {key} or {other}",
            "exactly_one": f"one of {', '.join(f'`{each}`' for each in rule.get('keys', []))}",
            "needs_without": f"{key} is needed where there is no {other}",
            "at_most_items": f"{key} is at most the number of {other}",
            "not_after": f"{key} is not after {other}",
        }
        lines.append(f"- {words[rule['rule']]}\n")
    return "".join(lines) + "\n" if lines else ""
