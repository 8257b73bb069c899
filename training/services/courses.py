"""Every write about courses and runs: versions by two persons, places under lock, attendance never one's own."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import URLValidator
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from aftersales.core import files, moves, registers, series
from aftersales.core.errors import Busy, DomainError, Refused
from aftersales.core.moves import Outcome
from training import admission, courseselectors
from training.courserules import BEFORE
from training.machine import JOIN, MARK, PLAN_RUNS
from training.models import Course, CourseFile, CourseVersion, Number, Run, Seat, SheetLine
from training.services import DRAFT, draft_version, require
from training.states import RunState, Said, SeatState, Way

ENROL = "training.enrol"
TERMS: tuple[str, ...] = (
    "hours", "duties", "tiers", "refresh_months", "exam_id", "syllabus", "material", "links",
)  # fmt: skip
OWN_SOURCE = {"source_ref": "R1.1", "source_zh": "部门自编课程", "source_en": "The department's own course"}
EDITABLE = frozenset({
    "trainer_id", "starts_at", "ends_at", "places", "place", "link", "budget", "cost_per_head", "currency",
})  # fmt: skip


# ------------------------------------------------------------------------------------------------- numbers
def number_draft(*, code: str, actor: Any, now: datetime, reason: str = "", **terms: Any) -> Number:
    """Draft the next version of a number of training."""
    drafted: Number = draft_version(
        Number(code=code), ("value", "name_zh", "name_en"), actor, now, reason, terms
    )
    return drafted


# ------------------------------------------------------------------------------------------------- courses
def course_create(
    *,
    code: str,
    name_zh: str,
    name_en: str,
    kind: str,
    actor: Any,
    now: datetime,
    reason: str = "",
    **terms: Any,
) -> CourseVersion:
    """Open a course with its first draft; it is taught when a second person brought a version into force.

    Errors: not_permitted, code_taken, link, hours.
    """
    require(actor, DRAFT)
    with transaction.atomic():
        row = Course(code=code, name_zh=name_zh, name_en=name_en, kind=kind)
        taken = _("There is a course %(code)s already.") % {"code": code}
        registers.create_coded(row, taken=taken, actor=actor, now=now, event="course.created")
        return course_draft(course=row, actor=actor, now=now, reason=reason, **OWN_SOURCE | terms)


def course_draft(
    *, course: Course, actor: Any, now: datetime, reason: str = "", **terms: Any
) -> CourseVersion:
    """Draft the next version of a course; the files of the version before it come along. Errors: link, hours."""
    check_terms(terms)
    with transaction.atomic():
        before = CourseVersion.objects.filter(course=course).order_by("-number").first()
        drafted: CourseVersion = draft_version(CourseVersion(course=course), TERMS, actor, now, reason, terms)
        if before is not None and drafted.pk != before.pk:
            files_take_over([(before, drafted)])
    return drafted


def files_take_over(pairs: Sequence[tuple[CourseVersion, CourseVersion]]) -> None:
    """The files of the version before come along with each new one."""
    after = {before.pk: drafted for before, drafted in pairs}
    kept = CourseFile.objects.filter(course_version__in=list(after), active_to=None).order_by("pk")
    CourseFile.objects.bulk_create(_taken_over(one, after[one.course_version_id]) for one in kept)


def _taken_over(one: CourseFile, draft: CourseVersion) -> CourseFile:
    names = ("name", "original_name", "content_type", "size", "sha256", "added_by_id", "added_at")
    return CourseFile(course_version=draft, **{name: getattr(one, name) for name in names})


def check_terms(terms: Mapping[str, Any]) -> None:
    """What a course cannot be is refused. Errors: hours, link."""
    if "hours" in terms and not 0 < terms["hours"] <= 400:
        raise DomainError(_("A course lasts more than 0 and at most 400 hours."), "hours")
    for line in str(terms.get("links", "")).split():
        _check_address(line)


def _check_address(line: str) -> None:
    try:
        URLValidator(schemes=["http", "https"])(line)
    except ValidationError as error:
        words = {"line": line[:80]}
        raise DomainError(
            _("“%(line)s” is no address; write https://… on a line.") % words, "link"
        ) from error


def course_file_add(*, draft: CourseVersion, upload: UploadedFile, actor: Any, now: datetime) -> CourseFile:
    """Put a file into a draft's material; any other version stays as it is. Errors: FileRefused, not_draft."""
    require(actor, DRAFT)
    with files.stored_for([upload], now=now) as stored, transaction.atomic():
        row, kept = _draft_of(draft), stored[0]
        added = CourseFile(
            course_version=row, name=kept.name, original_name=kept.original_name, content_type=kept.content_type,
            size=kept.size, sha256=kept.sha256, added_by=actor, added_at=now,
        )  # fmt: skip
        added.save()
        _redraft(row, "course.file_added", actor, now)
    return added


def course_file_remove(*, file: CourseFile, actor: Any, now: datetime) -> None:
    """Take a file out of a draft's material; earlier versions keep it. Errors: not_draft."""
    require(actor, DRAFT)
    with transaction.atomic():
        row = _draft_of(file.course_version)
        CourseFile.objects.filter(pk=file.pk, active_to=None).update(active_to=now)
        _redraft(row, "course.file_removed", actor, now)


def _draft_of(version: CourseVersion) -> CourseVersion:
    row = moves.locked(version)
    if row.state != "draft":
        raise DomainError(
            _("This version is no longer a draft; draft the next one and change that."), "not_draft"
        )
    return row


def _redraft(row: CourseVersion, event: str, actor: Any, now: datetime) -> None:
    """Whoever last touched a draft counts as its drafter: he does not bring it into force."""
    registers.save(
        row, actor=actor, now=now, event=event, payload=row._payload(), drafted_by_id=actor.pk, drafted_at=now
    )


# ---------------------------------------------------------------------------------------------------- runs
def run_plan(
    *, course: Course, trainer: User, starts_at: datetime, ends_at: datetime, places: int, actor: Any,
    now: datetime, **more: Any,
) -> Run:  # fmt: skip
    """Plan a run of the version in force. ``more``: place, link, budget, cost_per_head (per person), currency.

    Errors: not_permitted, no_version, no_trainer, period, places, link.
    """
    require(actor, PLAN_RUNS)
    version = CourseVersion.objects.in_force(now).filter(course=course).order_by("-number").first()
    if version is None:
        raise DomainError(
            _("No version of this course is in force; a second person brings its draft into force first."),
            "no_version",
        )
    _check_run(trainer, starts_at, ends_at, places, more.get("link", ""))
    row = Run(
        number=series.next_number("course_run", now), course=course, course_version=version, hours=version.hours,
        trainer=trainer, starts_at=starts_at, ends_at=ends_at, places=places, planned_by=actor, planned_at=now, **more,
    )  # fmt: skip
    payload = row._payload() | {"starts_at": starts_at.isoformat()}
    return moves.create(
        row, actor=actor, now=now, event="run.planned", payload=payload, rule_version=version.citation
    )


def _check_run(trainer: User, starts_at: datetime, ends_at: datetime, places: int, link: str) -> None:
    if not (trainer.is_staff and trainer.has_perm(MARK)):
        raise DomainError(
            _("%(who)s may not record attendance; choose a trainer or a lead.") % {"who": trainer},
            "no_trainer",
        )
    if ends_at <= starts_at:
        raise DomainError(_("A run ends after it begins."), "period")
    if places < 1:
        raise DomainError(_("A run has at least one place."), "places")
    if link:
        _check_address(link)


def run_change(*, run: Run, actor: Any, now: datetime, version: int | None = None, **columns: Any) -> Run:
    """Change time, place, trainer or cost of a run that has not begun.

    Errors: begun, own_run (whoever sits in it does not move its day), seated, places_taken, and those of planning.
    """
    require(actor, PLAN_RUNS)
    unknown = set(columns) - EDITABLE
    if unknown:
        raise ValueError(f"a run has no {sorted(unknown)} to change")
    with transaction.atomic():
        row = moves.locked(run, version=version, sent=columns)
        if row.state not in BEFORE:
            raise DomainError(_("The run has begun or is over; it is not changed any more."), "begun")
        trainer = User.objects.get(pk=columns.get("trainer_id", row.trainer_id))
        places = columns.get("places", row.places)
        times = (columns.get("starts_at", row.starts_at), columns.get("ends_at", row.ends_at))
        _check_run(trainer, *times, places, columns.get("link", ""))
        taken = Seat.objects.filter(run=row).taken()
        if taken.filter(person_id=actor.pk).exists():
            raise DomainError(_("You are enrolled in this run; somebody else leads it."), "own_run")
        if taken.filter(person=trainer).exists():
            raise DomainError(_("%(who)s is enrolled in this run.") % {"who": trainer}, "seated")
        if taken.count() > places:
            raise DomainError(_("More people are enrolled than there would be places."), "places_taken")
        return registers.save(
            row, actor=actor, now=now, event="run.changed", payload=row._payload(), version=version, **columns
        )


def run_move(
    *, run: Run, name: str, actor: Any, now: datetime, reason: str = "", version: int | None = None
) -> Run:
    """Open, start, finish or cancel; whoever is only enrolled when it is finished was missing.

    Errors: those of the door, reason_missing.
    """
    if name not in {"open", "start", "finish", "cancel"}:
        raise ValueError(name)
    if name == "cancel" and not reason.strip():
        raise DomainError(_("Say why: people who wanted to come read it."), "reason_missing")
    with transaction.atomic():
        row = moves.perform(run, name, actor=actor, now=now, reason=reason.strip(), version=version)
        if name == "finish":
            left = Seat.objects.filter(run=row, state=SeatState.ENROLLED)
            outcome = moves.perform_many(left, "miss", actor=actor, now=now, data={"way": Way.TRAINER})
            if outcome.busy:
                raise Busy()
    return row


# --------------------------------------------------------------------------------------------------- places
def seats_take(*, run: Run, people: Sequence[User], actor: Any, now: datetime) -> list[Seat]:
    """Enrol people; whoever has a place keeps it. A person takes his own place only while the run is open.

    Errors: not_permitted, begun, not_open, own_place, is_trainer, not_staff, full.
    """
    alone = [one.pk for one in people] == [actor.pk]
    require(actor, JOIN if alone else ENROL)
    with transaction.atomic():
        row = moves.locked(run)
        _refuse_late(row, alone=alone and not actor.has_perm(ENROL))
        known = {seat.person_id: seat for seat in Seat.objects.filter(run=row, person__in=people)}
        fresh = [one for one in people if one.pk not in known]
        for one in people:
            _refuse_person(row, one, now)
        again = [seat for seat in known.values() if seat.state == SeatState.WITHDRAWN]
        _refuse_own_late(row, {one.pk for one in fresh} | {seat.person_id for seat in again}, actor)
        if len(fresh) + len(again) > row.places - Seat.objects.filter(run=row).taken().count():
            raise DomainError(_("Every place of this run is taken."), "full")
        for seat in again:
            moves.perform(seat, "rejoin", actor=actor, now=now)
        made = [Seat(run=row, person=one, enrolled_by=actor, enrolled_at=now) for one in fresh]
        moves.create_many(
            made, actor=actor, now=now, event="seat.taken", payloads=[seat._payload() for seat in made]
        )
    return list(Seat.objects.filter(run=row, person__in=people))


def _refuse_late(run: Run, *, alone: bool) -> None:
    if run.state not in BEFORE | {RunState.RUNNING}:
        raise DomainError(_("The run is over; nobody is enrolled any more."), "begun")
    if alone and run.state != RunState.OPEN:
        raise DomainError(
            _("This run is not open for enrolment; your lead or the trainer enrols you."), "not_open"
        )


def _refuse_own_late(run: Run, people: set[int], actor: Any) -> None:
    """Whoever plans runs has read the code of one that is on: his own place in it comes from somebody else."""
    if run.state == RunState.RUNNING and actor.pk in people:
        raise DomainError(_("This run has begun; somebody else enrols you."), "own_place")


def _refuse_person(run: Run, person: User, now: datetime) -> None:
    if person.pk == run.trainer_id:
        raise DomainError(_("%(who)s is the trainer of this run.") % {"who": person}, "is_trainer")
    if not admission.may_attend(person, run.course, now):
        raise DomainError(_("%(who)s is not of the department.") % {"who": person}, "not_staff")


def seat_move(*, seat: Seat, name: str, actor: Any, now: datetime) -> Seat:
    """Give a place back or take it again; one's own, or a lead for his people. Errors: begun, not_own, full."""
    if name not in {"withdraw", "rejoin"}:
        raise ValueError(name)
    with transaction.atomic():
        moves.locked(seat.run)
        return moves.perform(seat, name, actor=actor, now=now)


def seats_mark(
    *, run: Run, seats: Iterable[int], name: str, actor: Any, now: datetime, way: str = Way.TRAINER
) -> Outcome:
    """Who was there (``attend``) and who was missing (``miss``), by the trainer. Never one's own: own_attendance."""
    if name not in {"attend", "miss"}:
        raise ValueError(name)
    require(actor, MARK)
    target = SeatState.PRESENT if name == "attend" else SeatState.ABSENT
    rows = Seat.objects.filter(run=run, pk__in=list(seats)).exclude(state=target)
    return moves.perform_many(rows, name, actor=actor, now=now, data={"way": way})


def seat_check_in(*, run: Run, code: str, actor: Any, now: datetime) -> Seat:
    """A person types the code that the trainer shows; it holds for minutes, once, and guessing costs.

    Errors: no_place, too_many_codes (after so many wrong ones nothing is tried for minutes), wrong_code, not_running.
    """
    require(actor, JOIN)
    seat: Seat | None = Seat.objects.filter(run=run, person=actor).taken().first()
    if seat is None:
        raise DomainError(_("You have no place in this run; ask the trainer to enrol you."), "no_place")
    if seat.state == SeatState.PRESENT:
        return seat
    with transaction.atomic():
        row: Seat = moves.locked(seat)
        _refuse_guessing(row, now)
        try:
            with transaction.atomic():
                return moves.perform(row, "check_in", actor=actor, now=now, code=code.strip()[:20])
        except Refused as error:
            refused = error
            if error.code == "wrong_code":
                _count_wrong(row, actor, now)
    raise refused  # behind the block: the count stays


def _pause(now: datetime) -> timedelta:
    return timedelta(minutes=int(courseselectors.number("code_pause", now)))


def _refuse_guessing(seat: Seat, now: datetime) -> None:
    most, pause = int(courseselectors.number("code_tries", now)), _pause(now)
    if seat.wrong_codes >= most and seat.wrong_since and now < seat.wrong_since + pause:
        words = {"n": most, "minutes": int(pause.total_seconds() // 60)}
        text = _("%(n)s wrong codes: wait %(minutes)s minutes, or let the trainer tick you.")
        raise DomainError(text % words, "too_many_codes")


def _count_wrong(seat: Seat, actor: Any, now: datetime) -> None:
    over = seat.wrong_since is None or now >= seat.wrong_since + _pause(now)
    moves.change(
        seat, actor=actor, now=now, event="seat.code_refused", payload=seat._payload(),
        quiet=("wrong_codes", "wrong_since"), wrong_codes=1 if over else seat.wrong_codes + 1,
        wrong_since=now if over else seat.wrong_since,
    )  # fmt: skip


# --------------------------------------------------------------------------------------------------- sheet
def attendance_take(rows: Sequence[Mapping[str, Any]], actor: Any, now: datetime) -> list[int | None]:
    """Lines of an attendance sheet, each by itself: enrolled, there, missing. The same line again changes nothing.

    A line about the person who loads the sheet is not taken in, nor one that the run's rules refuse.
    """
    runs = Run.objects.in_bulk({row["run"] for row in rows})
    people = User.objects.visible_to(actor).in_bulk({row["person"] for row in rows})
    taken: list[int | None] = []
    for row in rows:
        run, person = runs[row["run"]], people.get(row["person"])
        line = SheetLine.objects.filter(run=run, person_id=row["person"], said=row["said"]).first()
        if line is None and person is not None:
            line = _line(run, person, row["said"], actor, now)
        taken.append(line.pk if line else None)
    return taken


def _line(run: Run, person: User, said: str, actor: Any, now: datetime) -> SheetLine | None:
    try:
        with transaction.atomic():
            _carry_out(run, person, said, actor, now)
            line = SheetLine(run=run, person=person, said=said, taken_at=now, taken_by=actor)
            line.save()
            return line
    except DomainError:
        return None


def _carry_out(run: Run, person: User, said: str, actor: Any, now: datetime) -> None:
    if person.pk == actor.pk:
        raise DomainError(_("This is your own attendance; somebody else marks it."), "own_attendance")
    seat = Seat.objects.filter(run=run, person=person).taken().first()
    if seat is None:
        (seat,) = seats_take(run=run, people=[person], actor=actor, now=now)
    if said == Said.ENROLLED:
        return
    outcome = seats_mark(
        run=run, seats=[seat.pk], name="attend" if said == Said.PRESENT else "miss", actor=actor, now=now,
        way=Way.SHEET,
    )  # fmt: skip
    if outcome.refused:
        raise Refused(outcome.refused[0][1])
    if outcome.busy:
        raise Busy()
