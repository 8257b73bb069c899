"""What the facts and terms of proposals are called: the rooms that propose declare their own words.

words.declare_facts({"dispute.ruling": _("Ruling of the platform")})
words.declare_terms({"outcome": _("Outcome")}, values={"outcome": dict(RulingOutcome.choices)})
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import pgettext_lazy

_facts: dict[str, Any] = {
    "late_answer": pgettext_lazy("fact of a proposal", "Answered too late"),
    "false_dispatch": pgettext_lazy("fact of a proposal", "Said to be sent, but was not"),
}
_terms: dict[str, Any] = {
    "base": pgettext_lazy("term of an amount", "Amount for one"),
    "times": pgettext_lazy("term of an amount", "How often"),
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
    return _facts.get(code, code)


def term(code: str, value: Any) -> tuple[str, str]:
    """A term and its value in words; what has none is shown by its code."""
    return str(_terms.get(code, code)), str(_values.get(code, {}).get(value, value))
