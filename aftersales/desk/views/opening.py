"""Registering a problem by hand: the order first, because it names customer and merchant."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from aftersales.core.access import answered, needs
from aftersales.customers.models import Customer
from aftersales.orders.models import Order
from aftersales.tickets.services import ticket_open
from aftersales.tickets.services.intake import TicketDraft
from aftersales.tickets.states import OPEN_STATES, AuthorKind, Channel, Kind

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

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

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
    """The form; a saved one opens its ticket."""
    initial = {"order": request.GET.get("order", ""), "channel": Channel.PHONE}
    form = ProblemForm(request.POST or None, user=request.user, initial=initial)
    if request.method == "POST" and form.is_valid():
        draft = _draft(form.cleaned_data, request.user)
        opened = answered(
            lambda: ticket_open(draft=draft, actor=request.user, now=draft.opened_at),
            request,
            _("Registered."),
        )
        if opened:
            return redirect("desk:ticket", opened.number)
    return render(
        request, "desk/open.html", {"title": _("Register a problem"), "form": form, "now": timezone.now()}
    )


def _draft(data: dict[str, Any], user: Any) -> TicketDraft:
    order: Order | None = data["order"]
    customer: Customer | None = data["customer"] or (order.customer if order else None)
    return TicketDraft(
        source="desk", source_ref="", subject=data["subject"], text=data["text"], channel=data["channel"],
        opened_at=timezone.now(), kind=data["kind"], order_id=order.pk if order else None,
        customer_id=customer.pk if customer else None, merchant_id=order.merchant_id if order else None,
        customer_class=customer.customer_class if customer else "", amount=order.paid if order else None,
        owner_id=user.pk, author_kind=AuthorKind.CUSTOMER,
    )  # fmt: skip


@require_GET
@needs("tickets.open_ticket")
def order_found(request: HttpRequest) -> HttpResponse:
    """What the order number names, and the tickets already open on it, while the form is filled in."""
    number = request.GET.get("order", "").strip()[:64]
    found = list(orders_named(request.user, number)[:FOUND]) if number else []
    for order in found:
        order.open_tickets = list(
            order.tickets.visible_to(request.user).filter(state__in=OPEN_STATES)[:FOUND]
        )
    return render(
        request, "desk/_order_found.html", {"found": found, "number": number, "now": timezone.now()}
    )
