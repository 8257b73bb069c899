"""What can happen to a recovery, each with the sentence a lead reads aloud."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.cases.events import case
from aftersales.cases.recovery.states import Objection, WriteOffCause
from aftersales.core.events import Kind, register
from aftersales.core.models import Audience

INTERNAL, MERCHANT = Audience.INTERNAL, Audience.MERCHANT
WORDS: Mapping[str, Any] = {"objection": Objection, "why": WriteOffCause}


def _words(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Codes in the reader's language."""
    shown = {}
    for key, choices in WORDS.items():
        if key in payload:
            known: dict[Any, Any] = dict(choices.choices)
            shown[key] = str(known.get(payload[key], payload[key]))
    return shown


def recovery(code: str, sentence: Any, audience: str = MERCHANT, **payload: str) -> Kind:
    told = {"case_id": "id", "amount": "amount", "currency": "code", **payload}
    return Kind(f"recovery.{code}", sentence, told, audience=audience, show=_words)


def write_off(code: str, sentence: Any) -> Kind:
    told = {"case_id": "id", "recovery_id": "id", "amount": "amount", "currency": "code", "why": "code"}
    return Kind(f"write_off.{code}", sentence, told, audience=INTERNAL, show=_words)


register(
    case("paid_first", _("%(actor)s decided that the platform pays first: %(amount)s."), INTERNAL, amount="amount"),
    recovery("opened", _("The platform paid %(amount)s first; the merchant owes it."), until="moment"),
    recovery("changed", _("The claim is now %(amount)s.")),
    recovery("objected", _("The merchant objected: %(objection)s."), objection="code"),
    recovery("proved", _("The merchant brought a file."), fingerprint="code"),
    recovery("upheld", _("%(actor)s upheld the claim; %(amount)s stand.")),
    recovery("overturned", _("%(actor)s dropped the claim of %(amount)s.")),
    recovery("begun", _("%(amount)s are being collected.")),
    recovery("collected", _("%(amount)s came in all; %(open)s is left."), open="amount"),
    recovery("owed", _("Nothing was there to take; %(open)s is owed."), open="amount"),
    recovery("recovered", _("All of it came back: %(amount)s."), open="amount"),
    recovery("written_off", _("The rest of %(open)s was written off."), INTERNAL, open="amount"),
    recovery("fell", _("The claim fell away; what was taken went back."), open="amount"),
    write_off("proposed", _("%(actor)s proposed to write off %(amount)s: %(why)s.")),
    write_off("approved", _("%(actor)s wrote off %(amount)s: %(why)s.")),
    write_off("refused", _("%(actor)s did not write off %(amount)s: %(reason)s")),
    write_off("withdrawn", _("The proposal to write off %(amount)s was withdrawn.")),
)  # fmt: skip
