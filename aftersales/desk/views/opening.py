"""Registering a problem by hand: the order first, because it names customer and merchant.

When the order has an open ticket already, the person says whether it is the same problem (then it joins that ticket)
or another one.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from aftersales.core import once
from aftersales.core.access import answered, needs
from aftersales.customers.models import Customer
from aftersales.desk import calls
from aftersales.desk.acts import SOURCE
from aftersales.orders.models import Order
from aftersales.tickets.models import Ticket
from aftersales.tickets.services import problem_join, ticket_open
from aftersales.tickets.services.intake import AlreadyOpen, TicketDraft, draft_for
from aftersales.tickets.states import AuthorKind, Channel, Kind

FOUND = 6
BY_HAND = (
    Channel.PHONE,
    Channel.CHAT,
    Channel.APP,
    Channel.WEB,
    Channel.EMAIL,
    Channel.SOCIAL,
    Channel.STAFF,
)


class ProblemForm(forms.Form):
    """What is known of the problem. Everything else is graded and dispatched by rule."""

    order = forms.CharField(label=gettext_lazy("Order number"), max_length=64, required=False)
    customer = forms.CharField(label=gettext_lazy("Customer code"), max_length=64, required=False)
    subject = forms.CharField(label=gettext_lazy("Subject"), max_length=200)
    text = forms.CharField(
        label=gettext_lazy("What the customer says"), max_length=20000, widget=forms.Textarea
    )
    channel = forms.ChoiceField(
        label=gettext_lazy("Channel"), choices=lambda: [(one.value, one.label) for one in BY_HAND]
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        choices=lambda: [("", pgettext_lazy("kind", "Let the rules decide")), *Kind.choices],
        required=False,
    )
    unknown = forms.BooleanField(label=gettext_lazy("Neither order nor customer is known"), required=False)
    belongs_to = forms.CharField(max_length=40, required=False)
    talk = forms.CharField(max_length=400, required=False)  # the call or chat this comes from (desk.calls)

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.already: list[Ticket] = []

    def clean_order(self) -> Order | None:
        number = self.cleaned_data["order"].strip()
        if not number:
            return None
        found = list(orders_named(self.user, number)[:2])
        if len(found) != 1:
            raise forms.ValidationError(
                _("No order has this number.") if not found else _("Several orders have this number.")
            )
        return found[0]

    def clean_customer(self) -> Customer | None:
        code = self.cleaned_data["customer"].strip()
        if not code:
            return None
        found = Customer.objects.visible_to(self.user).filter(code=code).first()
        if found is None:
            raise forms.ValidationError(_("No customer has this code."))
        return found  # type: ignore[no-any-return]

    def clean(self) -> dict[str, Any]:
        """Whom it is about is named or said to be unknown, never forgotten."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        named = data.get("order") or data.get("customer") or {"order", "customer"} & set(self.errors)
        if not named and not data.get("unknown"):
            self.add_error(
                "customer", _("Name the order or the customer, or say below that neither is known.")
            )
        return data

    def another(self) -> str:
        """The answer *this is another problem*, for this order and no other."""
        order = self.cleaned_data.get("order")
        return another(order) if order else ""

    def joined(self) -> Ticket | None:
        """The open ticket of the order that the person says it is about; None when it has ended meanwhile."""
        order, named = self.cleaned_data["order"], self.cleaned_data["belongs_to"]
        if not order or not named:
            return None
        live = Ticket.objects.active().filter(order=order, historic=False)
        return live.filter(public_id=named).first()  # type: ignore[no-any-return]

    def ask(self, tickets: list[Ticket]) -> None:
        """Show the open tickets of the order; of those the person may not see, only that they exist."""
        self.already = marked(self.user, tickets)


def another(order: Order) -> str:
    """The answer *this is another problem*, for this order and no other."""
    return f"another-{order.pk}"


def marked(user: Any, tickets: list[Ticket]) -> list[Ticket]:
    """The same, each with whether this person may see more of it than that it exists."""
    seen = _seen(user, tickets) if tickets else set()
    for ticket in tickets:
        ticket.is_seen = ticket.pk in seen  # type: ignore[attr-defined]
    return tickets


def _seen(user: Any, tickets: list[Ticket]) -> set[int]:
    rows = Ticket.objects.visible_to(user).filter(pk__in=[ticket.pk for ticket in tickets])
    return set(rows.values_list("pk", flat=True))


def orders_named(user: Any, number: str) -> Any:
    """Orders with exactly this number that the person may see."""
    return (
        Order.objects.visible_to(user)
        .filter(external_no=number)
        .select_related("customer", "merchant")
        .only("pk", "external_no", "status", "placed_at", "paid", "currency", "customer", "merchant")
    )


@require_http_methods(["GET", "POST"])
@needs("tickets.open_ticket")
def problem(request: HttpRequest) -> HttpResponse:
    """The form; a saved one opens its ticket, or joins the one that its order has."""
    initial = {"order": request.GET.get("order", ""), "channel": Channel.PHONE, **calls.initial(request)}
    form = ProblemForm(request.POST or None, user=request.user, initial=initial)
    if request.method == "POST" and form.is_valid():
        ticket = answered(lambda: _register(form, once.reference(request), timezone.now()), request)
        if ticket:
            calls.attach(request, form.cleaned_data["talk"], ticket, timezone.now())
            return _shown(request, form, ticket)
    return render(
        request, "desk/open.html", {"title": _("Register a problem"), "form": form, "now": timezone.now()}
    )


def _register(form: ProblemForm, ref: str, now: datetime) -> Ticket | None:
    """The ticket that the problem stands in; None while the person has to say which one."""
    draft, open_one = _draft(form, ref, now), form.joined()
    if open_one:
        problem_join(ticket=open_one, draft=draft, actor=form.user, now=now)
        return open_one
    try:
        return ticket_open(draft=draft, actor=form.user, now=now)
    except AlreadyOpen as found:
        form.ask(found.tickets)
        return None


def _shown(request: HttpRequest, form: ProblemForm, ticket: Ticket) -> HttpResponse:
    """The ticket; somebody who may not see it goes on with the next problem."""
    if not _seen(request.user, [ticket]):
        messages.success(request, _("Passed on to the colleagues who work on it."))
        return redirect("desk:open")
    joined = form.cleaned_data["belongs_to"] == ticket.public_id
    messages.success(request, _("Added to this ticket.") if joined else _("Registered."))
    return redirect("desk:ticket", ticket.number)


def _draft(form: ProblemForm, ref: str, now: datetime) -> TicketDraft:
    data = form.cleaned_data
    return draft_for(
        data["order"], customer=data["customer"], source=SOURCE, source_ref=ref, subject=data["subject"],
        text=data["text"], channel=data["channel"], opened_at=now, kind=data["kind"], owner_id=form.user.pk,
        author_kind=AuthorKind.CUSTOMER, beside=bool(data["belongs_to"]) and data["belongs_to"] == form.another(),
    )  # fmt: skip


@require_GET
@needs("tickets.open_ticket")
def order_found(request: HttpRequest) -> HttpResponse:
    """What the order number names; where it has an open ticket, the question whether this is the same problem, while
    the form is filled in."""
    number = request.GET.get("order", "").strip()[:64]
    found = list(orders_named(request.user, number)[:FOUND]) if number else []
    context: dict[str, Any] = {"found": found, "number": number, "now": timezone.now()}
    if len(found) == 1:  # of several with this number nothing can be asked yet
        live = Ticket.objects.active().filter(order=found[0], historic=False).order_by("-id")[:FOUND]
        context["already"] = marked(request.user, list(live))
        context |= {"another": another(found[0]), "chosen": request.GET.get("belongs_to", "")[:40]}
    return render(request, "desk/_order_found.html", context)
