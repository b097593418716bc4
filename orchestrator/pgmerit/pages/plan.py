"""The page of a plan: what a change of rules does to people, before and after side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pgmerit.languages import Language
from pgmerit.languages.rules import RuleWords
from pgmerit.pages import Figure, Table, Tile, render
from pgmerit.pages.charts import columns
from pgmerit.pages.reading import WEEK_STARTS

MOVES = ("awarded", "restored", "revoked", "lapsed")
_MOST_COLUMNS = 12  # whose names can be read below a chart

_WHAT = {
    "organization added": "plan.organization_added",
    "organization dropped": "plan.organization_dropped",
    "organization changed name": "plan.organization_name",
    "organization changed time_zone": "plan.organization_zone",
    "organization changed day_starts": "plan.organization_day",
    "organization changed week_starts": "plan.organization_week",
    "organization changed closed_days": "plan.organization_closed",
    "badge added": "plan.badge_added",
    "badge dropped": "plan.badge_dropped",
    "enabled": "plan.enabled",
    "disabled": "plan.disabled",
    "criteria changed": "plan.rule",
    "tier added": "plan.tier_added",
    "tier removed": "plan.tier_removed",
    "threshold changed": "plan.threshold",
    "threshold changed tier": "plan.threshold_of_tier",
    "threshold changed part": "plan.threshold_of_part",
    "setting changed on_unmet": "plan.on_unmet",
    "setting changed limit": "plan.limit",
    "setting changed category": "plan.category",
    "setting changed hidden": "plan.hidden",
    "texts changed": "plan.texts",
    "activity types changed": "plan.activity_types",
}

Told = Mapping[str, Any]


@dataclass(frozen=True)
class Change:
    """A line of the table of changes."""

    what: str
    where: str
    before: str
    after: str


@dataclass(frozen=True)
class Section:
    """What a page shows of one organization."""

    anchor: str
    name: str
    figure: Figure | None
    table: Table
    sentences: Sequence[str]


def plan_page(plan: Told, document: Told, held: Sequence[Told], language: Language) -> str:
    """Draw what badges.plan_rule_set gives for a document, without anybody's id.

    `held` are the rows of badges.count_awards of the same moment.
    """
    teller = _Teller(plan, document, held, language)
    sections = list(teller.sections())
    version = plan["version"]
    return render(
        "changes.html",
        language,
        title=language.text("plan.title", rule_set=plan["rule_set"]),
        subtitle=language.text("plan.next", version=str(version), next=str(version + 1))
        if version
        else language.text("plan.first"),
        sections=[("changes", language.text("plan.changes"))]
        + [(each.anchor, each.name) for each in sections],
        tiles=teller.tiles(),
        changes=[teller.change(each) for each in plan["changes"]],
        organizations=sections,
    )


class _Teller:
    """The words of one plan, in one language."""

    def __init__(
        self, plan: Told, document: Told, held: Sequence[Told], language: Language
    ) -> None:
        self.plan = plan
        self.document = document
        self.language = language
        self.text = language.text
        self.held = {
            (each["org_id"], each["badge_definition_id"], each["tier"]): each["awards"]
            for each in held
        }

    def tiles(self) -> list[Tile]:
        """Count the people, and the awards that move."""
        moved = {
            move: sum(effect[move]["awards"] for effect in self.plan["effects"]) for move in MOVES
        }
        found = [
            Tile(self.text("plan.people"), self.plan["people"]),
            Tile(self.text("plan.awarded"), moved["awarded"]),
            Tile(self.text("plan.revoked"), moved["revoked"], moved["revoked"] > 0),
        ]
        if moved["restored"]:
            found.insert(2, Tile(self.text("plan.restored"), moved["restored"]))
        if moved["lapsed"]:
            found.append(Tile(self.text("plan.lapsed"), moved["lapsed"], True))
        return found

    def change(self, change: Told) -> Change:
        """Tell a change, before and after side by side."""
        kind, slug, org = change["change"], change.get("badge_definition_id"), change.get("org_id")
        detail = change.get("key", "")
        if kind == "threshold changed":
            detail = "tier" if change["tier"] else "part" if "criteria" in change["path"] else ""
        key = _WHAT.get(f"{kind} {detail}".rstrip())
        before, after = self.value(change, "old"), self.value(change, "new")
        if kind == "badge added":
            after = self.rule(self.document["badges"][slug]["criteria"])
        return Change(
            # One of a newer database is told as it is.
            self.text(
                key,
                badge=self.badge(slug) if slug else None,
                organization=self.organization(org) if org else None,
                tier=change.get("tier"),
                part=change.get("path"),
            )
            if key
            else kind,
            self.language.both(map(self.organization, change.get("org_ids", ()))),
            before,
            after,
        )

    def value(self, change: Told, name: str) -> str:
        """Write the old or the new value of a change."""
        value: Any = change.get(name)
        if name == "new" and "keys" in change:
            return self.language.both(change["keys"])
        match change["change"], change.get("key"), value:
            case "criteria changed", _, _:
                return self.rule(value)
            case "threshold changed", _, _ if change[f"{name}_source"] == "organization":
                return self.text("plan.own", threshold=value)
            case "setting changed", "on_unmet", "revoke":
                return self.text("plan.takes_back")
            case "setting changed", "on_unmet", "lapse":
                return self.text("plan.lapses")
            case "setting changed", "on_unmet", _:
                return self.text("plan.keeps")
            case "setting changed", "limit", None:
                return self.text("plan.unlimited")
            case "setting changed", "limit", _:
                return self.text("plan.places", count=value["first"])
            case "setting changed", "hidden", _:
                return self.text("page.true" if value else "page.false")
            case "organization changed", "week_starts", str():
                return self.language.weekday(WEEK_STARTS[value])
        if isinstance(value, list):
            return ", ".join(value)
        return "" if value is None else RuleWords(self.language).value(value)

    def rule(self, criteria: Told) -> str:
        """Say what criteria ask, a line a condition."""
        return "\n".join(RuleWords(self.language).criteria_lines(criteria))

    def badge(self, slug: str) -> str:
        """Name a badge as the document does."""
        return self._named(self.document.get("badges", {}).get(slug, {}).get("name"), slug)

    def organization(self, org_id: str) -> str:
        """Name an organization as the document does."""
        found = self.document.get("organizations", {}).get(org_id) or {}
        return str(found.get("name", org_id))

    def _named(self, name: Any, slug: str) -> str:
        if not isinstance(name, Mapping):
            return str(name or slug)
        return str(name.get(self.language.code) or name.get("en") or name[min(name)])

    def sections(self) -> Iterator[Section]:
        """Tell of each organization what the change does to its people."""
        by_organization: dict[str, list[Told]] = {}
        for effect in self.plan["effects"]:
            by_organization.setdefault(effect["org_id"], []).append(effect)
        for place, (org, effects) in enumerate(by_organization.items()):
            rows = [row for effect in effects for row in self._rows(effect)]
            table = Table([self.text("plan.badge"), *self._heads()], rows)
            yield Section(
                f"o{place}",
                self.organization(org),
                self._figure(org, rows, table),
                table,
                [sentence for effect in effects for sentence in self._sentences(effect)],
            )

    def _heads(self) -> list[str]:
        return [
            self.text("plan.now"),
            self.text("plan.gain"),
            self.text("plan.regain"),
            self.text("plan.lose"),
            self.text("plan.lapse"),
            self.text("plan.later"),
        ]

    def _rows(self, effect: Told) -> Iterator[list[Any]]:
        """Give a row of the table for a badge, or for each tier of it that moves."""
        key = effect["org_id"], effect["badge_definition_id"]
        name = self.badge(effect["badge_definition_id"])
        tiers = effect["tiers"] or [
            {"tier": "", **{move: effect[move]["awards"] for move in MOVES}}
        ]
        for each in tiers:
            held = self.held.get((*key, each["tier"]), 0)
            if not effect["tiers"]:
                held = sum(awards for at, awards in self.held.items() if at[:2] == key)
            moves = [each[move] for move in MOVES]
            later = held + sum(moves[:2]) - sum(moves[2:])
            yield [f"{name}, {each['tier']}" if each["tier"] else name, held, *moves, later]

    def _figure(self, org: str, rows: list[list[Any]], table: Table) -> Figure | None:
        """Draw what is kept, gained and lost of each badge, where there is something to see."""
        if len(rows) > _MOST_COLUMNS or not any(any(row[2:6]) for row in rows):
            return None
        series = {
            self.text("plan.kept"): [row[1] - row[4] - row[5] for row in rows],
            self.text("plan.lost"): [row[4] + row[5] for row in rows],
            self.text("plan.gained"): [row[2] + row[3] for row in rows],
        }
        title = self.text("plan.chart")
        chart = columns(
            f"{self.organization(org)}: {title}",
            [row[0] for row in rows],
            series,
            self.language.number,
        )
        return Figure(title, chart, table, list(series))

    def _sentences(self, effect: Told) -> Iterator[str]:
        name = self.badge(effect["badge_definition_id"])
        if not effect["exact"]:
            yield self.text("plan.not_exact", badge=name)
        for move in effect["tiers_moved"]:
            yield self.text(
                "plan.moved",
                badge=name,
                count=move["people"],
                before=move["from"] or self.text("plan.no_tier"),
                after=move["to"] or self.text("plan.no_tier"),
            )
        if effect["nearest"]:
            near = (
                self.text("plan.near", value=each["value"], target=each["target"])
                for each in effect["nearest"]
            )
            yield self.text("plan.nearest", badge=name, values="; ".join(near))
