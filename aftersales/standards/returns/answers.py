"""The answer to one question, whole: verdict, every reason with its clause, window, freight, proof, what follows."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import get_language, override

from . import sentences
from .rule import Rule
from .states import Demand, Ground, Verdict, Weight
from .windows import Window


@dataclass(frozen=True)
class Reason:
    """One reason: a stable code, what it does to the answer, the rule version and clause it rests on."""

    code: str
    weight: str = Weight.NOTE
    rule_id: int | None = None
    citation: str = ""
    clause: str = ""
    name_zh: str = ""
    name_en: str = ""
    params: dict[str, Any] = field(default_factory=dict, hash=False)
    zone: str = "Asia/Shanghai"

    @property
    def sentence(self) -> str:
        """The reason as a person reads it, in the reader's language."""
        return sentences.reason(self.code, self.params, self.zone)

    @property
    def rule_name(self) -> str:
        return self.name_en if (get_language() or "").startswith("en") else self.name_zh

    @classmethod
    def by(cls, rule: Rule | None, code: str, weight: str, zone: str, **params: Any) -> "Reason":
        """A reason that rests on a rule; without one it rests on the facts alone."""
        if rule is None:
            return cls(code, weight, params=params, zone=zone)
        return cls(
            code, weight, rule.id, rule.citation, rule.clause, rule.name_zh, rule.name_en, params, zone
        )


@dataclass(frozen=True)
class Freight:
    """Who bears which leg: codes of ``Bearer``, empty for nobody."""

    out: str = ""
    back: str = ""
    again: str = ""
    back_by: str = "rule"  # or: promise, insurance


@dataclass(frozen=True)
class Proof:
    """Who must prove the fault, and until when that holds (law Q2)."""

    side: str
    until: datetime | None
    citation: str
    clause: str


@dataclass(frozen=True)
class Duty:
    """What somebody owes once the answer is yes: our target and the law's limit side by side."""

    code: str
    name_zh: str
    name_en: str
    side: str
    anchor: str
    value: int | None
    unit: str
    legal_value: int | None
    legal_unit: str
    rule_id: int
    citation: str
    clause: str

    @property
    def name(self) -> str:
        return self.name_en if (get_language() or "").startswith("en") else self.name_zh


@dataclass(frozen=True)
class Finding:
    """What one rule says to the question."""

    rule: Rule
    verdict: str
    window: Window | None
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Answer:
    """Yes, no, or a person must look. ``reasons`` holds every reason, those of the deciding rule first.

    ``rule_id`` and ``citation`` name the deciding version (None and empty: no rule speaks about it); ``versions``
    all versions that had a say, as (id, citation).
    """

    verdict: str
    demand: str
    ground: str
    asked_at: datetime
    judged_by: datetime
    reasons: tuple[Reason, ...]
    rule_id: int | None = None
    citation: str = ""
    window: Window | None = None
    freight: Freight = Freight()
    evidence: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    silence: str = ""
    proof: Proof | None = None
    duties: tuple[Duty, ...] = ()
    versions: tuple[tuple[int, str], ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def is_yes(self) -> bool:
        return self.verdict == Verdict.YES

    @property
    def is_no(self) -> bool:
        return self.verdict == Verdict.NO

    @property
    def needs_person(self) -> bool:
        return self.verdict == Verdict.PERSON

    @property
    def verdict_label(self) -> str:
        return str(Verdict(self.verdict).label)

    def codes(self, weight: str = "") -> list[str]:
        """Codes of the reasons, of one weight or all."""
        return [one.code for one in self.reasons if weight in {"", one.weight}]

    @property
    def question(self) -> str:
        """What was asked, in words."""
        return f"{Demand(self.demand).label} · {Ground(self.ground).label}"

    def as_json(self) -> dict[str, Any]:
        """To keep with a case: codes, amounts and sentences in both languages; no personal data is in it."""
        legs = {
            "out": str(self.freight.out),
            "back": str(self.freight.back),
            "again": str(self.freight.again),
        }
        return {
            "verdict": str(self.verdict),
            "demand": str(self.demand),
            "ground": str(self.ground),
            "asked_at": self.asked_at.isoformat(),
            "rule": self.citation,
            "rule_id": self.rule_id,
            "versions": [list(one) for one in self.versions],
            "reasons": [_reason_json(one) for one in self.reasons],
            "window": _window_json(self.window),
            "freight": {**legs, "back_by": self.freight.back_by},
            "evidence": list(self.evidence),
            "conditions": list(self.conditions),
            "silence": str(self.silence),
            "proof": _proof_json(self.proof),
            "duties": [
                {"code": one.code, "side": str(one.side), "rule": one.citation} for one in self.duties
            ],
        }


MOMENTS = ("anchor_at", "first_day", "last_day", "ends_at", "doubt_until", "ours", "legal", "promised")


def _window_json(window: Window | None) -> dict[str, Any] | None:
    if window is None:
        return None
    return {"anchor": str(window.anchor), **{name: _day(getattr(window, name)) for name in MOMENTS}}


def _proof_json(proof: Proof | None) -> dict[str, Any] | None:
    if proof is None:
        return None
    cited = {"rule": proof.citation, "clause": proof.clause}
    return {"side": str(proof.side), "until": _day(proof.until), **cited}


def _reason_json(one: Reason) -> dict[str, Any]:
    found: dict[str, Any] = {
        "code": one.code, "weight": str(one.weight), "rule": one.citation, "rule_id": one.rule_id,
        "clause": one.clause, "params": dict(one.params),
    }  # fmt: skip
    for key, language in (("zh", "zh-hans"), ("en", "en")):
        with override(language):
            found[key] = one.sentence
    return found


def _day(value: Any) -> str | None:
    return value.isoformat() if value is not None else None
