"""Every public routine, each parameter in turn odd: an answer, or one line about the argument.

The routines and their parameters come from the catalogue, so a new one is tried at once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from pgmerit.database import Connection
from psycopg.types.json import Jsonb

from tests.engine import ANN, BEN, ORG, activity, apply, insert, rows, rule_set, value

LASTING = True

DOCUMENT = rule_set(
    {
        "first": {"type": "threshold", "at_least": 1},
        "tiers": {
            "type": "tier",
            "activity": "call",
            "tiers": [{"tier": "bronze", "at_least": 2}, {"tier": "silver", "at_least": 3}],
        },
        "run": {"type": "streak", "unit": "day", "length": 2},
        "long": {"type": "tenure", "days": 3},
        "thanks": {"type": "manual"},
    }
)
TEXTS = [
    "null",
    *("''", "' '", "'a b'", "E'\\n'", "E'\\x1b[31m'", "U&'\\2028\\202e'", "'%s%n$1'", "'%'"),
    *("'../x'", "'NHF'", "'{}'", "'null'", "'0'", "'Factory'", "'infinity'"),
    *(
        "repeat('x', 4000)",
        "repeat('y', 1000000)",
        "(select string_agg(md5(n::text), '') from generate_series(1, 125) as n)",
    ),
]
NUMBERS = ["null", "0", "-5", "1"]
INTEGERS = [*NUMBERS, "-2147483648", "2147483647"]
ODD = {
    "text": TEXTS,
    "integer": INTEGERS,
    "bigint": INTEGERS,
    "boolean": ["null", "true", "false"],
    "numeric": [
        *NUMBERS,
        "'NaN'",
        "'Infinity'",
        "'-Infinity'",
        "1e31",
        "-1e31",
        "1e-1000",
        "1e1000",
    ],
    "double precision": [*NUMBERS, "'NaN'", "'Infinity'", "'-Infinity'", "1e-320", "1e308"],
    "uuid": ["null", "'00000000-0000-0000-0000-000000000000'", f"'{BEN}'"],
    "xid8": ["null", "'0'", "'18446744073709551615'"],
    "date": [
        "null",
        *("'infinity'", "'-infinity'", "'4713-01-01 BC'", "'0001-01-01'", "'5874897-12-31'"),
    ],
    "timestamp with time zone": [
        "null",
        *("'infinity'", "'-infinity'", "'4713-01-01 BC'", "'0001-01-01'", "'294276-12-31'"),
    ],
    "uuid[]": ["null", "'{}'", "'{null}'", f"'{{{ANN},{BEN}}}'"],
    "integer[]": ["null", "'{}'", "'{null}'", "'{0}'", "'{-2147483648}'", "'{2147483647}'"],
    "timestamp with time zone[]": [
        *("null", "'{}'", "'{null}'", "'{infinity}'", "'{-infinity}'", "'{4713-01-01 BC}'"),
        "'{294276-12-31}'",
    ],
    "interval": [
        "null",
        *("'0'", "'-1 minute'", "'1 microsecond'", "'178000000 years'", "'-178000000 years'"),
    ],
    "text[]": [
        "null",
        *("'{}'", "'{null}'", "'{\"\"}'", "'{x,y}'", "'{{a,b},{c,d}}'", "'[5:6]={a,b}'"),
        *(
            "array[repeat('y', 1000000)]",
            "array(select n::text from generate_series(1, 5000) as n)",
        ),
    ],
    "bigint[]": [
        "null",
        *("'{}'", "'{null}'", "'{0,-1}'", "'{{1,2},{3,4}}'", "'[5:6]={1,1}'"),
        *("'{9223372036854775807}'", "array(select n::bigint from generate_series(1, 5000) as n)"),
    ],
    "jsonb": [
        "null",
        *("'null'", "'[]'", "'{}'", "'5'", "'true'", "'\"x\"'", "'[null]'", "'{\"\": 1}'"),
        *("'1e1000'", "'[[[[]]]]'", "'{\"version\": true}'", "to_jsonb(repeat('x', 1000000))"),
        "(repeat('[', 3000) || repeat(']', 3000))::jsonb",
        "(select jsonb_object_agg('k' || n, n) from generate_series(1, 200) as n)",
    ],
}
USUAL = {
    "p_peer_mentor_id": f"'{ANN}'",
    "p_from_peer_mentor_id": f"'{ANN}'",
    "p_into_peer_mentor_id": f"'{BEN}'",
    "p_org_id": f"'{ORG}'",
    "p_badge_definition_id": "'first'",
    "p_activity_type": "'call'",
    "p_reason": "'it was so'",
    "p_remove": "false",
    "p_rule_set": "'tests'",
    "p_setting": "'criteria_raw'",
    "p_value": "'true'",
    "p_time_zone": "'UTC'",
    "p_criteria": '\'{"type": "threshold", "at_least": 1}\'',
    "p_custom_thresholds": "'5'",
    "p_activities": "'[]'",
    "p_horizon": "'1'",
    "p_namespace": "'app'",
    "p_external_id": "'7'",
    "p_external_ids": "'{7}'",
    "p_version": "1",
    "p_is_enabled": "true",
    "p_peer_mentor_ids": f"'{{{ANN}}}'",
    "p_badge_definition_ids": "'{first}'",
    "p_org_ids": f"'{{{ORG}}}'",
    "p_earned_at": "'{2020-05-01}'",
    "p_consumer": "'mailer'",
    "p_event_ids": "'{1}'",
    "p_outcome": "'done'",
    "p_alert": "'drift_found'",
    "p_subject": "'verify'",
    "p_differences": "1",
    "p_people_waiting": "0",
    "p_milliseconds": "5",
    "p_scope": "'all'",
    "p_before": "'2026-01-01'",
}
# What an argument may be answered with: docs/errors.md has them all.
CLEAR = {"22023", "23503", "23505", "42501", "55000", "MB001", "MB002"}
LONGEST = 400


def _ruled(connection: Connection) -> None:
    apply(connection, DOCUMENT)
    insert(connection, *[activity(f"2026-03-0{n}") for n in (1, 2, 3)])
    value(connection, "select badges.register_consumer('mailer')::text")


PREPARED = {"ruled": _ruled}


@pytest.fixture
def ruled(connection: Connection) -> Connection:
    return connection


def calls(connection: Connection) -> Iterator[tuple[str, str]]:
    """Give each routine with one odd argument, the rest usual: its name and the call."""
    routines = rows(
        connection,
        "select proname as name, pronargs - pronargdefaults as required,"
        " proargnames[:pronargs] as parameters, array("
        " select format_type(given.type, null) from unnest(proargtypes) with ordinality"
        " as given (type, place) order by given.place) as types"
        " from pg_proc where pronamespace = 'badges'::regnamespace"
        " and proname <> 'apply_badge_rules' order by 1",
    )
    document = "'" + json.dumps(DOCUMENT) + "'"
    for routine in routines:
        kinds = dict(zip(routine["parameters"] or [], routine["types"], strict=True))
        needed = list(kinds)[: routine["required"]]
        for odd_one, kind in kinds.items():
            for odd in ODD[kind]:
                given = {name: USUAL.get(name, document) for name in needed} | {odd_one: odd}
                listed = ", ".join(f"{n} => ({v})::{kinds[n]}" for n, v in given.items())
                name = routine["name"]
                yield f"{name}({odd_one})", f"select * from badges.{name}({listed})"


def complaint(error: psycopg.Error) -> str | None:
    """Tell what is not clear about an error, if anything."""
    told = error.diag
    message = told.message_primary or ""
    if error.sqlstate == "23514":
        named = re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+){3,}", told.constraint_name or "")
        return None if told.table_name == "activities" and named else "a check without a name"
    if error.sqlstate == "23502":
        return None if told.table_name == "activities" else "a column of somewhere inside"
    if error.sqlstate not in CLEAR:
        return "a code from inside"
    if len(message) > LONGEST or "\n" in message or "\x1b" in message:
        return "more than a line"
    return None if told.message_hint else "no hint"


def test_each_routine_answers_or_says_what_is_wrong(ruled: Connection) -> None:
    unclear = []
    for place, call in calls(ruled):
        try:
            with ruled.transaction(force_rollback=True):
                ruled.execute(call.encode())
        except psycopg.Error as error:
            wrong = complaint(error)
            if wrong:
                unclear.append((place, call[-80:], wrong, error.sqlstate, str(error)[:100]))
    assert unclear == []


REFUSED = {
    "null": ("p_reason", "p_batch", "p_activity_type"),
    "''": ("p_reason", "p_activity_type"),
    "' '": ("p_reason",),
    "E'\\n'": ("p_reason",),
    "-5": ("p_batch",),
    "'infinity'": ("p_as_of",),
    "'-infinity'": ("p_as_of",),
    "'5874897-12-31'": ("p_as_of",),
    "repeat('y', 1000000)": ("p_reason", "p_idempotency_key", "p_activity_type"),
    TEXTS[-1]: ("p_reason", "p_idempotency_key", "p_activity_type"),
}


def test_what_means_nothing_is_refused(ruled: Connection) -> None:
    taken = []
    for place, call in calls(ruled):
        odd = place[place.index("(") + 1 : -1]
        if not any(
            odd in names and f"{odd} => ({given})::" in call for given, names in REFUSED.items()
        ):
            continue
        if place.startswith(("get_badge_progress", "explain_badge")) and "(null)" in call:
            continue
        try:
            with ruled.transaction(force_rollback=True):
                ruled.execute(call.encode())
        except psycopg.Error:
            continue
        taken.append(call[:120])
    assert taken == []


ELEMENT = {"peer_mentor_id": str(ANN), "org_id": ORG, "activity_type": "call"}
ODD_VALUES: list[Any] = [
    *(None, True, 0, -5, 1e30, "", " ", "x" * 4000, "\x1b[31m", "a\nb", "infinity", "-infinity"),
    *("NaN", "0001-01-01", "294276-12-31", "now", "tomorrow", [], {}, [None], {"a": [1]}),
    *("4000 BC", "2026-03-01 12:00 Nowhere/Atlantis", "%s"),
]
KEYS = [
    "peer_mentor_id",
    "org_id",
    "activity_type",
    "occurred_at",
    "quantity",
    "attributes",
    "idempotency_key",
    "activity_date",
]


@pytest.mark.parametrize("key", KEYS)
def test_a_bad_element_is_named_whatever_is_bad(ruled: Connection, key: str) -> None:
    unclear = []
    for odd in ODD_VALUES:
        given = [ELEMENT | {"idempotency_key": "good"}, ELEMENT | {key: odd}]
        try:
            with ruled.transaction(force_rollback=True):
                ruled.execute(b"select badges.record_activities(%s)", [Jsonb(given)])
        except psycopg.Error as error:
            is_named = str(error.diag.message_primary).startswith("element 1: ")
            if complaint(error) or error.sqlstate != "22023" or not is_named:
                unclear.append((odd, str(error)[:100]))
    assert unclear == []
    assert value(ruled, "select count(*) from badges.activities") == 3


@pytest.mark.parametrize("key", ["activity_type", "idempotency_key"])
@pytest.mark.parametrize("odd", [True, [], {"a": 1}])
def test_what_is_no_text_is_not_taken_for_it(ruled: Connection, key: str, odd: object) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match=f"element 0: {key} must be"):
        value(ruled, "select badges.record_activities(%s)", Jsonb([ELEMENT | {key: odd}]))


def test_a_key_that_fits_no_index_is_a_named_check(ruled: Connection) -> None:
    """Random text is not compressed, and half of this would be too long for the index."""
    long = "".join(f"{n:08x}" for n in range(2**31, 2**31 + 500))
    for write in (
        lambda: insert(ruled, activity("2026-03-04", key=long)),
        lambda: value(
            ruled,
            "select badges.record_activity(%s, %s, 'call', p_idempotency_key => %s)",
            *(ANN, ORG, long),
        ),
        lambda: ruled.execute(b"update badges.activities set idempotency_key = %s", [long]),
    ):
        with pytest.raises(psycopg.errors.CheckViolation) as refused:
            write()
        assert refused.value.diag.constraint_name == "idempotency_key_has_at_most_2000_bytes"
    insert(ruled, activity("2026-03-04", key=long[:2000]))


@pytest.mark.parametrize("version", ["true", '"1"', "null", "[]", "0", "2", "1.5", "-1", "1e400"])
def test_a_version_that_is_not_1_is_a_problem_of_the_document(
    ruled: Connection, cli: Callable[..., Any], tmp_path: Any, dsn: str, version: str
) -> None:
    text = json.dumps(DOCUMENT).replace('"version": 1', f'"version": {version}', 1)
    for routine in ("apply_rule_set", "plan_rule_set"):
        with pytest.raises(psycopg.errors.InvalidParameterValue, match=r"\$\.version"):
            value(ruled, f"select badges.{routine}(%s::jsonb)", text)
    (tmp_path / "rules.json").write_text(text)
    told = cli("rules", "apply", tmp_path / "rules.json", dsn=dsn)
    assert told.exit_code == 2
    assert "$.version" in told.stderr


@pytest.mark.parametrize("reason", ["first\nforged line", "\x1b[31mred\u202e\x85"])
def test_a_reason_stays_one_line_of_the_servers_log(ruled: Connection, reason: str) -> None:
    notices: list[str] = []
    ruled.add_notice_handler(lambda told: notices.append(str(told.message_primary)))
    value(ruled, "select badges.deny_badge(%s, 'first', %s, 'why')", ANN, ORG)
    ruled.execute("set client_min_messages = log")
    value(ruled, "select badges.allow_badge(%s, 'first', %s, %s)", ANN, ORG, reason)
    (line,) = [each for each in notices if each.startswith("badge allowed")]
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202e]", line)
    assert json.loads(re.findall('"[^"]*"', line)[0])[:3] == reason[:3]
