"""What happens to merchants, in sentences a lead can read aloud."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core.events import Kind, register

from .states import Cause, MemberRole


def _cause(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {"cause": Cause(payload["cause"]).label}


def _role(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {"role": MemberRole(payload["role"]).label}


def _roles(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {"old": MemberRole(payload["old"]).label, "new": MemberRole(payload["new"]).label}


INVITATION = {"role": "code", "round": "number"}
LESSON = {"lesson": "code", "member": "id", "course": "id"}


def _lesson(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Who, and which course."""
    from . import trainingselectors

    return trainingselectors.lesson_words(payload)


DEPOSIT = {"amount": "amount", "held": "amount", "currency": "code"}

AGREEMENT = {"agreement": "code", "label": "code", "number": "number", "fingerprint": "code"}


def _agreement(payload: Mapping[str, Any]) -> dict[str, Any]:
    from . import agreementselectors

    code = str(payload["agreement"])
    return {"agreement": agreementselectors.agreement_name(code) or code}


register(
    Kind(
        "agreement.created",
        sentence=_("%(actor)s opened the agreement “%(agreement)s”."),
        payload={"code": "code"},
        show=lambda payload: _agreement({"agreement": payload["code"]}),
    ),
    Kind(
        "agreement.announced",
        sentence=_(
            "%(actor)s announced version %(number)s of “%(agreement)s”, in force from %(valid_from)s."
        ),
        payload={"code": "code", "number": "number", "valid_from": "moment"},
        show=lambda payload: _agreement({"agreement": payload["code"]}),
    ),
    Kind(
        "merchant.agreement_accepted",
        sentence=_("%(actor)s accepted “%(agreement)s” %(label)s (text %(fingerprint)s)."),
        payload=AGREEMENT,
        show=_agreement,
        audience="merchant",
    ),
    Kind(
        "merchant.agreement_declined",
        sentence=_("%(actor)s declined “%(agreement)s” %(label)s (text %(fingerprint)s)."),
        payload=AGREEMENT,
        show=_agreement,
        audience="merchant",
    ),
    Kind("merchant.created", sentence=_("%(actor)s created the merchant.")),
    Kind("merchant.changed", sentence=_("%(actor)s changed the merchant's data.")),
    Kind("merchant.loaded", sentence=_("%(actor)s loaded merchants from a sheet.")),
    Kind("merchant.admitted", sentence=_("%(actor)s admitted the merchant."), audience="merchant"),
    Kind(
        "merchant.restricted",
        sentence=_("%(actor)s restricted the merchant (%(cause)s). %(reason)s"),
        payload={"cause": "code"},
        show=_cause,
        audience="merchant",
    ),
    Kind(
        "merchant.suspended",
        sentence=_("%(actor)s suspended the merchant (%(cause)s). %(reason)s"),
        payload={"cause": "code"},
        show=_cause,
        audience="merchant",
    ),
    Kind(
        "merchant.reinstated",
        sentence=_("%(actor)s reinstated the merchant (%(cause)s). %(reason)s"),
        payload={"cause": "code"},
        show=_cause,
        audience="merchant",
    ),
    Kind("merchant.exit_begun", sentence=_("%(actor)s began the merchant's exit."), audience="merchant"),
    Kind("merchant.closed", sentence=_("%(actor)s closed the merchant."), audience="merchant"),
    Kind(
        "merchant.member_added",
        sentence=_("%(actor)s let a person act for the merchant."),
        payload={"user": "id", "role": "code"},
        audience="merchant",
    ),
    Kind(
        "merchant.member_removed",
        sentence=_("%(actor)s ended a person's right to act for the merchant."),
        payload={"user": "id", "role": "code"},
        audience="merchant",
    ),
    Kind(
        "merchant.member_role_changed",
        sentence=_("%(actor)s changed what a person is for the merchant: %(old)s → %(new)s."),
        payload={"user": "id", "old": "code", "new": "code"},
        show=_roles,
        audience="merchant",
    ),
    Kind(
        "merchant.member_invited",
        sentence=_("%(actor)s invited a person to act for the merchant (%(role)s)."),
        payload=INVITATION,
        show=_role,
        audience="merchant",
    ),
    Kind(
        "merchant.invitation_renewed",
        sentence=_("%(actor)s sent the invitation again (%(role)s)."),
        payload=INVITATION,
        show=_role,
        audience="merchant",
    ),
    Kind(
        "merchant.invitation_revoked",
        sentence=_("%(actor)s took the invitation back (%(role)s)."),
        payload=INVITATION,
        show=_role,
        audience="merchant",
    ),
    Kind(
        "merchant.invitation_lapsed",
        sentence=_("Nobody accepted the invitation (%(role)s); the address is forgotten."),
        payload=INVITATION,
        show=_role,
        audience="merchant",
    ),
    Kind(
        "merchant.invitation_accepted",
        sentence=_("%(actor)s accepted the invitation (%(role)s)."),
        payload=INVITATION,
        show=_role,
        audience="merchant",
    ),
    Kind(
        "merchant.contact_changed",
        sentence=_("%(actor)s changed a contact of the merchant."),
        payload={"role": "code"},
    ),
    *(
        Kind(
            f"merchant.return_address_{what}",
            sentence=words,
            payload={"place": "code"},
            audience="merchant",
        )
        for what, words in (
            ("added", _("%(actor)s added a return address.")),
            ("changed", _("%(actor)s changed a return address.")),
            ("retired", _("%(actor)s retired a return address.")),
        )
    ),
    Kind(
        "merchant.deposit_taken",
        sentence=_("%(amount)s was taken of the deposit; %(held)s is left."),
        payload=DEPOSIT,
        audience="merchant",
    ),
    Kind(
        "merchant.deposit_given_back",
        sentence=_("%(amount)s went back into the deposit; it holds %(held)s."),
        payload=DEPOSIT,
        audience="merchant",
    ),
    Kind(
        "merchant.deposit_topped_up",
        sentence=_("The merchant topped up the deposit by %(amount)s; it holds %(held)s."),
        payload=DEPOSIT,
        audience="merchant",
    ),
    Kind(
        "merchant.deposit_asked",
        sentence=_("The merchant is asked to top up the deposit by %(amount)s."),
        payload={"amount": "amount", "currency": "code", "until": "moment"},
        audience="merchant",
    ),
    Kind(
        "merchant.deposit_due_changed",
        sentence=_("The deposit that is due is %(new_due)s (before: %(old_due)s). %(reason)s"),
        payload={"old_due": "amount", "new_due": "amount", "currency": "code"},
        audience="merchant",
    ),
    Kind(
        "merchant.trained",
        sentence=_(
            "Everybody of the merchant finished the training that the agreement asks for (%(people)s people)."
        ),
        payload={"people": "number"},
        audience="merchant",
    ),
    Kind(
        "lesson.assigned",
        sentence=_("%(holder)s is to finish “%(title)s” by %(due)s (%(lesson)s)."),
        payload=LESSON | {"due": "moment"},
        show=_lesson,
        audience="merchant",
    ),
    Kind(
        "lesson.changed",
        sentence=_("The agreement now asks %(holder)s to finish “%(title)s” by %(due)s (%(lesson)s)."),
        payload=LESSON | {"due": "moment"},
        show=_lesson,
        audience="merchant",
    ),
    Kind(
        "lesson.completed",
        sentence=_("%(holder)s finished “%(title)s” (%(lesson)s)."),
        payload=LESSON,
        show=_lesson,
        audience="merchant",
    ),
    Kind(
        "lesson.due_again",
        sentence=_("“%(title)s” of %(holder)s no longer counts; it is due again by %(due)s (%(lesson)s)."),
        payload=LESSON | {"due": "moment"},
        show=_lesson,
        audience="merchant",
    ),
    Kind(
        "lesson.due_soon",
        sentence=_("“%(title)s” of %(holder)s is due soon (%(lesson)s)."),
        payload=LESSON,
        show=_lesson,
        audience="merchant",
    ),
    Kind(
        "lesson.late",
        sentence=_("%(holder)s has not finished “%(title)s” in time (%(lesson)s)."),
        payload=LESSON,
        show=_lesson,
        audience="merchant",
    ),
    Kind(
        "lesson.ended",
        sentence=_("Nobody asks %(holder)s for “%(title)s” any more (%(lesson)s)."),
        payload=LESSON,
        show=_lesson,
        audience="merchant",
    ),
)
