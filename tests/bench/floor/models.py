"""A parcel and a ticket the usual way: protected state, history by signal, ``save()``."""

from typing import Any

from django.db import models
from django_fsm import FSMField, transition
from simple_history.models import HistoricalRecords

from aftersales.tickets.models import Ticket
from tests.toy.models import Parcel


def columns(model: type[models.Model]) -> dict[str, Any]:
    """The columns of a model without its machine; keys of other tables stay plain numbers."""
    found: dict[str, Any] = {}
    for field in model._meta.concrete_fields:
        if field.primary_key:
            continue
        if isinstance(field, models.ForeignKey):
            found[field.attname] = models.BigIntegerField(null=field.null, db_index=field.db_index)
        elif isinstance(field, FSMField):
            found[field.name] = FSMField(default=field.default, max_length=field.max_length)
        else:
            found[field.name] = field.clone()
    return found


def indexes(model: type[models.Model]) -> list[models.Index]:
    found = []
    for index in model._meta.indexes:
        copied = index.clone()
        copied.name = f"f_{index.name}"[:30]
        copied.fields_orders = [(_column(model, name), order) for name, order in index.fields_orders]
        copied.fields = [("-" if order else "") + name for name, order in copied.fields_orders]
        copied.condition = models.Q(state__in=["in_progress", "waiting"]) if index.condition else None
        found.append(copied)
    return found


def _column(model: type[models.Model], name: str) -> str:
    return str(model._meta.get_field(name).attname)


def bare(name: str, model: type[models.Model], moves: dict[str, tuple[str, str]]) -> type[models.Model]:
    """A model of the usual kind with these moves."""
    body: dict[str, Any] = {
        "__module__": __name__,
        **columns(model),
        "history": HistoricalRecords(user_db_constraint=False),
    }
    for move, (source, target) in moves.items():
        body[move] = transition(field=body["state"], source=source, target=target)(lambda self: None)
    body["Meta"] = type("Meta", (), {"app_label": "floor", "indexes": indexes(model)})
    return type(name, (models.Model,), body)


BareParcel = bare(
    "BareParcel",
    Parcel,
    {"send": ("packed", "sent"), "deliver": ("sent", "delivered"), "bring_back": ("delivered", "packed")},
)
BareTicket = bare(
    "BareTicket", Ticket, {"wait": ("in_progress", "waiting"), "resume": ("waiting", "in_progress")}
)
