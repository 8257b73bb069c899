"""What can happen to rules and certificates of this room, in sentences."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core import events
from aftersales.core.events import Kind

VERSION = {"code": "code", "number": "number"}
CERTIFICATE = {"certificate": "code", "tier": "id", "person": "id"}


def _named(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The rule in words in place of its code."""
    from training import selectors

    return {"rule": selectors.rule_words(str(payload.get("code", "")))}


def _held(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Whose certificate of which tier."""
    from training import selectors

    person, tier = selectors.person_and_tier(payload.get("person"), payload.get("tier"))
    return {"holder": person, "level": tier}


KINDS = (
    Kind("tier.created", _("%(actor)s opened a tier."), {"code": "code"}),
    Kind(
        "training_rule.drafted",
        _("%(actor)s drafted version %(number)s of “%(rule)s”."),
        VERSION,
        show=_named,
    ),
    Kind(
        "training_rule.changed",
        _("%(actor)s changed the draft %(number)s of “%(rule)s”."),
        VERSION,
        show=_named,
    ),
    Kind(
        "training_rule.activated",
        _("%(actor)s brought version %(number)s of “%(rule)s” into force from %(valid_from)s."),
        VERSION | {"valid_from": "moment"},
        show=_named,
    ),
    Kind(
        "training_rule.rejected",
        _("%(actor)s returned version %(number)s of “%(rule)s”: %(reason)s"),
        VERSION,
        show=_named,
    ),
    Kind(
        "training_rule.retired",
        _("%(actor)s took version %(number)s of “%(rule)s” out of force from %(valid_to)s."),
        VERSION | {"valid_to": "moment"},
        show=_named,
    ),
    Kind(
        "certificate.granted",
        _("%(actor)s certified %(holder)s as %(level)s until %(valid_to)s (%(certificate)s)."),
        CERTIFICATE | {"valid_from": "moment", "valid_to": "moment"},
        show=_held,
    ),
    Kind(
        "certificate.proposed",
        _("%(actor)s proposed to certify %(holder)s as %(level)s by exception (%(certificate)s): %(reason)s"),
        CERTIFICATE | {"valid_from": "moment", "valid_to": "moment"},
        show=_held,
    ),
    Kind(
        "certificate.overridden",
        _(
            "%(actor)s certified %(holder)s as %(level)s in spite of what is missing (%(certificate)s): %(reason)s"
        ),
        CERTIFICATE,
        show=_held,
    ),
    Kind(
        "certificate.declined",
        _("%(actor)s declined to certify %(holder)s as %(level)s (%(certificate)s): %(reason)s"),
        CERTIFICATE,
        show=_held,
    ),
    Kind(
        "certificate.called_up",
        _(
            "An exam of %(certificate)s of %(holder)s (%(level)s) was replaced: it must be passed anew by %(by)s."
        ),
        CERTIFICATE | {"by": "moment", "was": "moment"},
        show=_held,
    ),
    Kind(
        "certificate.ends_soon",
        _("The certificate %(certificate)s of %(holder)s (%(level)s) ends soon."),
        CERTIFICATE,
        show=_held,
    ),
    Kind(
        "certificate.expired",
        _("The certificate %(certificate)s of %(holder)s (%(level)s) ended."),
        CERTIFICATE,
        show=_held,
    ),
    Kind(
        "certificate.suspended",
        _("%(actor)s suspended the certificate %(certificate)s of %(holder)s (%(level)s): %(reason)s"),
        CERTIFICATE,
        show=_held,
    ),
    Kind(
        "certificate.reinstated",
        _("%(actor)s reinstated the certificate %(certificate)s of %(holder)s (%(level)s): %(reason)s"),
        CERTIFICATE,
        show=_held,
    ),
    Kind(
        "certificate.revoked",
        _("%(actor)s revoked the certificate %(certificate)s of %(holder)s (%(level)s): %(reason)s"),
        CERTIFICATE,
        show=_held,
    ),
)


RUN = {"run": "code", "course": "id"}
SEAT = {"run": "id", "person": "id"}


def _course(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Which course."""
    from training import courseselectors

    return {"title": courseselectors.course_name(payload.get("course"))}


def _seat(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Who in which run."""
    from training import courseselectors

    return courseselectors.seat_words(payload)


COURSES = (
    Kind("course.created", _("%(actor)s opened the course %(code)s."), {"code": "code"}),
    Kind("course.file_added", _("%(actor)s added a file to “%(rule)s”."), VERSION, show=_named),
    Kind("course.file_removed", _("%(actor)s took a file out of “%(rule)s”."), VERSION, show=_named),
    Kind(
        "run.planned",
        _("%(actor)s planned the run %(run)s of “%(title)s” for %(starts_at)s."),
        RUN | {"starts_at": "moment"},
        show=_course,
    ),
    Kind("run.changed", _("%(actor)s changed the run %(run)s of “%(title)s”."), RUN, show=_course),
    Kind(
        "run.opened", _("%(actor)s opened the run %(run)s of “%(title)s” for enrolment."), RUN, show=_course
    ),
    Kind("run.started", _("%(actor)s started the run %(run)s of “%(title)s”."), RUN, show=_course),
    Kind("run.finished", _("%(actor)s finished the run %(run)s of “%(title)s”."), RUN, show=_course),
    Kind(
        "run.cancelled",
        _("%(actor)s cancelled the run %(run)s of “%(title)s”: %(reason)s"),
        RUN,
        show=_course,
    ),
    Kind("seat.taken", _("%(actor)s enrolled %(holder)s in the run %(number)s."), SEAT, show=_seat),
    Kind(
        "seat.withdrawn",
        _("%(actor)s gave back the place of %(holder)s in the run %(number)s."),
        SEAT,
        show=_seat,
    ),
    Kind(
        "seat.attended",
        _("%(holder)s was at the run %(number)s (%(known)s), recorded by %(actor)s."),
        SEAT | {"way": "code"},
        show=_seat,
    ),
    Kind(
        "seat.missed",
        _("%(holder)s was missing at the run %(number)s (%(known)s), recorded by %(actor)s."),
        SEAT | {"way": "code"},
        show=_seat,
    ),
    Kind("seat.code_refused", _("%(holder)s typed a wrong code at the run %(number)s."), SEAT, show=_seat),
)


ATTEMPT = {"attempt": "code", "exam": "id", "person": "id"}
SCORED = ATTEMPT | {"score": "code", "most": "code", "passed": "flag"}


def _attempt(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Who sits which exam."""
    from training import examselectors

    return examselectors.attempt_words(payload)


EXAMS = (
    Kind("question.created", _("%(actor)s opened the question %(code)s."), {"code": "code"}),
    Kind("exam.created", _("%(actor)s opened the exam %(code)s."), {"code": "code"}),
    Kind("attempt.started", _("%(holder)s began “%(title)s” (%(attempt)s)."), ATTEMPT, show=_attempt),
    Kind("attempt.submitted", _("%(holder)s handed in “%(title)s” (%(attempt)s)."), ATTEMPT, show=_attempt),
    Kind(
        "attempt.timed_out",
        _("The time of %(holder)s for “%(title)s” ended (%(attempt)s)."),
        ATTEMPT,
        show=_attempt,
    ),
    Kind(
        "attempt.marked",
        _("“%(title)s” of %(holder)s was marked: %(score)s of %(most)s points (%(attempt)s)."),
        SCORED,
        show=_attempt,
    ),
    Kind(
        "attempt.appealed",
        _("%(holder)s appealed the marks of “%(title)s” (%(attempt)s): %(reason)s"),
        ATTEMPT,
        show=_attempt,
    ),
    Kind(
        "attempt.settled",
        _(
            "%(actor)s decided the appeal of %(holder)s on “%(title)s”: %(score)s of %(most)s points. %(reason)s"
        ),
        SCORED,
        show=_attempt,
    ),
    Kind(
        "attempt.voided",
        _("%(actor)s declared “%(title)s” of %(holder)s void (%(attempt)s): %(reason)s"),
        ATTEMPT,
        show=_attempt,
    ),
)


ASSESSMENT = {"assessment": "code", "rubric": "id", "person": "id"}


def _assessment(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Who is assessed by which rubric."""
    from training import practicalselectors

    return practicalselectors.assessment_words(payload)


PRACTICAL = (
    Kind("rubric.created", _("%(actor)s opened the rubric %(code)s."), {"code": "code"}),
    Kind(
        "assessment.opened",
        _("%(actor)s ordered the assessment %(assessment)s of %(holder)s (%(title)s)."),
        ASSESSMENT,
        show=_assessment,
    ),
    Kind(
        "assessment.disputed",
        _("The assessors of %(holder)s (%(title)s, %(assessment)s) lie too far apart; a third is asked."),
        ASSESSMENT,
        show=_assessment,
    ),
    Kind(
        "assessment.ended",
        _("%(holder)s was assessed (%(title)s, %(assessment)s): %(score)s of %(most)s points."),
        ASSESSMENT | {"score": "code", "most": "code", "passed": "flag"},
        show=_assessment,
    ),
    Kind(
        "assessment.voided",
        _("%(actor)s declared the assessment %(assessment)s of %(holder)s void: %(reason)s"),
        ASSESSMENT,
        show=_assessment,
    ),
)


ORDER = {"order": "code", "course": "id", "person": "id"}


def _order(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Who is to be trained again in which course."""
    from training import retrainingselectors

    return retrainingselectors.order_words(payload)


def _of_order(code: str, sentence: Any) -> Kind:
    return Kind(f"retraining.{code}", sentence, ORDER, show=_order)


ORDERS = (
    _of_order("ordered", _("%(actor)s ordered %(holder)s to repeat “%(title)s” (%(order)s).")),
    _of_order("enrolled", _("%(holder)s has a place in a run of “%(title)s” (%(order)s).")),
    _of_order("released", _("%(holder)s has no place in a run of “%(title)s” any more (%(order)s).")),
    _of_order("completed", _("%(holder)s repeated “%(title)s” (%(order)s).")),
    _of_order("overdue", _("%(holder)s did not repeat “%(title)s” in time (%(order)s).")),
    _of_order("judged", _("The effect of “%(title)s” on the work of %(holder)s was compared (%(order)s).")),
    _of_order("cancelled", _("%(actor)s cancelled the order %(order)s of %(holder)s: %(reason)s")),
)


SHEETS = (
    Kind(
        "training.sheet_taken",
        _("%(actor)s took out a sheet of who lacks which training (%(rows)s people)."),
        {"rows": "number"},
    ),
)


def register() -> None:
    events.register(*KINDS, *COURSES, *EXAMS, *PRACTICAL, *ORDERS, *SHEETS)
