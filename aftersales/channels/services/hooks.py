"""A system tells us something: proven, kept, answered at once; a job makes of it what it means.

Everything is idempotent by its own id and may arrive in any order: each fact sets only what it knows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import User
from accounts.services import customer_user, system_user
from aftersales.channels import told
from aftersales.channels.models import Connection, HookEvent, HookRefusal, Talk
from aftersales.channels.states import OwnReason, RefusedBecause, Taken, Told
from aftersales.core import events, jobs, moves, webhooks
from aftersales.core.errors import DomainError, NotPermitted, Refused
from aftersales.customers.models import Customer, CustomerAccount
from aftersales.customers.selectors import owners_of
from aftersales.customers.states import ContactKind
from aftersales.standards.selectors import duration
from aftersales.tickets.models import Ticket
from aftersales.tickets.services import contact_attempt_record, ticket_open
from aftersales.tickets.services.intake import draft_for
from aftersales.tickets.services.locking import root_of
from aftersales.tickets.services.transcripts import Line, transcript_keep
from aftersales.tickets.states import ACTIVE_STATES, TicketState

PURPOSE, TAKE, SOURCE = "channels.hook", "channels.take", "talk"
LANGUAGE = "zh-hans"  # of subjects the department reads
SUBJECT = 60
REFUSALS_KEPT = 200
REASON = 3


def secrets_of(connection: Connection, now: datetime) -> list[str]:
    """Secrets that count now, the newest first."""
    alive = connection.keys.filter(Q(until=None) | Q(until__gt=now)).order_by("-id")
    return webhooks.secrets(PURPOSE, alive.values_list("salt", flat=True))


def hook_prove(*, connection: Connection, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """The id of a request that proves that this system sent it. Raises told.Wrong with a code of RefusedBecause."""
    try:
        event_id = webhooks.proven(
            headers, body, secrets_of(connection, now), now=now, skew=duration("hook_skew_seconds", now)
        )
    except webhooks.Unproven as error:
        raise told.Wrong(error.code) from error
    if not connection.is_active:
        raise told.Wrong(RefusedBecause.SWITCHED_OFF)
    return event_id


def hook_keep(*, connection: Connection, event_id: str, body: bytes, now: datetime) -> tuple[HookEvent, bool]:
    """Keep one proven request; answers its row and whether it is new. The same id again changes nothing.

    Raises told.Wrong with a code of RefusedBecause.
    """
    content = told.parsed(body)
    fact = told.fact_of(content)
    row = HookEvent(
        connection=connection, event_id=event_id, kind=fact.kind, ref=fact.ref, body=content, received_at=now,
        fingerprint=hashlib.sha256(body).hexdigest(), outcome=Taken.DONE if fact.kind == Told.PING else Taken.WAITING,
    )  # fmt: skip
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            if row.outcome == Taken.WAITING:
                jobs.enqueue(TAKE, key=f"{TAKE}:{row.pk}", payload={"told": row.pk}, now=now)
    except IntegrityError:
        return _known(row), False
    return row, True


def _known(row: HookEvent) -> HookEvent:
    earlier: HookEvent = HookEvent.objects.get(connection=row.connection, event_id=row.event_id)
    if earlier.fingerprint != row.fingerprint:
        raise told.Wrong(RefusedBecause.OTHER_WORDS)
    return earlier


def refusal_note(*, connection: Connection, why: str, size: int, now: datetime) -> None:
    """Whoever sets the system up sees why it is turned away; only the newest are kept."""
    HookRefusal.objects.create(connection=connection, why=why, size=min(size, 2**31 - 1), at=now)
    old = HookRefusal.objects.filter(connection=connection).order_by("-id").values_list("pk", flat=True)
    if last := list(old[REFUSALS_KEPT : REFUSALS_KEPT + 1]):
        HookRefusal.objects.filter(connection=connection, pk__lte=last[0]).delete()


# What is made of it


def told_take(*, told_id: int, now: datetime) -> str:
    """Make of one fact what it means; once, however often it is asked."""
    with transaction.atomic():
        row = HookEvent.objects.select_for_update(of=("self",)).select_related("connection").get(pk=told_id)
        if row.outcome != Taken.WAITING:
            return str(row.outcome)
        fact = told.fact_of(row.body)
        talk = _talk(row.connection, fact, now)
        row.error = _apply(talk, fact, now)
        row.outcome = Taken.FAILED if row.error else Taken.DONE
        talk.save()
        row.save(update_fields=["outcome", "error"])
    return str(row.outcome)


def told_give_up(*, told_id: int, error: Exception, now: datetime) -> None:
    """Nothing could be made of it, several times: shown on the page of the system."""
    with transaction.atomic():
        row = HookEvent.objects.select_for_update(of=("self",)).get(pk=told_id)
        if row.outcome == Taken.WAITING:
            row.outcome, row.error = Taken.FAILED, f"{type(error).__name__}: {error}"[:300]
            row.save(update_fields=["outcome", "error"])


def _talk(connection: Connection, fact: told.Fact, now: datetime) -> Talk:
    """The conversation, locked; made by whichever fact arrives first."""
    Talk.objects.bulk_create([Talk(connection=connection, ref=fact.ref, heard_at=now)], ignore_conflicts=True)
    rows = Talk.objects.select_for_update(of=("self",)).select_related("connection")
    found: Talk = rows.get(connection=connection, ref=fact.ref)
    return found


def _apply(talk: Talk, fact: told.Fact, now: datetime) -> str:
    """What this fact says of the conversation; answers what could not be taken, or ""."""
    if talk.erased_at is None:
        talk.caller = talk.caller or fact.phone or fact.account
    talk.customer = talk.customer or _customer(talk, fact)
    talk.agent = talk.agent or User.objects.filter(username=fact.agent, is_active=True).first()
    talk.ticket = talk.ticket or _open_ticket(talk)
    at = min(fact.at or now, now)
    if fact.kind == Told.STARTED:
        talk.started_at = talk.started_at or at
    elif fact.kind == Told.ENDED:
        _ended(talk, fact, at, now)
    elif fact.kind == Told.ABANDONED:
        talk.abandoned, talk.ended_at = True, talk.ended_at or at
        talk.ticket = talk.ticket or _called_in_vain(talk, now)
    elif fact.kind == Told.TRANSCRIPT:
        _transcript(talk, fact, now)
    if fact.recording:
        if not told.allowed_recording(fact.recording, talk.connection.recording_hosts):
            return "recording: host not allowed"
        talk.recording = fact.recording if talk.erased_at is None else ""
    return ""


def _customer(talk: Talk, fact: told.Fact) -> Customer | None:
    """The one customer with this number or this account; several are nobody."""
    if fact.account and talk.connection.account_source:
        account = CustomerAccount.objects.filter(
            source=talk.connection.account_source, external_id=fact.account, customer__erased_at=None
        ).first()
        if account is not None:
            return Customer.objects.get(pk=account.customer_id)
    owners = owners_of(ContactKind.PHONE, fact.phone) if fact.phone else []
    return owners[0] if len(owners) == 1 else None


def _open_ticket(talk: Talk) -> Ticket | None:
    """The one open ticket of the caller; of several a person chooses."""
    if talk.customer is None:
        return None
    live = Ticket.objects.active().filter(customer=talk.customer, historic=False).order_by("-id")[:2]
    found = list(live)
    return found[0] if len(found) == 1 else None


def _ended(talk: Talk, fact: told.Fact, at: datetime, now: datetime) -> None:
    talk.ended_at, talk.seconds = (
        talk.ended_at or at,
        fact.seconds if fact.seconds is not None else talk.seconds,
    )
    _spoken(talk, now)


def _standing(ticket: Ticket | None) -> Ticket | None:
    """The ticket that goes on for this one, as it stands now; services lock it and judge again."""
    if ticket is None:
        return None
    found: Ticket = Ticket.objects.get(pk=root_of(ticket.pk) or ticket.pk)
    return found


def _spoken(talk: Talk, now: datetime) -> None:
    """A colleague who spoke with the customer of an open ticket has reached him: noted as his act, once."""
    ticket, agent = _standing(talk.ticket), talk.agent
    if (
        ticket is None
        or agent is None
        or not talk.seconds
        or talk.abandoned
        or not agent.has_perm("tickets.reply")
    ):
        return
    if ticket.customer_id != talk.customer_id or not talk.customer_id:
        return
    if ticket.state not in ACTIVE_STATES:
        return
    with override(LANGUAGE):
        said = _("%(system)s: spoke for %(minutes)d min %(seconds)d s.") % {
            "system": talk.connection.name, "minutes": talk.seconds // 60, "seconds": talk.seconds % 60,
        }  # fmt: skip
    contact_attempt_record(
        ticket=ticket, channel=talk.connection.channel, reached=True, said=said, actor=agent, now=now,
        source=SOURCE, source_ref=f"{talk.public_id}:spoken",
    )  # fmt: skip


def _called_in_vain(talk: Talk, now: datetime) -> Ticket:
    """A customer who hung up before anybody answered is called back: every contact is registered (R3.1)."""
    with override(LANGUAGE):
        subject = _("Hung up before anybody answered: please call back")
    return _opened(talk, subject, "", now)


def _transcript(talk: Talk, fact: told.Fact, now: datetime) -> None:
    """Lines join the ticket; without one, what the customer said first opens it."""
    source, place = f"{SOURCE}:{talk.connection_id}", talk.pk
    lines = [
        Line(
            ref=f"{place}:{one.id}", text=one.text, by_customer=one.who == "customer", at=one.at or fact.at or now,
            author=talk.agent if one.who == "agent" else None,
        )
        for one in fact.lines
        if one.text
    ]  # fmt: skip
    standing = _standing(talk.ticket)
    opening = standing is None or standing.state == TicketState.SEALED
    if opening:
        talk.ticket = _opened_by(talk, lines, now)
    try:
        with transaction.atomic():
            _lines_join(talk, lines, source, now, opening=opening)
    except Refused:  # finished, and the window to take it up again is over
        talk.ticket = _opened_by(talk, lines, now)
        _lines_join(talk, lines, source, now, opening=True)


def _opened_by(talk: Talk, lines: Sequence[Line], now: datetime) -> Ticket:
    """A ticket for what the customer said first."""
    first = next((line.text for line in lines if line.by_customer), lines[0].text if lines else talk.ref)
    return _opened(talk, first.split("\n")[0][:SUBJECT], "", now)


def _lines_join(talk: Talk, lines: Sequence[Line], source: str, now: datetime, *, opening: bool) -> None:
    """As with letters: a finished ticket whose customer speaks is taken up again. Raises Refused past its window."""
    assert talk.ticket is not None
    kept = transcript_keep(
        ticket=talk.ticket, lines=lines, channel=talk.connection.channel, source=source, actor=system_user(now),
        now=now, opening=opening,
    )  # fmt: skip
    if kept.heard and kept.ticket.state not in ACTIVE_STATES:
        moves.perform(
            kept.ticket, "reopen", actor=customer_user(now), now=now, acting_as=f"customer:{kept.ticket.customer_id}",
            reason=OwnReason.WROTE_AGAIN,
        )  # fmt: skip


def _opened(talk: Talk, subject: str, text: str, now: datetime) -> Ticket:
    """Each time another ticket: what the conversation opened earlier is finished by then."""
    earlier = Ticket.objects.filter(source=SOURCE, source_ref__startswith=talk.public_id).count()
    ref = f"{talk.public_id}:{earlier + 1}" if earlier else talk.public_id
    draft = draft_for(
        None, customer=talk.customer, source=SOURCE, source_ref=ref, subject=subject or talk.ref, text=text,
        channel=talk.connection.channel, opened_at=now, owner_id=talk.agent_id,
    )  # fmt: skip
    return ticket_open(draft=draft, actor=system_user(now), now=now)


# What people do with it


def talk_attach(*, connection: Connection, ref: str, ticket: Ticket, actor: Any, now: datetime) -> Talk:
    """The person who has the call says which ticket it is about; the system's facts may still be on their way.

    A call is named by its address alone, so what is known of it decides. Errors: not_permitted, foreign.
    """
    if not actor.has_perm("tickets.open_ticket"):
        raise NotPermitted()
    with transaction.atomic():
        talk = _talk(connection, told.Fact(Told.STARTED, ref), now)
        _refuse_foreign(talk, ticket, actor)
        if talk.ticket_id == ticket.pk:
            return talk
        talk.ticket, talk.agent = ticket, talk.agent or actor
        talk.customer_id = talk.customer_id or ticket.customer_id
        talk.save()
        _spoken(talk, now)
        events.record("talk.attached", subject=talk, actor=actor, now=now, payload={"ticket_id": ticket.pk})
    return talk


def _refuse_foreign(talk: Talk, ticket: Ticket, actor: Any) -> None:
    """Nobody draws a conversation to himself that stands where he does not look, or that another customer had."""
    seen = Ticket.objects.visible_to(actor).filter(pk__in=[ticket.pk, talk.ticket_id or ticket.pk]).count()
    if seen < len({ticket.pk, talk.ticket_id or ticket.pk}):
        raise NotPermitted()
    if talk.customer_id and talk.customer_id != ticket.customer_id:
        raise DomainError(_("This conversation was with another customer than the ticket's."), "foreign")


def recording_open(*, talk: Talk, reason: str, actor: Any, now: datetime) -> str:
    """The address of a recording, for one person and one reason, recorded. Errors: reason, no_recording."""
    if not actor.has_perm("channels.listen"):
        raise NotPermitted()
    if len(reason.strip()) < REASON:
        raise DomainError(_("Say what the recording is needed for."), "reason")
    if not talk.recording:
        raise DomainError(_("There is no recording."), "no_recording")
    payload = {"ticket_id": talk.ticket_id}
    events.record(
        "talk.recording_opened",
        subject=talk,
        actor=actor,
        now=now,
        reason=reason.strip()[:500],
        payload=payload,
    )
    return str(talk.recording)


def told_viewed(*, row: HookEvent, reason: str, actor: Any, now: datetime) -> Mapping[str, Any]:
    """What a system told, word for word, for a reason that is recorded. Error: reason."""
    if not actor.has_perm("channels.view_raw"):
        raise NotPermitted()
    if len(reason.strip()) < REASON:
        raise DomainError(_("Say what it is needed for."), "reason")
    events.record("hook.viewed", subject=row, actor=actor, now=now, reason=reason.strip()[:500])
    return dict(row.body)
