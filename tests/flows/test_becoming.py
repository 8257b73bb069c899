"""A trainee becomes certified and gets work: hours, exam, practical assessment, certificate, first ticket."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.states import Role
from aftersales.tickets import services as tickets
from aftersales.tickets.models import Ticket
from tests.cast import Cast
from tests.training.school import a_course, a_run
from tests.training.test_exams import an_exam
from tests.training.test_practical import a_rubric
from tests.training.test_tiers import asks
from training import courseselectors
from training.models import Assessment, Attempt, Certificate, Item, Number, Requirement, Rubric, Run, Tier
from training.services import rule_activate

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def newcomer(desk: Cast, now: datetime, settings: Any) -> User:
    """In the team and on shift; returns ask for somebody certified, first tickets for the onboarding."""
    settings.REQUIRE_SECOND_FACTOR = False
    person = desk.person(Role.AGENT, username="newcomer", name="新人")
    desk.join(desk.team, person)
    desk.shift(person, hours_after=30)
    for row in Requirement.objects.filter(duty="returns"):
        rule_activate(draft=row, actor=desk.operations, now=now)
    rule_activate(draft=Number.objects.get(code="onboarding_gate"), actor=desk.operations, now=now)
    an_exam(desk, now)
    a_rubric(desk, now)
    asks(desk, now, hours=Decimal(30), exams=["basic"], rubrics=["call"])
    return person


def test_a_trainee_becomes_certified_and_gets_work(
    desk: Cast, newcomer: User, open_ticket: Callable[..., Ticket], now: datetime
) -> None:
    waiting = open_ticket()
    assert waiting.assignee is None, "nobody is certified"
    with time_machine.travel(now, tick=False) as clock:
        me, trainer = desk.client(newcomer), desk.client(desk.trainer)
        _learn(desk, me, trainer, now)
        clock.shift(3 * HOUR)
        me, trainer = desk.client(newcomer), desk.client(desk.trainer)  # idle browsers are signed out
        missing = me.get(reverse("training:next")).content.decode()
        assert "30" in missing
        _certified_by(trainer, newcomer)
        assert not Certificate.objects.filter(person=newcomer).exists(), (
            "an exam and an assessment are missing"
        )
        _sit(me)
        _show(desk, newcomer)
        assert tickets.dispatch_sweep(now=timezone.now()) == 0, "able, and not certified yet"
        _certified_by(desk.client(newcomer), newcomer)
        assert not Certificate.objects.filter(person=newcomer).exists(), "not by himself"
        _certified_by(trainer, newcomer)
        certificate = Certificate.objects.get(person=newcomer)
        assert (certificate.state, certificate.rule_version) == ("certified", "tier.in_post v2")
        assert certificate.number in me.get(reverse("training:mine")).content.decode()

        clock.shift(HOUR)
        assert tickets.dispatch_sweep(now=timezone.now()) == 1
        waiting.refresh_from_db()
        assert waiting.assignee == newcomer
        page = me.get(reverse("desk:ticket", args=[waiting.number]))
        assert page.status_code == 200
        tickets.ticket_start(ticket=waiting, actor=newcomer, now=timezone.now())


def _learn(desk: Cast, me: Client, trainer: Client, now: datetime) -> None:
    """Thirty hours of onboarding: he takes a place and is there with the trainer's code."""
    run = a_run(desk, now, a_course(desk, now, hours=Decimal(30)))
    me.post(reverse("training:join", args=[run.number]))
    trainer.post(reverse("training:run_act", args=[run.number, "start"]))
    code, _until = courseselectors.code_of(Run.objects.get(pk=run.pk), now)
    me.post(reverse("training:check_in", args=[run.number]), {"code": code})
    trainer.post(reverse("training:run_act", args=[run.number, "finish"]))


def _sit(me: Client) -> None:
    """The exam in the browser: answered one by one, handed in, passed at once."""
    me.post(reverse("training:start", args=["basic"]))
    paper = Attempt.objects.get()
    for item in Item.objects.filter(attempt=paper):
        form = {"place": item.place, "serial": 5, "picked": item.key}
        me.post(reverse("training:answer", args=[paper.public_id]), form)
    me.post(reverse("training:submit", args=[paper.public_id]), {"act": "submit"})
    paper.refresh_from_db()
    assert (paper.state, paper.passed) == ("marked", True)


def _show(desk: Cast, newcomer: User) -> None:
    """Two assessors who do not see each other's sheet."""
    rubric = Rubric.objects.get(code="call")
    form = {
        "new-rubric": rubric.pk, "new-person": newcomer.pk, "new-first": desk.trainer.pk, "new-second": desk.lead.pk,
        "new-task": "接听退款来电",
    }  # fmt: skip
    desk.client(desk.operations).post(reverse("training:assessment_new"), form)
    row = Assessment.objects.get()
    for assessor in (desk.trainer, desk.lead):
        sheet = {"score": ["8", "8"], "remark": ""}
        desk.client(assessor).post(reverse("training:sheet_give", args=[row.number]), sheet)
    row.refresh_from_db()
    assert (row.state, row.passed) == ("done", True)


def _certified_by(browser: Client, person: User) -> None:
    form = {"grant-tier": Tier.objects.get(code="in_post").pk}
    browser.post(reverse("training:grant", args=[person.pk]), form)
