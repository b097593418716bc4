"""A third language for tests: English in letters that no rule set uses, so that words in code show.

Its code is that of Greek, whose names of days and months are in other letters too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC
from pathlib import Path
from typing import Any

from pgmerit import languages
from pgmerit.cli.explanation import explanation_tree
from pgmerit.database import Connection
from pgmerit.schema import read_manifest, sql_dir
from rich.tree import Tree

CODE = "el"
_CODES = {
    "criteria_type",
    "kind",
    "measure",
    "period",
    "revoked_by",
    "source",
    "threshold_source",
    "type",
    "unit",
    "verdict",
    "why_not",
    "why_not_code",
    "window",
}
_PLACES = re.compile(r"(\{\w+\})")


def places(text: languages.Text) -> set[str]:
    """List the places of a text."""
    return set(_PLACES.findall(text if isinstance(text, str) else " ".join(text.values())))


def plural_forms(language: languages.Language) -> set[str]:
    """List the plural forms that CLDR has for a language."""
    return {*language._locale.plural_form.tags, "other"}


def write_third(folder: Path) -> None:
    """Write the language into a folder, beside a copy of English."""
    (folder / "en.toml").write_text((languages.FOLDER / "en.toml").read_text())
    sections: dict[str, list[str]] = {}
    for key, text in languages.find("en").texts.items():
        section, name = key.split(".")
        written = _disguised(text) if section != "form" else json.dumps(text)
        sections.setdefault(section, []).append(f"{name} = {written}")
    lines = [line for name, texts in sections.items() for line in (f"[{name}]", *texts)]
    (folder / f"{CODE}.toml").write_text("\n".join(lines))


def disguise(text: str) -> str:
    """Write a text in wide letters, its places as they are."""
    parts = _PLACES.split(text)
    return "".join(
        part if place % 2 else re.sub("[A-Za-z]", lambda each: chr(ord(each[0]) + 0xFEE0), part)
        for place, part in enumerate(parts)
    )


def _disguised(text: languages.Text) -> str:
    if isinstance(text, str):
        return json.dumps(disguise(text), ensure_ascii=False)
    forms = (f"{form} = {_disguised(each)}" for form, each in text.items())
    return f"{{ {', '.join(forms)} }}"


def load_third(connection: Connection) -> None:
    """Load what the database tells anew, as `pgmerit migrate` does with the folder of languages."""
    (file,) = (each for each in read_manifest(sql_dir()) if each.name.endswith("/_texts.sql"))
    connection.execute(file.text.encode())


def words_in_code(told: Mapping[str, Any]) -> set[str]:
    """Draw an explanation in the third language; give the words that are neither its nor data."""
    tree = explanation_tree(told, languages.find(CODE), UTC)
    return _letters(_drawn(tree)) - _letters(" ".join(_data(told))) - {"UTC"}


def _drawn(tree: Tree) -> str:
    return "\n".join([str(tree.label), *(_drawn(each) for each in tree.children)])


def _letters(text: str) -> set[str]:
    return set(re.findall("[A-Za-z]+", text))


def _data(told: Any, of: str = "") -> Iterator[str]:
    """Give the strings of an explanation that are data: all but its codes."""
    if isinstance(told, Mapping):
        for name, value in told.items():
            if of in ("where", "qualify"):
                yield name  # an attribute's, which may be called as a code is
            if of in ("where", "qualify") or name not in _CODES:
                yield from _data(value, name)
    elif isinstance(told, list):
        for value in told:
            yield from _data(value, of)
    elif isinstance(told, str):
        yield told
