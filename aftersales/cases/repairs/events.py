"""What can happen to a repair or an exchange, each with the sentence a lead reads aloud."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.cases.events import case, parcel
from aftersales.cases.repairs.states import DueKind
from aftersales.core.events import Kind, register
from aftersales.core.models import Audience

CUSTOMER, INTERNAL = Audience.CUSTOMER, Audience.INTERNAL


def _due_words(payload: Mapping[str, Any]) -> dict[str, Any]:
    known: dict[Any, Any] = dict(DueKind.choices)
    return {"due": str(known.get(payload.get("due"), ""))}


def repair(code: str, sentence: Any, audience: str = CUSTOMER, moneyless: Any = "", **payload: str) -> Kind:
    return Kind(
        f"repair.{code}",
        sentence,
        {"case_id": "id", "currency": "code", **payload},
        audience=audience,
        moneyless=moneyless,
    )


def due(code: str, sentence: Any) -> Kind:
    told = {"case_id": "id", "due": "code", "amount": "amount", "currency": "code"}
    return Kind(f"case.due_{code}", sentence, told, audience=CUSTOMER, show=_due_words)


register(
    case("turned", _("%(actor)s turned the case into: %(kind)s, %(ground)s."), amount="amount", how="code",
         goods_back="flag", due="code"),
    case("replacement_chosen", _("The replacement was chosen; price difference %(amount)s."),
         moneyless=_("The replacement was chosen; it costs the same."), amount="amount"),
    case("replacement_sent", _("%(actor)s sent the replacement.")),
    due("asked", _("The customer owes %(amount)s: %(due)s.")),
    due("paid", _("The customer paid %(amount)s: %(due)s.")),
    due("dropped", _("%(amount)s is not owed any more: %(due)s.")),
    parcel("labelled", _("%(actor)s arranged how the parcel is handed in.")),
    repair("received", _("The article is in the workshop.")),
    repair("diagnosed", _("%(actor)s diagnosed the article."), cause="code"),
    repair("quoted", _("%(actor)s quoted %(amount)s for the repair."),
           moneyless=_("%(actor)s quoted: free of charge."), amount="amount"),
    repair("accepted", _("The customer accepted the quote of %(amount)s."),
           moneyless=_("The repair is free of charge."), amount="amount"),
    repair("declined", _("The customer declined the quote.")),
    repair("awaiting_parts", _("The repair waits for parts.")),
    repair("parts_arrived", _("The parts are here.")),
    repair("started", _("%(actor)s started the repair.")),
    repair("test_failed", _("The article did not pass its test; the repair goes on."), INTERNAL),
    repair("tested", _("%(actor)s wrote the test report: it passed."), cause="code", hit="flag"),
    repair("gave_up", _("The article cannot be repaired."), cause="code", hit="flag"),
    repair("sent_back", _("The article is on its way back to the customer.")),
    repair("returned", _("The customer has the article back; the proof of the repair runs.")),
    repair("came_back", _("The fault came back: the repair counts as failed.")),
    repair("withdrawn", _("The repair ended without result.")),
    Kind("fault_tree.created", _("%(actor)s opened a fault tree: %(code)s."), {"code": "code"}, audience=INTERNAL),
)  # fmt: skip
