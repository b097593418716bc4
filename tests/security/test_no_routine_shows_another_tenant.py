"""The matrix role x routine x whose, from the catalogue, in the shape of PostgREST's calls."""

from __future__ import annotations

import json
from typing import Any

import psycopg
from pgmerit.database import Connection

from tests.engine import ANN, BEN, Row, activity, apply, insert, person, rows, rule_set
from tests.security.tokens import request, token

LASTING = True

CAT, EVE = person("cat"), person("eve")
FIRST = {"type": "threshold", "at_least": 1}
# Whose: (person, organization).
OWN = (ANN, "nhf")
SAME = (BEN, "nhf")
OTHER = (CAT, "blf")
NOWHERE = (ANN, "nowhere")
TARGETS = (OWN, SAME, OTHER, NOWHERE)
TOKENS = {
    "person": token(ANN),
    "administrator": token(EVE, pgmerit_admin_of=["nhf"]),
    "administrator without one": token(EVE, pgmerit_admin_of=[]),
    "nobody": None,
}
# Answered for: own, another's of the organization, another's elsewhere, an organization that is not
# there. A routine that names an organization and no person answers for the token's own in both.
HERE = (True, True, False, False)
OWN_ONLY = (True, False, False, False)
NEVER = (False,) * 4
ALWAYS = (True,) * 4
EXPECTED: dict[str, dict[str, tuple[bool, ...]]] = {
    "configure_badge": {"administrator": HERE},
    "erase_peer_mentor": {"administrator": HERE},
    "explain_badge": {"person": OWN_ONLY, "administrator": HERE},
    "explain_my_badge": {"person": HERE},
    "export_person": {"administrator": HERE},
    "get_badge_progress": {"person": OWN_ONLY, "administrator": HERE},
    "list_badges": {"administrator": HERE},
    "list_holders": {"administrator": HERE},
    "list_mentors": {"administrator": HERE},
    "list_near_mentors": {"administrator": HERE},
    "list_progress": {"administrator": HERE},
    "mark_my_seen": {"person": HERE},
    "merge_peer_mentors": {"administrator": HERE},
    "my_badges": {"person": HERE},
    "my_progress": {"person": HERE},
    "my_unseen_awards": {"person": HERE},
    "plan_merge": {"administrator": HERE},
    "record_my_activity": {"person": HERE},
    "unseen_awards": {"person": OWN_ONLY, "administrator": HERE},
}
WRITE = {
    "configure_badge",
    "erase_peer_mentor",
    "mark_my_seen",
    "merge_peer_mentors",
    "record_my_activity",
}
SERVICES = ("pgmerit_reader", "pgmerit_writer", "pgmerit_admin", "pgmerit_relay")
GIVEN = {
    "p_activity_type": "'call'",
    "p_badge_definition_id": "'first'",
    "p_custom_thresholds": "null",
    "p_is_enabled": "true",
    "p_reason": "'because'",
    "p_time_zone": "'UTC'",
    "p_external_ids": "'{}'",
    "p_namespace": "'app'",
}
_ROUTINES = """
select
    p.proname as name,
    p.proargnames[1:p.pronargs] as parameters,
    p.pronargs - p.pronargdefaults as required,
    has_function_privilege('pgmerit_person', p.oid, 'execute') as is_for_tokens,
    array(
        select role from unnest(%s::text[]) as role
        where has_function_privilege(role, p.oid, 'execute')
    ) as roles
from pg_proc as p
where p.pronamespace = 'badges'::regnamespace
and (
    'p_org_id' = any(p.proargnames[1:p.pronargs])
    or has_function_privilege('pgmerit_person', p.oid, 'execute')
)
order by p.proname
"""


def _peopled(connection: Connection) -> None:
    for name, org, badge in (("here", "nhf", "first"), ("there", "blf", "elsewhere")):
        apply(connection, rule_set({badge: FIRST}, {org: {"time_zone": "UTC"}}, name=name))
    insert(
        connection,
        activity("2026-03-01"),
        activity("2026-03-02", who=BEN),
        activity("2026-03-03", who=CAT, org="blf"),
    )
    connection.execute("select badges.set_setting('own_activities', '[\"call\"]')")


PREPARED = {"connection": _peopled}


def _call(routine: Row, target: tuple[Any, str]) -> str:
    who = f"'{target[0]}'"
    given = GIVEN | {"p_peer_mentor_id": who, "p_org_id": f"'{target[1]}'"}
    given |= {"p_from_peer_mentor_id": who, "p_into_peer_mentor_id": f"'{EVE}'"}
    listed = ", ".join(
        f"{name} => {given[name]}"
        for position, name in enumerate(routine["parameters"])
        if position < routine["required"] or name in ("p_peer_mentor_id", "p_org_id")
    )
    return f"select to_jsonb(given) as given from badges.{routine['name']}({listed}) as given"


def _answers(
    session: Connection, routine: Row, target: tuple[Any, str]
) -> tuple[bool, str, tuple[Any, ...]]:
    """Tell whether a call is not refused, what it gives, and the parts of its error."""
    try:
        with session.transaction(force_rollback=True):
            return True, json.dumps(rows(session, _call(routine, target)), default=str), ()
    except psycopg.errors.InsufficientPrivilege as exc:
        said = exc.diag
        parts = (said.message_primary, said.message_detail, said.message_hint)
        return False, "", tuple(part and part.replace(target[1], "..") for part in parts)
    except psycopg.Error as exc:
        return True, str(exc.diag.message_primary) + str(exc.diag.message_detail), ()


def test_every_routine_answers_for_whom_it_should(connection: Connection) -> None:
    found = rows(connection, _ROUTINES, list(SERVICES))
    assert {each["name"] for each in found if each["is_for_tokens"]} == set(EXPECTED)
    wrong: list[Any] = []
    for routine in found:
        name = routine["name"]
        for who, claims in TOKENS.items():
            expected = EXPECTED.get(name, {}).get(who, NEVER)
            with request(connection, claims, is_get=name not in WRITE) as session:
                told = [_answers(session, routine, target) for target in TARGETS]
            if tuple(answers for answers, _, _ in told) != expected:
                wrong.append((name, who, told))
            # Whether an organization is there is not told to who may not see it.
            if told[2][2] != told[3][2]:
                wrong.append((name, who, told[2:]))
            hidden = [str(CAT), "elsewhere"] + ([] if who == "administrator" else [str(BEN)])
            if [word for word in hidden for _, text, _ in told if word in text]:
                wrong.append((name, who, told))
        for role in SERVICES:
            with request(connection, None, role=role, is_get=False) as session:
                told = [_answers(session, routine, target) for target in TARGETS]
            if {answers for answers, _, _ in told} != {role in routine["roles"]}:
                wrong.append((name, role, told))
    assert wrong == []
