"""An explanation of badges.explain_badge in words: what a condition has, needs, and waits for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import tzinfo
from typing import Any

from rich.tree import Tree

from pgmerit.cli.common import verbatim
from pgmerit.languages import Language
from pgmerit.languages.rules import RuleWords

Part = Mapping[str, Any]


def explanation_tree(told: Part, language: Language, zone: tzinfo) -> Tree:
    """Draw an explanation: verdict, awards, then each condition below its group.

    Moments are told by the clock of `zone`.
    """
    return _Teller(language, zone).tree(told)


def _state_of_unit(now: Part) -> str:
    """Name what a streak's present unit is to it."""
    if now["counts"]:
        return "counts"
    if now.get("exists") is False:
        return "off"
    return "excused" if now.get("is_excused") else "lacks"


class _Teller(RuleWords):
    """The words of an explanation, in one language."""

    def __init__(self, language: Language, zone: tzinfo) -> None:
        super().__init__(language)
        self.zone = zone

    def tree(self, told: Part) -> Tree:
        verdict = self.word("verdict", told["verdict"])
        heading = self.text("explanation.heading", name=told["name"], verdict=verdict)
        root = Tree(verbatim(heading, "bold"))
        for text, style in self.head(told):
            root.add(verbatim(text, style))
        branches: dict[int | None, Tree] = {None: root}
        # Numbered from above and from left, so that a group comes before its parts.
        for part in sorted([*told["groups"], *told["conditions"]], key=lambda each: each["node"]):
            above = branches.get(part["parent"], root)
            if "kind" in part:
                branches[part["node"]] = above.add(verbatim(*self.group_line(part)))
                continue
            place = above.add(verbatim(*self.condition_line(part)))
            for detail in self.condition_details(part):
                place.add(verbatim(detail, "dim"))
        return root

    def moment(self, moment: str | None) -> str | None:
        return self.language.moment(moment, self.zone) if moment else None

    def head(self, told: Part) -> Iterator[tuple[str, str]]:
        yield (
            self.text(
                "explanation.rule",
                criteria=self.word("criteria", told["criteria_type"]),
                rule_set=told["rule_set"],
                version=str(told["rule_set_version"]),
                org=told["org_id"],
            ),
            "",
        )
        if told["why_not"]:
            yield self.text("explanation.not_yet", why_not=told["why_not"]), "yellow"
        for denial in told["denials"]:
            yield (
                self.text(
                    "explanation.denied_tier" if denial["tier"] else "explanation.denied",
                    tier=denial["tier"],
                    moment=self.moment(denial["denied_at"]),
                    who=denial["denied_by"],
                    reason=denial["reason"],
                ),
                "red",
            )
        for place in told["places"]:
            key = "explanation.places_of_tier" if place["tier"] else "explanation.places"
            yield self.text(key, **place), ""
        for award in told["awards"]:
            yield self.award_line(award, told["on_unmet"] == "lapse")

    def award_line(self, award: Part, may_lapse: bool) -> tuple[str, str]:
        again = f" #{award['occurrence']}" if award["occurrence"] > 1 else ""
        words = [
            self.text(
                "explanation.earned" if award["activity_id"] else "explanation.earned_by_none",
                name=award["name"] + again,
                moment=self.moment(award["earned_at"]),
                activity=str(award["activity_id"]),
                source=self.word("source", award["source"]),
            )
        ]
        if award["rule_set_version"] is not None:
            words[0] += ", " + self.text(
                "explanation.version", version=str(award["rule_set_version"])
            )
        if award["note"]:
            words.append(award["note"])
        if award["revoked_at"]:
            words.append(self.revoked_text(award, may_lapse))
        elif award["expires_at"]:
            key = "explanation.expires" if award["is_rule_met"] else "explanation.expired"
            words.append(self.text(key, moment=self.moment(award["expires_at"])))
        return "; ".join(words), "red" if award["revoked_at"] else "green"

    def revoked_text(self, award: Part, may_lapse: bool) -> str:
        moment = self.moment(award["revoked_at"])
        if may_lapse and award["revoked_by"] == "time":
            return self.text("explanation.lapsed_by_time", moment=moment)
        if may_lapse and award["revoked_by"] == "rule":
            return self.text("explanation.lapsed_by_rule", moment=moment)
        who = self.word("revoked_by", award["revoked_by"])
        reason = f": {award['revoke_reason']}" if award["revoke_reason"] else ""
        return self.text("explanation.revoked", moment=moment, who=who) + reason

    def group_line(self, group: Part) -> tuple[str, str]:
        if group["kind"] == "none_of":
            return self.none_of_line(group)
        text = self.text(
            "explanation.group",
            kind=self.word("group", group["kind"], required=group["required"]),
            value=group["value"],
            required=group["required"],
            verdict=self.word("verdict", group["verdict"]),
        )
        if group["threshold_source"] == "organization":
            own = self.text("explanation.own_number", default=group["default_target"])
            text += f" ({own})"
        if group["verdict"] == "met":
            return text, "green"
        if group["remaining"] == 0:
            text += ": " + self.text("explanation.never_together")
        return text, "yellow"

    def none_of_line(self, group: Part) -> tuple[str, str]:
        key, style = "explanation.none_of", "green"
        if group["verdict"] != "met":
            key = "explanation.broken_by" if group["activity_id"] else "explanation.broken"
            style = "yellow"
        text = self.text(
            key,
            kind=self.word("group", group["kind"]),
            verdict=self.word("verdict", group["verdict"]),
            moment=self.moment(group.get("broken_at")),
            activity=str(group["activity_id"]),
        )
        return text, style

    def condition_line(self, condition: Part) -> tuple[str, str]:
        is_met = condition["verdict"] == "met"
        name = f"{condition['tier']}: " if condition["tier"] else ""
        again = f" #{condition['occurrence']}" if condition["occurrence"] > 1 else ""
        text = self.text(
            "explanation.condition" if is_met else "explanation.condition_not_met",
            measure=name + self.measure_name(condition) + again,
            value=condition["value"],
            target=condition["target"],
            remaining=condition["remaining"],
            verdict=self.word("verdict", condition["verdict"]),
        )
        return text, "green" if is_met else "yellow"

    def measure_name(self, condition: Part) -> str:
        match condition.get("type"):
            case "training_completion":
                return self.text("measure.courses")
            case "tenure":
                return self.word("tenure", condition["tenure"]["unit"])
            case "in_a_row" | "share" as kind:
                return self.word("measure", kind)
        if now := condition.get("now"):
            section = "in_a_row" if "run" in condition else "in_all"
            return self.word(section, now["unit"])
        cap = (condition["selector"] or {}).get("cap", {})
        return self.word("measure", cap.get("measure", "count") if cap else condition["measure"])

    def condition_details(self, condition: Part) -> Iterator[str]:
        if condition["selector"] is not None:
            chosen = dict(condition["selector"])
            if "last_days" in condition:
                chosen["window"] = {"last_days": condition["last_days"]}
            selector = "; ".join(self.selector_words(chosen))
            yield self.text("explanation.chosen", selector=selector)
        if condition.get("period", "now") != "now":
            yield self.word("period", condition["period"])
        if condition.get("expires_at"):
            yield self.text("explanation.expires", moment=self.moment(condition["expires_at"]))
        if condition["came_true_at"]:
            yield self.text(
                "explanation.came_true_by" if condition["activity_id"] else "explanation.came_true",
                moment=self.moment(condition["came_true_at"]),
                activity=str(condition["activity_id"]),
            )
        parts = {"best": condition.get("best"), "now": condition.get("current")}
        if condition.get("best") == condition.get("current"):
            parts = {"best_and_now": condition.get("best")}
        for word, part in parts.items():
            if part is not None:
                yield self.word("part", word, part=self.part_text(part))
                yield from self.value_details(part)
        yield from self.value_details(condition)
        yield from self.run_details(condition)
        if capped := condition.get("capped"):
            yield self.text("explanation.capped", **{**capped, "days": self.days(capped)})
        yield from self.sequence_details(condition.get("sequence"))
        if "first_day" in condition.get("tenure", {}):
            yield self.tenure_text(condition["tenure"])
        if "expression" in condition:
            yield self.text("explanation.expression", expression=condition["expression"])
            yield self.text("explanation.because", reason=condition["reason"])
        yield self.text(
            "explanation.threshold_own"
            if condition["threshold_source"] == "organization"
            else "explanation.threshold_default",
            default=condition["default_target"],
            path=condition["path"],
            version=str(condition["since_version"]),
        )

    def part_text(self, part: Part) -> str:
        """Say where a window or a value of `per` lies, and what it has."""
        words = []
        if "from" in part:
            words.append(self.days(part))
        if "of" in part:
            words.append(self.value(part["of"]))
        return f"{', '.join(words)}: {self.value(part['value'])}"

    def value_details(self, part: Part) -> Iterator[str]:
        """Say which values or badges count, which lack, and which are near."""
        counted = [self.value(each) for each in part.get("counted", [])]
        counted += [each["badge_definition_id"] for each in part.get("held", [])]
        if counted:
            yield self.text("explanation.has", values=", ".join(counted))
        if part.get("missing"):
            missing = ", ".join(self.value(each) for each in part["missing"])
            yield self.text("explanation.missing", values=missing)
        for near in part.get("open", []):
            yield self.text("explanation.open", **{**near, "of": self.value(near["of"])})

    def run_details(self, condition: Part) -> Iterator[str]:
        run = condition.get("run")
        if run and run["current"]:
            yield self.text(
                "explanation.run_alive",
                current=run["current"],
                longest=run["longest"],
                first=self.language.day(run["first"]),
                until=self.language.day(run["alive_until"]),
            )
        elif run:
            yield self.text("explanation.run_ended", longest=run["longest"])
        for name in ("excused", "closed"):
            if run and run.get(name):
                days = self.language.both(self.language.day(each) for each in run[name])
                yield self.text(f"explanation.run_{name}", days=days)
        if now := condition.get("now"):
            this = self.word("this", now["unit"])
            key = f"explanation.unit_{_state_of_unit(now)}"
            yield self.text(key, **{**now, "this": this, "days": self.days(now)})

    def sequence_details(self, sequence: Part | None) -> Iterator[str]:
        """Say how long the runs are and what ended the last one, or how many qualify."""
        if sequence is None:
            return
        if "longest" in sequence:
            yield self.text("explanation.sequence_run", **sequence)
            if sequence.get("ended_at"):
                yield self.text(
                    "explanation.sequence_ended",
                    moment=self.moment(sequence["ended_at"]),
                    activity=str(sequence["ended_by"]),
                )
        elif "needed" in sequence:
            yield self.text("explanation.sequence_of_last", **sequence)
        else:
            yield self.text("explanation.sequence_of_all", **sequence)

    def tenure_text(self, tenure: Part) -> str:
        return self.text(
            "explanation.tenure_left" if tenure["days_left"] else "explanation.tenure_due",
            first=self.language.day(tenure["first_day"]),
            due=self.moment(tenure["due_at"]),
            count=tenure["days_left"],
        )

    def days(self, part: Part) -> str:
        first, last = self.language.day(part["from"]), self.language.day(part["until"])
        return first if first == last else self.text("explanation.days", first=first, last=last)
