"""What letters of authorities tell the machinery at start-up."""

from django.utils.translation import gettext_lazy as _

from aftersales.cases.authority import consumers, events, selectors, sheets  # noqa: F401 - declares event kinds, sheets
from aftersales.cases.authority.machine import LETTER_MACHINE
from aftersales.core import deliveries, facts, files, moves, series


def connect() -> None:
    moves.use(LETTER_MACHINE)
    series.declare("authority_case", "JG{yy}{mm}-{n:05d}")
    facts.provide("tickets.bound_by_letter", selectors.binding_letters)
    files.declare("cases.authorityfile", selectors.stored_files)
    deliveries.subscribe(
        "cases.authority_messages", "authority.merchant_asked", consumers.merchant_asked,
        _("Tell merchants what is asked of them because of a letter"),
    )  # fmt: skip
