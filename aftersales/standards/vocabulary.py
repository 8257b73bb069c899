"""Codes of conditions and triggers in words. Rooms above offer theirs, since the rule book cannot know them."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aftersales.core.wording import listed

_offered: dict[str, dict[str, Any]] = {}

EVENTS: Mapping[str, Any] = {
    "ticket.opened": gettext_lazy("the problem is registered"),
    "ticket.triaged": gettext_lazy("it is graded"),
    "ticket.regraded": gettext_lazy("its grade changes"),
    "ticket.replied": gettext_lazy("staff answer the customer"),
    "ticket.customer_wrote": gettext_lazy("the customer writes"),
    "ticket.merchant_asked": gettext_lazy("the merchant is asked"),
    "ticket.merchant_told": gettext_lazy("the merchant has the question"),
    "ticket.merchant_wrote": gettext_lazy("the merchant answers"),
    "ticket.emergency_started": gettext_lazy("the emergency response starts"),
    "ticket.started": gettext_lazy("work starts"),
    "ticket.planned": gettext_lazy("the plan is recorded"),
    "ticket.solution_agreed": gettext_lazy("the solution is agreed"),
    "ticket.waiting": gettext_lazy("the ticket waits"),
    "ticket.waiting?for=customer": gettext_lazy("it waits for the customer"),
    "ticket.waiting?for=merchant": gettext_lazy("it waits for the merchant"),
    "ticket.waiting?for=carrier": gettext_lazy("it waits for the carrier"),
    "ticket.waiting?for=payment": gettext_lazy("it waits for the payment provider"),
    "ticket.waiting?for=warehouse": gettext_lazy("it waits for the warehouse"),
    "ticket.waiting?for=repair": gettext_lazy("it waits for the repair shop"),
    "ticket.waiting?for=partner": gettext_lazy("it waits for the service partner"),
    "ticket.waiting?for=bank": gettext_lazy("it waits for the bank"),
    "ticket.waiting?for=authority": gettext_lazy("it waits for an authority"),
    "ticket.waiting?for=tech": gettext_lazy("it waits for the technical department"),
    "ticket.waiting?for=department": gettext_lazy("it waits for another department"),
    "ticket.waiting?for=scheduled": gettext_lazy("it waits for an agreed date"),
    "ticket.resumed": gettext_lazy("it goes on"),
    "ticket.resolved": gettext_lazy("it is resolved"),
    "ticket.resolved?told=yes": gettext_lazy("it is resolved and the customer told"),
    "ticket.asked_to_confirm": gettext_lazy("the customer is asked whether it is solved"),
    "ticket.asked_to_confirm?then=silence": gettext_lazy("the customer of an ordinary ticket is asked"),
    "ticket.not_asked": gettext_lazy("no message could ask the customer"),
    "ticket.contact_tried": gettext_lazy("a person tries to reach the customer"),
    "ticket.contact_tried?told=answer": gettext_lazy("a person reaches the customer"),
    "ticket.contact_tried?told=result": gettext_lazy("a person tells the customer the result"),
    "ticket.refused_solution": gettext_lazy("the customer says that it is not solved"),
    "ticket.confirmed": gettext_lazy("the customer confirms"),
    "ticket.verified": gettext_lazy("the customer confirms to staff"),
    "ticket.closed": gettext_lazy("it is closed"),
    "ticket.unreachable": gettext_lazy("the customer cannot be reached"),
    "ticket.reopened": gettext_lazy("it is reopened"),
    "ticket.archived": gettext_lazy("it is archived"),
    "ticket.cancelled": gettext_lazy("it is cancelled"),
    "ticket.merged": gettext_lazy("it is merged"),
    "discovery.noted": gettext_lazy("a problem is found"),
    "discovery.reported": gettext_lazy("it is reported"),
    "discovery.dismissed": gettext_lazy("it turns out to be none"),
    "case.to_decide": gettext_lazy("the case is opened"),
    "case.amended": gettext_lazy("the request is changed"),
    "case.address_asked": gettext_lazy("goods are to come back and no return address is known"),
    "case.address_given": gettext_lazy("the return address is known"),
    "case.goods_arrived": gettext_lazy("the carrier delivered the returned goods"),
    "case.goods_confirmed": gettext_lazy("it is known what became of the delivered goods"),
    "case.replacement_owed": gettext_lazy("nothing stands before the replacement any more"),
    "case.replacement_sent": gettext_lazy("the replacement is sent"),
    "case.turned": gettext_lazy("the case goes on as something else"),
    "case.merchant_told": gettext_lazy("the merchant has the request"),
    "case.merchant_wrote": gettext_lazy("the merchant answers"),
    "case.offered": gettext_lazy("an offer is made"),
    "case.approved": gettext_lazy("it is approved"),
    "case.approved?how=staff": gettext_lazy("staff approve it"),
    "case.approved?how=rule": gettext_lazy("the rule approves it"),
    "case.approved?due=now": gettext_lazy("a refund is approved for which no goods come back"),
    "case.rejected": gettext_lazy("it is rejected"),
    "case.rejected?how=staff": gettext_lazy("staff refuse it"),
    "case.disputed": gettext_lazy("the platform is to decide"),
    "case.closed": gettext_lazy("the case is done and paid"),
    "case.withdrawn": gettext_lazy("the customer withdraws"),
    "case.settled?due=none": gettext_lazy("the inspection leaves nothing to refund"),
    "case.goods_in": gettext_lazy("the goods are received"),
    "repair.received": gettext_lazy("the shop receives it"),
    "repair.sent_back": gettext_lazy("the shop sends it back"),
    "repair.awaiting_parts": gettext_lazy("parts are missing"),
    "repair.parts_arrived": gettext_lazy("parts arrive"),
    "repair.withdrawn": gettext_lazy("the repair is called off"),
    "repair.quoted": gettext_lazy("the repair is quoted"),
    "repair.accepted": gettext_lazy("the customer accepts the quote"),
    "repair.declined": gettext_lazy("the customer declines the quote"),
    "repair.gave_up": gettext_lazy("the article cannot be repaired"),
}


def offer(condition: str, choices: Iterable[tuple[str, Any]]) -> None:
    """A room above names its codes for a condition (``severities``, ``channels`` …), in ``AppConfig.ready()``."""
    _offered[condition] = dict(choices)


def choices(condition: str) -> list[tuple[str, Any]]:
    """The codes a condition may name, with their words."""
    return list(_offered.get(condition, {}).items())


def word(condition: str, code: str) -> str:
    """One code in words; an unknown one as it is."""
    return str(_offered.get(condition, {}).get(code, code))


def words(condition: str, codes: Iterable[str]) -> str:
    """Several codes in words, in the language's way of listing."""
    return listed(word(condition, code) for code in codes)


def code_words(code: str) -> str:
    """One entry of a list of codes: a word where a room above offers one, with its amount ("load=25")."""
    name, equals, amount = code.partition("=")
    shown = next(
        (str(known[name]) for key, known in _offered.items() if name in known and key in LISTED), name
    )
    return f"{shown} {amount}" if equals else shown


LISTED = frozenset({"dispatch_parts", "severities"})
"""Vocabularies whose words may stand in a list of codes."""


def event_words(triggers: Iterable[str]) -> str:
    """Triggers as a person would say them."""
    return listed(str(EVENTS.get(trigger, trigger)) for trigger in triggers)


def weekday_words(number: int) -> str:
    """The weekday by its number, 0 is Monday."""
    return [
        _("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"),
    ][number]  # fmt: skip
