"""Life of a retraining order: ordered, enrolled, completed by training itself, then judged by a figure."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.core.machine import Machine, Move, Need
from training.retrainingrules import learned, not_ones_own_order, window_is_over
from training.states import OrderState as O

ORDER = "training.order"
RUN = "training.run"
FIGURES = (
    Need("before", label=_("Before"), kind="hidden", required=False),
    Need("before_n", label=_("Sample before"), kind="hidden"),
    Need("after", label=_("After"), kind="hidden", required=False),
    Need("after_n", label=_("Sample after"), kind="hidden"),
)


def _judged(name: str, target: str, label: object, effect: object) -> Move:
    return Move(
        name,
        sources=[O.COMPLETED],
        target=target,
        capability=RUN,
        label=label,  # type: ignore[arg-type]
        event="retraining.judged",
        guards=[window_is_over],
        needs=FIGURES,
        effect=effect,  # type: ignore[arg-type]
        by_system=True,
    )


ORDER_MACHINE = Machine(
    "training.order",
    states=O,
    initial=[O.ORDERED],
    terminal=[O.EFFECTIVE, O.INEFFECTIVE, O.UNCLEAR, O.CANCELLED],
    moves=[
        Move(
            "enrol",
            sources=[O.ORDERED],
            target=O.ENROLLED,
            capability=RUN,
            label=pgettext_lazy("retraining", "Note the place in a run"),
            event="retraining.enrolled",
            effect=_("The person has a place in a run of the course."),
            by_system=True,
        ),
        Move(
            "release",
            sources=[O.ENROLLED],
            target=O.ORDERED,
            capability=RUN,
            label=pgettext_lazy("retraining", "Note that the place is gone"),
            event="retraining.released",
            effect=_("The person needs another run before the deadline."),
            by_system=True,
        ),
        Move(
            "complete",
            sources=[O.ORDERED, O.ENROLLED],
            target=O.COMPLETED,
            capability=RUN,
            label=pgettext_lazy("retraining", "Note the training"),
            event="retraining.completed",
            guards=[learned],
            needs=[Need("completed_at", label=_("Completed at"), kind="hidden")],
            facts=["training.learned"],
            effect=_("The figure is compared once the days after it are over."),
            by_system=True,
        ),
        _judged(
            "find_effective", O.EFFECTIVE, _("Find it effective"), _("The figure is better than before.")
        ),
        _judged(
            "find_ineffective",
            O.INEFFECTIVE,
            _("Find it not effective"),
            _("The figure is no better than before; the lead decides what follows."),
        ),
        _judged("find_unclear", O.UNCLEAR, _("Find too few to say"), _("Too little was counted to compare.")),
        Move(
            "cancel",
            sources=[O.ORDERED, O.ENROLLED],
            target=O.CANCELLED,
            capability=ORDER,
            label=pgettext_lazy("retraining", "Cancel the order"),
            event="retraining.cancelled",
            guards=[not_ones_own_order],
            effect=_("Nothing is asked of the person any more; the reason stays on record."),
        ),
    ],
)
