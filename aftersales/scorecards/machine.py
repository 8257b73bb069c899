"""Life of a version of a formula: drafted, announced by a second person, in force after the time of notice."""

from django.utils.translation import gettext_lazy as _

from aftersales.core.announcing import announced_machine

FORMULA_MACHINE = announced_machine(
    "scorecards.formulaversion",
    until="scorecards.announced_until",
    begins=_("It is announced now; days from its beginning on are judged by it, earlier ones never."),
    ends=_("No day from then on is judged by it."),
)
