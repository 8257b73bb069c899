"""What the tests of exchanges and repairs share: goods that come back, a repair brought through the workshop."""

from datetime import datetime, timedelta
from typing import Any

from aftersales.cases import services
from aftersales.cases.models import Case, CaseParcel, FaultTreeVersion, ParcelItem, Repair
from aftersales.cases.services import Arrival, Diagnosis, Finding
from tests.cast import Cast

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def parcel_of(case: Case) -> CaseParcel:
    return CaseParcel.objects.filter(case=case, direction="inbound").latest("id")


def arrive(case: Case, desk: Cast, at: datetime, number: str = "SF7000") -> CaseParcel:
    """The customer's parcel is sent and received whole."""
    parcel = services.parcel_ship(
        parcel=parcel_of(case), carrier="顺丰", tracking_no=number, actor=desk.agent, now=at
    )
    counts = {one.pk: one.announced for one in ParcelItem.objects.filter(parcel=parcel)}
    return services.parcel_receive(
        parcel=parcel, arrival=Arrival(counts), actor=desk.returns_receiver, now=at + HOUR
    )


def keep(parcel: CaseParcel, desk: Cast, at: datetime) -> CaseParcel:
    found = {
        one.pk: Finding(accepted=one.received, grade="opened", resellable=False, cause="fault")
        for one in ParcelItem.objects.filter(parcel=parcel)
    }
    return services.parcel_inspect(
        parcel=parcel, findings=found, actor=desk.returns_receiver, now=at, keep=True
    )


def back_home(case: Case, desk: Cast, at: datetime) -> CaseParcel:
    """What was sent back reaches the customer."""
    return services.parcel_deliver_back(parcel=parcel_of(case), actor=desk.returns_receiver, now=at)


def tree() -> FaultTreeVersion:
    return FaultTreeVersion.objects.select_related("tree").get(tree__code="electronics", state="active")


def fresh(row: Any) -> Any:
    return type(row).objects.get(pk=row.pk)


def diagnosed(case: Case, desk: Cast, at: datetime, **more: Any) -> Repair:
    seen: dict[str, Any] = {"tree_version": tree(), "branch": "battery_worn", "serial_no": "sn-1"}
    repair = Repair.objects.filter(case=case).latest("id")
    return services.repair_diagnose(
        repair=repair, diagnosis=Diagnosis(**(seen | more)), actor=desk.agent, now=at
    )


def repaired(case: Case, desk: Cast, at: datetime, found: str = "battery_worn") -> Repair:
    """Diagnosed, repaired free of charge, tested and sent back."""
    repair = diagnosed(case, desk, at)
    repair = services.repair_start(repair=repair, actor=desk.agent, now=at + HOUR)
    repair = services.repair_test(
        repair=repair,
        passed=True,
        found=found,
        words="更换电池，充放电三次正常。",
        actor=desk.agent,
        now=at + 2 * HOUR,
    )
    return services.repair_send_back(
        repair=repair, carrier="顺丰", tracking_no="SF8000", actor=desk.returns_receiver, now=at + 3 * HOUR
    )
