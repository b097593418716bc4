"""`pgmerit adopt`: what a table held before is reported, then taken over, each award once."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pgmerit import database
from pgmerit.database import Connection
from psycopg.conninfo import make_conninfo
from psycopg.types.json import Jsonb

from tests.adopt.legacy import COLUMNS, Cli, adopt, fill, held
from tests.conftest import CliResult
from tests.engine import (
    ANN,
    BEN,
    ORG,
    activity,
    apply,
    assert_exact,
    insert,
    person,
    rows,
    rule_set,
    value,
)

_ANALYZED = "select reltuples::integer from pg_class where oid = %s::regclass"


def test_a_report_changes_nothing_and_apply_takes_over_once(
    legacy: Connection, cli: Cli, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "MANY_ROWS", 2)
    fill(legacy, (ANN, "first", "2020-05-01 10:00+00"), (BEN, "tenth", "2021-06-01 10:00+00"))
    told = adopt(cli, dsn)
    assert (told["rows"], told["adopt"], told["adopted"]) == (2, 2, 0)
    assert held(legacy) == []
    told = adopt(cli, dsn, "--apply")
    assert (told["adopt"], told["adopted"]) == (2, 2)
    assert value(legacy, _ANALYZED, "badges.earned_badges") == 2
    assert held(legacy) == [
        (ANN, "first", "", 1, "import", "2020-05-01 10:00"),
        (BEN, "tenth", "", 1, "import", "2021-06-01 10:00"),
    ]
    assert rows(
        legacy,
        "select event_type, source, is_delivered_by_default, details ->> 'earned_at' as at"
        " from badges.award_events order by at",
    ) == [
        {
            "event_type": "awarded",
            "source": "import",
            "is_delivered_by_default": False,
            "at": f"{day}T10:00:00+00:00",
        }
        for day in ("2020-05-01", "2021-06-01")
    ]
    assert value(
        legacy,
        "select bool_and(idempotency_key = badges.derive_idempotency_key(peer_mentor_id,"
        " badge_definition_id, org_id)) from badges.earned_badges",
    )
    again = adopt(cli, dsn, "--apply")
    assert (again["adopt"], again["held"], again["adopted"]) == (0, 2, 0)
    assert value(legacy, "select count(*) from badges.award_events") == 2
    assert_exact(legacy)


def test_what_does_not_fit_is_listed_and_left_out(legacy: Connection, cli: Cli, dsn: str) -> None:
    day = "2020-05-01 10:00+00"
    fill(
        legacy,
        (ANN, "first", day),
        (ANN, "first", "2020-04-01 10:00+00"),
        (None, "first", day),
        (ANN, None, day),
        (ANN, "tenth", None),
        (ANN, "thanks", "infinity"),
        (ANN, "collector", "2199-01-01"),
        (ANN, "tenth", "1850-01-01"),
        (ANN, "levels", day),
        *((person(f"p{n}"), "nonesuch", day) for n in range(3)),
    )
    told = adopt(cli, dsn, "--apply")
    found = {(each["status"], each["subject"]): each["rows"] for each in told["groups"]}
    assert found == {
        ("adopt", "first"): 1,
        ("repeated", "first"): 1,
        ("no_person", "first"): 1,
        ("no_badge", ""): 1,
        ("no_date", "tenth"): 1,
        ("date_out_of_range", "thanks"): 1,
        ("date_out_of_range", "collector"): 1,
        ("date_out_of_range", "tenth"): 1,
        ("unknown_tier", "levels"): 1,
        ("unknown_badge", "nonesuch"): 3,
    }
    assert (told["rows"], told["left_out"], told["adopted"]) == (12, 10, 1)
    unknown = next(each for each in told["groups"] if each["status"] == "unknown_badge")
    assert {unknown["first_person"], unknown["last_person"]} < {
        str(person(f"p{n}")) for n in range(3)
    }
    # Of several the earliest.
    assert held(legacy) == [(ANN, "first", "", 1, "import", "2020-04-01 10:00")]
    shown = cli("adopt", "user_badges", *COLUMNS, dsn=dsn)
    assert shown.exit_code == 1
    assert "10 rows are left out" in shown.stdout
    assert "unknown badge" in shown.stdout


def test_ids_names_and_values_are_those_of_the_application(
    legacy: Connection, cli: Cli, dsn: str
) -> None:
    """Users with bigint ids, columns with odd names, badges and organizations with other ids."""
    legacy.execute('create schema "App 1"')
    legacy.execute(
        'create table "App 1"."User Badges" ("user Id" bigint, "100%" integer, "when" timestamptz,'
        ' "Org" text, level text)'
    )
    legacy.execute(
        """insert into "App 1"."User Badges" values
        (7, 1, '2020-05-01 10:00+00', 'The NHF', null), (7, 2, '2020-05-02', 'The NHF', null),
        (8, 3, '2020-05-03', 'The NHF', 'silver'), (8, 4, '2020-05-03', 'Elsewhere', null)"""
    )
    words = (
        *('"App 1"."User Badges"', "--person=user Id", "--badge=100%", "--earned-at=when"),
        *("--org=Org", "--tier=level", "--map-org=The NHF=nhf", "--map=1=first", "--format=json"),
        *("--map=2=levels:bronze", "--map=3=levels", "--map=4=first"),
    )
    refused = cli("adopt", *words, dsn=dsn)
    assert refused.exit_code == 2
    assert "of the type int8" in refused.stderr
    assert "--person-namespace" in refused.stderr
    told = cli("adopt", *words, "--person-namespace=app", "--apply", dsn=dsn)
    assert told.exit_code == 1, told.stderr
    seven, eight = (value(legacy, "select badges.mentor_id_from('app', %s)", n) for n in "78")
    assert [each[:4] for each in held(legacy)] == [
        (seven, "first", "", 1),
        (seven, "levels", "bronze", 1),
        (eight, "levels", "silver", 1),
    ]
    left = [each for each in json.loads(told.stdout)["groups"] if each["status"] != "adopt"]
    assert [(each["status"], each["subject"], each["first_person"]) for each in left] == [
        ("unknown_organization", "Elsewhere", "8")
    ]


@pytest.mark.parametrize(
    ("kind", "given", "moment"),
    [
        # Oslo's clock is two hours ahead in May.
        ("timestamptz", "2020-05-01 10:00+00", "2020-05-01 10:00"),
        ("timestamp", "2020-05-01 10:00", "2020-05-01 08:00"),
        ("date", "2020-05-01", "2020-05-01 10:00"),
    ],
)
def test_a_date_without_a_zone_is_the_organizations(
    connection: Connection, cli: Cli, dsn: str, kind: str, given: str, moment: str
) -> None:
    apply(
        connection,
        rule_set(
            {"first": {"type": "threshold", "activity": "call", "at_least": 1}},
            {ORG: {"time_zone": "Europe/Oslo"}},
        ),
    )
    connection.execute(
        f"create table public.user_badges (user_id text, badge_id text, earned_at {kind})".encode()
    )
    fill(connection, (str(ANN), "first", given), ("ann", "first", given), ("", "first", given))
    fill(connection, (str(BEN), "first", "infinity"), (str(BEN), "first", "-infinity"))
    told = adopt(cli, dsn, "--apply")
    assert {each["status"]: each["rows"] for each in told["groups"]} == {
        "adopt": 1,
        "not_a_uuid": 1,
        "no_person": 1,
        "date_out_of_range": 2,
    }
    assert held(connection) == [(ANN, "first", "", 1, "import", moment)]


def test_rules_that_hold_later_announce_nothing_again(
    legacy: Connection, cli: Cli, dsn: str
) -> None:
    fill(
        legacy,
        (ANN, "first", "2020-05-01 10:00+00"),
        (ANN, "levels:bronze", "2020-05-02 10:00+00"),
        (ANN, "again", "2020-05-03 10:00+00"),
        (ANN, "regular", "2020-05-04 10:00+00"),
        (ANN, "both", "2020-05-05 10:00+00"),
    )
    adopt(cli, dsn, "--apply", "--map=levels:bronze=levels:bronze")
    # Of a repeated badge the first time is taken over; the second is new.
    given = [activity(f"2026-03-0{n}") for n in range(1, 5)]
    before = value(legacy, "select max(event_id) from badges.award_events")
    for each in given[:3]:
        insert(legacy, each)
        assert value(legacy, "select count(*) from badges.new_badges()") == 0
    insert(legacy, given[3])
    told = rows(
        legacy,
        "select badge_definition_id, occurrence, event_type from badges.award_events"
        " where event_id > %s",
        before,
    )
    assert told == [{"badge_definition_id": "again", "occurrence": 2, "event_type": "awarded"}]
    # Late activities move no date of theirs, and deleted ones take nothing back.
    insert(legacy, *[activity("2019-01-01", kind=kind) for kind in ("call", "mail", "chat")])
    assert_exact(legacy)
    fill(legacy, (ANN, "thanks", "2020-05-06 10:00+00"))
    adopt(cli, dsn, "--apply", "--map=levels:bronze=levels:bronze")
    legacy.execute("delete from badges.activities")
    legacy.execute("select badges.evaluate_badges(%s, 'nhf')", (ANN,))
    assert [each[1:] for each in held(legacy) if each[4] == "import"] == [
        ("again", "", 1, "import", "2020-05-03 10:00"),
        ("both", "", 1, "import", "2020-05-05 10:00"),
        ("first", "", 1, "import", "2020-05-01 10:00"),
        ("levels", "bronze", 1, "import", "2020-05-02 10:00"),
        ("regular", "", 1, "import", "2020-05-04 10:00"),
        ("thanks", "", 1, "import", "2020-05-06 10:00"),
    ]
    assert value(legacy, "select bool_and(revoked_at is null) from badges.earned_badges")
    assert_exact(legacy)


def test_what_is_held_or_was_decided_here_stays(legacy: Connection, cli: Cli, dsn: str) -> None:
    insert(legacy, activity("2026-03-01"), activity("2026-03-02", who=BEN))
    cat = person("cat")
    legacy.execute(
        "select badges.revoke_badge(%s, 'first', 'nhf', 'a mistake')", (BEN,), prepare=False
    )
    legacy.execute("select badges.deny_badge(%s, 'first', 'nhf', 'a test account')", (cat,))
    fill(legacy, *((who, "first", "2020-05-01 10:00+00") for who in (ANN, BEN, cat)))
    told = adopt(cli, dsn, "--apply")
    assert {each["status"]: each["rows"] for each in told["groups"]} == {
        "held": 1,
        "revoked": 1,
        "denied": 1,
    }
    assert (told["held_with_other_date"], told["adopted"], told["left_out"]) == (1, 0, 1)
    assert held(legacy) == [
        (who, "first", "", 1, "rule", f"2026-03-0{day} 12:00")
        for who, day in sorted(((ANN, 1), (BEN, 2)))
    ]


def test_badges_for_badges_follow_silently_and_move_back(
    legacy: Connection, cli: Cli, dsn: str
) -> None:
    day = "2020-05-0{} 10:00+00"
    # Ann's third badge by rules came late; Ben's are all taken over.
    insert(legacy, activity("2026-03-01"))
    insert(legacy, activity("2026-04-01"))
    collector = "select earned_at::date::text from badges.earned_badges where"
    collector += " badge_definition_id = 'collector' and peer_mentor_id = %s"
    assert value(legacy, collector, ANN) == "2026-04-01"
    fill(
        legacy,
        (ANN, "tenth", day.format(1)),
        (ANN, "thanks", day.format(1)),
        (BEN, "first", day.format(1)),
        (BEN, "tenth", day.format(2)),
        (BEN, "thanks", day.format(3)),
    )
    told = adopt(cli, dsn, "--apply")
    assert told["followed"] == 1
    collectors = {each[0]: each[4:] for each in held(legacy) if each[1] == "collector"}
    assert collectors == {
        ANN: ("rule", "2026-03-01 12:00"),
        BEN: ("backfill", "2020-05-03 10:00"),
    }
    assert value(
        legacy,
        "select not bool_or(is_delivered_by_default) from badges.award_events"
        " where peer_mentor_id = %s",
        BEN,
    )
    assert_exact(legacy)


def test_a_badge_for_the_first_few_counts_those_taken_over(
    connection: Connection, cli: Cli, dsn: str
) -> None:
    limited = {
        "name": "pioneer",
        "criteria": {"type": "threshold", "activity": "call", "at_least": 1},
        "limit": {"first": 2},
    }
    apply(connection, rule_set({"pioneer": limited}))
    connection.execute("create table user_badges (user_id uuid, badge_id text, earned_at date)")
    people = [person(f"p{n}") for n in range(4)]
    fill(connection, *((who, "pioneer", "2020-05-01") for who in people[:1]))
    adopt(cli, dsn, "--apply")
    insert(connection, *[activity("2026-03-01", who=who) for who in people])
    given = {each[0]: each[4] for each in held(connection)}
    assert sorted(given.values()) == ["import", "rule"]
    assert_exact(connection)
    # More than there are places: all were among the first, and nobody else is.
    fill(connection, *((who, "pioneer", "2020-05-01") for who in people))
    assert adopt(cli, dsn, "--apply")["adopted"] == 2
    insert(connection, activity("2026-03-02", who=person("late")))
    assert len(held(connection)) == 4
    assert_exact(connection)
    with connection.transaction(force_rollback=True):
        connection.execute("update badges_internal.badge_places set claimed = 3")
        (found,) = rows(connection, "select problem from badges.verify_awards()")
        assert found["problem"] == "without_place"
    # A limit that comes later finds them counted, too.
    unlimited = {key: each for key, each in limited.items() if key != "limit"}
    apply(connection, rule_set({"pioneer": unlimited}))
    apply(connection, rule_set({"pioneer": limited | {"limit": {"first": 5}}}))
    assert value(connection, "select claimed from badges_internal.badge_places") == len(
        held(connection)
    )
    assert_exact(connection)


def test_a_plan_and_an_apply_of_a_limit_count_those_taken_over(
    connection: Connection, cli: Cli, dsn: str
) -> None:
    """By hand so far, by a rule with a limit from now on: both places are taken."""
    apply(connection, rule_set({"pioneer": {"type": "manual"}}))
    connection.execute("create table user_badges (user_id uuid, badge_id text, earned_at date)")
    fill(connection, (ANN, "pioneer", "2020-05-01"), (BEN, "pioneer", "2020-05-01"))
    adopt(cli, dsn, "--apply")
    insert(connection, *[activity("2026-03-01", who=person(f"p{n}")) for n in range(3)])
    limited = rule_set(
        {
            "pioneer": {
                "name": "pioneer",
                "criteria": {"type": "threshold", "activity": "call", "at_least": 1},
                "limit": {"first": 3},
            }
        }
    )
    plan = value(connection, "select badges.plan_rule_set(%s)", Jsonb(limited))
    assert [each["awarded"]["awards"] for each in plan["effects"]] == [1]
    apply(connection, limited)
    assert sorted(each[4] for each in held(connection)) == ["backfill", "import", "import"]
    assert_exact(connection)


def test_places_of_a_badge_for_badges_go_to_the_first(
    connection: Connection, cli: Cli, dsn: str
) -> None:
    """The last person of the last batch may be the first by date."""
    collector = {
        "name": "collector",
        "criteria": {"type": "badges_earned", "at_least": 1},
        "limit": {"first": 2},
    }
    apply(connection, rule_set({"thanks": {"type": "manual"}, "collector": collector}))
    connection.execute("create table user_badges (user_id uuid, badge_id text, earned_at date)")
    people = sorted(person(f"p{n}") for n in range(4))
    fill(connection, *((who, "thanks", f"2020-05-0{9 - n}") for n, who in enumerate(people)))
    told = adopt(cli, dsn, "--apply", "--batch=1")
    assert (told["adopted"], told["followed"]) == (4, 2)
    given = [each[0] for each in held(connection) if each[1] == "collector"]
    assert given == people[2:]
    assert cli("verify", dsn=dsn).exit_code == 0


def test_a_report_reads_only(legacy: Connection, cli: Cli, dsn: str) -> None:
    fill(legacy, (ANN, "first", "2020-05-01 10:00+00"))
    legacy.execute("create sequence public.looked")
    legacy.execute(
        "create view public.counting as select *, nextval('public.looked') as n"
        " from public.user_badges where nextval('public.looked') > 0"
    )
    told = cli("adopt", "counting", *COLUMNS, dsn=dsn)
    assert told.exit_code == 2
    assert "read-only" in told.stderr


WRONG_USE = [
    (["nonesuch", *COLUMNS], 'there is no table "nonesuch"'),
    (['a."b', *COLUMNS], "there is no table"),
    (["badges.earned_badges", *COLUMNS], "badges.earned_badges is pgmerit's own"),
    (["user_badges", *COLUMNS, "--person=x"], 'public.user_badges has no column "x"'),
    (["user_badges", *COLUMNS, "--earned-at=badge_id"], "type text, which is no date"),
    (["user_badges", *COLUMNS, "--occurrence=badge_id"], "must be an integer"),
    (
        ["user_badges", *COLUMNS, "--org=hlf"],
        '--org "hlf" is neither a column of public.user_badges nor an organization',
    ),
    (["user_badges", *COLUMNS, "--map-org=a=hlf"], 'there is no organization "hlf"'),
    (["user_badges", *COLUMNS, "--map=1=x:y"], 'there is no badge "x"'),
    (["user_badges", *COLUMNS, "--map=1"], '--map "1" is not OLD=NEW'),
    (["user_badges", *COLUMNS, "--map=1=first", "--map=1=tenth"], 'leads "1" to both'),
    (["user_badges", *COLUMNS, "--map-file=nonesuch"], "nonesuch cannot be read"),
    (["user_badges", *COLUMNS, "--rules=x"], "--rules goes with --rename-to"),
    (["user_badges", *COLUMNS, "--rename-to=badges"], 'cannot be renamed to "badges"'),
]


def test_wrong_use_is_one_clear_line(legacy: Connection, cli: Cli, dsn: str) -> None:
    for words, told in WRONG_USE:
        result = cli("adopt", *words, dsn=dsn)
        assert result.exit_code == 2, words
        assert told in result.stderr.splitlines()[0]
        assert result.stdout == ""


def test_the_organization_must_be_told_where_there_are_several(
    connection: Connection, cli: Cli, dsn: str
) -> None:
    connection.execute("create table user_badges (user_id uuid, badge_id text, earned_at date)")
    told = cli("adopt", "user_badges", *COLUMNS, dsn=dsn)
    assert (told.exit_code, "pgmerit rules apply" in told.stderr) == (2, True)
    badge = {"first": {"type": "manual"}}
    apply(connection, rule_set(badge, {"nhf": {}, "hlf": {}}))
    told = cli("adopt", "user_badges", *COLUMNS, dsn=dsn)
    assert told.exit_code == 2
    assert "--org with a column of the table, or with one of hlf, nhf" in told.stderr
    fill(connection, (ANN, "first", "2020-05-01"))
    assert adopt(cli, dsn, "--org=hlf", "--apply")["adopted"] == 1


def test_a_map_file_has_a_line_a_value(
    legacy: Connection, cli: Cli, dsn: str, tmp_path: Any
) -> None:
    fill(legacy, (ANN, "a=b", "2020-05-01"), (BEN, "x", "2020-05-01"))
    (tmp_path / "badges.map").write_text("# old = new\n\na=b=first\n  x=levels:bronze \n")
    assert adopt(cli, dsn, f"--map-file={tmp_path / 'badges.map'}", "--apply")["adopted"] == 2
    assert [each[1:3] for each in held(legacy)] == [("first", ""), ("levels", "bronze")]


def test_an_explanation_says_what_was_taken_over_and_that_its_rule_is_not_met(
    legacy: Connection, cli: Cli, dsn: str
) -> None:
    insert(legacy, *[activity(f"2026-03-0{n}", who=BEN) for n in (1, 2, 3)])
    fill(
        legacy,
        (ANN, "tenth", "2020-05-01 10:00+00"),
        (ANN, "again", "2020-05-01 10:00+00"),
        (ANN, "thanks", "2020-05-01 10:00+00"),
    )
    adopt(cli, dsn, "--apply")
    explained = value(legacy, "select badges.explain_badge(%s, 'tenth', 'nhf')", ANN)
    assert explained["verdict"] == "earned"
    assert explained["awards"][0]["source"] == "import"
    assert explained["awards"][0]["is_rule_met"] is False
    shown = cli("mentor", "explain", ANN, "tenth", "--org=nhf", dsn=dsn)
    assert "taken over from before; its rule is not met" in shown.stdout
    insert(legacy, *[activity(f"2026-03-{n:02}") for n in range(1, 11)])
    explained = value(legacy, "select badges.explain_badge(%s, 'tenth', 'nhf')", ANN)
    assert explained["awards"][0]["is_rule_met"] is True
    shown = cli("mentor", "explain", ANN, "tenth", "--org=nhf", dsn=dsn)
    assert "taken over from before\n" in shown.stdout
    told = cli("mentor", "explain", ANN, "tenth", "--org=nhf", "--language=nb", dsn=dsn)
    assert "overtatt fra før\n" in told.stdout
    assert "not met" not in shown.stdout
    # No rule awards what is given by hand.
    explained = value(legacy, "select badges.explain_badge(%s, 'thanks', 'nhf')", ANN)
    assert explained["awards"][0]["is_rule_met"] is None


def test_an_administrator_takes_over_what_it_may_read(
    legacy: Connection, cli: Cli, dsn: str
) -> None:
    """The table with the caller's rights, the awards with the engine's."""
    fill(legacy, (ANN, "first", "2020-05-01"))

    def run(role: str) -> CliResult:
        as_role = make_conninfo(dsn, options=f"-c role={role}")
        return cli("adopt", "public.user_badges", *COLUMNS, "--apply", dsn=as_role)

    refused = run("pgmerit_admin")
    assert (refused.exit_code, "permission denied" in refused.stderr) == (2, True)
    legacy.execute("grant select on public.user_badges to pgmerit_admin, pgmerit_writer")
    refused = run("pgmerit_writer")
    assert (refused.exit_code, "permission denied" in refused.stderr) == (2, True)
    assert held(legacy) == []
    assert run("pgmerit_admin").exit_code == 0
    assert len(held(legacy)) == 1
