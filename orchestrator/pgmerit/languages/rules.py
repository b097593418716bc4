"""Rules in words: what criteria ask, and which activities a selector of them chooses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pgmerit.languages import Language

_WHEN = ("weekdays", "hours", "months", "dates", "days_of_year", "from", "until")
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_KEPT = (
    *("where", "per", "per_value", "per_unit", "grace", "valid_days"),
    *("qualify", "of_at_least", "of_last"),
)
_UNIT_KEYS = ("per_unit", "grace", "on", "excused_by")
_SPANS = ("days", "months", "years")

Part = Mapping[str, Any]


class RuleWords:
    """The words of rules, in one language."""

    def __init__(self, language: Language) -> None:
        self.text = language.text
        self.word = language.word
        self.language = language

    def criteria_lines(self, criteria: Part) -> Iterator[str]:
        """Say what criteria ask: a line a condition, parts below their group, each tier's number.

        A part begins with two blanks more than its group.
        """
        kind = criteria["type"]
        if kind in ("all_of", "any_of", "n_of", "none_of"):
            yield self.word("group", kind, required=criteria.get("n")) + ":"
            for part in criteria["criteria"]:
                yield from (f"  {line}" for line in self.criteria_lines(part))
            return
        chosen = (
            () if kind in ("manual", "criteria_raw", "badges_earned") else self._chosen(criteria)
        )
        yield "; ".join([self._asked(criteria), *chosen])
        for tier in criteria.get("tiers", ()):
            least = tier.get("at_least", tier.get("length"))
            yield "  " + self.text("rule.tier", tier=tier["tier"], least=least)
        if repeat := criteria.get("repeat"):
            yield "  " + self._again(criteria, repeat)

    def _again(self, criteria: Part, repeat: Part) -> str:
        """Say what brings a badge again, and how often at most."""
        if "each" in repeat:
            return self.word("again", criteria["window"], count=repeat["max"])
        if "every" in repeat:
            return self.text("rule.repeat", every=repeat["every"], count=repeat["max"])
        return self.text("rule.repeat_span", count=repeat["max"])

    def _asked(self, criteria: Part) -> str:
        """Say what is measured and, of a rule without tiers, how much of it is asked."""
        kind = criteria["type"]
        listed = criteria.get("badges", ())
        match kind:
            case "manual":
                return self.text("rule.manual")
            case "criteria_raw":
                return self.text("explanation.expression", expression=criteria["expression"])
            case "badges_earned":
                key = "rule.badges" if listed else "rule.category"
                return self.text(
                    key if listed or "category" in criteria else "rule.any_badge",
                    least=criteria.get("at_least", len(listed)),
                    badges=", ".join(listed),
                    category=criteria.get("category"),
                )
            case "training_completion":
                courses = [self.value(each) for each in criteria["courses"]]
                required = criteria.get("require", "all")
                return self.text(
                    "rule.courses_of_field" if "field" in criteria else "rule.courses",
                    field=criteria.get("field"),
                    least=len(courses) if required == "all" else required,
                    courses=", ".join(courses),
                )
            case "tenure":
                unit = next(each for each in _SPANS if each in criteria)
                return self._limit(self.word("tenure", unit), criteria[unit])
            case "streak":
                section = "in_a_row" if criteria.get("consecutive", True) else "in_all"
                return self._limit(self.word(section, criteria["unit"]), criteria.get("length"))
            case "in_a_row" | "share":
                least = criteria.get("length", criteria.get("at_least"))
                return self._limit(self.word("measure", kind), least)
        measure = criteria.get("measure", "count")
        name = self.word("measure", measure)
        if measure in ("sum", "max", "distinct"):
            name = self.text("rule.of_field", measure=name, field=criteria.get("field", "quantity"))
        return self._limit(name, criteria.get("at_least"))

    def _limit(self, measure: str, least: Any) -> str:
        return (
            measure if least is None else self.text("selector.limit", measure=measure, least=least)
        )

    def _chosen(self, criteria: Part) -> Iterator[str]:
        """Say which activities criteria choose."""
        named = criteria.get("activity")
        if named is None and criteria["type"] == "training_completion":
            named = "training_completed"
        when = dict(criteria.get("when", {}))
        if "weekdays" in when:
            when["weekdays"] = [_WEEKDAYS.index(day) + 1 for day in when["weekdays"]]
        days, window = criteria.get("within_days"), criteria.get("window")
        selector = {
            "types": [named] if isinstance(named, str) else named,
            "when": when,
            "window": {"rolling_days": days} if days else None if window == "lifetime" else window,
            **{name: criteria[name] for name in _KEPT if name in criteria},
        }
        if not criteria.keys().isdisjoint(_UNIT_KEYS):
            selector["unit"] = criteria["unit"]
        if on := criteria.get("on"):
            selector["on"] = {"closed": on.get("closed_days") is False}
            if "weekdays" in on:
                selector["on"]["weekdays"] = [_WEEKDAYS.index(day) + 1 for day in on["weekdays"]]
        if excuse := criteria.get("excused_by"):
            kinds = excuse["activity"]
            selector["excused_by"] = {
                "types": [kinds] if isinstance(kinds, str) else kinds,
                "where": excuse.get("where"),
            }
        yield from self.selector_words(selector)

    def selector_words(self, selector: Part) -> Iterator[str]:
        """Say which activities are looked at."""
        rest = dict(selector)
        yield from self._choice_words({key: rest.pop(key, None) for key in ("types", "where")})
        when = rest.pop("when", {})
        for name in _WHEN:
            if name in when:
                yield self.when_text(name, when[name])
        window = rest.pop("window", None)
        if isinstance(window, Mapping):
            ((kind, days),) = window.items()
            yield self.word("selector", kind, count=days)
        elif window:
            yield self.word("within", window)
        if days := rest.pop("valid_days", None):
            yield self.text("selector.valid_days", count=days)
        unit = rest.pop("unit", None)
        if limits := rest.pop("per_value", None):
            yield self.text("selector.each_value", limit=self.limit_text(limits))
        grace = rest.pop("grace", None)
        if limits := rest.pop("per_unit", None):
            yield self.word("each_unit", unit, limit=self.limit_text(limits))
        elif unit and not grace:
            yield self.word("unit", unit)
        if grace:
            yield self.word("grace", unit, count=grace)
        for name in ("of_at_least", "of_last"):
            if name in rest:
                yield self.word("selector", name, count=rest.pop(name))
        if qualify := rest.pop("qualify", None):
            yield self.text("selector.qualify", tests=self.tests(qualify))
        yield from self.existing_days_words(rest.pop("on", {}))
        if excuse := rest.pop("excused_by", None):
            yield self.word("excused", unit, activity=", ".join(self._choice_words(excuse)))
        for name, field in rest.items():
            yield self.word("selector", name, field=self.value(field))

    def _choice_words(self, chosen: Part) -> Iterator[str]:
        yield ", ".join(chosen["types"] or [self.text("selector.any_activity")])
        if where := chosen.get("where"):
            yield self.text("selector.where", tests=self.tests(where))

    def existing_days_words(self, on: Part) -> Iterator[str]:
        """Say which days exist for a streak."""
        language = self.language
        if "weekdays" in on:
            days = language.both(language.weekday(day) for day in on["weekdays"])
            yield self.text("selector.existing_days", days=days)
        if on.get("closed"):
            yield self.text("selector.closed_days")

    def when_text(self, name: str, given: Any) -> str:
        """Say what the calendar is asked to be."""
        language = self.language
        match name:
            case "hours":
                return self.text("selector.hours", **{"from": given[0], "until": given[1]})
            case "weekdays":
                days = language.either(language.weekday(day) for day in given)
                return self.text("selector.weekdays", days=days)
            case "months":
                months = language.either(language.month(month) for month in given)
                return self.text("selector.months", months=months)
            case "dates":
                dates = language.either(language.day_of_year(day) for day in given)
                return self.text("selector.dates", dates=dates)
            case "days_of_year":
                days = language.either(self.value(day) for day in given)
                return self.text("selector.days_of_year", days=days)
        return self.word("selector", name, day=language.day(given))

    def limit_text(self, limits: Part) -> str:
        """Say what a value or a unit must reach."""
        return self.text(
            "selector.limit_of_field" if "field" in limits else "selector.limit",
            measure=self.word("measure", limits.get("measure", "count")),
            field=limits.get("field"),
            least=limits["at_least"],
        )

    def tests(self, where: Part) -> str:
        """Say what several attributes are asked to be."""
        return self.language.both(f"{name} {self.test(test)}" for name, test in where.items())

    def test(self, test: Any) -> str:
        """Say what an attribute is asked to be."""
        if isinstance(test, Mapping):
            return self.language.both(
                self.text("test.exists" if wanted else "test.absent")
                if name == "exists"
                else self.word("test", name, value=self.test(wanted))
                for name, wanted in test.items()
            )
        if isinstance(test, list):
            return self.language.either(self.value(each) for each in test)
        return self.value(test)

    def value(self, value: Any) -> str:
        """Write a value of an attribute or of a measure."""
        match value:
            case None:
                return "?"
            case bool():
                return self.text("test.true" if value else "test.false")
            case int() | float():
                return self.language.number(value)
        return str(value)
