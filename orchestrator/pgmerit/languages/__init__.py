"""What people read, by language: a file a language, `<code>.toml`, English being the base.

A text stands under `section.key`. `{places}` are filled by name; a text that depends on a number is
a table of CLDR's plural forms (`one`, `few`, `other`, ..) and its number is the place `{count}`.
Sections `why_not` and `note` are loaded into the database by `pgmerit migrate`.
"""

from __future__ import annotations

import functools
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pgmerit.errors import PgmeritError

if TYPE_CHECKING:  # Babel is imported where it writes: most commands tell nothing.
    from babel import Locale

FOLDER = Path(__file__).parent
DEFAULT = "en"
_SQL_SECTIONS = ("why_not", "note")
_PLURAL_FORMS = {"zero", "one", "two", "few", "many", "other"}
_PLACE = re.compile(r"\{(\w+)\}")

Text = str | Mapping[str, str]


@dataclass(frozen=True)
class Language:
    """Texts, numbers, days and moments in one language."""

    code: str
    texts: Mapping[str, Text]

    def text(self, key: str, **places: Any) -> str:
        """Give the text of a key; numbers and days in `places` are written as the language does."""
        text = self.texts[key]
        if not isinstance(text, str):
            text = text.get(self._locale.plural_form(places["count"]), text["other"])
        return _PLACE.sub(lambda place: self._written(places[place[1]]), text)

    def word(self, section: str, code: str, **places: Any) -> str:
        """Give the text of a code that the database sent; one that has none is told as it is."""
        key = f"{section}.{code.replace(' ', '_')}"
        return self.text(key, **places) if key in self.texts else code

    def number(self, value: float | Decimal) -> str:
        """Write a number, with up to four places behind the decimal mark."""
        from babel.numbers import format_decimal

        return format_decimal(value, format="#,##0.####", locale=self._locale)

    def percent(self, fraction: float | Decimal) -> str:
        """Write a fraction, 0.25, as whole per cent."""
        from babel.numbers import format_percent

        return format_percent(fraction, locale=self._locale)

    def day(self, day: date | str) -> str:
        """Write a day, given as such or as YYYY-MM-DD."""
        return self._dated("form.day", date.fromisoformat(day) if isinstance(day, str) else day)

    def day_of_year(self, day: str) -> str:
        """Write a day of every year, given as MM-DD."""
        return self._dated("form.day_of_year", date.fromisoformat(f"2000-{day}"))

    def moment(self, moment: datetime | str, zone: tzinfo) -> str:
        """Write a moment by the clock of a zone, with the zone's name."""
        read = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
        local = read.astimezone(zone)
        return f"{self._dated('form.moment', local)} {local:%Z}"

    def weekday(self, number: int) -> str:
        """Name a weekday, 1 being Monday."""
        return str(self._locale.days["format"]["wide"][number - 1])

    def month(self, number: int) -> str:
        """Name a month, 1 being January."""
        return str(self._locale.months["format"]["wide"][number])

    def either(self, items: Iterable[str]) -> str:
        """Join words by "or"."""
        from babel.lists import format_list

        return format_list(list(items), style="or", locale=self._locale)

    def both(self, items: Iterable[str]) -> str:
        """Join words by "and"."""
        from babel.lists import format_list

        return format_list(list(items), locale=self._locale)

    def _written(self, value: Any) -> str:
        match value:
            case None:
                return "?"
            case bool() | str():
                return str(value)
            case int() | float() | Decimal():
                return self.number(value)
            case date() if not isinstance(value, datetime):
                return self.day(value)
        return str(value)

    def _dated(self, form: str, moment: date) -> str:
        from babel.dates import format_date, format_datetime

        pattern = self.text(form)
        if isinstance(moment, datetime):
            return format_datetime(moment, pattern, locale=self._locale)
        return format_date(moment, pattern, locale=self._locale)

    @functools.cached_property
    def _locale(self) -> Locale:
        """What CLDR knows of the language; English where it knows nothing."""
        from babel import Locale, UnknownLocaleError

        for code in _chain(self.code):
            try:
                return Locale.parse(code, sep="-")
            except (UnknownLocaleError, ValueError):
                continue
        return Locale(DEFAULT)


def zone_of(time_zone: str) -> tzinfo:
    """Give a time zone by its name; UTC where the server knows it and this machine does not."""
    try:
        return ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def codes() -> list[str]:
    """List the languages that there are, by code."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def find(code: str | None) -> Language:
    """Give a language: itself, else the one without region (nb for nb-NO), else English."""
    known = codes()
    chosen = next(each for each in _chain(code or DEFAULT) if each in known)
    return _read(FOLDER / f"{chosen}.toml")


def is_known(code: str) -> bool:
    """Whether a language is written here, with its region or without."""
    return find(code).code in _chain(code)[:-1] or code == DEFAULT


def sql_texts() -> str:
    """Give the texts that the database tells, as JSON: {key: {language: text}}."""
    told: dict[str, dict[str, Text]] = {}
    for code in codes():
        for key, text in find(code).texts.items():
            is_written = code == DEFAULT or text != find(DEFAULT).texts[key]
            if key.partition(".")[0] in _SQL_SECTIONS and is_written:
                told.setdefault(key, {})[code] = text
    return json.dumps(told, ensure_ascii=False, indent=0, sort_keys=True)


def _chain(code: str) -> tuple[str, ...]:
    return code, code.partition("-")[0], DEFAULT


@functools.cache
def _read(path: Path) -> Language:
    """Read a language; what its file lacks is English. Raises PgmeritError for a wrong file."""
    try:
        sections = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        raise PgmeritError(f"{path} cannot be read: {exc}") from exc
    texts = {
        f"{section}.{key}" if key else section: text
        for section, entries in sections.items()
        for key, text in (entries.items() if isinstance(entries, dict) else [("", entries)])
    }
    if path.stem == DEFAULT:
        return Language(DEFAULT, texts)
    base = _read(path.with_stem(DEFAULT)).texts
    for key, text in texts.items():
        if problem := _problem(text, base.get(key)):
            raise PgmeritError(f"{path}: {key} {problem}", f"Compare {DEFAULT}.toml.")
    return Language(path.stem, {**base, **texts})


def _problem(text: Any, base: Text | None) -> str | None:
    """Tell what is wrong with a text beside the English one."""
    if base is None:
        return "is no text of pgmerit"
    forms = text if isinstance(text, dict) else {"other": text}
    if not forms.keys() <= _PLURAL_FORMS or "other" not in forms:
        return f"has plural forms other than {', '.join(sorted(_PLURAL_FORMS))}, or no other"
    if isinstance(text, dict) and isinstance(base, str):
        return "depends on no number"
    for form in forms.values():
        if not isinstance(form, str):
            return "is no text"
        if form.count("{") != len(_PLACE.findall(form)) or not _places(form) <= _places(base):
            return f"has other places than {', '.join(sorted(_places(base))) or 'none'}"
    return None


def _places(text: Text) -> set[str]:
    forms = [text] if isinstance(text, str) else text.values()
    return {place for form in forms for place in _PLACE.findall(form)}
