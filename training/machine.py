"""Life of a rule of this room, and of a certificate."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core.errors import Refusal
from aftersales.core.machine import Machine, Move, Need
from aftersales.core.rulebook import RuleState as R
from aftersales.core.rulebook import second_person
from training.states import CertificateState as S

ACTIVATE = "training.activate"
CERTIFY = "training.certify"


def not_ones_own(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    """Nobody decides about his own certificate."""
    if row.person_id == actor.pk:
        yield Refusal("own_certificate", _("This is your own certificate; somebody else decides about it."))


def over(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    """The system ends a certificate at its hour and not before."""
    if now < row.valid_to:
        yield Refusal("not_over", _("This certificate has not ended yet."))


def rule_machine(label: str) -> Machine:
    """Drafted by one person, brought into force by another: tiers, limits and what a duty asks for."""
    return Machine(
        label,
        states=R,
        initial=[R.DRAFT, R.NOTED],
        terminal=[R.RETIRED, R.REJECTED, R.NOTED],
        moves=[
            Move(
                "activate",
                sources=[R.DRAFT],
                target=R.ACTIVE,
                capability=ACTIVATE,
                label=_("Bring into force"),
                event="training_rule.activated",
                guards=[second_person],
                needs=[Need("valid_from", label=_("In force from"), kind="moment", required=False)],
                effect=_("Decisions from then on are judged by this version."),
            ),
            Move(
                "reject",
                sources=[R.DRAFT],
                target=R.REJECTED,
                capability=ACTIVATE,
                label=_("Return with a reason"),
                event="training_rule.rejected",
                effect=_("The version never comes into force and stays readable."),
            ),
            Move(
                "retire",
                sources=[R.ACTIVE],
                target=R.RETIRED,
                capability=ACTIVATE,
                label=_("Take out of force"),
                event="training_rule.retired",
                needs=[Need("valid_to", label=_("In force until"), kind="moment", required=False)],
                effect=_("Without a version in force nobody of this tier decides such a thing."),
            ),
        ],
    )


TIER_MACHINE = rule_machine("training.tierversion")
LIMIT_MACHINE = rule_machine("training.limit")
REQUIREMENT_MACHINE = rule_machine("training.requirement")

CERTIFICATE_MACHINE = Machine(
    "training.certificate",
    states=S,
    initial=[S.CERTIFIED],
    terminal=[S.EXPIRED, S.REVOKED],
    moves=[
        Move(
            "near_end",
            sources=[S.CERTIFIED],
            target=S.EXPIRING,
            capability="training.run",
            label=_("Mark as ending soon"),
            event="certificate.ends_soon",
            effect=_("The certificate stays valid until its end."),
            by_system=True,
        ),
        Move(
            "expire",
            sources=[S.CERTIFIED, S.EXPIRING],
            target=S.EXPIRED,
            capability="training.run",
            label=_("End"),
            event="certificate.expired",
            guards=[over],
            effect=_("It gave nothing from its last moment on; now its state says so."),
            by_system=True,
        ),
        Move(
            "suspend",
            sources=[S.CERTIFIED, S.EXPIRING],
            target=S.SUSPENDED,
            capability=CERTIFY,
            label=_("Suspend"),
            event="certificate.suspended",
            guards=[not_ones_own],
            effect=_("From this moment the person decides nothing by it."),
        ),
        Move(
            "reinstate",
            sources=[S.SUSPENDED],
            target=S.CERTIFIED,
            capability=CERTIFY,
            label=_("Reinstate"),
            event="certificate.reinstated",
            guards=[not_ones_own],
            effect=_("It counts again until its end; an ended one stays ended."),
        ),
        Move(
            "revoke",
            sources=[S.CERTIFIED, S.EXPIRING, S.SUSPENDED],
            target=S.REVOKED,
            capability=CERTIFY,
            label=_("Revoke"),
            event="certificate.revoked",
            guards=[not_ones_own],
            effect=_("It never counts again; a new one must be granted."),
        ),
    ],
)
