from __future__ import annotations

import re
import shutil
from datetime import UTC, date
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pgmerit
import pytest
from pgmerit import languages
from pgmerit.errors import PgmeritError
from pgmerit.schema import read_manifest, sql_dir

from tests.languages.third import places, plural_forms

ENGLISH = languages.find("en")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of languages to add to."""
    made = tmp_path / "languages"
    shutil.copytree(languages.FOLDER, made, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    monkeypatch.setattr(languages, "FOLDER", made)
    return made


@pytest.mark.parametrize("code", languages.codes())
def test_every_language_has_every_text_with_the_same_places(code: str) -> None:
    told = languages.find(code)
    written = languages.tomllib.loads((languages.FOLDER / f"{code}.toml").read_text())
    assert {f"{section}.{key}" for section in written for key in written[section]} == set(
        ENGLISH.texts
    )
    for key, text in told.texts.items():
        assert places(text) == places(ENGLISH.texts[key]), key
        if not isinstance(text, str):
            assert set(text) == plural_forms(told), key
    headings = [told.text(f"mentor.{name}") for name in ("badge", "tier", "name", "times")]
    assert len(set(headings)) == len(headings)


def test_every_text_that_is_asked_for_is_there_and_each_is_asked_for() -> None:
    """Keys stand in the sources whole; of sections that `word` reads the database has the rest."""
    sources = "\n".join(
        path.read_text()
        for folder in (Path(pgmerit.__file__).parent, sql_dir())
        for kind in ("py", "sql", "html")
        for path in folder.rglob(f"*.{kind}")
    )
    sections = {key.partition(".")[0] for key in ENGLISH.texts}
    asked = set(re.findall(rf"""["']((?:{"|".join(sections)})\.\w+)["']""", sources))
    assert {key for key in asked - set(ENGLISH.texts) if not key.endswith(".html")} == set()
    read = {*re.findall(r'(?:word\(\s*"|text\(f")(\w+)', sources), "in_a_row", "in_all", "why_not"}
    rest = {key for key in ENGLISH.texts if key.partition(".")[0] not in read}
    assert rest - asked == {"form.name"}


def test_every_reason_of_the_database_has_its_text() -> None:
    reasons = re.findall(
        r"(?:then|else) '(\w+)'$", (sql_dir() / "progress/_why_not.sql").read_text(), re.M
    )
    assert {f"why_not.{each}" for each in reasons} == {
        key for key in ENGLISH.texts if key.startswith("why_not.")
    }


@pytest.mark.parametrize(
    ("asked", "given"),
    [("nb", "nb"), ("nb-NO", "nb"), ("en-GB", "en"), ("fi", "en"), ("", "en"), (None, "en")],
)
def test_a_language_that_is_not_there_is_its_base_or_english(asked: str | None, given: str) -> None:
    assert languages.find(asked).code == given
    assert asked is None or languages.is_known(asked) == (asked not in ("fi", ""))


def test_numbers_days_and_moments_have_the_form_of_the_language() -> None:
    nb = languages.find("nb")
    assert (ENGLISH.number(1234.5), nb.number(Decimal("1234.50"))) == ("1,234.5", "1\xa0234,5")
    assert (ENGLISH.percent(0.25), nb.percent(0.25)) == ("25%", "25\xa0%")
    assert (ENGLISH.day("2026-05-01"), nb.day(date(2026, 5, 1))) == ("2026-05-01", "1. mai 2026")
    assert (ENGLISH.day_of_year("02-29"), nb.day_of_year("02-29")) == ("02-29", "29. februar")
    oslo = ZoneInfo("Europe/Oslo")
    moment = "2026-10-02T23:30:00+00:00"
    assert ENGLISH.moment(moment, UTC) == "2026-10-02 23:30 UTC"
    assert nb.moment(moment, oslo) == "3. okt. 2026 01:30 CEST"
    assert (nb.weekday(1), nb.weekday(7), nb.month(12)) == ("mandag", "søndag", "desember")
    assert nb.either(["a", "b", "c"]) == "a, b eller c"
    assert nb.both(["a", "b"]) == "a og b"


def test_a_third_language_is_one_more_file_with_its_own_plurals(folder: Path) -> None:
    (folder / "pl.toml").write_text(
        '[verdict]\nmet = "spełniony"\n'
        "[selector]\nrolling_days = "
        '{ one = "{count} dzień", few = "{count} dni", other = "w {count} dniach" }\n'
    )
    assert languages.codes() == ["en", "nb", "pl"]
    polish = languages.find("pl-PL")
    assert [polish.text("selector.rolling_days", count=n) for n in (1, 3, 5)] == [
        "1 dzień",
        "3 dni",
        "w 5 dniach",
    ]
    assert polish.word("verdict", "met") == "spełniony"
    assert polish.word("verdict", "not met") == "not met", "what it lacks is English"
    assert polish.number(0.5) == "0,5"


def test_what_a_newer_database_says_is_told_as_it_is() -> None:
    assert languages.find("nb").word("verdict", "nearly met") == "nearly met"


def test_places_are_filled_once_and_by_name_alone() -> None:
    told = ENGLISH.text("explanation.heading", name="{verdict} {0.x}", verdict=True)
    assert told == "{verdict} {0.x}: True"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("[verdict", "fi.toml cannot be read: "),
        ('name = "Suomi"', "fi.toml: name is no text of pgmerit"),
        ('[verdict]\nwon = "x"', "fi.toml: verdict.won is no text of pgmerit"),
        ("[verdict]\nmet = 3", "fi.toml: verdict.met is no text"),
        ('[verdict]\nmet = "{name}"', "fi.toml: verdict.met has other places than none"),
        ('[selector]\nwhere = "{"', "fi.toml: selector.where has other places than tests"),
        ('[verdict]\nmet = { other = "x" }', "fi.toml: verdict.met depends on no number"),
        (
            '[grace]\nday = { one = "x", lots = "y" }',
            "fi.toml: grace.day has plural forms other than few, many, one, other, two, zero",
        ),
    ],
)
def test_a_wrong_file_is_refused_by_name_and_key(folder: Path, content: str, problem: str) -> None:
    (folder / "fi.toml").write_text(content)
    with pytest.raises(PgmeritError) as refused:
        languages.find("fi")
    assert problem in refused.value.message


def test_the_database_is_loaded_anew_where_a_text_changed(folder: Path) -> None:
    def checksum() -> str:
        (found,) = (f.sha256 for f in read_manifest(sql_dir()) if f.name.endswith("/_texts.sql"))
        return found

    before = checksum()
    (folder / "fi.toml").write_text('[verdict]\nmet = "täynnä"')
    assert checksum() == before, "only what the database tells is loaded"
    (folder / "sv.toml").write_text('[why_not]\nmanual = "märket delas ut för hand"')
    assert checksum() != before
