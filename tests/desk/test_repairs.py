"""Exchange, repair and the fault trees on the desk: by the forms that people fill in."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from aftersales.cases import services
from aftersales.cases.models import Case, CaseParcel, Due, Exchange, FaultTreeVersion, ParcelLabel, Repair
from aftersales.cases.services.faulttrees import KEYS
from aftersales.core.once import FIELD, new_key
from tests.cases.conftest import lines, open_case, order, ticket
from tests.cases.workshop import arrive, fresh, keep, tree
from tests.cast import Cast

__all__ = ["lines", "open_case", "order", "ticket"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
Open = Callable[..., Case]


def url(name: str, *args: Any) -> str:
    return reverse(f"desk:{name}", args=args)


def work(browser: Client, case: Case, name: str, on: Any = "", **data: Any) -> Any:
    return browser.post(url("case_work", case.number, name), {FIELD: new_key(), "on": on, **data})


def page(browser: Client, case: Case) -> str:
    return str(browser.get(url("case", case.number)).content.decode())


@pytest.fixture
def exchange(open_case: Open, desk: Cast, now: datetime) -> Case:
    case = open_case({0: 2}, kind="exchange", ground="wrong_item")
    return services.case_approve(case=case, actor=desk.agent, now=now)


@pytest.fixture
def repair(open_case: Open, desk: Cast, now: datetime) -> Repair:
    case = open_case({1: 1}, kind="repair", ground="no_reason")
    case = services.case_approve(case=case, actor=desk.agent, now=now)
    arrive(case, desk, now)
    return Repair.objects.get(case=case)


def test_an_exchange_from_the_choice_to_the_parcel(exchange: Case, desk: Cast, now: datetime) -> None:
    agent = desk.client("agent")
    line = exchange.lines.get()
    # The dialog asks for each line; a dearer article is owed and shown with its reference when it is paid
    dialog = agent.get(url("case_work", exchange.number, "choose"), headers={"HX-Request": "true"})
    assert f"price{line.pk}" in dialog.content.decode()
    work(agent, exchange, "choose", **{f"name{line.pk}": "大号杯子", f"price{line.pk}": "30.00"})
    assert Exchange.objects.get(case=exchange).difference == due().amount
    shown = page(agent, exchange)
    assert "大号杯子" in shown
    assert "13.32" in shown
    work(agent, exchange, "paid", due().pk, reference="WX-77")
    assert "WX-77" in page(agent, exchange)
    # Goods in, goods out
    assert blue("send") not in page(agent, exchange)  # the goods are still to come
    keep(arrive(exchange, desk, now), desk, now)
    assert blue("send") in page(agent, exchange)
    assert f'<a class="btn pri" href="{url("case_act", exchange.number, "dispute")}"' not in page(
        agent, exchange
    )
    work(agent, exchange, "send", carrier="顺丰", tracking_no="SF 9001")
    assert CaseParcel.objects.get(direction="outbound").tracking_no == "SF9001"
    assert "SF9001" in page(agent, exchange)


def blue(name: str) -> str:
    """How the page begins the button that comes next."""
    return f'<a class="btn sml pri" href="{url("case_work", Case.objects.latest("pk").number, name)}'


def due() -> Due:
    return Due.objects.latest("id")


def test_a_repair_from_diagnosis_to_dispatch(repair: Repair, desk: Cast) -> None:
    agent, case = desk.client("agent"), repair.case
    dialog = agent.get(url("case_work", case.number, "diagnose") + f"?on={repair.public_id}")
    assert "battery_worn" in dialog.content.decode()
    seen = {"branch": f"{tree().pk}:battery_worn", "serial_no": "sn 1", "borne_by": "customer", "words": ""}
    work(agent, case, "diagnose", repair.public_id, **seen)
    quote = {"labour": "20", "part0": "电池", "pieces0": 1, "price0": "45.5", "words": ""}
    work(agent, case, "quote", repair.public_id, **quote)
    assert fresh(repair).quoted == 65.5
    work(agent, case, "accept", repair.public_id, words="")
    work(agent, case, "paid", due().pk, reference="WX-78")
    work(agent, case, "order_parts", repair.public_id)
    work(agent, case, "parts_arrive", repair.public_id)
    work(agent, case, "test", repair.public_id, passed="no", found="battery_worn", words="仍不开机")
    work(agent, case, "test", repair.public_id, passed="yes", found="battery_worn", words="三次充放电正常")
    # And who may not send it back is told who does
    assert url("case_work", case.number, "send_back") not in page(agent, case)
    assert (
        agent.get(url("case_work", case.number, "send_back") + f"?on={repair.public_id}").status_code == 404
    )
    receiver = desk.client("returns_receiver")
    assert url("case_work", case.number, "send_back") in page(receiver, case)
    work(receiver, case, "send_back", repair.public_id, carrier="顺丰", tracking_no="SF8001")
    done = fresh(repair)
    assert (done.state, done.serial_no, done.outcome) == ("sent_back", "SN 1", "fixed")
    shown = page(agent, case)
    assert "SN 1" in shown
    assert "三次充放电正常" in shown


def test_a_dialog_with_a_fault_keeps_what_was_typed_and_says_why(repair: Repair, desk: Cast) -> None:
    agent = desk.client("agent")
    answer = work(agent, repair.case, "diagnose", repair.public_id, borne_by="moon", serial_no="A" * 61)
    assert answer.status_code == 422
    assert fresh(repair).state == "received"
    answer = work(agent, repair.case, "diagnose", repair.public_id, borne_by="customer", branch="", words="")
    assert answer.status_code == 422
    assert fresh(repair).state == "received"


@pytest.mark.parametrize("on", ["", "x", "0", "99999999999999999999", "%00"])
def test_what_does_not_belong_to_the_case_does_not_exist(
    exchange: Case, repair: Repair, desk: Cast, on: str
) -> None:
    agent = desk.client("agent")
    for name in ("diagnose", "paid", "label"):
        assert work(agent, exchange, name, on).status_code == 404
    assert work(agent, exchange, "start", repair.public_id).status_code == 404
    assert work(agent, exchange, "nonsense").status_code == 404


def test_who_only_reads_is_offered_nothing_and_may_nothing(repair: Repair, desk: Cast) -> None:
    auditor = desk.client("auditor")
    shown = page(auditor, repair.case)
    assert "/work/" not in shown
    assert work(auditor, repair.case, "start", repair.public_id).status_code == 404


def test_a_parcel_that_is_awaited_has_a_label(open_case: Open, desk: Cast, now: datetime) -> None:
    case = services.case_approve(
        case=open_case({1: 1}, kind="repair", ground="quality"), actor=desk.agent, now=now
    )
    parcel, agent = CaseParcel.objects.get(), desk.client("agent")
    work(agent, case, "label", parcel.public_id, way="drop_off", carrier="顺丰", label_no="SF-1001")
    assert ParcelLabel.objects.get().label_no == "SF1001"
    assert "SF1001" in page(agent, case)


def test_a_case_in_repair_stands_on_its_board(repair: Repair, desk: Cast) -> None:
    agent = desk.client("agent")
    assert repair.case.number in agent.get(url("cases"), {"board": "repair"}).content.decode()
    services.case_withdraw(case=repair.case, actor=desk.agent, now=repair.received_at)
    assert repair.case.number not in agent.get(url("cases"), {"board": "repair"}).content.decode()


def test_a_tree_is_drafted_by_one_and_brought_into_force_by_another(desk: Cast) -> None:
    drafter, second = desk.client("operations"), desk.client("supervisor")
    assert "electronics" in drafter.get(url("fault_trees")).content.decode()
    old = tree()
    typed = {f"{name}-{row}": one[name] for row, one in enumerate(old.branches) for name in KEYS} | {
        "cause_zh-0": "电池鼓包",
        "reason": "按实绩改名",
        "version": 1,
    }
    drafter.post(url("fault_tree_draft", "electronics"), typed)
    draft = FaultTreeVersion.objects.get(state="draft")
    assert [one["code"] for one in draft.branches] == [one["code"] for one in old.branches]
    assert "电池鼓包" in drafter.get(url("fault_tree", "electronics")).content.decode()
    # The drafter corrects it and may not bring it into force himself; the second person does
    drafter.post(
        url("fault_tree_draft", "electronics"), typed | {"cause_zh-0": "电池损坏", "version": draft.version}
    )
    drafter.post(url("fault_tree_decide", "electronics", draft.number))
    assert fresh(draft).state == "draft"
    second.post(url("fault_tree_decide", "electronics", draft.number))
    assert (fresh(draft).state, fresh(old).state) == ("active", "retired")
    assert tree().branches[0]["cause_zh"] == "电池损坏"


def test_a_tree_with_a_hole_is_refused_and_nothing_waits(desk: Cast) -> None:
    drafter = desk.client("operations")
    drafter.post(url("fault_tree_draft", "general"), {"code-0": "x", "symptom_zh-0": "裂"})
    assert not FaultTreeVersion.objects.filter(state="draft").exists()
