"""A certificate lapses at midnight in the middle of a queue: what was not begun goes to somebody who may do it."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings

from accounts.states import Role
from aftersales.core.authority import Claim
from aftersales.core.errors import DomainError
from aftersales.core.models import Event
from aftersales.notices.models import Notice
from aftersales.tickets import services
from aftersales.tickets.models import DispatchRecord
from training.models import Requirement
from training.selectors import weigh
from training.services import authority_take, certificates_sweep, rule_activate

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


def test_at_midnight_the_queue_goes_back_and_the_click_is_refused(desk, open_ticket, now, work_off) -> None:
    day = now.astimezone(ZoneInfo(settings.TIME_ZONE)).date() + timedelta(days=1)
    midnight = datetime.combine(day, datetime.min.time(), ZoneInfo(settings.TIME_ZONE))
    evening = midnight - timedelta(hours=3)
    other = desk.person(Role.AGENT, name="第二人")
    lapsing = desk.certify(desk.agent, valid_to=midnight)
    for row in Requirement.objects.filter(duty="returns"):
        rule_activate(draft=row, actor=desk.operations, now=now)
    desk.shift(desk.agent, hours_before=1, hours_after=30)
    begun, waiting = open_ticket(at=evening), open_ticket(at=evening)
    assert {begun.assignee, waiting.assignee} == {desk.agent}
    services.ticket_start(ticket=begun, actor=desk.agent, now=evening)
    desk.join(desk.team, other)
    desk.shift(other, hours_after=30)
    desk.certify(other)
    claims = {"one": [Claim("approve_return")]}

    assert services.lapsed_sweep(now=midnight - SECOND) == 0
    assert weigh(actor=desk.agent, claims=claims, now=midnight - SECOND)["one"].allowed
    clicked = authority_take(actor=desk.agent, claims=claims, now=midnight)["one"]
    assert [one.code for one in clicked.refusals] == ["no_certificate"]
    assert lapsing.number in str(clicked.refusals[0].message)
    for person in (desk.agent, desk.lead):
        with pytest.raises(DomainError) as begins:
            services.ticket_start(ticket=waiting, actor=person, now=midnight)
        assert begins.value.code == "certificate"

    assert [services.lapsed_sweep(now=midnight) for _twice in range(2)] == [1, 0]
    assert services.dispatch_sweep(now=midnight) == 1
    waiting.refresh_from_db()
    begun.refresh_from_db()
    assert (waiting.assignee, begun.assignee) == (other, desk.agent)
    back = DispatchRecord.objects.get(ticket=waiting, reason="taken_back")
    assert (back.chosen, back.asked) == (desk.agent, {"why": "certificate_over"})
    with pytest.raises(DomainError):
        services.ticket_assign(ticket=waiting, to=desk.agent, actor=desk.lead, now=midnight, reason="试试")

    certificates_sweep(actor=desk.system, now=midnight)
    assert Event.objects.filter(kind="certificate.expired").count() == 1
    work_off(midnight)
    told = Notice.objects.filter(source="certificate.ended", channel="in_app")
    assert {one.user_id for one in told} == {desk.agent.pk, desk.lead.pk}
