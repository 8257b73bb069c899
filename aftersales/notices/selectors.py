"""Answers for pages: the inbox, its count, the messages about a row, a preview of a text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import kinds, rules, texts
from .models import Notice, NoticeText
from .services import worded

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
