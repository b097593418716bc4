"""The pages, on a database of the test's own."""

from pathlib import Path

import pytest
from app import make_app
from fastapi.testclient import TestClient
from pgmerit.rules import versions


@pytest.fixture
def client(pgmerit_dsn, pgmerit_connection):
    versions.apply(
        pgmerit_connection, versions.load_document(Path(__file__).with_name("badges.yaml"))
    )
    with TestClient(make_app(pgmerit_dsn)) as client:
        yield client


def test_a_call_brings_a_badge_that_is_congratulated_once(client):
    ann = {"X-User": "17"}
    call = {"call_id": "call-1", "minutes": 20}
    told = client.post("/calls", json=call, headers=ann).json()
    assert [badge["name"] for badge in told["new_badges"]] == ["First call"]
    assert client.post("/calls", json=call, headers=ann).json()["duplicate"] is True

    page = client.get("/badges", headers=ann).text
    assert "New: First call" in page
    assert "Listener &lt;3" in page
    assert "20 of 60" in page
    assert "New:" not in client.get("/badges", headers=ann).text

    assert "20 of 60" not in client.get("/badges", headers={"X-User": "18"}).text
    assert client.get("/badges").status_code == 422


def test_what_cannot_be_committed_is_not_answered_as_done(client, pgmerit_connection):
    pgmerit_connection.execute(
        "create function refuse() returns trigger language plpgsql"
        " as $$ begin raise 'refused at the commit'; end $$;"
        "create constraint trigger refuse after insert on badges.activities"
        " deferrable initially deferred for each row execute function refuse()"
    )
    quiet = TestClient(client.app, raise_server_exceptions=False)
    told = quiet.post("/calls", json={"call_id": "1", "minutes": 1}, headers={"X-User": "17"})
    assert told.status_code == 500
