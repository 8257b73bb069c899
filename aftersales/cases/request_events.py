"""What can happen to a request and to a signal, and what the rule made of a case."""

from collections.abc import Mapping
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from aftersales.cases import request_states
from aftersales.cases.states import Side
from aftersales.core.events import Kind, register
from aftersales.core.models import Audience

CUSTOMER, INTERNAL, MERCHANT = Audience.CUSTOMER, Audience.INTERNAL, Audience.MERCHANT
WORDS: Mapping[str, type[models.TextChoices]] = {
    "kind": request_states.RequestKind,
    "party": Side,
    "signal": request_states.SignalKind,
}


def _words(payload: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for key, choices in WORDS.items():
        if key in payload:
            known: dict[Any, Any] = dict(choices.choices)
            shown[key] = str(known.get(payload[key], payload[key]))
    return shown


REQUEST = {"request_id": "id", "kind": "code", "party": "code"}


def request(code: str, sentence: Any, audience: str = CUSTOMER, **payload: str) -> Kind:
    return Kind(f"request.{code}", sentence, {**REQUEST, **payload}, audience=audience, show=_words)


def on_ticket(code: str, sentence: Any) -> Kind:
    told = {"request_id": "id", "number": "code", "kind": "code"}
    return Kind(f"ticket.request_{code}", sentence, told, audience=CUSTOMER, show=_words)


def flag(code: str, sentence: Any) -> Kind:
    told = {"case_id": "id", "signal": "code"}
    return Kind(f"case_flag.{code}", sentence, told, audience=INTERNAL, show=_words)


register(
    request("asked", _("%(actor)s took a request down: %(kind)s.")),
    request("changed", _("%(actor)s changed the details of the request.")),
    request("looked_at", _("%(actor)s looked at the whole address of the request."), MERCHANT),
    request("passed_on", _("It was passed on: %(party)s, by %(due_at)s."), due_at="moment"),
    request("done", _("The request is done: %(kind)s."), case_id="id"),
    request(
        "unproven", _("The merchant proved no dispatch in time: it was refunded by rule."), MERCHANT,
        dispatched_late="flag",
    ),
    request("refused", _("%(actor)s refused the request: %(kind)s.")),
    request("lapsed", _("Nobody answered the request in time: %(kind)s.")),
    request("withdrawn", _("The customer withdrew the request: %(kind)s.")),
    request("asked_again", _("%(actor)s asked again: %(party)s, by %(due_at)s."), due_at="moment"),
    request("became_case", _("%(actor)s made a case of the request."), case_id="id"),
    on_ticket("opened", _("%(actor)s took a request down: %(kind)s, %(number)s.")),
    on_ticket("ended", _("Request %(number)s is over: %(kind)s.")),
    flag("raised", _("A signal to be looked at: %(signal)s.")),
    flag("dismissed", _("%(actor)s found the signal unfounded: %(signal)s.")),
    flag("upheld", _("%(actor)s found the signal founded: %(signal)s.")),
    flag("reopened", _("%(actor)s looks at the signal again: %(signal)s.")),
    Kind(
        "case.left_to_person", _("The rule left it to a person."), {"case_id": "id", "why": "code"},
        audience=INTERNAL,
    ),
    Kind("case.person_asked", _("The customer asks for a person."), {"case_id": "id"}, audience=CUSTOMER),
    Kind(
        "case.instant_refused", _("The instant refund could not go out; a person pays it."),
        {"case_id": "id", "why": "code"}, audience=INTERNAL,
    ),
)  # fmt: skip
