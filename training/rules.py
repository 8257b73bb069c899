"""Pure judgement: what limits say to a decision, given what was decided already."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _

from aftersales.core.authority import Claim, Ruling, Verdict
from aftersales.core.errors import Refusal
from aftersales.core.wording import money

NOTHING = Decimal(0)
HIDDEN = frozenset({"above_decision", "above_day", "above_customer", "four_eyes"})
"""Refusals that somebody else can lift: the kind is the person's, the amount is not."""


@dataclass(frozen=True)
class Held:
    """One limit of a tier that the person holds now, and the sums that it is held against."""

    citation: str
    tier: str
    rank: int
    kind: str
    severities: frozenset[str]
    currency: str
    per_decision: Decimal | None = None
    per_day: Decimal | None = None
    per_customer: Decimal | None = None
    customer_days: int = 30
    four_eyes_above: Decimal | None = None
    today: Decimal = NOTHING
    given: dict[int, Decimal] = field(default_factory=dict)

    def fits(self, claim: Claim) -> bool:
        """Whether it speaks about such a decision at all."""
        if self.kind != claim.kind or (self.severities and claim.severity not in self.severities):
            return False
        return not claim.amount or self.currency == claim.currency


@dataclass
class Decided:
    """What was allowed earlier in the same batch; the database does not know it yet."""

    today: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    given: dict[tuple[int, str, str], Decimal] = field(default_factory=dict)

    def add(self, claims: Iterable[Claim]) -> None:
        for claim in claims:
            kind = (claim.kind, claim.currency)
            self.today[kind] = self.today.get(kind, NOTHING) + (claim.amount or NOTHING)
            if claim.customer_id is not None:
                key = (claim.customer_id, *kind)
                self.given[key] = self.given.get(key, NOTHING) + (claim.amount or NOTHING)

    def copy(self) -> "Decided":
        return Decided(dict(self.today), dict(self.given))


def judge(limits: Sequence[Held], claims: Sequence[Claim], decided: Decided) -> Ruling:
    """One row's decisions, each beside the ones before it: all within limits, or every reason."""
    sofar = decided.copy()
    refusals: list[Refusal] = []
    cited: list[str] = []
    for claim in claims:
        found = _one(limits, claim, sofar)
        refusals += found.refusals
        if found.rule and found.rule not in cited:
            cited.append(found.rule)
        sofar.add([claim])
    if not refusals:
        return Ruling(rule=", ".join(cited)[:80])
    soft = all(one.code in HIDDEN for one in refusals)
    return Ruling(Verdict.SECOND if soft else Verdict.REFUSED, tuple(refusals), ", ".join(cited)[:80])


def _one(limits: Sequence[Held], claim: Claim, decided: Decided) -> Ruling:
    """The most generous fitting limit counts; when none allows it, the one of the highest tier says why."""
    fitting = sorted((limit for limit in limits if limit.fits(claim)), key=lambda one: -one.rank)
    if not fitting:
        return Ruling(Verdict.REFUSED, (_nothing(limits, claim),))
    answers = [(limit, list(_exceeded(limit, claim, decided))) for limit in fitting]
    limit, reasons = next((one for one in answers if not one[1]), answers[0])
    verdict = Verdict.SECOND if reasons else Verdict.ALLOWED
    return Ruling(verdict, tuple(reasons), limit.citation)


def _nothing(limits: Sequence[Held], claim: Claim) -> Refusal:
    same = [limit for limit in limits if limit.kind == claim.kind]
    if any(not limit.severities or claim.severity in limit.severities for limit in same):
        return Refusal(
            "no_currency", _("Your tier has no limit in %(currency)s.") % {"currency": claim.currency}
        )
    if same:
        return Refusal("no_severity", _("Your tier does not decide this at such a severity."))
    return Refusal("no_authority", _("Your tier does not decide such a thing."))


def _exceeded(limit: Held, claim: Claim, decided: Decided) -> Iterable[Refusal]:
    asked = claim.amount or NOTHING
    kind = (claim.kind, claim.currency)
    if limit.per_decision is not None and asked > limit.per_decision:
        words = {"amount": money(asked, claim.currency), "limit": money(limit.per_decision, claim.currency)}
        text = _("%(amount)s is above your limit of %(limit)s per decision.")
        yield Refusal("above_decision", text % words)
    today = limit.today + decided.today.get(kind, NOTHING)
    if limit.per_day is not None and asked and today + asked > limit.per_day:
        words = {"sum": money(today, claim.currency), "limit": money(limit.per_day, claim.currency)}
        text = _("You decided %(sum)s today; with this it would be above your limit of %(limit)s per day.")
        yield Refusal("above_day", text % words)
    if claim.customer_id is not None and limit.per_customer is not None and asked:
        yield from _customer(limit, claim, decided, asked)
    above = limit.four_eyes_above
    if above is not None and asked > above and not claim.confirms:
        words = {"limit": money(above, claim.currency)}
        text = _("Above %(limit)s two persons decide.") if above else _("Two persons decide this.")
        yield Refusal("four_eyes", text % words)


def _customer(limit: Held, claim: Claim, decided: Decided, asked: Decimal) -> Iterable[Refusal]:
    assert claim.customer_id is not None
    assert limit.per_customer is not None
    given = limit.given.get(claim.customer_id, NOTHING)
    given += decided.given.get((claim.customer_id, claim.kind, claim.currency), NOTHING)
    if given + asked > limit.per_customer:
        words = {
            "sum": money(given, claim.currency),
            "days": limit.customer_days,
            "limit": money(limit.per_customer, claim.currency),
        }
        text = _(
            "This customer got %(sum)s in %(days)s days; with this it would be above your limit of %(limit)s "
            "per customer."
        )
        yield Refusal("above_customer", text % words)
