"""What follows an event of a case a little later: the customer is told (R3.7), the rule judges (R4.6)."""

from datetime import datetime

from aftersales.cases.models import Case
from aftersales.cases.services import asking, obliging
from aftersales.cases.services.automatic import approve_one
from aftersales.cases.services.disputetelling import sides_tell
from aftersales.cases.services.flags import case_look, expiry_look, parcel_look, pictures_look
from aftersales.cases.services.request_telling import request_tell
from aftersales.cases.services.requests import red_letter_open
from aftersales.cases.services.telling import customer_tell, merchant_tell, worker_tell
from aftersales.cases.services.weighing import refund_weigh
from aftersales.core.models import Event


def node_message(event: Event, now: datetime) -> None:
    """One message per event and reader, once: the event is the message's key."""
    customer_tell(event=event, now=now)
    merchant_tell(event=event, now=now)


def money_back(event: Event, now: datetime) -> None:
    """One message per event, once: whoever works on the ticket learns that a refund did not arrive."""
    worker_tell(event=event, now=now)


def rule_judges(event: Event, now: datetime) -> None:
    """Signals first, so that the instant refund knows them; then the rule, at once (R4.6); else the merchant."""
    case_look(case_id=event.subject_id, now=now)
    approve_one(case_id=event.subject_id, now=now)
    asking.person_decides(case_id=event.subject_id, now=now)


def merchants_turn(event: Event, now: datetime) -> None:
    """Asked anew, or left to a person by the rule: the merchant is asked, once for each time."""
    asking.person_decides(case_id=event.subject_id, now=now)


def merchant_asked(event: Event, now: datetime) -> None:
    """The question went out: his clock starts."""
    if event.payload.get("template") == asking.QUESTION:
        asking.question_fared(event=event, now=now)


def merchant_unreached(event: Event, now: datetime) -> None:
    """The question did not reach him: staff asks by other means."""
    if event.payload.get("template") == asking.QUESTION and event.payload.get("why") in asking.NO_WAY:
        asking.question_lost(event=event, now=now)


def obligation_missed(event: Event, now: datetime) -> None:
    """A merchant's time ran out: a person of the platform decides what follows."""
    obliging.obligation_missed(event=event, now=now)


def refund_late(event: Event, now: datetime) -> None:
    """A refund is late: what the platform had of that time is not the merchant's."""
    refund_weigh(event=event, now=now)


def merchant_wrote(event: Event, now: datetime) -> None:
    if event.source == "portal":  # there he decides by an act; a word to the platform is no answer
        return
    asking.merchant_wrote(ticket_id=event.subject_id, now=now)


def parcel_signals(event: Event, now: datetime) -> None:
    parcel_look(parcel_id=event.subject_id, now=now)


def expiry_signals(event: Event, now: datetime) -> None:
    expiry_look(parcel_id=event.subject_id, now=now)


def picture_signals(event: Event, now: datetime) -> None:
    """A customer wrote: his pictures belong to the open cases of the ticket."""
    for case in Case.objects.open().filter(ticket=event.subject_id).order_by("pk"):
        pictures_look(case=case, now=now)


def red_letter(event: Event, now: datetime) -> None:
    red_letter_open(payment_id=event.subject_id, now=now)


def request_message(event: Event, now: datetime) -> None:
    """One message per event, once: the event is the message's key."""
    request_tell(event=event, now=now)


def dispute_message(event: Event, now: datetime) -> None:
    """One message to each side per event, once."""
    sides_tell(event=event, now=now)
