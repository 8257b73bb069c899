"""Every write about exams: the bank by two persons, papers frozen, answers under the clock, marks never one's own."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max, Sum
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services import system_user
from aftersales.core import moves, registers, series
from aftersales.core.errors import DomainError, NotPermitted, Refused
from aftersales.core.wording import stamp
from training import admission, courseselectors, examrules, examselectors
from training.exammachine import MARK_EXAMS, SIT
from training.models import Attempt, Exam, ExamVersion, Item, Question, QuestionVersion
from training.services import DRAFT, draft_version, require
from training.states import CHOSEN, AttemptState, QuestionKind

QUESTION_TERMS = (
    "kind", "text", "options", "right", "model_answer", "explanation", "difficulty", "cites",
)  # fmt: skip
EXAM_TERMS = ("blueprint", "minutes", "pass_percent", "partial", "tries", "wait_hours", "appeal_days")
OWN_SOURCE = {"source_ref": "R1.1", "source_zh": "部门自编考试", "source_en": "The department's own exam"}
UNSOUND = {
    "model_answer": _("A short text needs a model answer for whoever marks it."),
    "options": _("Give at least two options, each on its own line, none twice."),
    "many_options": _("A question has at most %(most)s options."),
    "long_option": _("An option has at most %(n)s characters."),
    "right": _("The right answer does not fit the options and the kind of question."),
}
LONGEST_ANSWER = 4000


# ---------------------------------------------------------------------------------------------------- bank
def question_create(
    *, code: str, topic: str, actor: Any, now: datetime, reason: str = "", **terms: Any
) -> QuestionVersion:
    """A question with its first draft. Errors: not_permitted, code_taken, and those of a draft."""
    require(actor, DRAFT)
    with transaction.atomic():
        row = Question(code=code, topic=topic)
        taken = _("There is a question %(code)s already.") % {"code": code}
        registers.create_coded(row, taken=taken, actor=actor, now=now, event="question.created")
        return question_draft(question=row, actor=actor, now=now, reason=reason, **OWN_SOURCE | terms)


def question_draft(
    *, question: Question, actor: Any, now: datetime, reason: str = "", **terms: Any
) -> QuestionVersion:
    """The next version of a question. Errors: sitting, model_answer, options, many_options, long_option, right."""
    refuse_while_sitting(actor)
    with transaction.atomic():
        drafted: QuestionVersion = draft_version(
            QuestionVersion(question=question), QUESTION_TERMS, actor, now, reason, terms
        )
        check_question(drafted)
    return drafted


def check_question(row: QuestionVersion) -> None:
    """A question that cannot be marked is refused. Errors: model_answer, options, many_options, long_option, right."""
    wrong = examrules.sound_question(row.kind, row.options, row.right, row.model_answer)
    if wrong:
        words = {"n": examrules.LONGEST_OPTION, "most": len(examrules.LETTERS)}
        raise DomainError(UNSOUND[wrong] % words, wrong)


def refuse_while_sitting(actor: Any) -> bool:
    """Who sits an exam at this moment opens neither the bank nor other papers: what is right stands there.

    Error: sitting.
    """
    if Attempt.objects.filter(person_id=actor.pk, state=AttemptState.STARTED).exists():
        raise DomainError(_("You are sitting an exam; hand it in before you open this page."), "sitting")
    return True


def exam_create(
    *, code: str, name_zh: str, name_en: str, actor: Any, now: datetime, reason: str = "", **terms: Any
) -> ExamVersion:
    """An exam with its first draft. Errors: not_permitted, code_taken, blueprint."""
    require(actor, DRAFT)
    with transaction.atomic():
        row = Exam(code=code, name_zh=name_zh, name_en=name_en)
        taken = _("There is an exam %(code)s already.") % {"code": code}
        registers.create_coded(row, taken=taken, actor=actor, now=now, event="exam.created")
        return exam_draft(exam=row, actor=actor, now=now, reason=reason, **OWN_SOURCE | terms)


def exam_draft(*, exam: Exam, actor: Any, now: datetime, reason: str = "", **terms: Any) -> ExamVersion:
    """The next version of an exam. Errors: blueprint."""
    examrules.parse(terms.get("blueprint", "* | * | * | 1 | 1"))
    drafted: ExamVersion = draft_version(ExamVersion(exam=exam), EXAM_TERMS, actor, now, reason, terms)
    return drafted


# ------------------------------------------------------------------------------------------------- sitting
def attempt_start(*, exam: Exam, actor: Any, now: datetime) -> Attempt:
    """Draw a paper and start its clock; an attempt that runs is taken up again.

    Nobody is asked what he drafted or brought into force himself. Errors: not_permitted (also somebody from outside
    who is not to sit this exam), no_version, no_tries, wait, bank_too_small.
    """
    require(actor, SIT)
    if not admission.may_sit(actor, exam.pk, now):
        raise NotPermitted()
    with transaction.atomic():
        User.objects.select_for_update(no_key=True, of=("self",)).get(pk=actor.pk)
        running = Attempt.objects.filter(exam=exam, person_id=actor.pk, state=AttemptState.STARTED).first()
        if running is not None and now < running.due_at:
            return running  # type: ignore[no-any-return]
        if running is not None:
            _hand_in(running, "time_out", system_user(now), now)
        version = ExamVersion.objects.in_force(now).filter(exam=exam).order_by("-number").first()
        if version is None:
            raise DomainError(_("No version of this exam is in force."), "no_version")
        _refuse_retake(version, actor, now)
        return _drawn(version, actor, now)


def _refuse_retake(version: ExamVersion, actor: Any, now: datetime) -> None:
    sat = Attempt.objects.filter(exam_version=version, person_id=actor.pk).exclude(state=AttemptState.VOID)
    if version.tries is not None and sat.count() >= version.tries:
        words = {"n": version.tries}
        raise DomainError(
            _("All %(n)s tries of this exam are used; talk to your trainer about what to learn first.")
            % words,
            "no_tries",
        )
    last = sat.aggregate(last=Max("submitted_at"))["last"]
    again = last + timedelta(hours=version.wait_hours) if last else None
    if again is not None and now < again:
        moment = {"at": stamp(again)}
        raise DomainError(_("This exam may be sat again from %(at)s on.") % moment, "wait")


def _drawn(version: ExamVersion, actor: Any, now: datetime) -> Attempt:
    seed = secrets.token_hex(16)
    pool = examselectors.pool(actor, now)
    drawn = examrules.draw(examrules.parse(version.blueprint), pool, seed)
    asked = QuestionVersion.objects.in_bulk([pk for pk, _points in drawn])
    row = Attempt(
        number=series.next_number("exam_attempt", now), exam_id=version.exam_id, exam_version=version,
        person_id=actor.pk, seed=seed, started_at=now, due_at=now + timedelta(minutes=version.minutes),
        max_score=sum((points for _pk, points in drawn), start=Decimal(0)),
    )  # fmt: skip
    moves.create(
        row,
        actor=actor,
        now=now,
        event="attempt.started",
        payload=row._payload(),
        rule_version=version.citation,
    )
    Item.objects.bulk_create(
        _frozen(row, place, asked[pk], points) for place, (pk, points) in enumerate(drawn, 1)
    )
    return row


def _frozen(attempt: Attempt, place: int, asked: QuestionVersion, points: Decimal) -> Item:
    options, key = list(asked.options), list(asked.right)
    if asked.kind != QuestionKind.TRUTH:
        options, key = examrules.shuffled(options, key, f"{attempt.seed}:{asked.pk}")
    return Item(
        attempt=attempt, place=place, question_version=asked, kind=asked.kind, text=asked.text, options=options,
        key=key, points=points,
    )  # fmt: skip


def answer_save(
    *, attempt: Attempt, place: int, actor: Any, now: datetime, picked: Sequence[int] = (), words: str = "",
    serial: int = 0,
) -> Item:  # fmt: skip
    """Save one answer. An older one that arrives later (``serial``) changes nothing; the same twice is once.

    Errors: gone (not one's own, or no such question), handed_in, late, no_option.
    """
    require(actor, SIT)
    with transaction.atomic():
        row = _mine(attempt, actor)
        _refuse_late(row, now)
        item = Item.objects.select_for_update().filter(attempt=row, place=place).first()
        if item is None:
            raise DomainError(_("This no longer exists."), "gone")
        if serial < item.serial:
            return item  # type: ignore[no-any-return]
        chosen = list(dict.fromkeys(picked)) if item.kind in CHOSEN else []
        if any(not 0 <= one < len(item.options) for one in chosen):
            raise DomainError(_("There is no such option."), "no_option")
        if item.kind in {QuestionKind.SINGLE, QuestionKind.TRUTH} and len(chosen) > 1:
            raise DomainError(_("Choose one option."), "no_option")
        item.picked, item.words = chosen, words[:LONGEST_ANSWER] if item.kind == QuestionKind.SHORT else ""
        item.serial, item.saved_at = serial, now
        item.save(update_fields=["picked", "words", "serial", "saved_at"])
    return item  # type: ignore[no-any-return]


def _mine(attempt: Attempt, actor: Any) -> Attempt:
    if attempt.person_id != actor.pk:
        raise DomainError(_("This no longer exists."), "gone")
    return moves.locked(attempt)


def _refuse_late(row: Attempt, now: datetime) -> None:
    if row.state != AttemptState.STARTED:
        raise DomainError(_("This exam is handed in; nothing is changed any more."), "handed_in")
    grace = timedelta(seconds=int(courseselectors.number("exam_grace", now)))
    if now > row.due_at + grace:
        words = {"at": stamp(row.due_at)}
        raise DomainError(
            _("The time ended at %(at)s. This answer came too late; what was saved before counts.") % words,
            "late",
        )


def attempt_submit(*, attempt: Attempt, actor: Any, now: datetime) -> Attempt:
    """Hand in; what a machine can mark is marked at once. Errors: gone, not_own, wrong_state."""
    with transaction.atomic():
        row = _mine(attempt, actor)
        return _hand_in(row, "submit" if now < row.due_at else "time_out", actor, now)


def _hand_in(row: Attempt, name: str, actor: Any, now: datetime) -> Attempt:
    system = system_user(now)
    row = moves.perform(row, name, actor=system if name == "time_out" else actor, now=now)
    items = list(Item.objects.select_for_update().filter(attempt=row))
    for item in items:
        if item.kind != QuestionKind.SHORT:
            item.got = examrules.points_for(
                item.kind, item.key, item.picked, item.points, row.exam_version.partial
            )
        elif not item.words.strip():
            item.got = Decimal(0)
    Item.objects.bulk_update(items, ["got"])
    return _mark_when_whole(row, system, now)


def _mark_when_whole(row: Attempt, actor: Any, now: datetime) -> Attempt:
    if Item.objects.filter(attempt=row, got=None).exists():
        return row
    until = now + timedelta(days=row.exam_version.appeal_days)
    return moves.perform(row, "mark", actor=actor, now=now, until=until, **_result(row))


def _result(row: Attempt) -> dict[str, Any]:
    score = Item.objects.filter(attempt=row).aggregate(sum=Sum("got"))["sum"] or Decimal(0)
    return {
        "score": score, "passed": examrules.is_passed(score, row.max_score, row.exam_version.pass_percent)
    }  # fmt: skip


def attempts_sweep(*, actor: Any, now: datetime) -> int:
    """Papers whose time is over are handed in with what was saved. Answers how many."""
    grace = timedelta(seconds=int(courseselectors.number("exam_grace", now)))
    over = Attempt.objects.filter(state=AttemptState.STARTED, due_at__lt=now - grace)
    done = 0
    for row in over.order_by("pk")[:500]:
        with transaction.atomic():
            held = Attempt.objects.select_for_update(skip_locked=True, of=("self",)).filter(
                pk=row.pk, state=AttemptState.STARTED
            )
            for one in held:
                _hand_in(one, "time_out", actor, now)
                done += 1
    return done


# ------------------------------------------------------------------------------------------------- marking
def texts_mark(
    *, attempt: Attempt, marks: Mapping[int, tuple[Decimal, str]], actor: Any, now: datetime
) -> Attempt:
    """Points and a remark for short texts, by place; with the last one the paper is marked.

    What a colleague has marked meanwhile stays his. Errors: not_permitted, own_exam, wrong_state, no_text, points,
    marked_already.
    """
    require(actor, MARK_EXAMS)
    with transaction.atomic():
        row = moves.locked(attempt)
        _refuse_own(row, actor)
        if row.state != AttemptState.SUBMITTED:
            raise DomainError(_("This paper does not wait for marks."), "wrong_state")
        for place, (got, remark) in marks.items():
            item = Item.objects.select_for_update().filter(attempt=row, place=place).first()
            if item is None or item.kind != QuestionKind.SHORT:
                raise DomainError(_("Only short texts are marked by a person."), "no_text")
            if not _is_colleagues(item, got, remark, actor):
                _give(item, got, remark, actor)
        return _mark_when_whole(row, actor, now)


def _is_colleagues(item: Item, got: Decimal, remark: str, actor: Any) -> bool:
    """Whether a colleague gave just these points already; other points are refused. Error: marked_already."""
    if item.marked_by_id in (None, actor.pk):
        return False
    if (got, remark.strip()) != (item.got, item.remark):
        words = {"n": item.place, "who": item.marked_by, "got": item.got}
        raise DomainError(
            _("%(who)s has given question %(n)s %(got)s points meanwhile. Open the paper again.") % words,
            "marked_already",
        )
    return True


def _refuse_own(row: Attempt, actor: Any) -> None:
    refusals = list(examrules.not_ones_own_paper(row, {}, actor, row.started_at, {}))
    if refusals:
        raise Refused(refusals)


def _refuse_points(item: Item, got: Decimal) -> None:
    if not 0 <= got <= item.points:
        words = {"n": item.place, "most": item.points}
        raise DomainError(_("Question %(n)s gives 0 to %(most)s points.") % words, "points")


def _give(item: Item, got: Decimal, remark: str, actor: Any) -> None:
    _refuse_points(item, got)
    item.got, item.remark, item.marked_by_id = got, remark.strip()[:500], actor.pk
    item.save(update_fields=["got", "remark", "marked_by", "first_got"])


def attempt_appeal(*, attempt: Attempt, actor: Any, now: datetime, reason: str) -> Attempt:
    """The person asks a second marker to look. Errors: gone, reason_missing, too_late, wrong_state."""
    if not reason.strip():
        raise DomainError(_("Say which question and why: the second marker reads it."), "reason_missing")
    with transaction.atomic():
        row = _mine(attempt, actor)
        return moves.perform(row, "appeal", actor=actor, now=now, reason=reason.strip()[:2000])


def appeal_settle(
    *, attempt: Attempt, marks: Mapping[int, tuple[Decimal, str]], actor: Any, now: datetime, reason: str
) -> Attempt:
    """A second marker decides, question by question; the first points stay readable.

    Errors: not_permitted, own_exam, first_marker, reason_missing, points.
    """
    require(actor, MARK_EXAMS)
    if not reason.strip():
        raise DomainError(_("Say why: the person reads it."), "reason_missing")
    with transaction.atomic():
        row = moves.locked(attempt)
        items = list(Item.objects.select_for_update().filter(attempt=row))
        changed = [item for item in items if item.place in marks and marks[item.place][0] != item.got]
        total = sum((item.got or Decimal(0) for item in items), start=Decimal(0))
        for item in changed:
            _refuse_points(item, marks[item.place][0])
            total += marks[item.place][0] - (item.got or Decimal(0))
        passed = examrules.is_passed(total, row.max_score, row.exam_version.pass_percent)
        settled = moves.perform(
            row, "settle", actor=actor, now=now, reason=reason.strip()[:2000], score=total, passed=passed
        )
        for item in changed:  # behind the door: whoever gives points here has not marked before
            item.first_got = item.got
            _give(item, *marks[item.place], actor)
    return settled


def attempt_void(*, attempt: Attempt, actor: Any, now: datetime, reason: str) -> Attempt:
    """Declare an attempt void: it counts neither as passed nor as a try. Errors: own_exam, reason_missing."""
    if not reason.strip():
        raise DomainError(_("Say why: the person and the auditor read it."), "reason_missing")
    return moves.perform(attempt, "void", actor=actor, now=now, reason=reason.strip())
