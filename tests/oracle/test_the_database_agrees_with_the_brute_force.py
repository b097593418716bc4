"""Generated rule sets over generated histories: the database is what the brute force says.

Each example runs in a transaction of its own that is rolled back, on one database. `make soak` runs
as many as the time given allows, with longer histories.
"""

from __future__ import annotations

import itertools
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from pgmerit.database import Connection
from psycopg.types.json import Jsonb

from tests.engine import assert_exact, install_changed, rows, value, without_badges
from tests.oracle import evaluator, strategies
from tests.oracle.strategies import Entry, Step, Story

LASTING = True

COLUMNS = "org_id, peer_mentor_id, activity_type, occurred_at, quantity, attributes, activity_date"


class Database:
    """The database that a story happens to, and what it is told."""

    def __init__(self, connection: Connection, story: Story) -> None:
        self.connection = connection
        self.story = story
        self.left = list(story.entries)
        self.document: dict[str, Any] | None = None
        self.applied: list[Mapping[str, Any]] = []
        self.as_of: datetime | None = None
        self.calendars: dict[str, dict[str, str]] = {}  # those that came by rezone
        self.is_touched = False  # by somebody's decision

    def live_through(self) -> None:
        """Let every step of the story happen."""
        if self.story.steps[0].what != "apply":
            self._apply(without_badges(self.story.documents[0]))
            self._finish()
        for step in self.story.steps:
            getattr(self, f"_do_{step.what}")(step)
        self._finish()
        # What a correction after the sweep made due again is found by the next one.
        if self.as_of is not None:
            value(self.connection, "select badges.award_due_badges(%s)", self.as_of)

    def _do_insert(self, step: Step) -> None:
        batch, self.left = self.left[: step.number], self.left[step.number :]
        if batch:
            FEEDERS[step.detail](self.connection, batch)

    def _do_apply(self, step: Step) -> None:
        document = self.story.documents[min(step.number, len(self.story.documents)) - 1]
        if self.calendars:
            document = {**document, "organizations": {
                org: strategies.in_calendar_of(self.calendars.get(org, given), given)
                for org, given in document["organizations"].items()
            }}  # fmt: skip
        self._apply(document)
        if not step.rest:
            self._finish()
        self.applied.append(document)
        # What a document drops is inactive: nobody earns it, who holds it keeps it.
        before = self.document["badges"] if self.document else {}
        dropped = {slug: {**badge, "active": False} for slug, badge in before.items()}
        self.document = {**document, "badges": {**dropped, **document["badges"]}}

    def _apply(self, document: Mapping[str, Any]) -> None:
        value(
            self.connection,
            "select badges.apply_rule_set(%s, p_allow_revoke => true)",
            Jsonb(document),
        )
        value(self.connection, "select badges.measure_rule_set('generated')")

    def _finish(self) -> None:
        while value(
            self.connection, "select badges.backfill_rule_set('generated', 3, '1900-01-01')"
        )["remaining"]:
            pass

    def _do_update(self, step: Step) -> None:
        self._correct(f"update badges.activities as activity set {step.detail} from", step)

    def _do_delete(self, step: Step) -> None:
        self._correct("delete from badges.activities as activity using", step)

    def _correct(self, statement: str, step: Step) -> None:
        self.connection.execute(
            f"""{statement} (
                select activity_id, row_number() over (order by activity_id) as place
                from badges.activities
            ) as counted
            where counted.activity_id = activity.activity_id
            and counted.place %% %s = %s""".encode(),
            (step.number, step.rest % step.number),
        )

    def _do_truncate(self, step: Step) -> None:
        self.connection.execute("truncate badges.activities")

    def _do_sweep(self, step: Step) -> None:
        last = value(self.connection, "select max(occurred_at) from badges.activities")
        if last is not None:
            self.as_of = max(last + timedelta(days=step.number), self.as_of or last)
            value(self.connection, "select badges.award_due_badges(%s)", self.as_of)

    def _do_by_hand(self, step: Step) -> None:
        if self.document is None:
            return
        org, mentor = strategies.ORGS[0], strategies.MENTORS[step.number]
        slugs = sorted(self.document["badges"])
        slug = slugs[step.rest % len(slugs)]
        tiers = self.document["badges"][slug]["criteria"].get("tiers", [])
        self.is_touched = True
        # What is denied cannot be awarded.
        with suppress(psycopg.Error), self.connection.transaction():
            self.connection.execute(
                f"select badges.{step.detail}_badge(%s, %s, %s, 'a reason', %s)".encode(),
                (mentor, slug, org, tiers[0]["tier"] if tiers else None),
            )

    def _do_rezone(self, step: Step) -> None:
        """Move it, and leave people to whoever touches them first."""
        org = strategies.ORGS[step.number]
        day, week = divmod(step.rest, len(strategies.WEEK_STARTS))
        calendar = {
            "time_zone": step.detail,
            "day_starts": strategies.DAY_STARTS[day],
            "week_starts": strategies.WEEK_STARTS[week],
        }
        value(
            self.connection,
            "select badges.rezone_organization(%s, %s, %s, %s)",
            org,
            *calendar.values(),
        )
        self.calendars[org] = calendar
        if self.document is not None:
            organizations = self.document["organizations"]
            self.document = self.document | {
                "organizations": organizations | {org: organizations[org] | calendar}
            }
        # What was earned by the days before keeps its date.
        self.is_touched = True

    def _do_evaluate(self, step: Step) -> None:
        if self.document is not None:
            for org, mentor in itertools.product(strategies.ORGS, strategies.MENTORS):
                rows(self.connection, "select * from badges.evaluate_badges(%s, %s)", mentor, org)

    def _do_rebuild(self, step: Step) -> None:
        value(self.connection, "select badges.rebuild_stats()")

    def activities(self) -> list[evaluator.Activity]:
        """Read back what is there."""
        return [
            evaluator.Activity(
                each["org_id"],
                each["peer_mentor_id"],
                each["activity_type"],
                each["occurred_at"],
                Fraction(each["quantity"]),
                evaluator.read_json(each["attributes"]),
                each["activity_date"],
            )
            for each in rows(
                self.connection,
                "select org_id, peer_mentor_id, activity_type, occurred_at, quantity::text,"
                " attributes::text, activity_date from badges.activities",
            )
        ]

    def awards(self) -> dict[evaluator.AwardKey, Any]:
        """Read the awards that count."""
        held = "select * from badges.earned_badges where revoked_at is null"
        return {_key(each): each["earned_at"] for each in rows(self.connection, held)}

    def decided_by_hand(self) -> set[evaluator.AwardKey]:
        """List the awards that a person gave, took back or denied: no rule decides those."""
        return {
            _key(each)
            for each in rows(
                self.connection,
                """
                select * from badges.earned_badges
                where source = 'manual' or revoked_by = 'person'
                """,
            )
        }

    def is_denied(self, key: evaluator.AwardKey) -> bool:
        """Tell whether a person may not have an award."""
        return bool(
            rows(
                self.connection,
                "select from badges.badge_denials where (org_id, peer_mentor_id,"
                " badge_definition_id) = (%s, %s, %s) and tier in ('', %s)",
                *key[:4],
            )
        )

    def assert_stats_are_exact(self, activities: list[evaluator.Activity]) -> None:
        """Hold every row of the snapshot against one counted from the activities."""
        organizations = {
            each["org_id"]: each
            for each in rows(
                self.connection,
                "select org_id, time_zone, day_starts, week_starts from badges.organizations",
            )
        }
        defined = rows(
            self.connection,
            "select org_id, stat, selector::text, watched from badges_internal.stat_definitions",
        )
        selectors = evaluator.base_selectors(activities) + [
            (each["org_id"], each["stat"], evaluator.read_json(each["selector"]))
            for each in defined
            if each["stat"].startswith("~")
        ]
        asked = {(each["org_id"], each["stat"]): each["watched"] for each in defined}
        expected = evaluator.expected_stats(selectors, activities, organizations, asked)
        stored = {
            (each["peer_mentor_id"], each["org_id"], each["stat"], each["bucket"]): each
            for each in rows(
                self.connection,
                # Who was decided about has a base row before any activity.
                "select * from badges.peer_mentor_stats"
                " where activity_count > 0 or stat <> '*' or rule_set_version is null",
            )
        }
        assert stored.keys() == expected.keys()
        wrong = [
            (key, name, stored[key][name], wanted)
            for key, row in expected.items()
            for name, wanted in row.items()
            # A negative value that went is remembered; one that is there is never forgotten.
            if (not stored[key][name] if name == "has_negative" else stored[key][name] != wanted)
            and (name != "has_negative" or wanted)
        ]
        assert wrong == []


def _key(award: Mapping[str, Any]) -> evaluator.AwardKey:
    return (
        award["org_id"],
        award["peer_mentor_id"],
        award["badge_definition_id"],
        award["tier"],
        award["occurrence"],
    )


def _feed_insert(connection: Connection, batch: list[Entry]) -> None:
    places = ", ".join(["(%s, %s, %s, %s, %s, %s, %s)"] * len(batch))
    connection.execute(
        f"insert into badges.activities ({COLUMNS}) values {places}".encode(),
        list(itertools.chain(*map(_row, batch))),
    )


def _feed_copy(connection: Connection, batch: list[Entry]) -> None:
    statement = f"copy badges.activities ({COLUMNS}) from stdin"
    with connection.cursor().copy(statement.encode()) as stream:
        for each in batch:
            stream.write_row(_row(each))


def _feed_record_activity(connection: Connection, batch: list[Entry]) -> None:
    for each in batch:
        org, mentor, *rest = _row(each)
        value(
            connection,
            "select badges.record_activity(%s, %s, %s, %s, %s, %s, p_activity_date => %s)",
            *(mentor, org, *rest),
        )


def _feed_record_activities(connection: Connection, batch: list[Entry]) -> None:
    recorded = [
        f'{{"peer_mentor_id": "{each.mentor}", "org_id": "{each.org}",'
        f' "activity_type": "{each.activity_type}", "occurred_at": "{each.occurred_at}",'
        f' "quantity": {each.quantity}, "attributes": {each.attributes},'
        f' "activity_date": {json.dumps(each.activity_date, default=str)}}}'
        for each in batch
    ]
    value(connection, "select badges.record_activities(%s::jsonb)", f"[{','.join(recorded)}]")


def _row(entry: Entry) -> tuple[Any, ...]:
    return (
        entry.org,
        entry.mentor,
        entry.activity_type,
        entry.occurred_at,
        entry.quantity,
        entry.attributes,
        entry.activity_date,
    )


FEEDERS: dict[str, Callable[[Connection, list[Entry]], None]] = {
    "insert": _feed_insert,
    "copy": _feed_copy,
    "record_activity": _feed_record_activity,
    "record_activities": _feed_record_activities,
}


def as_activities(entries: Iterable[Entry]) -> Iterator[evaluator.Activity]:
    """Give entries as the evaluator takes them: nothing comes from the database."""
    for each in entries:
        yield evaluator.Activity(
            each.org,
            each.mentor,
            each.activity_type,
            each.occurred_at,
            Fraction(each.quantity),
            evaluator.read_json(each.attributes),
            each.activity_date,
        )


def takes_back(document: Mapping[str, Any], key: evaluator.AwardKey) -> bool:
    """Tell whether an award is a pure function of the activities: an enabled revoke badge's."""
    org, _, slug, _, _ = key
    badge = document["badges"].get(slug)
    return (
        badge is not None
        and badge.get("on_unmet") in ("revoke", "lapse")
        and evaluator.is_enabled(slug, badge, document["organizations"][org])
    )


def is_as_before(applied: list[Mapping[str, Any]], key: evaluator.AwardKey) -> bool:
    """Tell whether every version had the rule of an award with the same numbers.

    What a badge that counts badges counts changes with any version.
    """
    first, *others = [own_rule(document, key) for document in applied]
    return first is not None and (
        not others
        or (all(each == first for each in others) and '"badges_earned"' not in json.dumps(first))
    )


def own_rule(document: Mapping[str, Any], key: evaluator.AwardKey) -> Any:
    """Give the part of a document that decides one award, None where nothing does."""
    org, _, slug, tier, _ = key
    badge, organization = document["badges"].get(slug), document["organizations"][org]
    if badge is None or not evaluator.is_enabled(slug, badge, organization):
        return None
    closed = organization.get("closed_days", [])
    criteria = evaluator.with_closed_days(badge["criteria"], closed)
    thresholds = organization.get("custom_thresholds", {}).get(slug)
    if tier:
        tiers = [each for each in criteria.get("tiers", ()) if each["tier"] == tier]
        if not tiers:
            return None
        criteria = {**criteria, "tiers": tiers}
        thresholds = (thresholds or {}).get(tier)
    if "repeat" in criteria:
        again = {key: value for key, value in criteria["repeat"].items() if key != "max"}
        criteria = {**criteria, "repeat": again}
    return [criteria, thresholds, badge.get("on_unmet"), badge.get("limit")]


def check_inserts(connection: Connection, story: Story) -> None:
    """Hold inserts without falling values to the awards and dates of the brute force."""
    with connection.transaction(force_rollback=True):
        database = Database(connection, story)
        database.live_through()
        activities = list(as_activities(story.entries))
        assert database.awards() == evaluator.awards(story.documents[0], activities)
        database.assert_stats_are_exact(activities)
        assert_exact(connection)


def check_anything(connection: Connection, story: Story) -> None:
    """Hold whatever happened to what must be true of it."""
    with connection.transaction(force_rollback=True):
        database = Database(connection, story)
        database.live_through()
        document = database.document
        assert document is not None
        activities = database.activities()
        found = database.awards()
        held: dict[evaluator.HeldKey, Any] = {}
        last_awards: dict[tuple[str, UUID], Any] = {}
        for key, at in found.items():
            held[key[:3]] = min(at, held.get(key[:3], at))
            if document["badges"][key[2]].get("on_unmet") != "lapse":
                last_awards[key[:2]] = max(at, last_awards.get(key[:2], at))
        wanted = evaluator.awards(
            document,
            activities,
            database.as_of,
            held,
            is_touched=database.is_touched,
            last_awards=last_awards,
        )
        database.assert_stats_are_exact(activities)
        by_hand = database.decided_by_hand()
        wanted = {key: at for key, at in wanted.items() if not database.is_denied(key)}
        assert [key for key in found if database.is_denied(key)] == []
        own = {key: at for key, at in found.items() if key not in by_hand}
        due = {key: at for key, at in wanted.items() if key not in by_hand}
        assert [key for key in due if key not in own] == []
        assert [key for key in own if key not in due and takes_back(document, key)] == []
        # A change of its rule leaves a date as it was, and nobody's decision has a date before.
        if not database.is_touched:
            kept = [key for key in due if is_as_before(database.applied, key)]
            assert [key for key in kept if own[key] > due[key]] == []
            wrong = [key for key in kept if own[key] != due[key] and takes_back(document, key)]
            assert wrong == []
        assert_exact(connection)


def run_examples(
    connection: Connection,
    check: Callable[[Connection, Story], None],
    stories: st.SearchStrategy[Story],
    number: int,
) -> None:
    """Check six examples, always the same for a number; odd ones with the fold for any two rows.

    Six, since Hypothesis afterwards only varies what it has had: many short runs are more
    different than one long one.
    """

    @seed(number)
    @settings(
        max_examples=6,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    @given(stories)
    def run(story: Story) -> None:
        check(connection, story)

    with (
        folding(connection) if number % 2 else nullcontext(),
        counting(connection) if number // 2 % 2 else nullcontext(),
    ):
        run()


@contextmanager
def folding(connection: Connection) -> Iterator[None]:
    """Let statements of few rows go the way of those of many, until all is rolled back."""
    with connection.transaction(force_rollback=True):
        for name in ("_count_new_activities", "_recount_updated_activities"):
            install_changed(
                connection,
                f"activities/{name}.sql",
                "from new_activities offset 30)",
                "from new_activities offset 1)",
            )
        yield


@contextmanager
def counting(connection: Connection) -> Iterator[None]:
    """Let people with few activities be dated as those with many, until all is rolled back."""
    with connection.transaction(force_rollback=True):
        install_changed(connection, "awards/_is_read_whole.sql", "p_count <= 200", "p_count <= 0")
        yield


@pytest.mark.parametrize("number", range(8))
def test_inserts_in_any_order_give_its_awards_and_dates(
    connection: Connection, number: int
) -> None:
    run_examples(connection, check_inserts, strategies.insert_stories(), number)


@pytest.mark.parametrize("number", range(3))
def test_one_backfill_hands_the_places_out_by_date_and_person(
    connection: Connection, number: int
) -> None:
    run_examples(connection, check_inserts, strategies.limited_stories(), number)


@pytest.mark.parametrize("number", range(3))
def test_dates_of_tiers_that_a_version_left_alone_follow_late_activities(
    connection: Connection, number: int
) -> None:
    run_examples(connection, check_anything, strategies.retuned_stories(), number)


@pytest.mark.parametrize("number", range(8))
def test_after_anything_keep_contains_it_and_revoke_equals_it(
    connection: Connection, number: int
) -> None:
    run_examples(connection, check_anything, strategies.any_stories(), number)


@pytest.mark.soak
def test_any_number_of_stories_do_so(connection: Connection) -> None:
    until = time.monotonic() + float(os.environ.get("SOAK_SECONDS", "600"))
    for number in itertools.count(int(os.environ.get("SOAK_SEED", "1000"))):
        for check, stories in (
            (check_inserts, strategies.insert_stories(max_size=60)),
            (check_inserts, strategies.limited_stories()),
            (check_anything, strategies.retuned_stories()),
            (check_anything, strategies.any_stories(max_size=60)),
        ):
            if time.monotonic() > until:
                return
            run_examples(connection, check, stories, number)
