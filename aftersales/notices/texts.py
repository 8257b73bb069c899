"""Services of message texts: load the shipped ones, draft, change, bring into force, return."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.services import system_user
from aftersales.core import moves, registers
from aftersales.core.errors import DomainError, NotPermitted, Refused

from . import kinds, rules
from .models import NoticeTemplate, NoticeText
from .states import TextSource, TextState

FRAMES = (kinds.SIGNATURE, kinds.FRAUD_WARNING)
WORDS = ("subject_zh", "body_zh", "subject_en", "body_en")


def permit(actor: Any, capability: str) -> None:
    if not actor.has_perm(capability):
        raise NotPermitted()


def in_force(codes: Iterable[str], *, now: datetime) -> dict[str, NoticeText]:
    """The texts of these kinds and of the frames, by code, in one query.

    A shipped kind that was never loaded is brought into force at its first use, so that no ticket waits for
    a set-up.
    """
    wanted = {*codes, *FRAMES}
    found = _in_force(wanted)
    if missing := wanted - set(found):
        texts_load(now=now, codes=missing)
        found = _in_force(wanted)
    return found


def _in_force(codes: Iterable[str]) -> dict[str, NoticeText]:
    rows = NoticeText.objects.in_force().filter(template__code__in=codes).select_related("template")
    return {row.template.code: row for row in rows}


def load(*, actor: Any, now: datetime) -> Mapping[str, int]:
    """The loader of this room for ``load_standards``; shipped texts are always the system's own act."""
    return {"texts": texts_load(now=now)}


def texts_load(*, now: datetime, codes: Iterable[str] | None = None) -> int:
    """Bring the shipped texts into force where nobody wrote another; answers how many versions are new.

    Acts as the system, which activates shipped defaults and is recorded. A changed shipped text becomes a
    draft where the department wrote its own.
    """
    system = system_user(now)
    chosen = kinds.declared() if codes is None else {code: kinds.kind(code) for code in codes}
    return sum(_load(kind, system, now) for _code, kind in sorted(chosen.items()))


def _load(kind: kinds.NoticeKind, system: Any, now: datetime) -> bool:
    """One kind; when somebody else loads it at this very moment, his rows are as good."""
    try:
        return _load_once(kind, system, now)
    except IntegrityError:
        return False


def _load_once(kind: kinds.NoticeKind, system: Any, now: datetime) -> bool:
    with transaction.atomic():
        template = _template(kind, system, now)
        if template.texts.filter(source=TextSource.SHIPPED, **kind.texts).exists():
            return False
        text = _create(template, kind.texts, TextSource.SHIPPED, system, now)
        current = NoticeText.objects.in_force().filter(template=template).first()
        if current is None or current.source == TextSource.SHIPPED:
            text_activate(text=text, actor=system, now=now)
    return True


def _template(kind: kinds.NoticeKind, system: Any, now: datetime) -> NoticeTemplate:
    """The locked row of the kind, made when it is new."""
    if not NoticeTemplate.objects.filter(code=kind.code).exists():
        row = NoticeTemplate(code=kind.code, channels=list(kind.channels))
        registers.create(row, actor=system, now=now, event="notice_template.created")
    return NoticeTemplate.objects.select_for_update().get(code=kind.code)


def text_draft(
    *, template: NoticeTemplate, words: Mapping[str, str], actor: Any, now: datetime
) -> NoticeText:
    """A new version of a text.

    ``words``: subject_zh, body_zh, subject_en, body_en. Refused with every problem found.
    """
    permit(actor, "notices.draft_text")
    with transaction.atomic():
        locked = NoticeTemplate.objects.select_for_update().get(pk=template.pk)
        return _create(locked, words, TextSource.WRITTEN, actor, now)


def _create(
    template: NoticeTemplate, words: Mapping[str, str], source: str, actor: Any, now: datetime
) -> NoticeText:
    checked = _checked(template, words)
    last = template.texts.order_by("-number").values_list("number", flat=True).first() or 0
    text = NoticeText(
        template=template, number=last + 1, source=source, drafted_by=actor, drafted_at=now, **checked
    )
    moves.create(text, actor=actor, now=now, event="notice_text.drafted")
    return text


def text_change(
    *, text: NoticeText, words: Mapping[str, str], version: int, actor: Any, now: datetime
) -> NoticeText:
    """Change a draft. Whoever changed it last counts as its writer and does not bring it into force."""
    permit(actor, "notices.draft_text")
    if text.state != TextState.DRAFT:
        raise DomainError(_("Only a draft can be changed; write a new version."), "not_a_draft")
    checked = _checked(text.template, words)
    changed: NoticeText = moves.change(
        text, actor=actor, now=now, event="notice_text.changed", version=version, drafted_by=actor,
        drafted_at=now, **_columns(checked),
    )  # fmt: skip
    return changed


def _columns(checked: Mapping[str, str]) -> dict[str, Any]:
    return dict(checked)


def text_activate(*, text: NoticeText, actor: Any, now: datetime) -> NoticeText:
    """Bring a draft into force in place of the present version; a second person does it."""
    with transaction.atomic():
        NoticeTemplate.objects.select_for_update().get(pk=text.template_id)
        current = NoticeText.objects.in_force().filter(template=text.template_id).first()
        if current is not None:
            moves.perform(current, "retire", actor=actor, now=now)
        activated: NoticeText = moves.perform(text, "activate", actor=actor, now=now)
    return activated


def text_reject(*, text: NoticeText, reason: str, actor: Any, now: datetime) -> NoticeText:
    """Return a draft with a reason; it is never used and stays readable."""
    rejected: NoticeText = moves.perform(text, "reject", actor=actor, now=now, reason=reason)
    return rejected


def template_change(
    *, template: NoticeTemplate, enabled: bool, channels: list[str], version: int, actor: Any, now: datetime
) -> NoticeTemplate:
    """Switch a kind of message on or off, or change its channels."""
    permit(actor, "notices.change_noticetemplate")
    changed: NoticeTemplate = registers.save(
        template, actor=actor, now=now, event="notice_template.changed", version=version, enabled=enabled,
        channels=channels,
    )  # fmt: skip
    return changed


def _checked(template: NoticeTemplate, words: Mapping[str, str]) -> dict[str, str]:
    """The four texts without surrounding blanks; raises Refused with everything that is wrong in them."""
    kind = kinds.kind(template.code)
    late = [name for name, variable in kind.variables.items() if variable.late]
    checked = {name: words.get(name, "").replace("\r\n", "\n").strip() for name in WORDS}
    problems = [
        problem
        for name, text in checked.items()
        for problem in [
            *rules.text_problems(text, kind.variables, late=late if name.startswith("subject") else ()),
            *rules.text_shape(text, one_line=name.startswith("subject")),
        ]
    ]
    if problems:
        raise Refused(list(dict.fromkeys(problems)))
    return checked
