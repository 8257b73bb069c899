"""Life of one version of a message's text."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.core.machine import Machine, Move

from . import rules
from .states import TextState as S

MACHINE = Machine(
    "notices.noticetext",
    states=S,
    initial=[S.DRAFT],
    terminal=[S.RETIRED, S.REJECTED],
    moves=[
        Move(
            "activate",
            sources=[S.DRAFT],
            target=S.ACTIVE,
            capability="notices.activate_text",
            label=pgettext_lazy("text move", "Bring into force"),
            event="notice_text.activated",
            guards=[rules.second_person],
            effect=_("New messages use this text; messages already queued keep theirs."),
        ),
        Move(
            "reject",
            sources=[S.DRAFT],
            target=S.REJECTED,
            capability="notices.activate_text",
            label=pgettext_lazy("text move", "Return"),
            event="notice_text.rejected",
            effect=_("The text is never used and stays readable."),
        ),
        Move(
            "retire",
            sources=[S.ACTIVE],
            target=S.RETIRED,
            capability="notices.activate_text",
            label=pgettext_lazy("text move", "Replace"),
            event="notice_text.retired",
            effect=_("The text is no longer used."),
            by_system=True,
        ),
    ],
)
