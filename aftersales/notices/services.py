"""Writing messages: in the caller's transaction, once per key, sent later by ``delivery``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services import system_user
from aftersales.core import events, jobs, outgoing, registers, webhooks
from aftersales.core.errors import DomainError
from aftersales.core.models import new_public_id
from aftersales.customers.models import Customer
from aftersales.standards.selectors import duration

from . import gateways, kinds, mail, rules, texts
from .events import told
from .models import Gateway, Notice, NoticeText
from .querysets import NoticeQuerySet
from .states import GatewayForm, NoticeChannel, NoticeState, RecipientKind, SkipReason

CODE = re.compile(r"^[a-z0-9][a-z0-9-]{1,39}$")
DELIVER = "notices.deliver"
FORGET = "notices.forget"
AT_ONCE = 200  # people of one statement
BATCH = 20  # messages of one job: with ten seconds for a dead server each, the job stays inside its lease


@dataclass(frozen=True)
class Order:
    """One wish to tell somebody something. ``key`` makes it happen once per recipient and channel.

    ``to``: a customer, a user or a merchant (the row). ``about``: the row the message is about. ``values``:
    the blanks of the text; moments, amounts and translatable words are said in the recipient's language.
    """

    template: str
    to: Any
    about: models.Model
    values: Mapping[str, Any]
    key: str


def notice_send(
    *,
    template: str,
    to: Any,
    about: models.Model,
    values: Mapping[str, Any],
    key: str,
    actor: Any,
    now: datetime,
) -> list[Notice]:
    """Tell one person something (R3.7): one row per channel of the kind, sent after the commit.

    The same key again changes nothing and answers with the messages of the first time. An undeclared blank
    is a programming error (ValueError); a declared one without a value is shown as a dash.
    """
    return notices_send([Order(template, to, about, values, key)], actor=actor, now=now)


def notices_send(orders: Sequence[Order], *, actor: Any, now: datetime) -> list[Notice]:
    """Many messages in a handful of statements, whatever their number. People write in conversations, not here."""
    texts.permit(actor, "notices.send")
    if not orders:
        return []
    with transaction.atomic():
        wording = texts.in_force({order.template for order in orders}, now=now)
        rows = [row for order in orders for row in _written(order, wording, actor, now)]
        written = _insert(rows)
        waiting = [row.pk for row in written if row.state == NoticeState.QUEUED and row.created_at == now]
        for start in range(0, len(waiting), BATCH):
            deliver_later(waiting[start : start + BATCH], now=now)
    return written


def tell_each(
    template: str, *, to: models.QuerySet[Any], about: models.Model, values: Mapping[str, Any], key: str,
    actor: Any, now: datetime,
) -> int:  # fmt: skip
    """Tell each of these merchants or people who was not told of the row yet; how many.

    Killed halfway it goes on: each is told once.
    """
    column = "user_id" if to.model is User else "merchant_id"
    told = Notice.objects.filter(source=template).about(about._meta.label_lower, about.pk)
    listed = list(to.exclude(pk__in=told.values(column)).order_by("pk"))
    for start in range(0, len(listed), AT_ONCE):
        some = listed[start : start + AT_ONCE]
        notices_send([Order(template, one, about, values, key) for one in some], actor=actor, now=now)
    return len(listed)


def deliver_later(
    ids: Sequence[int], *, now: datetime, run_after: datetime | None = None, attempt: int = 0
) -> None:
    """Ask for the sending of these messages; asked twice for the same attempt, it happens once."""
    key = f"notices:{ids[0]}-{ids[-1]}:{attempt}"
    jobs.enqueue(DELIVER, key=key, payload={"ids": list(ids)}, now=now, run_after=run_after)


def _insert(rows: list[Notice]) -> list[Notice]:
    """One INSERT; when a key was used before, row by row, so that the others still go out."""
    try:
        with transaction.atomic():
            return Notice.objects.bulk_create(rows)
    except IntegrityError:
        return [_insert_once(row) for row in rows]


def _insert_once(row: Notice) -> Notice:
    row.pk = None
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return Notice.objects.get(source=row.source, source_ref=row.source_ref)
    return row


def _written(order: Order, wording: Mapping[str, NoticeText], actor: Any, now: datetime) -> list[Notice]:
    kind = kinds.kind(order.template)
    text = wording[kind.code]
    if unknown := set(order.values) - set(kind.variables):
        raise ValueError(f"{kind.code}: the blanks {sorted(unknown)} are not declared")
    if forbidden := [
        name for name in order.values if kind.variables[name].late or kind.variables[name].standing
    ]:
        raise ValueError(f"{kind.code}: {forbidden} is not the caller's to fill (kinds.Variable)")
    recipient, pk, language = _recipient(order.to)
    if recipient != kind.audience:
        raise ValueError(f"{kind.code} is for {kind.audience}, not for {recipient}")
    subject, body = worded(kind, wording, order.values, language)
    shared = {
        "source": kind.code, "text": text, "recipient_kind": recipient, f"{recipient}_id": pk,
        "language": language, "subject": subject, "body": body, "subject_kind": order.about._meta.label_lower,
        "subject_id": order.about.pk, "created_by_id": actor.pk, "created_at": now,
    }  # fmt: skip
    return [
        Notice(
            source_ref=f"{order.key}/{recipient}:{pk}/{channel}",
            channel=channel,
            **shared,
            **_start(text, channel, now),
        )
        for channel in text.template.channels
    ]


def _start(text: NoticeText, channel: str, now: datetime) -> dict[str, Any]:
    """A message in the system has arrived when it is written; the others wait for their sender."""
    if not text.template.enabled:
        return {"state": NoticeState.SKIPPED, "skip_reason": SkipReason.SWITCHED_OFF}
    if channel == NoticeChannel.IN_APP:
        return {"state": NoticeState.SENT, "sent_at": now}
    return {"state": NoticeState.QUEUED}


def worded(
    kind: kinds.NoticeKind, wording: Mapping[str, NoticeText], values: Mapping[str, Any], language: str
) -> tuple[str, str]:
    """Subject and body in the recipient's language, with the frames that belong to the kind."""
    text = wording[kind.code]
    late = {name for name, variable in kind.variables.items() if variable.late}
    with translation.override(language):
        given = {**kinds.standing(), **values}
        said = {name: rules.say(value) for name, value in given.items() if value not in (None, "")}
    parts = [rules.fill(text.body(language), said, late)]
    if kind.audience == RecipientKind.CUSTOMER:
        frames = [kinds.FRAUD_WARNING, kinds.SIGNATURE] if kind.money else [kinds.SIGNATURE]
        parts += [rules.fill(wording[code].body(language), said) for code in frames]
    flat = {name: rules.clean_line(value) for name, value in said.items()}
    return rules.clean_line(rules.fill(text.subject(language), flat)), "\n\n".join(parts)


def _recipient(to: Any) -> tuple[str, int, str]:
    """Who it is (kind and key) and the language he reads; Chinese where nothing is known."""
    if isinstance(to, Customer):
        return RecipientKind.CUSTOMER, to.pk, _language(to.languages)
    if isinstance(to, User):
        return RecipientKind.USER, to.pk, _language([to.language])
    return RecipientKind.MERCHANT, to.pk, _language(to.languages)


def _language(wanted: Iterable[str]) -> str:
    for code in wanted:
        if code.lower().startswith("en"):
            return "en"
        if code.lower().startswith("zh"):
            return "zh-hans"
    return "zh-hans"


def notice_mark_read(*, notice: Notice, actor: Any, now: datetime) -> None:
    """The recipient has seen his message; seen once stays seen."""
    _own(actor, lambda mine: mine.filter(pk=notice.pk), now)


def notices_mark_all_read(*, actor: Any, now: datetime) -> int:
    """Everything in the recipient's inbox up to this moment."""
    return _own(actor, lambda mine: mine.filter(created_at__lte=now), now)


def _own(actor: Any, narrowed: Callable[[Any], Any], now: datetime) -> int:
    return int(narrowed(Notice.objects.in_inbox_of(actor).unread()).update(read_at=now))


def notice_retry(*, notice: Notice, actor: Any, now: datetime) -> None:
    """Send a message again that was given up. Refused unless it is parked."""
    texts.permit(actor, "notices.retry")
    with transaction.atomic():
        locked = Notice.objects.select_for_update().get(pk=notice.pk)
        if locked.state != NoticeState.PARKED:
            raise DomainError(_("This message is not given up."), "not_parked")
        locked.state, locked.error = NoticeState.QUEUED, ""
        locked.save(update_fields=["state", "error"])
        events.record_many([told("notice.retried", locked, actor=actor, now=now)], now=now)
        deliver_later([locked.pk], now=now, attempt=locked.attempts)


def notice_bounced(*, notice: Notice, now: datetime) -> bool:
    """A sent mail came back: it did not reach the recipient, and everybody who follows the message learns it.

    Answers False when that was known, or when nothing had gone out.
    """
    with transaction.atomic():
        locked = Notice.objects.select_for_update().get(pk=notice.pk)
        if locked.state != NoticeState.SENT:
            return False
        locked.state, locked.skip_reason = NoticeState.BOUNCED, SkipReason.BAD_ADDRESS
        locked.save(update_fields=["state", "skip_reason"])
        draft = told("notice.bounced", locked, actor=system_user(now), now=now, why=SkipReason.BAD_ADDRESS)
        events.record_many([draft], now=now)
    return True


def notices_erase(*, rows: NoticeQuerySet, now: datetime) -> int:
    """Empty the words of these messages and remove their copies in the folder of mails (R2.2).

    That they were sent stays known. Whoever calls has checked the right and records the event.
    """
    with transaction.atomic():
        full = rows.filter(erased_at=None).order_by("pk").select_for_update()
        found = dict(full.values_list("pk", "public_id"))
        Notice.objects.filter(pk__in=found).update(subject="", body="", contact_id=None, erased_at=now)
        if found:
            jobs.enqueue(FORGET, key=f"{FORGET}:{min(found)}-{max(found)}:{now.isoformat()}", now=now)
    return len(found)


def customer_forget(customer: Customer, *, actor: Any, reason: str, now: datetime) -> None:
    """All messages to a customer whose data is erased."""
    notices_erase(rows=Notice.objects.to_customer(customer.pk), now=now)


def erased_mails_remove() -> int:
    """Remove the mails of erased messages from the folder.

    A mail may be written in the moment in which its message is erased; so the folder is compared with the rows.
    """
    erased = Notice.objects.filter(public_id__in=mail.names()).exclude(erased_at=None)
    return mail.forget(list(erased.values_list("public_id", flat=True)))


def outbox_tidy(*, now: datetime) -> int:
    """Empty the folder of mails: what lies there longer than the rule book allows, and what was erased since."""
    return mail.forget(mail.kept_before(now - duration("outbox_days", now))) + erased_mails_remove()


# Gateways


def gateway_create(
    *, code: str, name: str, form: str, url: str, recipients: Sequence[str], actor: Any, now: datetime
) -> tuple[Gateway, str]:
    """A gateway and its secret, which nobody sees again. Errors: code, url, taken."""
    texts.permit(actor, "notices.manage_gateways")
    if not CODE.match(code) or form not in GatewayForm.values or not name.strip():
        raise DomainError(
            _("A code has 2 to 40 small letters, digits and hyphens; name and kind are needed."), "code"
        )
    row = Gateway(
        code=code, name=name.strip()[:80], form=form, url=_address(url), recipients=_recipients(recipients),
        created_at=now,
    )  # fmt: skip
    try:
        with transaction.atomic():
            created: Gateway = registers.create(row, actor=actor, now=now, event="gateway.created")
    except IntegrityError as error:
        raise DomainError(_("A gateway has this code already."), "taken") from error
    return created, webhooks.secret(gateways.PURPOSE, created.salt)


def gateway_change(
    *,
    gateway: Gateway,
    name: str,
    url: str,
    recipients: Sequence[str],
    is_active: bool,
    version: int,
    actor: Any,
    now: datetime,
) -> Gateway:
    """Rename, point elsewhere (an empty ``url`` keeps the present one), switch on or off. Error: url."""
    texts.permit(actor, "notices.manage_gateways")
    columns: dict[str, Any] = {"url": _address(url)} if url.strip() else {}
    changed: Gateway = registers.save(
        gateway, actor=actor, now=now, event="gateway.changed", version=version, name=name.strip()[:80] or gateway.name,
        recipients=_recipients(recipients), is_active=is_active, **columns,
    )  # fmt: skip
    return changed


def gateway_rotate(*, gateway: Gateway, actor: Any, now: datetime) -> str:
    """A new secret, answered once; requests are signed with both for a while."""
    texts.permit(actor, "notices.manage_gateways")
    salt = new_public_id()
    registers.save(
        gateway, actor=actor, now=now, event="gateway.rotated", salt=salt, old_salt=gateway.salt,
        old_until=now + duration("secret_overlap_hours", now),
    )  # fmt: skip
    return webhooks.secret(gateways.PURPOSE, salt)


def gateway_test(*, gateway: Gateway, actor: Any, now: datetime) -> str:
    """Send a test at once; answers "" when the gateway took it, else the code of what went wrong."""
    texts.permit(actor, "notices.manage_gateways")
    words = {"subject": str(_("Test")), "text": str(_("The gateway works.")), "to": "", "kind": "test"}
    event_id = f"test-{new_public_id()}"
    try:
        gateways.call(gateway, {"id": event_id, **words}, event_id=event_id, now=now)
        answer = ""
    except outgoing.NotSent as error:
        answer = error.code
    events.record("gateway.tested", subject=gateway, actor=actor, now=now, payload={"answer": answer or "ok"})
    return answer


def _address(url: str) -> str:
    """An address that may be called; where it leads is judged anew at each call."""
    try:
        outgoing.checked(url.strip(), private=settings.GATEWAYS_INSIDE)
    except outgoing.NotSent as error:
        raise DomainError(_("The address must look like https://gateway.example.com/send."), "url") from error
    return url.strip()[:500]


def _recipients(wanted: Sequence[str]) -> list[str]:
    found = [one for one in RecipientKind.values if one in wanted]
    if not found:
        raise DomainError(_("Choose for whom the gateway is."), "recipients")
    return found
