"""Consequences in words: what was found, what follows, how it was counted. Said in the reader's language."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.functional import lazy
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from aftersales.core import wording
from aftersales.core.errors import DomainError
from aftersales.core.wording import listed
from aftersales.scorecards.consequencestates import Effect, MeasureState, Trigger
from aftersales.scorecards.consequenceterms import Step, Terms
from aftersales.scorecards.metrics import metric
from aftersales.scorecards.models import ConsequenceRule, MerchantMeasure
from aftersales.standards.states import Promise

RULES = "consequence."
MARKS = {
    MeasureState.PROPOSED: ("blue", "ring"),
    MeasureState.IN_FORCE: ("amber", "three"),
    MeasureState.APPEALED: ("violet", "half"),
    MeasureState.UPHELD: ("amber", "full"),
    MeasureState.OVERTURNED: ("bare", "cross"),
    MeasureState.EXPIRED: ("bare", "bar"),
    MeasureState.LIFTED: ("bare", "tick"),
    MeasureState.WITHDRAWN: ("bare", "cross"),
    MeasureState.CANCELLED: ("bare", "cross"),
}


LEFT_OUT, TURNED_BACK, REPLACED = "left_out", "turned_back", "replaced"
"""Reasons of the system for an end."""


def rule_name(code: str) -> str:
    """``consequence.disputes``, as events keep it: the rule's name; empty for what is no consequence rule."""
    if not code.startswith(RULES):
        return ""
    known = ConsequenceRule.objects.filter(code=code.removeprefix(RULES)).first()
    return str(known.name) if known is not None else ""


def badge_of(row: MerchantMeasure) -> tuple[str, str, str]:
    state = MeasureState(row.state)
    return (str(state.label), *MARKS[state])


def clause(row: MerchantMeasure) -> str:
    """The rule with its version; ``row.rule`` at hand."""
    return f"{row.rule.name} v{row.citation.rpartition(' v')[2]}"


def days_words(days: int) -> str:
    if not days:
        return _("until it is lifted")
    return ngettext("for %(n)d day", "for %(n)d days", days) % {"n": days}


def effect(row: MerchantMeasure | Step, *, currency: str = "CNY") -> str:
    """What follows, with its size and time: “traffic weight 0.8 for 28 days”."""
    kind, words = Effect(row.effect), {"days": days_words(row.days)}
    amount = wording.money(row.amount, currency) if row.amount is not None else ""
    if kind == Effect.POINTS:
        many = ngettext("%(n)d point", "%(n)d points", row.points) % {"n": row.points}
        return _("%(points)s %(days)s") % {**words, "points": many}
    if kind == Effect.WEIGHT:
        return _("Traffic weight %(weight)s %(days)s") % {**words, "weight": _plain(row.weight)}
    if kind == Effect.CAP:
        return _("At most %(cap)s orders a day %(days)s") % {**words, "cap": row.cap}
    if kind == Effect.DEPOSIT:
        return _("Deposit higher by %(amount)s %(days)s") % {**words, "amount": amount}
    if kind == Effect.PENALTY:
        return _penalty(row, amount, currency)
    if kind == Effect.TRAINING:
        return _("Course “%(course)s” for all people of the shop %(days)s") % {**words, "course": row.course}
    if kind == Effect.WARNING:
        return str(kind.label)
    return _("%(effect)s %(days)s") % {**words, "effect": kind.label}


def effect_in_public(row: MerchantMeasure) -> str:
    """What follows, as everybody reads it: without an amount."""
    if row.effect == Effect.DEPOSIT:
        return _("%(effect)s %(days)s") % {"effect": Effect.DEPOSIT.label, "days": days_words(row.days)}
    return effect(row)


def _penalty(row: MerchantMeasure | Step, amount: str, currency: str) -> str:
    if isinstance(row, Step):
        words = {"amount": amount, "most": wording.money(row.most, currency)}
        return _("Penalty of %(amount)s for each case, at most %(most)s") % words
    return _("Penalty of %(amount)s") % {"amount": amount}


def _plain(number: Decimal | None) -> str:
    return f"{(number or Decimal(0)).normalize():f}"


def fact(row: MerchantMeasure) -> str:
    """What happened, with its numbers."""
    return fact_of(Trigger(row.trigger), row.figures, f"{row.period:%Y-%m}")


def fact_of(trigger: Trigger, figures: Mapping[str, Any], month: str) -> str:
    """``figures``: as they were counted when the rule was applied."""
    words: dict[str, Any] = {**figures, "month": month}
    if trigger == Trigger.BREACHES:
        return ngettext(
            "%(breaches)d further breach within %(span)d days, not counted by an earlier measure",
            "%(breaches)d further breaches within %(span)d days, not counted by an earlier measure",
            words["breaches"],
        ) % {"breaches": words["breaches"], "span": words["days"]}
    if trigger == Trigger.METRIC:
        words |= {"metric": metric_name(words["metric"]), "rate": _rate(words["bad"], words["cases"])}
        if "since" in words:
            return (
                _(
                    "%(metric)s from %(since)s to the end of %(month)s: %(bad)s of %(cases)s failed "
                    "(failing share %(rate)s)"
                )
                % words
            )
        return (
            _("%(metric)s up to the end of %(month)s: %(bad)s of %(cases)s failed (failing share %(rate)s)")
            % words
        )
    if trigger == Trigger.POINTS:
        return ngettext("%(points)d point stands", "%(points)d points stand", words["points"]) % words
    if trigger == Trigger.SCORE:
        return _("Score of %(month)s: %(score)s") % words
    return _("Grade of %(month)s: %(grade)s (score %(score)s)") % words


def metric_name(code: str) -> str:
    """What a figure is called; one that is no longer declared speaks for itself."""
    try:
        return str(metric(code).name)
    except DomainError:
        return code


def _rate(bad: int, cases: int) -> str:
    return wording.percent(bad / cases) if cases else "–"


def counting(row: MerchantMeasure) -> str:
    """How it was judged, and which step of the ladder this is."""
    figures = row.figures
    parts = []
    if row.trigger == Trigger.METRIC:
        words = {
            "low": wording.percent(Decimal(figures["low"])), "limit": wording.percent(Decimal(figures["bad_limit"])),
            "bad": figures["bad"], "count": figures["count"],
        }  # fmt: skip
        parts.append(
            _("lower bound %(low)s, above the limit %(limit)s; %(bad)s cases, at least %(count)s are needed")
            % words
        )
    if figures.get("answered"):
        many = int(figures["answered"])
        parts.append(
            ngettext(
                "without %(n)d further bad case that had its consequence already",
                "without %(n)d further bad cases that had their consequence already",
                many,
            )
            % {"n": many}
        )
    if row.trigger == Trigger.BREACHES:
        parts.append(
            _("from %(count)s on; those that were left out do not count") % {"count": figures["count"]}
        )
    if row.trigger == Trigger.SCORE:
        words = {"high": figures["high"], "below": figures["below"]}
        parts.append(_("upper bound %(high)s, below %(below)s") % words)
    if row.trigger in (Trigger.SCORE, Trigger.GRADE) and figures.get("missed"):
        parts.append(
            _("surely missed: %(metrics)s")
            % {"metrics": listed(metric_name(one) for one in figures["missed"])}
        )
    if row.effect == Effect.PENALTY and "each" in figures:
        words = {"each": figures["each"], "bad": figures["bad"], "most": figures["most"]}
        parts.append(_("%(each)s for each of %(bad)s cases, at most %(most)s") % words)
    if figures.get("instead_of"):
        parts.append(_("in the place of %(number)s") % {"number": figures["instead_of"][0]})
    parts.append(_("step %(step)s of %(steps)s") % {"step": row.step, "steps": row.steps})
    return pgettext("between terms", "; ").join(parts)


def looks_at(terms: Terms) -> str:
    """What a rule looks at, in a sentence."""
    names = dict(Promise.choices)
    if terms.trigger == Trigger.BREACHES:
        what = listed(str(names[one]) for one in terms.promises) or _("every obligation")
        words: dict[str, Any] = {"count": terms.count, "span": terms.days, "what": what}
        return _("%(count)s broken obligations within %(span)s days (%(what)s)") % words
    if terms.trigger == Trigger.METRIC:
        assert terms.metric is not None
        sign = "≥" if terms.metric.direction == "higher" else "≤"
        words = {
            "metric": terms.metric.name, "limit": f"{sign} {wording.percent(terms.limit)}", "count": terms.count,
            "span": terms.days, "z": terms.z,
        }  # fmt: skip
        return (
            _(
                "%(metric)s over %(span)s days up to the end of a month: surely misses %(limit)s "
                "(Wilson bound, z %(z)s), with %(count)s bad cases at least"
            )
            % words
        )
    if terms.trigger == Trigger.GRADE:
        return _("Grade of a month: %(grades)s") % {"grades": listed(terms.grades)}
    if terms.trigger == Trigger.SCORE:
        return _("Score of a month whose upper bound is below %(below)s") % {"below": terms.below}
    return _("Points that stand against a merchant")


def step(terms: Terms, number: int) -> str:
    """One step of the ladder."""
    one = terms.step(number)
    if terms.trigger == Trigger.POINTS:
        return _("from %(points)s points on: %(effect)s") % {"points": one.reached, "effect": effect(one)}
    return effect(one)


def told(terms: Terms) -> str:
    """A whole version in one text, as the public page says it."""
    steps = pgettext("between steps", " → ").join(step(terms, n) for n in range(1, len(terms.steps) + 1))
    both = {"looks": looks_at(terms), "steps": steps}
    return pgettext("rule in one text", "%(looks)s: %(steps)s") % both


def ended(given: Mapping[str, Any]) -> str:
    """Why the system ended a measure, of the code and numbers that were kept."""
    words: dict[str, Any]
    if given["code"] == REPLACED:
        return _replaced(given)
    if given["code"] == LEFT_OUT and "metric" in given:
        words = {"metric": metric_name(given["metric"])}
        return (
            _("%(metric)s: what was left out counts no more, and the rest does not carry the measure.")
            % words
        )
    if given["code"] == LEFT_OUT and "bad" in given:  # of rows before smaller penalties took the place
        words = {"left": given["left"], "bad": given["bad"]}
        return _("Breaches were left out: %(left)s still count, the penalty was for %(bad)s.") % words
    if given["code"] == LEFT_OUT:
        words = {"left": given["left"], "count": given["count"]}
        return _("Breaches were left out: %(left)s still count, %(count)s are needed.") % words
    words = {"number": given["number"], "effect": Effect(given["effect"]).label}
    return _("%(number)s was turned back (%(effect)s).") % words


def _replaced(given: Mapping[str, Any]) -> str:
    """A smaller penalty took its place: for what, and both sums."""
    words = {
        **given,
        "was": wording.money(Decimal(given["was"]), given["currency"]),
        "now": wording.money(Decimal(given["now"]), given["currency"]),
    }
    if "metric" in given:
        words["metric"] = metric_name(given["metric"])
        what = _("%(metric)s: %(bad)s cases were held, %(left)s of them still count.") % words
    else:
        what = _("Breaches were left out: %(bad)s were held, %(left)s of them still count.") % words
    said = _two(what, _("%(number)s takes its place, with %(now)s instead of %(was)s.") % words)
    if "heard" not in given:
        return said
    heard = _(
        "What was decided about the appeal stays readable at %(heard)s; the new sum can be appealed anew."
    )
    return _two(said, heard % words)


def _two(first: str, second: str) -> str:
    return pgettext("two sentences", "%(first)s %(second)s") % {"first": first, "second": second}


def why_ended(row: MerchantMeasure) -> str:
    """What a person said, or the system's reason in the reader's language; rows before that as they were kept."""
    given = row.figures.get("ended")
    return ended(given) if given else row.end_reason


effect_later: Any = lazy(effect, str)
ended_later: Any = lazy(ended, str)
fact_later: Any = lazy(fact, str)
counting_later: Any = lazy(counting, str)
clause_later: Any = lazy(clause, str)
"""The same, said in whichever language it is read."""
