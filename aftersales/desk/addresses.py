"""Where a row is looked at on the desk; rooms below ask through their registries."""

from django.urls import reverse

from aftersales.cases.models import Dispute
from aftersales.scorecards.models import Plan
from aftersales.tickets.models import Ticket


def ticket_page(pk: int) -> str:
    """The workbench of a ticket by its key; empty when there is none."""
    number = Ticket.objects.filter(pk=pk).values_list("number", flat=True).first()
    return reverse("desk:ticket", args=[number]) if number else ""


def dispute_page(pk: int) -> str:
    """A dispute by its key; empty when there is none."""
    number = Dispute.objects.filter(pk=pk).values_list("number", flat=True).first()
    return reverse("desk:dispute", args=[number]) if number else ""


def plan_page(pk: int) -> str:
    """A rectification plan by its key; empty when there is none."""
    number = Plan.objects.filter(pk=pk).values_list("number", flat=True).first()
    return reverse("desk:plan", args=[number]) if number else ""


def digest_page(pk: int) -> str:
    """A message about several tickets leads to the reader's own queue, the nearest due time on top."""
    return reverse("desk:queue")
