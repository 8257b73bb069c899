"""What a tier asks for: met or missing with numbers, exceptions by two persons, campaigns that end by themselves."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from aftersales.core import registers
from aftersales.core.authority import Claim
from aftersales.core.errors import DomainError, NotPermitted, Refused
from aftersales.core.models import Event
from tests.training.school import a_course, a_run
from tests.training.test_exams import an_exam
from training import selectors, services, tierselectors
from training.models import Certificate, Requirement, Tier, TierVersion
from training.services import courses, exams, fact_record

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def asks(cast, now, code: str = "in_post", **terms) -> TierVersion:
    """A version of the tier that asks for these things, in force."""
    nothing = {
        "hours": Decimal(0),
        "handled": 0,
        "satisfaction": None,
        "days_below": 0,
        "no_suspension": False,
    }
    tier = Tier.objects.get(code=code)
    draft = services.tier_draft(tier=tier, actor=cast.operations, now=now, **nothing | terms)
    return services.rule_activate(draft=draft, actor=cast.supervisor, now=now)


def grant(cast, now, code: str = "in_post", **more) -> Certificate:
    facts = {"person": cast.agent, "actor": cast.trainer} | more
    return services.certificate_grant(tier=Tier.objects.get(code=code), now=now, **facts)


def refused(code: str, act) -> str:
    with pytest.raises(DomainError) as error:
        act()
    assert error.value.code == code
    return str(error.value)


def taught(cast, now, hours: int = 4) -> None:
    """The agent was at a run that is over."""
    run = a_run(cast, now, a_course(cast, now, hours=Decimal(hours)), state="running")
    seat = courses.seats_take(run=run, people=[cast.agent], actor=cast.trainer, now=now)[0]
    courses.seats_mark(run=run, seats=[seat.pk], name="attend", actor=cast.trainer, now=now)
    courses.run_move(run=run, name="finish", actor=cast.trainer, now=now)


def passed(exam, person, now) -> None:
    paper = exams.attempt_start(exam=exam, actor=person, now=now)
    for item in paper.items.all():
        exams.answer_save(attempt=paper, place=item.place, actor=person, now=now, picked=item.key, words="")
    exams.attempt_submit(attempt=paper, actor=person, now=now)


def test_what_is_missing_is_said_with_numbers_and_counts_when_it_is_made_up(cast, now) -> None:
    asks(cast, now, hours=Decimal(4), courses=[], handled=20, satisfaction=Decimal("4.2"), sample=3)
    fact_record(person=cast.agent, metric="tickets_handled", day=now.date(), value=12)
    fact_record(person=cast.agent, metric="satisfaction", day=now.date(), value=5, n=2)
    fact_record(person=cast.agent, metric="tickets_handled", day=now.date() - 200 * DAY, value=500)

    said = refused("missing", lambda: grant(cast, now))
    assert "12" in said
    points = {one.asked: one for one in tierselectors.next_of(cast.agent, now).points}
    assert (points["hours"].have, points["hours"].need, points["hours"].met) == (0, 4, False)
    assert (points["handled"].have, points["handled"].percent) == (12, 60)
    assert (points["satisfaction"].sample, points["satisfaction"].met) == (
        2,
        False,
    )  # too few marks say nothing
    page = cast.client(cast.agent).get(reverse("training:next")).content.decode()
    assert "20" in page
    assert reverse("training:courses") in page

    taught(cast, now)
    fact_record(person=cast.agent, metric="tickets_handled", day=now.date(), value=20)
    fact_record(person=cast.agent, metric="satisfaction", day=now.date(), value=Decimal("4.4"), n=3)
    row = grant(cast, now + 3 * timedelta(hours=1))
    assert (row.state, row.missing) == ("certified", [])
    assert row.rule_version == "tier.in_post v2"


def test_an_exception_takes_a_second_person_and_stands_on_the_record(cast, now) -> None:
    asks(cast, now, handled=20)
    refused("reason_missing", lambda: grant(cast, now, by_exception=True))
    row = grant(cast, now, by_exception=True, reason="大促缺人，曾在他处任同职两年。")
    assert (row.state, row.missing) == ("proposed", ["handled||0|20"])
    assert not Certificate.objects.live(now).filter(person=cast.agent).exists()
    assert selectors.allowances(cast.agent, now) == []
    refused("held_already", lambda: grant(cast, now, by_exception=True, reason="再来"))

    def confirm(actor) -> Certificate:
        return services.certificate_move(
            certificate=row, name="override", actor=actor, now=now, reason="同意"
        )

    for who, code in ((cast.trainer, "second_person"), (cast.agent, None)):
        with pytest.raises((Refused, NotPermitted)) as error:
            confirm(who)
        assert code is None or error.value.code == code
    row = confirm(cast.supervisor)
    assert (row.state, row.overridden_by) == ("certified", cast.supervisor)
    assert Certificate.objects.live(now).filter(person=cast.agent).count() == 1
    assert [event.kind for event in tierselectors.exceptions(now - DAY, now + DAY)] == [
        "certificate.proposed", "certificate.overridden",
    ]  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        Certificate.objects.filter(pk=row.pk).update(overridden_by=cast.trainer)


def test_a_campaigns_tier_ends_on_its_day_and_covers_only_its_duties(cast, now) -> None:
    refused("temporary", lambda: grant(cast, now, "temp"))  # as shipped it is over
    end = datetime(2026, 12, 12, 16, tzinfo=UTC)
    refused("temporary_wide", lambda: asks(cast, now, "temp", latest_end=end, duties=[]))
    asks(cast, now, "temp", latest_end=end)
    row = grant(cast, now, "temp")
    assert (row.valid_to, row.duties) == (end, ["logistics", "orders"])
    refused("too_wide", lambda: grant(cast, now, "temp", person=cast.person("agent"), duties=["complaints"]))
    later = {"person": cast.person("agent"), "valid_to": end + DAY}
    refused("temporary", lambda: grant(cast, now, "temp", **later))
    assert selectors.standing([cast.agent.pk], ["complaints"], now) == {}
    assert selectors.held(cast.agent.pk, [Claim("refund")], end - timedelta(seconds=1))
    assert not selectors.held(cast.agent.pk, [Claim("refund")], end)
    refused("temporary", lambda: grant(cast, end, "temp"))


def test_the_same_rule_that_certifies_is_asked_again_at_a_renewal(cast, now) -> None:
    row = grant(cast, now)
    renewed = services.certificate_renew(certificate=row, actor=cast.trainer, now=now + DAY)
    assert renewed.valid_from == row.valid_to
    begun = renewed.valid_from
    asks(cast, begun, handled=20)
    refused("missing", lambda: services.certificate_renew(certificate=renewed, actor=cast.trainer, now=begun))


def test_years_are_not_stacked_one_renewal_waits_to_begin_at_a_time(cast, now) -> None:
    row = grant(cast, now)
    renewed = services.certificate_renew(certificate=row, actor=cast.trainer, now=now)
    said = refused(
        "not_begun", lambda: services.certificate_renew(certificate=renewed, actor=cast.trainer, now=now)
    )
    assert renewed.number in said
    refused("not_begun", lambda: grant(cast, now, valid_from=renewed.valid_to + DAY))
    page = cast.client(cast.trainer).get(reverse("training:person", args=[cast.agent.pk])).content.decode()
    assert (f"renew-{row.pk}" in page, f"renew-{renewed.pk}" in page) == (True, False)
    begun = renewed.valid_from
    services.certificates_sweep(actor=cast.system, now=begun)
    third = services.certificate_renew(certificate=renewed, actor=cast.trainer, now=begun)
    assert third.valid_from == renewed.valid_to


def test_years_are_not_stacked_backwards_either(cast, now) -> None:
    term = selectors.end_of(now, 12)
    refused("too_far_ahead", lambda: grant(cast, now, valid_from=term + 1095 * DAY))
    row = grant(cast, now)
    refused("too_far_ahead", lambda: grant(cast, now, valid_from=row.valid_to + DAY))
    assert grant(cast, now, valid_from=row.valid_to).valid_from == row.valid_to


def test_a_draft_that_names_what_nobody_knows_is_refused(cast, now) -> None:
    for terms, code in (
        ({"courses": ["none"]}, "unknown_course"), ({"exams": ["none"]}, "unknown_exam"),
        ({"rubrics": ["none"]}, "unknown_rubric"), ({"satisfaction": Decimal(6)}, "scores"),
    ):  # fmt: skip
        refused(code, lambda terms=terms: asks(cast, now, **terms))
    assert not Requirement.objects.filter(state="active").exists()


def test_the_check_says_whether_it_counts_and_never_whose_it_is(cast, now, client, monkeypatch) -> None:
    row = cast.certify(cast.agent)
    page = cast.client(cast.agent).get(reverse("training:certificate", args=[row.public_id]))
    address = reverse("selfservice:certificate", args=[row.number, row.public_id])
    paper = page.content.decode()
    assert address in paper
    assert "<path d=" in paper

    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    body = client.get(address).content.decode()
    assert row.number in body
    assert str(cast.agent) not in body
    unknown = [
        client.get(reverse("selfservice:certificate", args=pair))
        for pair in ((row.number, "forged"), ("ZS0000-0001", row.public_id))
    ]
    assert {one.status_code for one in unknown} == {404}
    assert unknown[0].content == unknown[1].content
    good = body
    services.certificate_move(certificate=row, name="suspend", actor=cast.supervisor, now=now, reason="抽检")
    assert client.get(address).content.decode() != good
    for _try in range(40):
        last = client.get(reverse("selfservice:certificate", args=(row.number, "forged")))
    assert last.status_code == 429
    assert client.get(address).status_code == 200


def test_a_replaced_exam_calls_its_people_up_and_ends_their_certificates(cast, now) -> None:
    exam = an_exam(cast, now, "refunds | single | * | 1 | 2", tries=None, wait_hours=0)
    asks(cast, now, exams=["basic"], recertify_days=14)
    refused("missing", lambda: grant(cast, now))
    passed(exam, cast.agent, now)
    row = grant(cast, now)
    assert row.examined_on == ["exam.basic v1"]
    assert services.recertify_sweep(actor=cast.system, now=now) == 0

    later = now + 10 * DAY
    draft = exams.exam_draft(exam=exam, actor=cast.trainer, now=later, minutes=20)
    services.rule_activate(draft=draft, actor=cast.operations, now=later)
    assert services.recertify_sweep(actor=cast.system, now=later) == 1
    assert services.recertify_sweep(actor=cast.system, now=later) == 0
    row.refresh_from_db()
    assert row.valid_to == row.recertify_by == selectors.midnight_after(later, 14)
    assert Event.objects.filter(kind="certificate.called_up").count() == 1
    assert selectors.held(cast.agent.pk, [Claim("refund")], row.valid_to - timedelta(seconds=1))
    assert not selectors.held(cast.agent.pk, [Claim("refund")], row.valid_to)
    refused("missing", lambda: services.certificate_renew(certificate=row, actor=cast.trainer, now=later))
    passed(exam, cast.agent, later)
    renewed = services.certificate_renew(certificate=row, actor=cast.trainer, now=later)
    assert (renewed.valid_from, renewed.examined_on) == (row.valid_to, ["exam.basic v2"])


def test_a_renewal_that_has_not_begun_is_called_up_once_it_has(cast, now, monkeypatch) -> None:
    """Its end cannot come before its beginning; the sweep goes on to everybody else. Two at once call up once."""
    exam = an_exam(cast, now, "refunds | single | * | 1 | 2", tries=None, wait_hours=0)
    asks(cast, now, exams=["basic"], recertify_days=14)
    passed(exam, cast.agent, now)
    row = grant(cast, now)
    renewed = services.certificate_renew(certificate=row, actor=cast.trainer, now=now)
    end = renewed.valid_to
    later = now + 10 * DAY
    draft = exams.exam_draft(exam=exam, actor=cast.trainer, now=later, minutes=20)
    services.rule_activate(draft=draft, actor=cast.operations, now=later)

    save = registers.save

    def beside(*given, **named):
        monkeypatch.setattr(registers, "save", save)
        services.certificates_sweep(actor=cast.system, now=later)
        return save(*given, **named)

    monkeypatch.setattr(registers, "save", beside)
    services.certificates_sweep(actor=cast.system, now=later)
    assert Event.objects.filter(kind="certificate.called_up").count() == 1
    row.refresh_from_db()
    renewed.refresh_from_db()
    assert (row.recertify_by, renewed.recertify_by, renewed.valid_to) == (
        selectors.midnight_after(later, 14), None, end,
    )  # fmt: skip
    services.certificates_sweep(actor=cast.system, now=renewed.valid_from)
    renewed.refresh_from_db()
    assert renewed.valid_to == selectors.midnight_after(renewed.valid_from, 14)


def test_the_gap_before_a_renewal_is_filled_where_a_call_up_ended_the_first_one(cast, now) -> None:
    exam = an_exam(cast, now, "refunds | single | * | 1 | 2", tries=None, wait_hours=0)
    asks(cast, now, exams=["basic"], recertify_days=14)
    passed(exam, cast.agent, now)
    row = grant(cast, now)
    renewed = services.certificate_renew(certificate=row, actor=cast.trainer, now=now)
    later = now + 10 * DAY
    draft = exams.exam_draft(exam=exam, actor=cast.trainer, now=later, minutes=20)
    services.rule_activate(draft=draft, actor=cast.operations, now=later)
    services.recertify_sweep(actor=cast.system, now=later)
    row.refresh_from_db()
    assert row.valid_to < renewed.valid_from
    passed(exam, cast.agent, later)
    gap = services.certificate_renew(certificate=row, actor=cast.trainer, now=later)
    assert (gap.valid_from, gap.valid_to) == (row.valid_to, renewed.valid_from)
    refused("held_already", lambda: grant(cast, later, valid_from=row.valid_to))
