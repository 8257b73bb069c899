"""What the merchant is told because of a letter: the question and his time, nobody's name."""

from datetime import datetime

from accounts.services import system_user
from aftersales.cases.models import AuthorityCase
from aftersales.core.models import Event
from aftersales.notices.services import notice_send


def merchant_tell(*, event: Event, now: datetime) -> None:
    """The question of this event, once. Imports tell nobody."""
    rows = AuthorityCase.objects.select_related("ticket__merchant")
    letter = rows.filter(pk=event.subject_id).first()
    if letter is None or letter.ticket.merchant is None or letter.ticket.historic:
        return
    ask = letter.asks.filter(asked_at=event.at).first()
    if ask is None or ask.ended_at is not None:
        return
    notice_send(
        template="authority.merchant_asked", to=letter.ticket.merchant, about=letter.ticket,
        values={"number": letter.ticket.number, "due": ask.due_at, "question": ask.question},
        key=f"event:{event.pk}", actor=system_user(now), now=now,
    )  # fmt: skip
