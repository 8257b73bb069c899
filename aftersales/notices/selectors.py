"""Answers for pages: the inbox, its count, the messages about a row, a preview of a text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from accounts.states import Kind

from . import kinds, rules, texts
from .models import Gateway, Notice, NoticeTemplate, NoticeText
from .services import worded
from .states import OPEN, NoticeChannel, NoticeState, RecipientKind

PAGE = 30
BADGE_MOST = 99


def unread_count(user: Any) -> int:
    """How many unread messages the bell shows; counted up to 100, where it says 99+. One query."""
    return int(Notice.objects.in_inbox_of(user).unread().order_by()[: BADGE_MOST + 1].count())


def inbox(user: Any, *, before: int | None = None) -> tuple[list[Notice], bool]:
    """The newest messages of a person, from the one before ``before`` on.

    And whether there are older ones.
    """
    mine = Notice.objects.in_inbox_of(user).order_by("-pk")
    rows = list((mine.filter(pk__lt=before) if before else mine)[: PAGE + 1])
    return rows[:PAGE], len(rows) > PAGE


def notices_about(subject_kind: str, subject_id: int, *, limit: int = 100) -> list[Notice]:
    """Messages about one row, newest first. The caller decides who may look at the row."""
    return list(Notice.objects.about(subject_kind, subject_id).order_by("-pk")[:limit])


def kept_in(*templates: str) -> set[str]:
    """Of these kinds those that are not sent by mail at all; one that nobody changed is. One query."""
    rows = NoticeTemplate.objects.filter(code__in=templates)
    return {row.code for row in rows if not row.enabled or NoticeChannel.EMAIL not in row.channels}


def may_play_customer(user: Any) -> bool:
    """Whether this person may open a customer's signed page from the folder of mails: a demo account in demo mode.

    In production nobody may, whatever his roles: who reads a customer's mail must not answer in his name.
    """
    demo = not settings.PRODUCTION and user.kind == Kind.DEMO
    return bool(demo and user.has_perm("notices.play_customer"))


@dataclass(frozen=True)
class Reach:
    """Whether a message got out of the house to a customer: since when, still on its way, or why not.

    ``why``: a reason of ``SkipReason`` or ``parked``. Nothing known at all: no message was written yet.
    """

    sent_at: datetime | None = None
    on_its_way: bool = False
    why: str = ""


def reach(template: str, subject_kind: str, since: Mapping[int, datetime]) -> dict[int, Reach]:
    """How the messages of one kind to the customers of these rows fared, each from its moment on. One query.

    Sent on one channel is enough. A message inside the system reaches no customer: he has no inbox here.
    """
    rows = (
        Notice.objects.filter(
            subject_kind=subject_kind,
            subject_id__in=list(since),
            source=template,
            recipient_kind=RecipientKind.CUSTOMER,
        )
        .exclude(channel=NoticeChannel.IN_APP)
        .order_by("subject_id", "-id")
        .values_list("subject_id", "created_at", "state", "sent_at", "skip_reason")
    )
    found: dict[int, Reach] = {}
    for pk, created_at, state, sent_at, skipped in rows:
        if created_at >= since[pk]:
            found[pk] = _better(found.get(pk), _reach_of(state, sent_at, skipped))
    return found


def _reach_of(state: str, sent_at: datetime | None, skipped: str) -> Reach:
    if state == NoticeState.SENT:
        return Reach(sent_at=sent_at)
    return Reach(on_its_way=True) if state in OPEN else Reach(why=skipped or str(state))


def _better(one: Reach | None, other: Reach) -> Reach:
    """Sent before on its way before not at all; of two sent ones the later counts."""
    if one is None:
        return other
    if one.sent_at and other.sent_at:
        return one if one.sent_at >= other.sent_at else other
    if other.sent_at or (other.on_its_way and not one.sent_at):
        return other
    return one


@dataclass(frozen=True)
class Preview:
    """A text with sample values, as its reader would get it."""

    language: str
    subject: str
    body: str


def preview(text: NoticeText, *, now: Any) -> list[Preview]:
    """The text in both languages with the samples of its blanks and its frames."""
    kind = kinds.kind(text.template.code)
    wording: Mapping[str, NoticeText] = {**texts.in_force([], now=now), kind.code: text}
    return [_preview(kind, wording, language) for language in ("zh-hans", "en")]


def _preview(kind: kinds.NoticeKind, wording: Mapping[str, NoticeText], language: str) -> Preview:
    samples = {name: variable.sample(language) for name, variable in kind.variables.items()}
    now_known = {name: value for name, value in samples.items() if not kind.variables[name].late}
    subject, body = worded(kind, wording, now_known, language)
    return Preview(language, subject, rules.fill_late(body, samples))


def gateways_seen(user: Any) -> list[Gateway]:
    """Every gateway this person may see."""
    return list(Gateway.objects.visible_to(user))


def gateway(user: Any, code: str) -> Gateway | None:
    found: Gateway | None = Gateway.objects.visible_to(user).filter(code=code).first()
    return found


def sent_by(row: Gateway) -> list[Notice]:
    """The newest messages by gateway to its recipients. They hang on no one gateway: the first that serves sends."""
    mine = Notice.objects.filter(channel=NoticeChannel.HOOK, recipient_kind__in=row.recipients)
    return list(mine.order_by("-pk")[:PAGE])
