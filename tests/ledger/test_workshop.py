"""By the pages: a rule is drafted and tried; an appeal comes with files; letters are printed, measures published."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from aftersales.core.errors import DomainError
from aftersales.ledger import raisers, selectors, services
from aftersales.ledger.models import IncentiveVersion, Journal, Proposal, ProposalFile, Scheme
from aftersales.ledger.raisers import Fact, Raiser

pytestmark = pytest.mark.django_db
PROOF = "承运商通知：11 月 3 日至 5 日停运。".encode()


def page(cast: Any, person: Any, name: str, *args: Any, query: str = "") -> str:
    answer = cast.client(person).get(reverse(f"ledger:{name}", args=args) + query)
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.fixture
def told(cast: Any, merchant: Any) -> Any:
    def make(**facts: Any) -> Proposal:
        now = timezone.now() - timedelta(hours=1)
        given: dict[str, Any] = {
            "kind": "deduction", "party": cast.agent, "amount": Decimal(6), "unit": "points",
            "fact_code": "late_answer", "citation": "return_rule.no_reason v3", "source": ("cases.dispute", 7),
            "actor": cast.operations, "now": now, "calculation": {"base": "2", "times": 3, "cap": "24"},
        }  # fmt: skip
        row = services.propose(**(given | facts))
        return services.proposal_notify(proposal=row, actor=cast.operations, now=now)

    return make


def test_a_rule_is_opened_drafted_and_tried_by_the_pages(cast: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now()
    monkeypatch.setattr(raisers, "_raisers", dict(raisers._raisers))
    raisers.declare(Raiser("good_turn", "助人", "person", lambda start, end: [Fact(cast.agent.pk, 1, now)]))
    browser = cast.client(cast.operations)
    opened = {
        "code": "good",
        "name_zh": "助人积分",
        "name_en": "Good turns",
        "party": "person",
        "consequence": "reward",
    }
    browser.post(reverse("ledger:rule_new"), {f"new-{name}": value for name, value in opened.items()})
    terms = {
        "trigger": "good_turn", "from_count": "1", "unit": "points", "amount": "10", "cap": "20",
        "source_ref": "R6.5", "source_zh": "激励", "source_en": "Rewards", "reason": "试行",
    }  # fmt: skip
    answer = browser.post(
        reverse("ledger:rule_draft", args=["good"]), {f"draft-{name}": value for name, value in terms.items()}
    )
    assert answer.status_code == 302
    version = IncentiveVersion.objects.get(rule__code="good")
    month = selectors.month_of(now)
    found = page(cast, cast.operations, "rule", "good", query=f"?month={month:%Y-%m}")
    assert str(cast.agent) in found
    assert "10" in found
    assert not Proposal.objects.exists()
    browser.post(
        reverse("ledger:rule_draft", args=["good"]), {"draft-trigger": "penalty_count", "draft-reason": "x"}
    )
    version.refresh_from_db()
    assert version.trigger == "good_turn"
    cast.client(cast.supervisor).post(reverse("ledger:rule_decide", args=["good", 1]), {"act": "activate"})
    version.refresh_from_db()
    assert version.state == "draft"  # no scheme was adopted
    signed = SimpleUploadedFile("签收.txt", "已阅".encode())
    browser.post(
        reverse("ledger:scheme_new"),
        {
            "scheme-title": "方案", "scheme-adopted_on": "2026-10-08", "scheme-record_number": "3",
            "scheme-file": signed,
        },
    )  # fmt: skip
    assert page(cast, cast.agent, "rules").count("助人积分") == 1  # everybody reads by what he is judged
    key = Scheme.objects.get().public_id
    address = reverse("ledger:scheme_file", args=[key])
    assert cast.client(cast.agent).get(address).status_code == 404
    assert b"".join(cast.client(cast.finance).get(address).streaming_content) == "已阅".encode()


def test_an_appeal_comes_with_files_that_those_who_decide_can_open(told: Any, cast: Any) -> None:
    row = told()
    files = [SimpleUploadedFile("通知.txt", PROOF), SimpleUploadedFile("同一份.txt", PROOF)]
    cast.client(cast.agent).post(
        reverse("ledger:act", args=[row.public_id, "appeal"]), {"reason": "承运商停运", "files": files}
    )
    row.refresh_from_db()
    assert row.state == "appealed"
    kept = ProposalFile.objects.get()
    address = reverse("ledger:proposal_file", args=[kept.public_id])
    for person in (cast.agent, cast.finance):
        assert b"".join(cast.client(person).get(address).streaming_content) == PROOF
    assert cast.client(cast.inspector).get(address).status_code == 404


def test_nothing_of_a_refused_appeal_stays(told: Any, cast: Any) -> None:
    row = told()
    cast.client(cast.agent).post(
        reverse("ledger:act", args=[row.public_id, "appeal"]),
        {"reason": "  ", "files": [SimpleUploadedFile("通知.txt", PROOF)]},
    )
    row.refresh_from_db()
    assert row.state == "notified"
    assert not ProposalFile.objects.exists()


def test_the_letters_say_fact_clause_calculation_and_what_was_decided(told: Any, cast: Any) -> None:
    row = told()
    found = page(cast, cast.agent, "letter", row.public_id)
    for words in (row.number, "return_rule.no_reason v3", "24"):
        assert words in found
    browser = cast.client(cast.agent)
    assert browser.get(reverse("ledger:letter", args=[row.public_id]) + "?of=appeal").status_code == 404
    services.proposal_appeal(proposal=row, text="停运", actor=cast.agent, now=timezone.now())
    services.proposal_hear(
        proposal=row, upheld=False, answer="停运属实", actor=cast.finance, now=timezone.now()
    )
    assert "停运属实" in page(cast, cast.agent, "letter", row.public_id, query="?of=appeal")


def test_a_measure_is_published_with_its_appeal_and_an_untold_one_is_due(
    told: Any, cast: Any, merchant: Any
) -> None:
    measure = {"kind": "measure", "measure": "warning", "amount": None, "party": merchant}
    told(**measure)
    services.propose(
        **measure, fact_code="false_dispatch", citation="x v1", source=("x.y", 9), actor=cast.operations,
        now=timezone.now(),
    )  # fmt: skip
    found = page(cast, cast.operations, "measures")
    assert found.count(merchant.name) == 2
    assert "申诉" in found


def test_one_fact_has_one_consequence(told: Any, cast: Any, merchant: Any) -> None:
    first = told(kind="penalty", party=merchant, amount=Decimal(50), unit="CNY")
    with pytest.raises(DomainError) as refused:
        told(kind="measure", measure="warning", amount=None, party=merchant)
    assert refused.value.code == "one_consequence"
    assert first.number in str(refused.value)
    services.proposal_withdraw(proposal=first, actor=cast.operations, now=timezone.now(), reason="改为警示")
    assert told(kind="measure", measure="warning", amount=None, party=merchant).state == "notified"


def test_an_entry_of_a_proposal_is_turned_back_with_it(told: Any, cast: Any) -> None:
    cast.certify(cast.supervisor, "lead")
    row = told(now=timezone.now() - timedelta(days=9))
    Proposal.objects.filter(pk=row.pk).update(appeal_until=timezone.now() - timedelta(days=1))
    row = services.proposal_approve(proposal=row, actor=cast.supervisor, now=timezone.now())
    entry = Journal.objects.get(pk=row.journal_id)
    with pytest.raises(DomainError) as refused:
        services.reverse(journal=entry, actor=cast.finance, now=timezone.now(), reason="x")
    assert refused.value.code == "of_a_proposal"
