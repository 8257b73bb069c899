"""Rows of exchanges and repairs are seen by whoever sees their case."""

from typing import Self

from aftersales.cases.querysets import ThroughCaseQuerySet
from aftersales.cases.repairs.states import OPEN_REPAIRS


class RepairQuerySet(ThroughCaseQuerySet):
    def open(self) -> Self:
        return self.filter(state__in=OPEN_REPAIRS)


class Standing(ThroughCaseQuerySet):
    """Rows that another choice replaced stay on record, and count for nothing."""

    def standing(self) -> Self:
        return self.filter(dropped_at=None)


class ThroughRepairQuerySet(Standing):
    path = "repair__case"


class ThroughExchangeQuerySet(Standing):
    path = "exchange__case"


class DueQuerySet(ThroughCaseQuerySet):
    def unpaid(self) -> Self:
        return self.filter(paid_at=None, dropped_at=None)

    def paid(self) -> Self:
        return self.filter(paid_at__isnull=False)
