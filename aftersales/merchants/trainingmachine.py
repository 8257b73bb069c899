"""Life of a version of what an agreement asks a merchant's people to be taught."""

from django.utils.translation import gettext_lazy as _

from training.machine import rule_machine

TERM_MACHINE = rule_machine(
    "merchants.trainingterm",
    begins=_("The people of these merchants owe the course from then on."),
    ends=_("Nobody owes the course by this agreement any more; what was done stays."),
)
