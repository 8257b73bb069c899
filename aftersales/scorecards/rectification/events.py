"""What can happen to a rectification plan, in sentences. The merchant reads them too."""

from django.utils.translation import gettext_lazy as _

from aftersales.core import events
from aftersales.core.events import Kind

PLAN = {"plan": "code"}
DATED = PLAN | {"due": "moment"}


def _kind(code: str, sentence: object, payload: dict[str, str]) -> Kind:
    return Kind(code, sentence, payload, audience="merchant")  # type: ignore[arg-type]


KINDS = (
    _kind(
        "plan.opened",
        _("%(actor)s asked for the rectification plan %(plan)s, to be answered by %(due)s."),
        DATED,
    ),
    _kind(
        "plan.answered", _("%(actor)s answered the plan %(plan)s; its measures are done by %(due)s."), DATED
    ),
    _kind("plan.accepted", _("%(actor)s accepted the measures of the plan %(plan)s, due %(due)s."), DATED),
    _kind("plan.sent_back", _("%(actor)s sent the answer to the plan %(plan)s back: %(reason)s"), DATED),
    _kind(
        "plan.proven",
        _("%(actor)s handed in proof for the plan %(plan)s; it is looked at from %(due)s on."),
        DATED,
    ),
    _kind("plan.asked_again", _("%(actor)s asked for better proof for the plan %(plan)s: %(reason)s"), DATED),
    _kind("plan.fulfilled", _("%(actor)s closed the plan %(plan)s as fulfilled: %(reason)s"), PLAN),
    _kind("plan.failed", _("%(actor)s closed the plan %(plan)s as failed: %(reason)s"), PLAN),
    _kind("plan.withdrawn", _("%(actor)s withdrew the plan %(plan)s: %(reason)s"), PLAN),
    _kind("plan.due_soon", _("The merchant was reminded of the plan %(plan)s, due %(due)s."), DATED),
    _kind("plan.late", _("The plan %(plan)s is overdue since %(due)s."), DATED),
    _kind("plan.recheck_due", _("The figure of the plan %(plan)s is to be looked at since %(due)s."), DATED),
)


def register() -> None:
    events.register(*KINDS)
