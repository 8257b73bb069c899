"""What a person may do with a letter from a dialog: the form of each act and the service behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.cases.models import AuthorityCase
from aftersales.cases.services import authority as services
from aftersales.desk.authorityforms import (
    AnswerForm,
    AskForm,
    DeadlineForm,
    OutcomeForm,
    ReasonForm,
    ReplyForm,
    SentForm,
)

Run = Callable[..., Any]


@dataclass(frozen=True)
class LetterAct:
    """``capability`` and ``label`` of an act that is no move; ``fits`` says when it is offered."""

    run: Run
    form: type[forms.Form] = forms.Form
    label: Any = ""
    effect: Any = ""
    capability: str = ""
    fits: Callable[[AuthorityCase], bool] = lambda letter: letter.is_unanswered


def _ask(letter: AuthorityCase, data: Mapping[str, Any], **who: Any) -> Any:
    return services.merchant_ask(letter=letter, question=data["question"], until=data["until"], **who)


def _sent(letter: AuthorityCase, data: Mapping[str, Any], **who: Any) -> Any:
    return services.reply_sent(letter=letter, sent_by=data["sent_by"], reference=data["reference"], **who)


def _extend(letter: AuthorityCase, data: Mapping[str, Any], **who: Any) -> Any:
    return services.letter_extend(letter=letter, due_at=data["due_at"], reference=data["reason"], **who)


def _more(letter: AuthorityCase, data: Mapping[str, Any], **who: Any) -> Any:
    return services.letter_more(letter=letter, due_at=data["due_at"], words=data["reason"], **who)


def _take_over(letter: AuthorityCase, data: Mapping[str, Any], **who: Any) -> Any:
    return services.letter_hand(letter=letter, to=who["actor"], **who)


ACTS: Mapping[str, LetterAct] = {
    "accept": LetterAct(lambda letter, data, **who: services.letter_accept(letter=letter, **who)),
    "ask": LetterAct(_ask, AskForm),
    "answer": LetterAct(
        lambda letter, data, **who: services.merchant_answer(letter=letter, words=data["words"], **who), AnswerForm
    ),
    "draft": LetterAct(
        lambda letter, data, **who: services.reply_draft(letter=letter, text=data["text"], **who), ReplyForm
    ),
    "approve": LetterAct(lambda letter, data, **who: services.reply_approve(letter=letter, **who)),
    "turn_down": LetterAct(
        lambda letter, data, **who: services.reply_turn_down(letter=letter, reason=data["reason"], **who), ReasonForm
    ),
    "reply": LetterAct(_sent, SentForm),
    "ask_more": LetterAct(_more, DeadlineForm),
    "close": LetterAct(
        lambda letter, data, **who: services.letter_close(letter=letter, outcome=data["outcome"], **who), OutcomeForm
    ),
    "extend": LetterAct(
        _extend, DeadlineForm, pgettext_lazy("authority move", "Deadline moved by the office"),
        _("The new deadline counts; the old one stays on record, and a missed one stays missed."),
        "cases.handle_letter",
    ),
    "take_over": LetterAct(
        _take_over, forms.Form, pgettext_lazy("authority move", "Take it over"), _("You handle it from now on."),
        "cases.handle_letter", lambda letter: letter.is_unanswered and letter.handler_id is not None,
    ),
    "pass_on": LetterAct(
        lambda letter, data, **who: services.letter_pass_on(letter=letter, to=data["reason"], **who), ReasonForm
    ),
    "withdraw": LetterAct(
        lambda letter, data, **who: services.letter_withdraw(letter=letter, reference=data["reason"], **who), ReasonForm
    ),
}  # fmt: skip
