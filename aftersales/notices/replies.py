"""Answers to our mails: each carries a sealed Message-ID and a sealed address to answer to.

A seal belongs to one message, hence to one recipient and to what the message is about. Who does not hold it cannot
speak in a conversation, whatever number he puts into the subject and whatever sender he writes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from aftersales.core import seals

from .models import Notice
from .states import RecipientKind

MESSAGE_ID, REPLY = "notices.message_id", "notices.reply"
OURS = re.compile(r"([A-Za-z0-9_-]{22})\.([a-z2-7]{26})@", re.IGNORECASE)
PLUS = re.compile(r"\+r([0-9]{1,18})-([a-z2-7]{26})$", re.IGNORECASE)
LINE = "##-"  # begins the line above which an answer stands; people and programs leave it alone
ANSWERABLE = frozenset({RecipientKind.CUSTOMER, RecipientKind.MERCHANT})
CANDIDATES = 20  # addresses and ids of one letter that are looked at


def answerable(notice: Notice) -> bool:
    """Customers and merchants may answer; a colleague's answer would never become words of staff."""
    return settings.MAIL_IN != "none" and notice.recipient_kind in ANSWERABLE


def message_id(notice: Notice, host: str) -> str:
    return f"<{notice.public_id}.{seals.seal(MESSAGE_ID, notice.public_id, *_bound(notice))}@{host}>"


def headers(notice: Notice) -> dict[str, str]:
    """The address to answer to, where answers are read."""
    if not answerable(notice):
        return {}
    local, _at, host = settings.MAIL_ADDRESS.rpartition("@")
    seal = seals.seal(REPLY, notice.pk, *_bound(notice))
    return {"Reply-To": f"{local}+r{notice.pk}-{seal}@{host}"}


def marked(notice: Notice, body: str) -> str:
    """The text under the line above which an answer stands."""
    if not answerable(notice):
        return body
    with override(notice.language):
        line = _("Please write your answer above this line")
    return f"{LINE} {line} -##\n\n{body}"


def notices_answered(*, addresses: Iterable[str], ids: Iterable[str]) -> list[Notice]:
    """The messages of ours that a letter proves to answer, by its recipients first, then by what it refers to."""
    by_address = [found for address in addresses if (found := _by_address(address))]
    return [*by_address, *by_ids(ids)]


def by_ids(ids: Iterable[str]) -> list[Notice]:
    """Messages whose sealed Message-ID stands among these words; a forged one names nothing."""
    named = [found.groups() for one in ids for found in OURS.finditer(one)][:CANDIDATES]
    rows = {
        row.public_id: row for row in Notice.objects.filter(public_id__in={name for name, _seal in named})
    }
    return [
        rows[name]
        for name, seal in named
        if name in rows and seals.fits(seal.lower(), MESSAGE_ID, name, *_bound(rows[name]))
    ]


def claims(addresses: Iterable[str], ids: Iterable[str]) -> bool:
    """Whether a letter says that it answers us, proven or not."""
    return any(_plus(one) for one in addresses) or any(OURS.search(one) for one in ids)


def _plus(address: str) -> re.Match[str] | None:
    return PLUS.search(address.rpartition("@")[0])


def _by_address(address: str) -> Notice | None:
    found = _plus(address)
    notice = Notice.objects.filter(pk=int(found.group(1))).first() if found else None
    if found is None or notice is None:
        return None
    return notice if seals.fits(found.group(2).lower(), REPLY, notice.pk, *_bound(notice)) else None


def _bound(notice: Notice) -> tuple[object, ...]:
    """What a seal belongs to: the row the message is about and its one recipient."""
    recipient: Mapping[str, int | None] = {
        RecipientKind.CUSTOMER: notice.customer_id,
        RecipientKind.USER: notice.user_id,
        RecipientKind.MERCHANT: notice.merchant_id,
    }
    kind = notice.recipient_kind
    return notice.subject_kind, notice.subject_id, kind, recipient[kind]
