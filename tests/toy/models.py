"""Toy tables: a parcel (history, version), a lamp (no history) and an append-only stamp."""

from datetime import datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django_fsm import transition
from simple_history.models import HistoricalRecords

from aftersales.core.models import AppendOnlyModel, PublicIdModel, StateModel, VersionedModel
from aftersales.core.statefield import StateField
from tests.toy.machine import LAMP, PARCEL
from tests.toy.states import LampState, ParcelState


class Parcel(StateModel, PublicIdModel, VersionedModel):
    deletable = "the tests show what happens when a row is gone"

    state = StateField(choices=ParcelState.choices, default=ParcelState.PACKED, max_length=16)
    merchant_id = models.BigIntegerField(null=True)
    carrier = models.CharField(max_length=40, blank=True)
    weight = models.DecimalField(max_digits=8, decimal_places=2, default=1)
    tags = ArrayField(models.CharField(max_length=20), default=list)
    extras = models.JSONField(default=dict)
    asked = models.PositiveIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)

    history = HistoricalRecords()

    class Meta:
        triggers = PARCEL.triggers()

    @transition(**PARCEL.transition("send"))
    def send(self, *, actor: Any, now: datetime, carrier: str, remark: str = "") -> dict[str, str]:
        self.carrier = carrier
        self.sent_at = now
        return {"carrier": carrier}

    @transition(**PARCEL.transition("deliver"))
    def deliver(self, *, actor: Any, now: datetime) -> None:
        return None

    @transition(**PARCEL.transition("bring_back"))
    def bring_back(self, *, actor: Any, now: datetime) -> None:
        self.tags.append(f"back {self.asked}")  # in place, as bodies do

    @transition(**PARCEL.transition("ask"))
    def ask(self, *, actor: Any, now: datetime) -> None:
        self.asked += 1

    @transition(**PARCEL.transition("write_off"))
    def write_off(self, *, actor: Any, now: datetime) -> None:
        return None

    @transition(**PARCEL.transition("lose"))
    def lose(self, *, actor: Any, now: datetime) -> None:
        return None


class Lamp(StateModel):
    state = StateField(choices=LampState.choices, default=LampState.OFF, max_length=8)

    class Meta:
        triggers = LAMP.triggers()

    @transition(**LAMP.transition("switch_on"))
    def switch_on(self, *, actor: Any, now: datetime) -> None:
        return None

    @transition(**LAMP.transition("switch_off"))
    def switch_off(self, *, actor: Any, now: datetime) -> None:
        return None


class Stamp(AppendOnlyModel):
    text = models.CharField(max_length=20)

    class Meta(AppendOnlyModel.Meta):
        pass
