"""Two decisions at the same moment never pass a limit together; with the lock off they do."""

import contextlib
import threading
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from accounts.states import Role
from aftersales.core import authority, moves
from aftersales.core.authority import Claim
from tests.toy.fixtures import at_once
from tests.training.test_exams import a_question, an_exam
from training import selectors, services
from training.models import Attempt, AuthorityUse, Certificate, Item
from training.services import exams

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.concurrency]
TEXTS = "refunds | short | * | 2 | 4"


@pytest.fixture
def together(monkeypatch: pytest.MonkeyPatch) -> threading.Barrier:
    """Both have read the sums before either of them writes, if nothing keeps them apart."""
    gate = threading.Barrier(2)
    judged = selectors.judged

    def slow(*args: Any, **kwargs: Any) -> Any:
        answer = judged(*args, **kwargs)
        with contextlib.suppress(threading.BrokenBarrierError):
            gate.wait(0.7)
        return answer

    monkeypatch.setattr(selectors, "judged", slow)
    return gate


def decide(person: Any, claim: Claim, now: Any) -> Any:
    def act() -> bool:
        with transaction.atomic():
            return authority.take(actor=person, claims={1: [claim]}, now=now)[1].allowed

    return act


@pytest.mark.parametrize("locked", [True, False])
def test_two_of_one_person_against_the_limit_of_a_day(cast, now, together, monkeypatch, locked) -> None:
    """¥900 of ¥1,000 are used; two tabs ask for ¥100 each."""
    cast.certify(cast.agent)
    if not locked:
        monkeypatch.setattr(services, "_lock", lambda person, customers: None)
    AuthorityUse.objects.create(
        holder="person", holder_id=cast.agent.pk, kind="goodwill", currency="CNY", day=selectors.day_of(now),
        amount=900, decisions=9,
    )  # fmt: skip
    act = decide(cast.agent, Claim("goodwill", Decimal(100), "CNY"), now)
    answers = at_once([act, act])
    assert sorted(answers) == ([False, True] if locked else [True, True])
    assert AuthorityUse.objects.get().amount == (1000 if locked else 1100)


@pytest.mark.parametrize("locked", [True, False])
def test_two_persons_against_the_limit_of_a_customer(cast, now, together, monkeypatch, locked) -> None:
    """¥300 per customer: two colleagues give him ¥200 each."""
    second = cast.person(Role.AGENT)
    for person in (cast.agent, second):
        cast.certify(person)
    if not locked:
        monkeypatch.setattr(services, "_lock", lambda person, customers: None)
    claim = Claim("goodwill", Decimal(200), "CNY", customer_id=7)
    answers = at_once([decide(cast.agent, claim, now), decide(second, claim, now)])
    assert sorted(answers) == ([False, True] if locked else [True, True])
    assert AuthorityUse.objects.get(holder="customer").amount == (200 if locked else 400)


def test_a_suspension_and_a_decision_come_one_after_the_other(cast, now, together) -> None:
    """Whatever the order, nothing is decided by a certificate that was suspended before the decision ended."""
    row = cast.certify(cast.agent)
    decided = decide(cast.agent, Claim("goodwill", Decimal(1), "CNY"), now)
    supervisor = cast.supervisor

    def suspend() -> bool:
        services.certificate_move(
            certificate=row, name="suspend", actor=supervisor, now=now, reason="投诉属实"
        )
        return True

    answers = at_once([decided, suspend])
    assert answers[1] is True
    assert Certificate.objects.get().state == "suspended"
    assert AuthorityUse.objects.exists() is answers[0]


def test_a_decision_that_is_rolled_back_is_not_counted(cast, now) -> None:
    cast.certify(cast.agent)
    with transaction.atomic():
        assert decide(cast.agent, Claim("goodwill", Decimal(1), "CNY"), now)()
        transaction.set_rollback(True)
    assert not AuthorityUse.objects.exists()


@pytest.mark.parametrize("locked", [True, False])
def test_two_graders_of_one_paper(cast, now, monkeypatch, locked) -> None:
    """Both opened it unmarked; whoever comes second is told instead of writing over the first."""
    a_question(cast, now, "more", "short", model_answer="退款在前")
    paper = exams.attempt_start(exam=an_exam(cast, now, TEXTS), actor=cast.agent, now=now)
    for place in (1, 2):
        exams.answer_save(attempt=paper, place=place, actor=cast.agent, now=now, picked=[], words="先退款")
    exams.attempt_submit(attempt=paper, actor=cast.agent, now=now)
    gate = threading.Barrier(2)
    colleagues = exams._is_colleagues

    def slow(*args: Any) -> bool:
        answer = colleagues(*args)
        with contextlib.suppress(threading.BrokenBarrierError):
            gate.wait(0.7)
        return answer

    monkeypatch.setattr(exams, "_is_colleagues", slow)
    if not locked:
        monkeypatch.setattr(moves, "locked", lambda row: Attempt.objects.get(pk=row.pk))
        monkeypatch.setattr(Item.objects.all().__class__, "select_for_update", lambda rows: rows)

    def mark(person: Any, got: int) -> Any:
        return lambda: exams.texts_mark(attempt=paper, marks={1: (Decimal(got), "")}, actor=person, now=now)

    answers = at_once([mark(cast.trainer, 1), mark(cast.lead, 4)])
    refused = [getattr(one, "code", "") for one in answers if isinstance(one, Exception)]
    assert refused == (["marked_already"] if locked else [])
    first = Item.objects.get(attempt=paper, place=1)
    assert (first.got, first.marked_by) in [(Decimal(1), cast.trainer), (Decimal(4), cast.lead)]
    if locked:
        # His own form sent again, with the colleague's points still in it, takes nothing over
        other = cast.lead if first.marked_by == cast.trainer else cast.trainer
        sent = {1: (first.got, first.remark), 2: (Decimal(2), "")}
        whole = exams.texts_mark(attempt=paper, marks=sent, actor=other, now=now)
        assert (whole.state, Item.objects.get(attempt=paper, place=1).marked_by) == (
            "marked",
            first.marked_by,
        )
