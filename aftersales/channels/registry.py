"""What this room tells the machinery at start-up: jobs, consumers, files, erasure."""

from django.utils.translation import gettext_lazy as _

from aftersales.channels import consumers, events, selectors, services, tasks  # noqa: F401 - declares the event kinds
from aftersales.channels.services import forgetting, hooks, receiving
from aftersales.channels.states import OwnReason
from aftersales.core import deliveries, erasure, files, jobs
from aftersales.core.events import declare_reasons


def connect() -> None:
    jobs.register(receiving.LAND, tasks.land, _("Read a letter"))
    jobs.register(hooks.TAKE, tasks.take, _("Take what a system told"))
    jobs.register(forgetting.REMOVE, tasks.remove, _("Remove erased letters"))
    deliveries.subscribe(
        "channels.erased",
        "ticket.message_erased",
        consumers.message_erased,
        _("Erase the letter behind a message"),
    )
    files.declare("channels.letter", selectors.stored_letters)
    erasure.listen("customers.customer", services.customer_forget, before=True)
    declare_reasons(OwnReason)
