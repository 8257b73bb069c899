"""A merchant's life (applying → active → restricted → suspended → exiting → closed)."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.core.machine import Machine, Move, Need

from . import rules
from .states import TERMINAL, Cause
from .states import MerchantState as S

CAUSE = Need("cause", label=_("Cause"), kind="choice", choices=lambda: Cause.choices)

MACHINE = Machine(
    "merchants.merchant",
    field="state",
    states=S,
    # A shop taken over from a marketplace's list is trading already.
    initial=[S.APPLYING, S.ACTIVE],
    terminal=list(TERMINAL),
    moves=[
        Move(
            "activate",
            sources=[S.APPLYING],
            target=S.ACTIVE,
            capability="merchants.admit",
            label=pgettext_lazy("merchant move", "Admit"),
            event="merchant.admitted",
            facts=["merchants.agreement_unsigned"],
            guards=[rules.agreement_is_accepted],
            effect=_("The merchant may sell from now on."),
        ),
        Move(
            "restrict",
            sources=[S.ACTIVE],
            target=S.RESTRICTED,
            capability="merchants.restrict",
            label=pgettext_lazy("merchant move", "Restrict"),
            event="merchant.restricted",
            needs=[CAUSE],
            effect=_("Some functions are withdrawn; orders go on."),
        ),
        Move(
            "suspend",
            sources=[S.ACTIVE, S.RESTRICTED],
            target=S.SUSPENDED,
            capability="merchants.restrict",
            label=pgettext_lazy("merchant move", "Suspend"),
            event="merchant.suspended",
            needs=[CAUSE],
            effect=_("No new orders; open after-sales duties stay."),
        ),
        Move(
            "reinstate",
            sources=[S.RESTRICTED, S.SUSPENDED],
            target=S.ACTIVE,
            capability="merchants.restrict",
            label=pgettext_lazy("merchant move", "Reinstate"),
            event="merchant.reinstated",
            needs=[CAUSE],
            effect=_("The merchant may sell again."),
        ),
        Move(
            "begin_exit",
            sources=[S.ACTIVE, S.RESTRICTED, S.SUSPENDED],
            target=S.EXITING,
            capability="merchants.close",
            label=pgettext_lazy("merchant move", "Begin exit"),
            event="merchant.exit_begun",
            effect=_("No new orders; the deposit is kept until windows and recoveries end."),
        ),
        Move(
            "close",
            sources=[S.APPLYING, S.EXITING],
            target=S.CLOSED,
            capability="merchants.close",
            label=pgettext_lazy("merchant move", "Close"),
            event="merchant.closed",
            facts=["merchants.open_duties"],
            guards=[rules.deposit_is_returned, rules.no_open_duties],
            effect=_("The merchant leaves; the records stay."),
        ),
    ],
)
