"""`pgmerit metrics`, read by a scrape's own parser, and the queries for postgres_exporter."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from pgmerit import __version__, metrics
from pgmerit.database import Connection
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.parser import text_string_to_metric_families as classic_families
from ruamel.yaml import YAML

from tests.conftest import CliResult
from tests.engine import ANN, BEN, ORG, activity, apply, insert, rows, rule_set, value
from tests.house.sources import ROOT

Cli = Callable[..., CliResult]
Samples = dict[tuple[str, tuple[str, ...]], float]

DOCUMENT = rule_set(
    {
        "first": {"type": "threshold", "activity": "call", "at_least": 1},
        "long": {"type": "tenure", "days": 3},
    }
)


def _busy(connection: Connection) -> None:
    apply(connection, DOCUMENT)
    connection.execute(
        "select badges.register_consumer(name, '{awarded}')"
        " from unnest('{crm,mail}'::text[]) as name"
    )
    insert(connection, activity("2026-03-01"), activity("2026-03-01", who=BEN))
    (first, second) = rows(connection, "select event_id from badges.claim_events('crm')")
    for event, outcome in ((first, "dead"), (second, "release")):
        connection.execute(
            "select badges.settle_events('crm', %s, %s)", ([event["event_id"]], outcome)
        )
    connection.execute("select badges.disable_consumer('mail', 'gone')")
    connection.execute("select badges.record_verification(0, 0, 1500, 'all')")
    connection.execute("select badges.record_verification(2, 1, 20, 'one person')")
    connection.execute("analyze badges.earned_badges")


PREPARED = {"busy": _busy}


@pytest.fixture
def busy(connection: Connection) -> Connection:
    """Three awards, a consumer with a dead letter, somebody due, a verify that found something."""
    return connection


def scraped(text: str) -> Samples:
    """Read OpenMetrics: each sample by its name and the values of its labels, by their names."""
    found: Samples = {}
    for family in text_string_to_metric_families(text):
        assert re.fullmatch("pgmerit_[a-z_]+", family.name)
        assert family.documentation.endswith(".")
        assert family.type in ("gauge", "counter")
        for sample in family.samples:
            labels = tuple(each for _, each in sorted(sample.labels.items()))
            key = (sample.name.removeprefix("pgmerit_"), labels)
            assert key not in found
            found[key] = sample.value
    return found


def test_a_scrape_tells_what_waits(busy: Connection, cli: Cli, dsn: str) -> None:
    told = cli("metrics", dsn=dsn)
    assert told.exit_code == 0, told.stderr
    assert told.stdout.endswith("# EOF\n")
    found = scraped(told.stdout)
    # A textfile collector reads the classic format.
    classic = [each.name for family in classic_families(told.stdout) for each in family.samples]
    assert len(classic) == len(found)
    now = time.time()
    migration = value(busy, "select max(migration_id) from badges_internal.migration_files")
    expected = {
        ("build_info", (__version__,)): 1,
        ("schema_info", (migration,)): 1,
        ("awards", ()): 2,
        ("events_total", ()): value(busy, "select max(event_id) from badges.award_events"),
        ("events_pending", ("crm",)): 1,
        ("events_leased", ("crm",)): 0,
        ("events_dead", ("crm",)): 1,
        ("consumer_disabled", ("crm",)): 0,
        ("consumer_disabled", ("mail",)): 1,
        ("events_pending", ("mail",)): 2,
        ("rule_set_version", ("tests",)): 1,
        ("people_waiting", ("tests",)): 0,
        ("people_due", ()): 2,
        ("verify_differences", ("all",)): 0,
        ("verify_duration_seconds", ("all",)): 1.5,
        ("verify_differences", ("part",)): 2,
        ("verify_people_waiting", ("part",)): 1,
        ("alerts_open", ("drift_found",)): 1,
        ("alerts_open", ("endpoint_dead",)): 1,
        ("alerts_open", ("people_waiting",)): 0,
    }
    assert {key: found.get(key) for key in expected} == expected
    for moment in ("verify_timestamp_seconds", "all"), ("verify_timestamp_seconds", "part"):
        assert now - 60 < found[moment[0], (moment[1],)] <= now + 1
    assert 0 <= found["events_oldest_pending_age_seconds", ("crm",)] < 60
    assert found["people_oldest_due_age_seconds", ()] > 0
    assert not any(name == "awards_held" for name, _ in found)
    # People who wait, once a version is applied and nobody evaluated.
    changed = json.dumps(DOCUMENT).replace('"days": 3', '"days": 4')
    busy.execute("select badges.apply_rule_set(%s::jsonb)", (changed,))
    found = scraped(cli("metrics", dsn=dsn).stdout)
    assert found["people_waiting", ("tests",)] == 2
    assert found["rule_set_version", ("tests",)] == 2


def test_awards_are_counted_where_that_is_asked_for(busy: Connection, cli: Cli, dsn: str) -> None:
    busy.execute("select badges.revoke_badge(%s, 'first', %s, 'why')", (ANN, ORG))
    found = scraped(cli("metrics", "--with-awards", dsn=dsn).stdout)
    assert {key: each for key, each in found.items() if key[0] == "awards_held"} == {
        ("awards_held", ("first", ORG, "")): 1
    }
    told = json.loads(cli("metrics", "--with-awards", "--format=json", dsn=dsn).stdout)
    assert {each["metric"] for each in told} == {name for name, _ in found}


def test_metrics_are_there_before_anything_is(connection: Connection, cli: Cli, dsn: str) -> None:
    found = scraped(cli("metrics", dsn=dsn).stdout)
    assert found["people_due", ()] == 0
    assert found["events_total", ()] == 0
    assert {name for name, _ in found} >= {"build_info", "schema_info", "alerts_open"}


def test_odd_labels_stay_labels() -> None:
    odd = 'a"b\\c\nd{e="f"} 1'
    row = {"metric": "m", "type": "gauge", "help": "x\ny.", "labels": {"l": odd}, "value": 1.5}
    (family,) = text_string_to_metric_families(metrics.exposition([row]))
    assert [(each.labels, each.value) for each in family.samples] == [({"l": odd}, 1.5)]


EXPORTER: dict[str, Any] = YAML(typ="safe").load(ROOT / "docs" / "postgres_exporter.yaml")


def test_each_query_for_postgres_exporter_gives_its_columns(busy: Connection) -> None:
    busy.execute("set role pgmerit_reader")
    for name, told in EXPORTER.items():
        usages = {
            column: each["usage"] for metric in told["metrics"] for column, each in metric.items()
        }
        assert re.fullmatch("pgmerit_[a-z_]+", name)
        cursor = busy.execute(told["query"].encode())
        found = cursor.fetchall()
        assert [column.name for column in cursor.description or []] == list(usages), name
        assert found, name
        for row in found:
            for column, usage in usages.items():
                kinds = (str,) if usage == "LABEL" else (int, float)
                assert isinstance(row[column], kinds) or row[column] is None, (name, row)
        labels = [tuple(row[each] for each in usages if usages[each] == "LABEL") for row in found]
        assert len(set(labels)) == len(labels), name
    busy.execute("reset role")


def test_the_queries_leave_no_metric_out(busy: Connection) -> None:
    named = {
        each["metric"]
        for each in rows(busy, "select distinct metric from badges.list_metrics(true)")
    }
    text = " ".join(each["query"] for each in EXPORTER.values())
    left = {each for each in named if f"'{each}'" not in text}
    assert left == set()


def test_a_scrape_reads_no_award(busy: Connection) -> None:
    """Counted by the server: what it read of the awards before and after."""

    def read() -> int:
        busy.execute("select pg_stat_force_next_flush()")
        count: int = value(
            busy,
            "select coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)"
            " from pg_stat_user_tables where relid = 'badges.earned_badges'::regclass",
        )
        return count

    before = read()
    busy.execute("select * from badges.list_metrics()")
    assert read() == before
    busy.execute("select * from badges.list_metrics(true)")
    assert read() > before
