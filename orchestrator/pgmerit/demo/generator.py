"""Realistic data for the demo: a year of peer mentors and of a study app, the same for a seed.

Rows come in the order in which people registered them, which is not the order in which things
happened: some write down an evening's worth of the month before. Double saves come twice with one
idempotency key; corrections are operations of their own, to be applied after the rows.
"""

from __future__ import annotations

import json
import random
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import accumulate
from typing import NamedTuple
from uuid import UUID

from pgmerit.importing import Correction

COLUMNS = (
    "peer_mentor_id",
    "org_id",
    "activity_type",
    "occurred_at",
    "activity_date",
    "quantity",
    "idempotency_key",
    "attributes",
)
YEAR = 365


class Activity(NamedTuple):
    """One row of an import file; `occurred_at` without an offset is the organization's time."""

    peer_mentor_id: UUID
    org_id: str
    activity_type: str
    occurred_at: str
    activity_date: str
    quantity: str
    idempotency_key: str
    attributes: str


@dataclass(frozen=True, slots=True)
class Protagonist:
    """The person whom the demo follows: one assignment short of the next badge."""

    peer_mentor_id: UUID
    org_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Year:
    """All that was generated: rows in the order of registration, then the corrections."""

    activities: list[Activity]
    corrections: list[Correction]
    protagonist: Protagonist

    def rows(self) -> Iterator[Activity]:
        """Give the rows of an import file, without its header."""
        return iter(self.activities)

    @property
    def distinct_keys(self) -> int:
        """How many activities there are when double saves count once."""
        return len({(a.peer_mentor_id, a.org_id, a.idempotency_key) for a in self.activities})


@dataclass(frozen=True, slots=True)
class Organization:
    """The size and habits of an organization of peer mentors."""

    org_id: str
    mentors: int
    assignments: int
    branch_prefix: str
    branches: int
    busiest: tuple[int, ...]
    calls: float
    meetings: float
    kinds: dict[str, int]


ORGANIZATIONS = (
    Organization(
        "hlf",
        mentors=570,
        assignments=22_000,
        branch_prefix="HLF",
        branches=180,
        busiest=(684, 652, 631, 610),
        calls=0.12,
        meetings=0.05,
        kinds={"home_visit": 46, "clinic": 22, "phone_call": 14, "stand": 8, "course": 10},
    ),
    Organization(
        "nhf",
        mentors=310,
        assignments=7_400,
        branch_prefix="NHF",
        branches=96,
        busiest=(312, 264),
        calls=0.30,
        meetings=0.16,
        kinds={"hospital_visit": 30, "home_visit": 25, "digital": 22, "meeting": 15, "stand": 8},
    ),
    Organization(
        "blindeforbundet",
        mentors=340,
        assignments=9_200,
        branch_prefix="Blindeforbundet",
        branches=19,
        busiest=(402, 355, 298),
        calls=0.40,
        meetings=0.10,
        kinds={"home_visit": 38, "phone_call": 30, "school_visit": 8, "trip": 12, "digital": 12},
    ),
)
STUDY_ORG = "study"
LEARNERS = 2_000
PROTAGONIST = Protagonist(
    UUID("5017f21d-0000-4000-8000-000000000014"), "blindeforbundet", "Solfrid"
)

_COURSES = ("role", "boundaries", "conversation", "group-leader", "first-aid", "digital-tools")
_SUBJECTS = ("norwegian", "mathematics", "biology", "history", "english", "chemistry", "law")

# Places of local branches, the counties first.
_PLACE_NAMES = """
Oslo Akershus Østfold Buskerud Vestfold Telemark Innlandet Agder Rogaland Hordaland
Sogn-og-Fjordane Møre-og-Romsdal Sør-Trøndelag Nord-Trøndelag Nordland Troms Finnmark Hedmark
Oppland Bergen Trondheim Stavanger Drammen Fredrikstad Kristiansand Sandnes Tromsø Sarpsborg
Skien Ålesund Sandefjord Haugesund Tønsberg Moss Porsgrunn Bodø Arendal Hamar Ytrebygda Larvik
Halden Askøy Kongsberg Harstad Molde Gjøvik Lillehammer Horten Jessheim Mo-i-Rana Kristiansund
Korsvik Alta Elverum Narvik Askim Leirvik Osøyro Råholt Vennesla Drøbak Grimstad Steinkjer
Nesoddtangen Stjørdal Bryne Kongsvinger Knarrevik Knarvik Lommedalen Kløfta Ås Egersund Levanger
Åkrehamn Mandal Førde Søgne Ålgård Raufoss Brumunddal Spydeberg Mysen Florø Orkanger Namsos
Vadsø Kirkenes Hammerfest Sortland Svolvær Leknes Finnsnes Mosjøen Sandnessjøen Brønnøysund
Fauske Rognan Setermoen Storslett Skjervøy Honningsvåg Vardø Kautokeino Karasjok Lakselv
Båtsfjord Røros Oppdal Støren Melhus Heimdal Malvik Verdalsøra Rørvik Kolvereid Grong Snåsa
Frosta Otta Vinstra Ringebu Dombås Lom Vågåmo Fagernes Gol Geilo Ål Nesbyen Flå Hønefoss
Vikersund Hokksund Mjøndalen Lier Asker Sandvika Lillestrøm Strømmen Lørenskog Ski Vestby Son
Rygge Råde Rakkestad Ørje Bjørkelangen Årnes Eidsvoll Hurdal Nannestad Gran Brandbu Jevnaker
Dokka Stange Løten Rena Trysil Tynset Tolga Alvdal Folldal Rjukan Notodden Bø Seljord Dalen
Kragerø Langesund Stathelle Brevik Holmestrand Svelvik Stavern Risør Tvedestrand Lillesand
Flekkefjord Farsund Lyngdal
"""
_PLACES = tuple(_PLACE_NAMES.split())


def generate(seed: int, today: date, scale: float = 1.0) -> Year:
    """Make a year that ends before `today`. `scale` shrinks the number of people and rows.

    The same seed, day and scale give the same data on every machine.
    """
    start = today - timedelta(days=YEAR)
    entries: list[_Entry] = []
    for organization in ORGANIZATIONS:
        rng = random.Random(f"{seed}:{organization.org_id}")  # noqa: S311
        entries += _organization_year(rng, organization, start, today, scale)
    entries += _protagonist_year(random.Random(f"{seed}:protagonist"), start, today)  # noqa: S311
    rng = random.Random(f"{seed}:{STUDY_ORG}")  # noqa: S311
    entries += _study_year(rng, start, today, max(1, round(LEARNERS * scale)))
    entries.sort(key=lambda entry: (entry.registered_at, entry.happened_at, entry.mentor.int))
    rng = random.Random(f"{seed}:registration")  # noqa: S311
    return Year(
        activities=list(_register(rng, entries)),
        corrections=list(_correct(rng, entries, today)),
        protagonist=PROTAGONIST,
    )


def public_holidays(year: int) -> dict[date, str]:
    """Name Norway's public holidays of a year."""
    easter = _easter_sunday(year)
    around_easter = {
        -3: "skjærtorsdag",
        -2: "langfredag",
        0: "første påskedag",
        1: "andre påskedag",
        39: "Kristi himmelfartsdag",
        49: "første pinsedag",
        50: "andre pinsedag",
    }
    return {
        date(year, 1, 1): "første nyttårsdag",
        date(year, 5, 1): "arbeidernes dag",
        date(year, 5, 17): "grunnlovsdagen",
        date(year, 12, 25): "første juledag",
        date(year, 12, 26): "andre juledag",
    } | {easter + timedelta(days=days): name for days, name in around_easter.items()}


def _easter_sunday(year: int) -> date:
    """Give Easter Sunday by the anonymous Gregorian rule."""
    golden = year % 19
    century, of_century = divmod(year, 100)
    leap_centuries, rest = divmod(century, 4)
    moon = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leap_centuries - moon + 15) % 30
    quarter, of_quarter = divmod(of_century, 4)
    weekday = (32 + 2 * rest + 2 * quarter - epact - of_quarter) % 7
    shift = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * shift + 114, 31)
    return date(year, month, day + 1)


@dataclass(slots=True)
class _Entry:
    """An activity with the moment at which somebody wrote it down."""

    mentor: UUID
    org_id: str
    activity_type: str
    happened_at: datetime
    registered_at: datetime
    quantity: str
    attributes: dict[str, object]
    is_date_only: bool = False
    key: str = field(default="")
    may_be_corrected: bool = True


class _Calendar:
    """Draws days of a period, each as often as its weekday, month and holidays make it likely."""

    def __init__(self, start: date, end: date, weekdays: tuple[float, ...]) -> None:
        self.days = [start + timedelta(days=n) for n in range((end - start).days)]
        holidays: dict[date, str] = {}
        for year in range(start.year, end.year + 1):
            holidays |= public_holidays(year)
        self._totals = list(accumulate(self._weight(d, weekdays, holidays) for d in self.days))

    @staticmethod
    def _weight(day: date, weekdays: tuple[float, ...], holidays: dict[date, str]) -> float:
        weight = weekdays[day.weekday()]
        if day in holidays:
            return weight * 0.06
        if (day.month, day.day) in ((12, 24), (12, 31)):
            return weight * 0.08
        if day.month == 7:
            return weight * 0.28
        if (day.month == 12 and day.day > 20) or (day.month == 1 and day.day < 4):
            return weight * 0.35
        if day.month == 6 and day.day > 20:
            return weight * 0.6
        return weight

    def draw(self, rng: random.Random, first: int) -> date:
        """Draw a day not before the day with that number."""
        low = self._totals[first - 1] if first else 0.0
        place = bisect_left(self._totals, rng.uniform(low, self._totals[-1]))
        return self.days[min(max(place, first), len(self.days) - 1)]


def _organization_year(
    rng: random.Random, organization: Organization, start: date, today: date, scale: float
) -> list[_Entry]:
    """Make a year of one organization: who is busy, who began late, who writes late."""
    mentors = max(3, round(organization.mentors * scale))
    calendar = _Calendar(start, today, (1.1, 1.2, 1.2, 1.15, 0.8, 0.35, 0.3))
    branches = [f"{organization.branch_prefix} {place}" for place in _PLACES]
    branches = branches[: organization.branches]
    kinds, kind_weights = list(organization.kinds), list(organization.kinds.values())
    entries: list[_Entry] = []
    for number, wanted in enumerate(_assignment_counts(rng, organization, mentors)):
        mentor = _new_uuid(rng)
        # Every branch has somebody, the big ones many.
        branch = branches[number] if number < len(branches) else _pick_low(rng, branches)
        is_new = rng.random() < 0.18 and number >= len(organization.busiest)
        first = rng.randrange(30, 300) if is_new else 0
        habit = rng.choices(("soon", "monthly", "careless"), (70, 22, 8))[0]
        favourites = rng.choices(kinds, kind_weights, k=rng.randint(1, 4))
        chosen: dict[str, object] = {"local_branch": branch}
        plan = (
            [("assignment", rng.choice(favourites)) for _ in range(wanted)]
            + [("call", "phone_call") for _ in range(_about(rng, wanted * organization.calls))]
            + [
                ("group_meeting", "group")
                for _ in range(_about(rng, wanted * organization.meetings))
            ]
        )
        for activity_type, kind in plan:
            day = calendar.draw(rng, first)
            attributes = chosen | {"kind": kind}
            if activity_type == "group_meeting":
                attributes["participants"] = rng.randint(3, 18)
            entries.append(
                _entry(
                    rng,
                    mentor,
                    organization.org_id,
                    activity_type,
                    _evening_of(rng, day),
                    habit,
                    today,
                    _hours(rng, activity_type),
                    attributes,
                )
            )
        for course in _courses_taken(rng, is_new):
            happened = _evening_of(rng, calendar.draw(rng, first))
            attributes = chosen | {"course": course}
            entries.append(
                _entry(
                    rng,
                    mentor,
                    organization.org_id,
                    "training_completed",
                    happened,
                    "soon",
                    today,
                    str(rng.choice((2, 3, 6))),
                    attributes,
                )
            )
    return entries


def _assignment_counts(rng: random.Random, organization: Organization, mentors: int) -> list[int]:
    """Share the year's assignments out: a few do very many, half of the people a handful."""
    share = mentors / organization.mentors
    busiest = list(organization.busiest[: max(1, round(len(organization.busiest) * share))])
    rest = mentors - len(busiest)
    left = max(rest, round(organization.assignments * share) - sum(busiest))
    weights = [min(rng.lognormvariate(0, 1.0), 9.0) for _ in range(rest)]
    unit = left / sum(weights)
    return busiest + [max(1, round(weight * unit)) for weight in weights]


def _courses_taken(rng: random.Random, is_new: bool) -> list[str]:
    """Choose the year's courses: new people take the basic ones, others freshen up."""
    if is_new:
        return list(_COURSES[:3]) if rng.random() < 0.75 else list(_COURSES[: rng.randint(1, 2)])
    if rng.random() < 0.12:
        return list(_COURSES[: rng.randint(3, 5)])
    return rng.sample(_COURSES, rng.choice((0, 0, 1, 1, 2)))


def _protagonist_year(rng: random.Random, start: date, today: date) -> list[_Entry]:
    """Make the year of the person whom the demo follows: fourteen assignments, two courses."""
    person, entries = PROTAGONIST, []
    attributes: dict[str, object] = {"local_branch": "Blindeforbundet Hordaland"}
    for number in range(14):
        day = start + timedelta(days=120 + 13 * number)
        kind = {"kind": ("home_visit", "phone_call", "trip")[number % 3]}
        entries.append(
            _entry(
                rng,
                person.peer_mentor_id,
                person.org_id,
                "assignment",
                _evening_of(rng, day),
                "soon",
                today,
                "1.5",
                attributes | kind,
            )
        )
    for number, course in enumerate(("role", "boundaries")):
        happened = _evening_of(rng, start + timedelta(days=100 + 20 * number))
        entries.append(
            _entry(
                rng,
                person.peer_mentor_id,
                person.org_id,
                "training_completed",
                happened,
                "soon",
                today,
                "3",
                attributes | {"course": course},
            )
        )
    for entry in entries:
        entry.may_be_corrected = False
    return entries


def _study_year(rng: random.Random, start: date, today: date, learners: int) -> list[_Entry]:
    """Make a year of the study app: people come, study for some weeks and drift away."""
    entries: list[_Entry] = []
    last = (today - start).days - 1
    for _ in range(learners):
        learner = _new_uuid(rng)
        first = rng.randrange(last)
        days_with_us = min(last - first + 1, 1 + int(rng.expovariate(1 / 55)))
        zeal = min(0.95, rng.betavariate(1.6, 2.4))
        skill = rng.gauss(68, 13)
        subjects = rng.sample(_SUBJECTS, rng.randint(1, len(_SUBJECTS)))
        for offset in range(days_with_us):
            day = start + timedelta(days=first + offset)
            studies = rng.random() < zeal * (0.8 if day.weekday() > 4 else 1.0)
            if offset and not studies:
                continue
            minutes = rng.triangular(0, 1000, 780)
            moment = datetime.combine(day, time(6)) + timedelta(minutes=minutes)
            for _ in range(rng.choice((1, 1, 1, 2, 2, 3))):
                moment += timedelta(seconds=rng.randrange(120, 1500))
                if moment.date() != day:
                    break
                entries.append(_study_entry(rng, learner, moment, skill, subjects))
    return entries


def _study_entry(
    rng: random.Random, learner: UUID, moment: datetime, skill: float, subjects: list[str]
) -> _Entry:
    """Make one quiz or one session with cards; its XP is the quantity."""
    moment = moment.replace(microsecond=0)
    attributes: dict[str, object] = {"subject": rng.choice(subjects)}
    if rng.random() < 0.55:
        score = max(0, min(100, round(rng.gauss(skill, 15))))
        attributes["score"] = score
        return _Entry(
            learner, STUDY_ORG, "quiz_result", moment, moment, str(score // 5), attributes
        )
    cards = rng.randint(5, 45)
    attributes["cards"] = cards
    xp = f"{cards * 0.5:g}"
    return _Entry(learner, STUDY_ORG, "flashcard_session", moment, moment, xp, attributes)


def _entry(
    rng: random.Random,
    mentor: UUID,
    org_id: str,
    activity_type: str,
    happened_at: datetime,
    habit: str,
    today: date,
    quantity: str,
    attributes: dict[str, object],
) -> _Entry:
    """Make an entry that is registered by its person's habit, and before today."""
    day = happened_at.date()
    if habit == "monthly":
        # One evening early in the next month, for the whole month at once and without the hour.
        next_month = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
        registered = datetime.combine(next_month + timedelta(days=mentor.int % 10), time(20, 30))
    elif habit == "careless" and rng.random() < 0.4:
        late = happened_at + timedelta(days=rng.randint(20, 120))
        registered = late.replace(hour=21)
    else:
        registered = happened_at + timedelta(hours=rng.expovariate(1 / 14))
    limit = datetime.combine(today - timedelta(days=1), time(23, 59))
    return _Entry(
        mentor,
        org_id,
        activity_type,
        happened_at,
        max(happened_at, min(registered, limit)),
        quantity,
        attributes,
        is_date_only=habit == "monthly",
    )


def _register(rng: random.Random, entries: list[_Entry]) -> Iterator[Activity]:
    """Give the entries their keys and turn them into rows; some are saved twice."""
    numbers: dict[str, int] = {}
    for entry in entries:
        number = numbers[entry.org_id] = numbers.get(entry.org_id, 0) + 1
        entry.key = f"{entry.org_id}-{number:06}"
        zone = "Z" if entry.org_id == STUDY_ORG else ""
        activity = Activity(
            entry.mentor,
            entry.org_id,
            entry.activity_type,
            "" if entry.is_date_only else entry.happened_at.isoformat() + zone,
            entry.happened_at.date().isoformat() if entry.is_date_only else "",
            entry.quantity,
            entry.key,
            _as_json(tuple(entry.attributes.items())),
        )
        yield activity
        if rng.random() < 0.004:
            yield activity


@cache
def _as_json(attributes: tuple[tuple[str, object], ...]) -> str:
    """Write attributes; there are few that differ."""
    return json.dumps(dict(attributes), ensure_ascii=False)


def _correct(rng: random.Random, entries: list[_Entry], today: date) -> Iterator[Correction]:
    """Mend about one row in a hundred: wrong hours, a wrong day, a wrong type, never happened."""
    for entry in entries:
        if entry.org_id == STUDY_ORG or not entry.may_be_corrected or rng.random() >= 0.012:
            continue
        place = (entry.mentor, entry.org_id, entry.key)
        match rng.choices(("hours", "day", "type", "delete"), (40, 25, 10, 25))[0]:
            case "hours":
                hours = f"{max(0.5, float(entry.quantity) + rng.choice((-0.5, 0.5, 1))):g}"
                yield Correction("update", *place, quantity=hours)
            case "day":
                day = entry.happened_at.date() + timedelta(days=rng.choice((-7, -1, 1)))
                day = min(day, today - timedelta(days=1))
                yield Correction("update", *place, activity_date=day.isoformat())
            case "type" if entry.activity_type in ("assignment", "call"):
                other = "call" if entry.activity_type == "assignment" else "assignment"
                yield Correction("update", *place, activity_type=other)
            case _:
                yield Correction("delete", *place)


def _evening_of(rng: random.Random, day: date) -> datetime:
    """Choose a time of day: most visits are in the late afternoon, some before noon."""
    hour = rng.triangular(9, 21, 17.5)
    return datetime.combine(day, time(int(hour), rng.randrange(0, 60, 5)))


def _hours(rng: random.Random, activity_type: str) -> str:
    match activity_type:
        case "assignment":
            return f"{rng.choice((0.5, 1, 1, 1.5, 1.5, 2, 2, 3)):g}"
        case "call":
            return f"{rng.choice((0.25, 0.25, 0.5, 0.5, 0.75, 1)):g}"
        case _:
            return f"{rng.choice((1.5, 2, 2, 2.5, 3)):g}"


def _about(rng: random.Random, amount: float) -> int:
    """Round a mean to a whole number by chance, so that means survive."""
    spread = max(0.0, rng.gauss(amount, amount**0.5))
    return int(spread) + (rng.random() < spread % 1)


def _pick_low(rng: random.Random, items: list[str]) -> str:
    """Pick an item, the first ones more often."""
    return items[int(len(items) * rng.random() ** 1.8)]


def _new_uuid(rng: random.Random) -> UUID:
    return UUID(int=rng.getrandbits(128), version=4)
