"""What a version of a rule asks of which figure, read and checked: terms that nobody can follow judge nobody."""

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core.errors import DomainError
from aftersales.ledger import figureterms, raisers
from aftersales.ledger.figureterms import FigureTerms, wrong
from aftersales.ledger.incentivestates import MEASURES_OF, Consequence
from aftersales.ledger.rules import CENT
from aftersales.ledger.states import Measure, Party
from aftersales.scorecards.consequencedays import last_of
from aftersales.scorecards.metrics import Metric, metric, of_kind
from aftersales.scorecards.models import Formula
from aftersales.scorecards.rewards.rules import Asked, Given, Rung
from aftersales.scorecards.scores.selectors import judging, terms_of, zone
from aftersales.scorecards.states import Direction, SubjectKind, Way

METRIC, SCORE = "metric", "score"
PARTIES = {
    SubjectKind.MERCHANT: Party.MERCHANT,
    SubjectKind.PERSON: Party.PERSON,
    SubjectKind.TEAM: Party.PERSON,
}
"""Whom a figure is held to: a team's to each of its members, and then only for the good."""
OUTCOMES = frozenset({"satisfied_outcome", "mark_outcome"})
"""What the rules and the merchant gave decides these: nobody of the staff is rewarded or charged for them (R6.5)."""
PRAISE = frozenset({Measure.HONOUR})


def fits(one: Metric, kind: SubjectKind) -> bool:
    """Whether a rule may hang on it: a share or a time of which one way is better, and that these people answer for."""
    if raisers.is_forbidden(one.code) or one.direction == Direction.NEITHER:
        return False
    if kind != SubjectKind.MERCHANT and one.code in OUTCOMES:
        return False
    return one.way in (Way.SHARE, Way.TIME)


def metrics_of(kind: SubjectKind) -> list[Metric]:
    return [one for one in of_kind(kind) if fits(one, kind)]


def of_trigger(trigger: str) -> tuple[str, SubjectKind, str]:
    """``metric.person.words_kept`` → what it hangs on, whose figure, which one: no third part in ``score.merchant``."""
    sort, kind, code = [*trigger.split("."), ""][:3]
    return sort, SubjectKind(kind), code


def asked(version: Any) -> Asked:
    """A version read beside its figure. Raises ``figure_terms`` and ``unknown_metric``."""
    terms = figureterms.read(version.terms)
    sort, kind, code = of_trigger(version.trigger)
    rewards = is_reward(version)
    first: Given = (version.amount, version.measure)
    rungs = [Rung(terms.limit, first), *(Rung(one.value, _given(version, one.gives)) for one in terms.steps)]
    gates = tuple((_gate(one.figure, kind), one.limit, one.least) for one in terms.gates)
    figure = metric(code) if sort == METRIC else None
    return Asked(terms, tuple(rungs), rewards, version.cap, figure, gates)


def span(version: Any, month: date, *, dry: bool = False) -> tuple[date, date]:
    """First and last day of the window. What is held against somebody is counted from the version's own day on."""
    found = asked(version)
    since, until = found.terms.since(month), figureterms.last_day(month)
    if not found.is_reward and not dry and version.valid_from is not None:
        since = max(since, version.valid_from.astimezone(zone()).date())
    return since, until


def is_reward(version: Any) -> bool:
    """A measure is a reward where it is praise."""
    if version.rule.consequence == Consequence.MEASURE:
        return version.measure in PRAISE
    return bool(version.rule.consequence == Consequence.REWARD)


def _given(version: Any, text: str) -> Given:
    if version.amount is None:
        if text not in MEASURES_OF[version.rule.party]:
            raise wrong("steps", text, _("there is no such measure for this party"))
        return None, text
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise wrong("steps", text, _("an amount above zero with at most two decimals")) from None
    if not amount.is_finite() or amount <= 0 or amount != amount.quantize(CENT):
        raise wrong("steps", text, _("an amount above zero with at most two decimals"))
    return amount, ""


def _gate(code: str, kind: SubjectKind) -> Metric:
    found = metric(code)
    if kind not in found.kinds or not fits(found, kind) or found.way != Way.SHARE:
        raise wrong("gates", code, _("it is a share that is counted for the same party"))
    return found


def check(version: Any) -> None:
    """Raises ``figure_terms``, with the term and what is wrong with it."""
    found = asked(version)
    terms = found.terms
    _sort, kind, _code = of_trigger(version.trigger)
    if kind == SubjectKind.TEAM and not found.is_reward:
        raise DomainError(
            _("A team's figure is held against nobody: charge whoever held the work."), "figure_terms"
        )
    if terms.gates and not found.is_reward:
        raise wrong("gates", terms.gates[0].figure, _("only for rewards"))
    if terms.is_each and (not terms.is_month or version.amount is None):
        raise wrong(
            "each", terms.window, _("an amount for each case needs the window 1m, or cases count twice")
        )
    if version.amount is None and any((gives[1] in PRAISE) != found.is_reward for gives in _gives(found)):
        raise wrong("steps", terms.steps[-1].gives, _("praise and blame do not stand in one rule"))
    if found.metric is not None:
        _check_metric(version, found, kind)
    else:
        _check_score(version, terms, kind)
    _check_order(found, kind, terms)


def _gives(found: Asked) -> list[Given]:
    return [one.gives for one in found.rungs]


def _check_metric(version: Any, found: Asked, kind: SubjectKind) -> None:
    one, terms = found.metric, found.terms
    assert one is not None
    if kind not in one.kinds or not fits(one, kind):
        raise wrong("limit", one.code, _("no rule may hang on this figure"))
    if (one.way == Way.TIME) != bool(terms.within):
        raise wrong("within", terms.within or "–", _("needed for figures of times, and only for them"))
    if one.way == Way.TIME and kind != SubjectKind.MERCHANT and found.is_reward and not terms.gates:
        raise wrong("gates", "–", _("speed alone is not rewarded: name what must hold besides"))
    if terms.least < 1:
        raise wrong("least", terms.least, _("at least 1"))
    if not terms.z:
        raise wrong("z", terms.z, _("above 0"))
    if terms.formula:
        raise wrong("formula", terms.formula, _("only for scores"))


def _check_score(version: Any, terms: FigureTerms, kind: SubjectKind) -> None:
    if not terms.is_month:
        raise wrong("window", terms.window, _("a score has its own windows: write 1m"))
    if terms.is_each or terms.within or terms.least:
        raise wrong("least", terms.least, _("a score has its own floor and no cases: leave it empty"))
    if terms.gates and not terms.z:
        raise wrong("z", terms.z, _("above 0"))
    if formula_of(terms, kind) is None:
        raise wrong("formula", terms.formula, _("there is no such formula for this party"))


def formula_of(terms: FigureTerms, kind: SubjectKind, month: date | None = None) -> Formula | None:
    """The formula whose score counts; where the rule names none, that by which this kind was judged at the end of the
    month, without one by which it is judged now.
    """
    if terms.formula:
        return Formula.objects.filter(subject_kind=kind, code=terms.formula).first()
    if month is not None:
        return judging(kind, last_of(month))
    first: Formula | None = Formula.objects.judging(kind).first()
    return first


def _check_order(found: Asked, kind: SubjectKind, terms: FigureTerms) -> None:
    """Each further step asks for more than the one before, and gives more; every limit is one that can be reached."""
    places = [_place(found, kind, terms, one.limit) for one in found.rungs]
    if places != sorted(set(places)):
        raise wrong("steps", terms.steps[-1].value, _("each further step lies beyond the one before"))
    amounts = [one[0] for one in _gives(found) if one[0] is not None]
    if amounts != sorted(set(amounts)) or (amounts and found.cap is not None and amounts[-1] > found.cap):
        last = terms.steps[-1].gives if terms.steps else ""
        raise wrong("steps", last, _("more for each further step, up to the cap"))


def _place(found: Asked, kind: SubjectKind, terms: FigureTerms, limit: str) -> Decimal:
    """How far a limit is out: the farther, the more follows."""
    if found.metric is None and (grades := _grades(terms, kind)) and limit in grades:
        place = grades.index(limit)
        return Decimal(-place if found.is_reward else place)
    try:
        value = Decimal(limit)
    except InvalidOperation:
        raise wrong("limit", limit, _("a number, or of a score one of its grades")) from None
    most = 100 if found.metric is None else 1
    if not value.is_finite() or not 0 <= value <= most:
        raise wrong("limit", limit, _("between 0 and %(most)s") % {"most": most})
    up = found.higher_is_better == found.is_reward
    return value if up else -value


def _grades(terms: FigureTerms, kind: SubjectKind) -> list[str]:
    """Grades of the formula's version that counts or is announced, else of its newest; the best first."""
    formula = formula_of(terms, kind)
    newest = formula.versions.order_by("-number").first() if formula is not None else None
    return [one.code for one in terms_of(newest).grades] if newest is not None else []
