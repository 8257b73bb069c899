"""What can happen to a letter. No event ever says who reported."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.cases.authority.states import LetterOutcome, LetterSource, SentBy
from aftersales.core.events import Kind, register
from aftersales.core.models import Audience

INTERNAL, MERCHANT = Audience.INTERNAL, Audience.MERCHANT
WORDS: Mapping[str, Any] = {"source": LetterSource, "outcome": LetterOutcome, "sent_by": SentBy}


def _words(payload: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for key, choices in WORDS.items():
        if key in payload:
            known: dict[Any, Any] = dict(choices.choices)
            found[key] = str(known.get(payload[key], payload[key]))
    return found


def letter(code: str, sentence: Any, audience: str = INTERNAL, **payload: str) -> Kind:
    return Kind(f"authority.{code}", sentence, {"ticket_id": "id", **payload}, audience=audience, show=_words)


def on_ticket(code: str, sentence: Any, **payload: str) -> Kind:
    told = {"letter_id": "id", "number": "code", "source": "code", **payload}
    return Kind(f"ticket.letter_{code}", sentence, told, audience=INTERNAL, show=_words)


register(
    letter("taken", _("%(actor)s took a letter down: %(source)s."), source="code", due_at="moment"),
    letter("accepted", _("%(actor)s took it in hand.")),
    letter("handed", _("%(actor)s handles it now."), handler="id"),
    letter("merchant_asked", _("The merchant was asked; he answers until %(due_at)s."), MERCHANT, due_at="moment"),
    letter("merchant_answered", _("The merchant answered."), MERCHANT, late="flag"),
    letter("drafted", _("%(actor)s drafted the reply, version %(version)s."), version="number"),
    letter("approved", _("%(actor)s approved the reply.")),
    letter("turned_down", _("%(actor)s sent the draft back: %(reason)s")),
    letter("replied", _("The reply was sent: %(sent_by)s."), sent_by="code", late="flag", sent_at="moment"),
    letter("more_asked", _("The office asks for more, until %(due_at)s."), due_at="moment"),
    letter(
        "extended", _("The office moved its deadline from %(old_due_at)s to %(due_at)s."), due_at="moment",
        old_due_at="moment", late="flag",
    ),
    letter("closed", _("%(actor)s closed it: %(outcome)s."), outcome="code"),
    letter("passed_on", _("%(actor)s passed it on: %(reason)s")),
    letter("withdrawn", _("The office withdrew it: %(reason)s")),
    letter("file_added", _("%(actor)s added a file of the letter."), file_id="id"),
    letter("bundled", _("%(actor)s put evidence together, %(count)s pieces."), count="number", sha256="code"),
    letter("reporter_revealed", _("%(actor)s looked up who reported: %(reason)s")),
    on_ticket("taken", _("A letter came: %(source)s, %(number)s; the reply is due %(due_at)s."), due_at="moment"),
    on_ticket("asked", _("Because of %(number)s the merchant was asked.")),
    on_ticket("answered", _("The merchant answered because of %(number)s.")),
    on_ticket("moved", _("The deadline of %(number)s is %(due_at)s now."), due_at="moment"),
    on_ticket("replied", _("The reply to %(source)s was sent (%(number)s).")),
    on_ticket("ended", _("%(number)s is at its end.")),
)  # fmt: skip
