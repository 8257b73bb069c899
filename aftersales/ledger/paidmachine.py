"""Life of a line that was not paid as it was exported."""

from django.utils.translation import pgettext_lazy

from aftersales.core.machine import Machine, Move, Need
from aftersales.ledger.paidstates import GapState as G

EXPLANATION = Need("words", pgettext_lazy("gap", "Explanation"), kind="long", max_length=500)
FIGURES = [
    Need("kind", pgettext_lazy("gap", "Difference"), kind="hidden"),
    Need("paid", pgettext_lazy("gap", "Paid"), kind="hidden"),
]
GAP_MACHINE = Machine(
    "ledger.exportgap",
    states=G,
    initial=[G.OPEN],
    terminal=[],
    moves=[
        Move(
            "explain", [G.OPEN], G.EXPLAINED, "ledger.export", pgettext_lazy("gap move", "Explain"),
            "export.gap_explained", needs=[EXPLANATION],
        ),
        Move(
            "agree", [G.OPEN, G.EXPLAINED], G.AGREED, "ledger.gap_move", pgettext_lazy("gap move", "It agrees now"),
            "export.gap_agreed", by_system=True,
        ),
        Move(
            "reopen", [G.EXPLAINED, G.AGREED], G.OPEN, "ledger.gap_move",
            pgettext_lazy("gap move", "It differs again"), "export.gap_reopened", needs=FIGURES, by_system=True,
        ),
    ],
)  # fmt: skip
