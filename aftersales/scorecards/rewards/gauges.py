"""What the ledger's rules may hang on: the figures of merchants, people and teams, and the score of a month."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.functional import lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from aftersales.core import wording
from aftersales.core.errors import Text
from aftersales.ledger import words
from aftersales.ledger.raisers import Gauge, Raiser
from aftersales.ledger.states import Party
from aftersales.scorecards.rewards import asking, selectors
from aftersales.scorecards.states import SubjectKind

OF_TEAM = gettext_lazy("%(figure)s, of the whole team")
NAMES: dict[SubjectKind, Text] = {
    SubjectKind.MERCHANT: gettext_lazy("Score of the month"),
    SubjectKind.PERSON: gettext_lazy("Own score of the month"),
}


def page(code: str, month: date) -> str:
    return reverse("rewards:rule", args=[code, f"{month:%Y-%m}"])


def told(version: Any) -> str:
    """Window, floor, limit, gates in one line."""
    found = asking.asked(version)
    terms = found.terms
    limits = wording.listed(_limit(found, one.limit) for one in found.rungs)
    parts = [limits, _window(terms)]
    if terms.least:
        parts.append(_("of %(n)s cases at least") % {"n": terms.least})
    if not found.is_reward and found.metric is not None:
        parts.append(_("from %(n)s bad cases on") % {"n": terms.count})
    if terms.within:
        parts.append(_("good within %(time)s") % {"time": wording.duration(terms.within)})
    for one, limit, least in found.gates:
        words = {"figure": one.name, "limit": wording.percent(limit), "n": least}
        higher = one.direction == "higher"
        text = _("only with %(figure)s ≥ %(limit)s, %(n)s cases at least") if higher else _(
            "only with %(figure)s ≤ %(limit)s, %(n)s cases at least")  # fmt: skip
        parts.append(text % words)
    return pgettext("between terms", "; ").join(parts)


def _limit(found: Any, limit: str) -> str:
    if found.metric is None:
        text = _("score %(limit)s or better") if found.is_reward else _("score %(limit)s or worse")
        return text % {"limit": limit}
    if found.is_reward:
        text = _("proven at least %(limit)s") if found.higher_is_better else _("proven at most %(limit)s")
    else:
        text = _("proven below %(limit)s") if found.higher_is_better else _("proven above %(limit)s")
    return text % {"limit": wording.percent(Decimal(limit))}


def _window(terms: Any) -> str:
    if terms.is_month:
        return _("in the month")
    number = int(terms.window[:-1])
    return (_("in %(n)s months") if terms.window.endswith("m") else _("in %(n)s days")) % {"n": number}


GAUGE = Gauge(check=asking.check, judged=selectors.results, words=told, page=page)


def declared() -> list[Raiser]:
    """One for each figure that a kind of party answers for; of teams what is good."""
    found = [
        Raiser(f"{asking.METRIC}.{kind}.{one.code}", _named(one.name, kind), party, gauge=GAUGE)
        for kind, party in asking.PARTIES.items()
        for one in asking.metrics_of(kind)
    ]
    scored = {SubjectKind.MERCHANT: Party.MERCHANT, SubjectKind.PERSON: Party.PERSON}
    found += [
        Raiser(f"{asking.SCORE}.{kind}", NAMES[kind], party, gauge=GAUGE) for kind, party in scored.items()
    ]
    return found


def _named(name: Text, kind: SubjectKind) -> Text:
    if kind != SubjectKind.TEAM:
        return name
    return lazy(lambda: str(OF_TEAM) % {"figure": name}, str)()


def declare_words() -> None:
    """What the terms of such an amount are called."""
    words.declare_terms(
        {
            "window": pgettext_lazy("term of an amount", "Counted in"),
            "figure": pgettext_lazy("term of an amount", "Good or bad of all"),
            "rate": pgettext_lazy("term of an amount", "Rate"),
            "interval": pgettext_lazy("term of an amount", "Proven between"),
            "spent": pgettext_lazy(
                "term of an amount", "Further bad cases that had their consequence already"
            ),
            "limit": pgettext_lazy("term of an amount", "Limit of the step"),
            "step": pgettext_lazy("term of an amount", "Amount of the step"),
            "score": pgettext_lazy("term of an amount", "Score and interval"),
            "grade": pgettext_lazy("term of an amount", "Grade"),
        }
    )
