"""What happens to customer records. No event holds a name or a contact."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core.events import Kind, register

from .states import CustomerClass


def _classes(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {key: CustomerClass(payload[key]).label for key in ("old_class", "new_class")}


register(
    Kind("customer.created", sentence=_("%(actor)s created the customer record.")),
    Kind("customer.changed", sentence=_("%(actor)s changed the customer record.")),
    Kind("customer.loaded", sentence=_("%(actor)s loaded customers from a sheet.")),
    Kind(
        "customer.reclassified",
        sentence=_("%(actor)s changed the customer's class from %(old_class)s to %(new_class)s."),
        payload={"old_class": "code", "new_class": "code"},
        show=_classes,
    ),
    Kind(
        "customer.consent_changed",
        sentence=_("%(actor)s recorded what the customer agrees to."),
    ),
    Kind("customer.erased", sentence=_("%(actor)s erased the customer's personal data: %(reason)s")),
    Kind("customer.account_added", sentence=_("%(actor)s added an account id of the customer.")),
    Kind(
        "staff_contact.added",
        sentence=_("%(actor)s noted an own contact of an employee."),
        payload={"kind": "code", "person": "id"},
    ),
    Kind(
        "staff_contact.ended",
        sentence=_("%(actor)s ended an own contact of an employee."),
        payload={"kind": "code", "person": "id"},
    ),
    Kind("contact.created", sentence=_("%(actor)s added a contact."), payload={"kind": "code"}),
    Kind("contact.changed", sentence=_("%(actor)s changed a contact."), payload={"kind": "code"}),
    Kind(
        "contact.revealed",
        sentence=_("%(actor)s looked at a contact of the customer: %(reason)s"),
        payload={"kind": "code", "customer": "id", "context": "code"},
    ),
    Kind("contact.bounced", sentence=_("A message to this contact came back."), payload={"kind": "code"}),
    Kind(
        "contact.reached", sentence=_("The customer wrote from this contact again."), payload={"kind": "code"}
    ),
    Kind("contact.erased", sentence=_("%(actor)s erased a contact: %(reason)s"), payload={"kind": "code"}),
)
