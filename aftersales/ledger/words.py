"""What the facts and terms of proposals are called: the rooms that propose declare their own words.

words.declare_facts({"dispute.ruling": _("Ruling of the platform")})
words.declare_terms({"outcome": _("Outcome")}, values={"outcome": dict(RulingOutcome.choices)})
"""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import lazy
from django.utils.translation import gettext, pgettext, pgettext_lazy

from aftersales.ledger import raisers

_facts: dict[str, Any] = {
    "late_answer": pgettext_lazy("fact of a proposal", "Answered too late"),
    "loss_caused": pgettext_lazy("fact of a proposal", "Caused a loss"),
    "false_dispatch": pgettext_lazy("fact of a proposal", "Said to be sent, but was not"),
}
_terms: dict[str, Any] = {
    "base": pgettext_lazy("term of an amount", "Amount for one"),
    "times": pgettext_lazy("term of an amount", "How often"),
    "month": pgettext_lazy("term of an amount", "In the month"),
    "counted": pgettext_lazy("term of an amount", "In all"),
    "cap": pgettext_lazy("term of an amount", "At most in a month"),
    "loss": pgettext_lazy("term of an amount", "Loss proved"),
    "share": pgettext_lazy("term of an amount", "At most of the month's pay, per cent"),
    "floor": pgettext_lazy("term of an amount", "Local minimum wage that is left"),
}
_values: dict[str, Mapping[Any, Any]] = {}


def declare_facts(words: Mapping[str, Any]) -> None:
    """Code → words of facts from which something follows."""
    _facts.update(words)


def declare_terms(words: Mapping[str, Any], *, values: Mapping[str, Mapping[Any, Any]] | None = None) -> None:
    """Code → words of terms of an amount; ``values`` names the coded values of some of them."""
    _terms.update(words)
    _values.update(values or {})


def fact(code: str) -> str:
    return str(fact_words(code))


def fact_words(code: str) -> Any:
    """The same, said in whichever language it is read."""
    return _facts.get(code) or raisers.named(code)


def term(code: str, value: Any) -> tuple[str, str]:
    """A term and its value in words; what has none is shown by its code."""
    return str(_terms.get(code, code)), str(_values.get(code, {}).get(value, value))


def _counting(terms: Mapping[str, Any]) -> str:
    """How an amount came about in one line; a rule without a calculation says so."""
    told = [term(key, value) for key, value in terms.items() if value not in (0, "0", "", None)]
    if not told:
        return gettext("stated in the rule")
    return pgettext("between terms", "; ").join(f"{name} {value}" for name, value in told)


counting_of = lazy(_counting, str)
"""The same, said in whichever language it is read."""
