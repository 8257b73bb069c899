"""Repair: diagnosed by the tree, quoted, answered, parts, tested, sent back; two in vain give another way."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from accounts.services import customer_user
from aftersales.cases import services
from aftersales.cases.models import (
    Case,
    CaseParcel,
    Due,
    FaultTree,
    FaultTreeVersion,
    LineAccount,
    OrderAccount,
    ParcelLabel,
    Repair,
)
from aftersales.cases.repairs import selectors
from aftersales.cases.services import Part
from aftersales.clocks.models import Clock
from aftersales.core.errors import DomainError, NotPermitted, Refused
from aftersales.core.models import Event
from aftersales.orders.models import OrderLine
from aftersales.standards import services as rule_book
from tests.cases.workshop import (
    DAY,
    HOUR,
    arrive,
    back_home,
    diagnosed,
    fresh,
    keep,
    parcel_of,
    repaired,
    tree,
)
from tests.cast import Cast

D = Decimal
Open = Callable[..., Case]
InShop = Callable[..., Case]


@pytest.fixture
def in_shop(open_case: Open, desk: Cast, now: datetime) -> InShop:
    """A lamp in the workshop: ``in_shop(ground=…, at=…)``."""

    def bring(at: datetime | None = None, ground: str = "quality", number: str = "SF7000") -> Case:
        moment = at or now
        case = open_case({1: 1}, at=moment, kind="repair", ground=ground)
        case = services.case_approve(case=case, actor=desk.agent, now=moment)
        arrive(case, desk, moment, number)
        return fresh(case)

    return bring


def refused(code: str, act: Callable[[], object]) -> None:
    with pytest.raises(DomainError) as error:
        act()
    codes = {one.code for one in getattr(error.value, "reasons", [])} | {error.value.code}
    assert code in codes


def the_repair(case: Case) -> Repair:
    return Repair.objects.filter(case=case).latest("id")


def clock_of(repair: Repair) -> Clock:
    return Clock.objects.get(subject_kind="cases.repair", subject_id=repair.pk)


# Through the workshop


def test_goods_that_arrive_are_in_the_workshop_and_their_clock_runs(in_shop: InShop, now: datetime) -> None:
    repair = the_repair(in_shop())
    assert (repair.state, repair.borne_by, repair.pieces) == ("received", "merchant", 1)
    clock = clock_of(repair)
    assert (clock.promise, clock.state, clock.started_at) == ("repair", "running", now + HOUR)
    assert repair.next_due_at == clock.due_at


def test_a_repair_from_diagnosis_to_proof_ends_its_case_and_frees_the_pieces(
    in_shop: InShop, lines: list[OrderLine], desk: Cast, now: datetime
) -> None:
    case = in_shop()
    repair = repaired(case, desk, now + DAY)
    assert (repair.state, repair.outcome, repair.serial_no, repair.hit) == (
        "sent_back",
        "fixed",
        "SN-1",
        True,
    )
    assert clock_of(repair).state == "met"
    assert fresh(case).state == "approved"
    back_home(case, desk, now + 2 * DAY)
    repair = fresh(repair)
    assert (repair.back_at, repair.proof_until) == (now + 2 * DAY, now + 32 * DAY)
    assert fresh(case).state == "closed"
    assert LineAccount.objects.get(line=lines[1]).claimed == 0


def test_a_case_does_not_end_while_its_repair_has_not(in_shop: InShop, desk: Cast, now: datetime) -> None:
    case = in_shop()
    with pytest.raises(Refused) as error:
        services.case_close(case=case, actor=desk.agent, now=now)
    assert "台灯" in str(error.value)


def test_what_the_customer_bears_is_quoted_answered_and_paid_before_it_goes_back(
    in_shop: InShop, desk: Cast, now: datetime
) -> None:
    # Given damage that the customer has to bear
    case = in_shop(ground="no_reason")
    repair = diagnosed(case, desk, now + DAY, branch="liquid")
    refused("quote_first", lambda: services.repair_start(repair=repair, actor=desk.agent, now=now + DAY))
    # When it is quoted with parts and labour, the clock stands until he answers
    repair = services.repair_quote(
        repair=repair, labour=D("30"), parts=[Part("主板", 1, D("45.50")), Part("胶条", 2, D("2"))],
        actor=desk.agent, now=now + DAY,
    )  # fmt: skip
    assert (repair.quoted, clock_of(repair).state) == (D("79.50"), "paused")
    repair = services.repair_answer(repair=repair, accept=True, actor=customer_user(), now=now + 2 * DAY)
    due = Due.objects.get(case=case)
    assert (due.kind, due.amount, clock_of(repair).state) == ("repair", D("79.50"), "running")
    # Then it waits for parts, is repaired and tested, and goes back only when it is paid
    repair = services.repair_order_parts(repair=repair, actor=desk.agent, now=now + 2 * DAY)
    assert clock_of(repair).state == "paused"
    repair = services.repair_parts_arrive(repair=repair, actor=desk.agent, now=now + 6 * DAY)
    assert repair.parts_days == 4
    repair = services.repair_test(
        repair=repair, passed=True, found="main_board", words="换主板", actor=desk.agent, now=now + 6 * DAY
    )
    assert repair.hit is False

    def send() -> Repair:
        return services.repair_send_back(
            repair=repair,
            carrier="顺丰",
            tracking_no="SF8000",
            actor=desk.returns_receiver,
            now=now + 7 * DAY,
        )

    refused("due_open", send)
    services.due_paid(due=due, reference="WX-9", actor=desk.agent, now=now + 7 * DAY)
    assert send().state == "sent_back"


def test_a_declined_quote_goes_back_as_it_is(in_shop: InShop, desk: Cast, now: datetime) -> None:
    case = in_shop(ground="no_reason")
    repair = diagnosed(case, desk, now + DAY)
    repair = services.repair_quote(repair=repair, labour=D("9"), parts=[], actor=desk.agent, now=now + DAY)
    repair = services.repair_answer(repair=repair, accept=False, actor=desk.agent, now=now + DAY)
    repair = services.repair_send_back(
        repair=repair, carrier="顺丰", tracking_no="SF8000", actor=desk.returns_receiver, now=now + DAY
    )
    back_home(case, desk, now + 2 * DAY)
    repair = fresh(repair)
    assert (repair.state, repair.outcome, repair.proof_until) == ("sent_back", "not_done", None)
    assert (Due.objects.count(), fresh(case).state) == (0, "closed")


def test_whom_the_law_protects_is_never_quoted(in_shop: InShop, desk: Cast, now: datetime) -> None:
    case = in_shop()
    refused("free", lambda: diagnosed(case, desk, now, borne_by="customer"))
    repair = diagnosed(case, desk, now)
    refused(
        "free", lambda: services.repair_quote(repair=repair, labour=D(5), parts=[], actor=desk.agent, now=now)
    )


def test_a_failed_test_keeps_it_in_repair_and_nothing_untested_goes_back(
    in_shop: InShop, desk: Cast, now: datetime
) -> None:
    repair = diagnosed(in_shop(), desk, now)

    def send() -> Repair:
        return services.repair_send_back(
            repair=repair, carrier="顺丰", tracking_no="SF8000", actor=desk.returns_receiver, now=now
        )

    refused("not_tested", send)
    repair = services.repair_start(repair=repair, actor=desk.agent, now=now)
    repair = services.repair_test(
        repair=repair, passed=False, found="", words="仍有杂音", actor=desk.agent, now=now
    )
    assert (repair.state, Event.objects.filter(kind="repair.test_failed").count()) == ("repairing", 1)
    refused("wrong_state", send)
    refused(
        "cause",
        lambda: services.repair_test(
            repair=repair, passed=True, found="moon", words="好", actor=desk.agent, now=now
        ),
    )
    refused(
        "report",
        lambda: services.repair_test(
            repair=repair, passed=True, found="other", words=" ", actor=desk.agent, now=now
        ),
    )


def test_nothing_found_goes_back_and_makes_no_repair_a_failed_one(
    in_shop: InShop, desk: Cast, now: datetime
) -> None:
    case = in_shop()
    repaired(case, desk, now + DAY)
    back_home(case, desk, now + 2 * DAY)
    again = in_shop(now + 10 * DAY, number="SF7001")
    repair = diagnosed(again, desk, now + 11 * DAY, no_fault=True)
    assert Repair.objects.get(case=case).outcome == "fixed"
    done = services.repair_send_back(
        repair=repair, carrier="顺丰", tracking_no="SF8001", actor=desk.returns_receiver, now=now + 11 * DAY
    )
    assert (done.state, done.outcome) == ("sent_back", "no_fault")


def test_goods_sent_back_from_the_desk_end_an_unfinished_repair(
    in_shop: InShop, desk: Cast, now: datetime
) -> None:
    case = in_shop()
    services.parcel_send_back(
        parcel=parcel_of(case),
        carrier="顺丰",
        tracking_no="SF8000",
        actor=desk.returns_receiver,
        now=now + DAY,
    )
    repair = the_repair(case)
    assert (repair.state, repair.outcome, clock_of(repair).state) == ("cancelled", "not_done", "cancelled")


def test_a_withdrawn_case_ends_its_repair(in_shop: InShop, desk: Cast, now: datetime) -> None:
    case = in_shop()
    services.case_withdraw(case=case, actor=desk.agent, now=now + DAY)
    assert the_repair(case).state == "cancelled"


def test_a_visit_needs_no_parcel(open_case: Open, lines: list[OrderLine], desk: Cast, now: datetime) -> None:
    case = open_case({1: 1}, kind="repair", ground="quality", goods_back=False)
    case = services.case_approve(case=case, actor=desk.agent, now=now)
    repair = services.repair_open(case=case, line_id=lines[1].pk, pieces=1, actor=desk.agent, now=now)
    refused(
        "in_repair",
        lambda: services.repair_open(case=case, line_id=lines[1].pk, pieces=1, actor=desk.agent, now=now),
    )
    assert not CaseParcel.objects.exists()
    repaired(case, desk, now + HOUR)
    assert fresh(repair).state == "sent_back"


# Proof, and two repairs in vain


def test_under_proof_the_same_article_is_repaired_free_and_the_first_repair_failed(
    in_shop: InShop, desk: Cast, now: datetime
) -> None:
    case = in_shop()
    first = repaired(case, desk, now + DAY)
    back_home(case, desk, now + 2 * DAY)
    # Given the same lamp again within thirty days, for a reason that the customer would bear
    again = in_shop(now + 20 * DAY, ground="no_reason", number="SF7001")
    repair = diagnosed(again, desk, now + 21 * DAY)
    assert (repair.under_proof, repair.borne_by, repair.follows_id) == (True, "merchant", first.pk)
    assert fresh(first).outcome == "failed"
    refused(
        "under_proof",
        lambda: services.repair_quote(
            repair=repair, labour=D(5), parts=[], actor=desk.agent, now=now + 21 * DAY
        ),
    )
    assert [one.pk for one in selectors.history_of(repair)] == [repair.pk, first.pk]


def test_after_two_repairs_in_vain_the_rules_give_an_exchange_or_a_return(
    in_shop: InShop, open_case: Open, lines: list[OrderLine], desk: Cast, now: datetime
) -> None:
    for round_no in (0, 1):
        start = now + 12 * round_no * DAY
        case = in_shop(start, ground="warranty", number=f"SF700{round_no}")
        repair = repaired(case, desk, start + DAY)
        back_home(case, desk, start + 2 * DAY)
    # After the second the fault is there again
    services.repair_came_back(repair=fresh(repair), actor=desk.agent, now=now + 20 * DAY)
    assert selectors.failed_repairs([lines[1].pk]) == {lines[1].pk: 2}
    asked = open_case({1: 1}, at=now + 20 * DAY, kind="return", ground="warranty")
    told = asked.verdict["lines"][str(lines[1].pk)]
    cited = str(told)
    assert "two_failed_repairs" in cited
    assert "repairs_failed" in cited


def test_what_cannot_be_repaired_turns_into_a_return_with_goods_evidence_and_clocks(
    in_shop: InShop, desk: Cast, now: datetime
) -> None:
    case = in_shop()
    repair = diagnosed(case, desk, now + DAY)
    repair = services.repair_give_up(
        repair=repair, found="main_board", words="主板烧毁，无件", actor=desk.agent, now=now + DAY
    )
    assert (repair.outcome, clock_of(repair).state) == ("unrepairable", "met")
    parcel, clocks = parcel_of(case), set(Clock.objects.values_list("pk", "due_at"))
    turned = services.case_turn(case=fresh(case), kind="return", actor=desk.agent, now=now + 2 * DAY)
    assert (turned.first_kind, turned.kind, turned.agreed > 0) == ("repair", "return", True)
    assert (parcel_of(case).pk, set(Clock.objects.values_list("pk", "due_at")) >= clocks) == (parcel.pk, True)
    keep(parcel, desk, now + 3 * DAY)
    assert fresh(case).settled_at == now + 3 * DAY
    assert OrderAccount.objects.get().granted == fresh(case).agreed


def test_a_return_turned_into_a_repair_takes_the_goods_that_are_here(
    open_case: Open, desk: Cast, now: datetime
) -> None:
    case = services.case_approve(case=open_case({1: 1}, ground="quality"), actor=desk.agent, now=now)
    arrive(case, desk, now)
    turned = services.case_turn(case=fresh(case), kind="repair", actor=desk.agent, now=now + DAY)
    assert (turned.first_kind, turned.first_ground, turned.agreed) == ("return", "quality", 0)
    assert the_repair(turned).state == "received"


def test_goods_that_stay_are_not_repaired(open_case: Open, desk: Cast, now: datetime) -> None:
    case = services.case_approve(case=open_case({1: 1}, ground="quality"), actor=desk.agent, now=now)
    keep(arrive(case, desk, now), desk, now + DAY)
    refused(
        "goods_kept",
        lambda: services.case_turn(case=fresh(case), kind="repair", actor=desk.agent, now=now + DAY),
    )


# Trees


BRANCH = {
    "code": "fuse", "symptom_zh": "不亮", "symptom_en": "Dark", "checks_zh": "测保险丝", "checks_en": "Test the fuse",
    "cause_zh": "保险丝断", "cause_en": "Fuse blown",
}  # fmt: skip


def test_a_draft_of_a_tree_is_used_only_after_a_second_person(
    in_shop: InShop, desk: Cast, now: datetime
) -> None:
    drafter, second = desk.person("operations"), desk.person("supervisor")
    row = services.fault_tree_draft(
        tree=tree().tree, branches=[BRANCH], reason="新增", actor=drafter, now=now
    )
    case = in_shop()
    refused("branch", lambda: diagnosed(case, desk, now, tree_version=row, branch="fuse"))
    refused("own_draft", lambda: rule_book.rule_activate(draft=row, actor=drafter, now=now))
    old = tree()
    rule_book.rule_activate(draft=row, actor=second, now=now)
    assert (tree().pk, fresh(old).state) == (row.pk, "retired")
    assert diagnosed(case, desk, now, tree_version=fresh(row), branch="fuse").suspected == "fuse"


@pytest.mark.parametrize(
    ("branches", "code"),
    [([], "empty_tree"), ([BRANCH, BRANCH], "branch_code"), ([BRANCH | {"checks_en": " "}], "branch_empty"),
     ([BRANCH | {"cause_zh": "长" * 601}], "branch_long")],
)  # fmt: skip
def test_a_tree_that_nobody_could_follow_is_refused(
    desk: Cast, now: datetime, branches: list[dict[str, str]], code: str
) -> None:
    refused(
        code,
        lambda: services.fault_tree_draft(
            tree=tree().tree, branches=branches, actor=desk.person("operations"), now=now
        ),
    )


def test_the_hit_rate_compares_what_was_suspected_with_what_was_found(
    in_shop: InShop, desk: Cast, now: datetime
) -> None:
    for number, found in enumerate(["battery_worn", "charging_port", "other"]):
        start = now + 40 * number * DAY
        case = in_shop(start, number=f"SF710{number}")
        repaired(case, desk, start + DAY, found=found)
        back_home(case, desk, start + 2 * DAY)
    version = tree()
    assert selectors.hits([version.pk]) == {version.pk: (1, 3)}
    assert selectors.branch_hits(version) == {"battery_worn": (1, 3)}


def test_who_may_not_draft_opens_no_tree(desk: Cast, now: datetime) -> None:
    with pytest.raises(NotPermitted):
        services.fault_tree_create(code="x", name_zh="灯", name_en="Lamp", actor=desk.agent, now=now)
    assert FaultTree.objects.count() == FaultTreeVersion.objects.filter(state="active").count() == 2


# Bad input, labels, rights


def test_a_label_belongs_to_a_parcel_that_is_awaited(open_case: Open, desk: Cast, now: datetime) -> None:
    case = services.case_approve(
        case=open_case({1: 1}, kind="repair", ground="quality"), actor=desk.agent, now=now
    )
    parcel = parcel_of(case)

    def label(**more: Any) -> ParcelLabel:
        wanted: dict[str, Any] = {"way": "drop_off", "carrier": "顺丰", "label_no": "sf 77-01"}
        return services.parcel_label(parcel=parcel, actor=desk.agent, now=now, **(wanted | more))

    assert label().label_no == "SF7701"
    assert label(label_no="SF7702").label_no == "SF7702"
    refused("way", lambda: label(way="drone"))
    refused("waybill", lambda: label(label_no="?"))
    arrive(case, desk, now)
    refused("not_awaited", label)
    assert ParcelLabel.objects.count() == 1


def test_roles_without_the_right_repair_nothing(in_shop: InShop, desk: Cast, now: datetime) -> None:
    repair = the_repair(in_shop())
    auditor = desk.person("auditor")
    with pytest.raises(NotPermitted):
        services.repair_start(repair=repair, actor=auditor, now=now)
    with pytest.raises(NotPermitted):
        services.repair_quote(repair=repair, labour=D(1), parts=[], actor=customer_user(), now=now)


@pytest.mark.parametrize(
    ("part", "code"),
    [(Part("", 1, D(1)), "part"), (Part("灯泡", 0, D(1)), "part"), (Part("灯泡", 1, D("-1")), "part"),
     (Part("灯泡", 1, D("0.001")), "part"), (Part("灯泡", 1, D(0)), "amount")],
)  # fmt: skip
def test_a_quote_names_parts_and_prices(
    in_shop: InShop, desk: Cast, now: datetime, part: Part, code: str
) -> None:
    repair = diagnosed(in_shop(ground="no_reason"), desk, now)
    refused(
        code,
        lambda: services.repair_quote(repair=repair, labour=D(0), parts=[part], actor=desk.agent, now=now),
    )
