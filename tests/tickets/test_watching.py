"""Mentions and followers: only who can see a ticket hears of it, and a name cannot be tried out."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from accounts.models import TeamMember
from accounts.states import STAFF_ROLES
from aftersales.clocks.services.sweep import sweep
from aftersales.core.errors import DomainError
from aftersales.notices.models import Notice
from aftersales.tickets import services
from aftersales.tickets.models import Message, Ticket, Watcher
from aftersales.tickets.selectors.writing import people_seeing
from aftersales.tickets.services import watching
from tests.cast import Cast

Opener = Callable[..., Ticket]
WorkOff = Callable[[datetime], None]


def note(ticket: Ticket, text: str, desk: Cast, now: datetime, actor=None) -> Message:
    return services.note_add(ticket=ticket, text=text, actor=actor or desk.agent, now=now)


def told(source: str) -> set[int]:
    return set(Notice.objects.filter(source=source).values_list("user_id", flat=True))


def test_who_is_mentioned_is_told_and_follows(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    ticket = open_ticket()
    name = desk.lead.display_name
    note(
        ticket,
        f"@{name}请看一下，另请（@{desk.supervisor.username} ）复核。邮箱 a@b.cn 与我无关。",
        desk,
        now,
    )
    assert told("work.mentioned") == {desk.lead.pk, desk.supervisor.pk}
    assert set(Watcher.objects.values_list("person_id", "mentioned")) == {
        (desk.lead.pk, True), (desk.supervisor.pk, True),
    }  # fmt: skip
    note(ticket, f"@{name} 再看一次", desk, now)
    assert Watcher.objects.count() == 2
    assert Notice.objects.filter(source="work.mentioned", user_id=desk.lead.pk).count() == 2


def test_the_longest_name_is_meant_and_oneself_is_not_told(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket()
    short, long = desk.person("supervisor", name="李浩"), desk.person("supervisor", name="李浩然")
    note(ticket, "@李浩然 看看", desk, now)
    assert told("work.mentioned") == {long.pk}
    note(ticket, f"@李浩，@{desk.agent.display_name} 备忘", desk, now)
    assert told("work.mentioned") == {long.pk, short.pk}


def test_unknown_unseen_and_without_access_sound_the_same_and_nothing_is_kept(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    """A vendor's agent cannot find out who works for another vendor."""
    ours, theirs = desk.person("vendor_agent", name="张一"), desk.person("vendor_agent", name="王二")
    desk.make_team("v1", vendor="A", members=[ours])
    desk.make_team("v2", vendor="B", members=[theirs])
    desk.join(desk.team, ours)
    outside = desk.person("finance", name="财务甲")
    ticket = open_ticket()
    words = set()
    for actor, name in (
        (ours, "王二"),
        (ours, "没有人"),
        (desk.agent, outside.display_name),
        (desk.agent, "王二"),
    ):
        with pytest.raises(DomainError) as refused:
            note(ticket, f"@{name} 你好", desk, now, actor)
        assert refused.value.code == "nobody"
        words.add(str(refused.value).replace(name, "…"))
    assert len(words) == 1
    assert not Message.objects.filter(author__isnull=False).exists()
    assert not Watcher.objects.exists()
    assert told("work.mentioned") == set()


def test_what_a_machine_notes_mentions_nobody(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    note(open_ticket(), "来自渠道：@没有人 你好", desk, now, desk.system)
    assert not Watcher.objects.exists()


def test_the_list_of_names_holds_exactly_those_who_see_the_ticket(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    people = [desk.of(role) for role in sorted(STAFF_ROLES)]
    outsider = desk.person("agent", name="别组")
    desk.make_team("other", members=[outsider])
    desk.person("agent", name="停用", is_active=False)
    tickets = [open_ticket()]
    lonely = open_ticket(at=now - timedelta(hours=5))  # nobody is on shift
    Ticket.objects.filter(pk=lonely.pk).update(team=None, owner=None)
    tickets.append(Ticket.objects.get(pk=lonely.pk))
    assert tickets[1].assignee is None
    for ticket in tickets:
        may = {
            one for one in [*people, outsider] if Ticket.objects.visible_to(one).filter(pk=ticket.pk).exists()
        }
        assert set(people_seeing(ticket, desk.supervisor)) == may - {desk.supervisor}


def test_followers_hear_new_words_and_the_result_but_not_their_own(
    open_ticket: Opener, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    ticket = open_ticket(kind="consultation")
    other = desk.person("supervisor")
    for person in (desk.agent, desk.lead, other):
        watching.ticket_follow(ticket=ticket, actor=person, now=now)
        watching.ticket_follow(ticket=ticket, actor=person, now=now)
    assert Watcher.objects.count() == 3
    services.customer_message(ticket=ticket, text="还在吗？", actor=desk.lead, now=now)
    work_off(now)
    assert told("watch.customer_wrote") == {
        other.pk
    }  # the agent hears it as its worker, the lead took it down
    services.ticket_resolve(ticket=ticket, result="explained", text="好了。", actor=desk.agent, now=now)
    work_off(now)
    assert told("watch.resolved") == {desk.lead.pk, other.pk}
    work_off(now + timedelta(minutes=1))
    assert Notice.objects.filter(source="watch.resolved").count() == 2


def test_who_may_not_see_it_any_more_hears_nothing(
    open_ticket: Opener, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    ticket = open_ticket()
    vendor = desk.person("vendor_agent")
    member = desk.join(desk.team, vendor)
    watching.ticket_follow(ticket=ticket, actor=vendor, now=now)
    TeamMember.objects.filter(pk=member.pk).update(active_to=now)
    services.customer_message(ticket=ticket, text="还在吗？", actor=desk.lead, now=now)
    work_off(now)
    assert told("watch.customer_wrote") == set()
    with pytest.raises(DomainError):
        watching.ticket_follow(ticket=ticket, actor=desk.vendor_lead, now=now)


def test_a_broken_promise_is_told_to_followers_whom_it_was_not_told_already(
    open_ticket: Opener, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    ticket = open_ticket()
    for person in (desk.agent, desk.lead, desk.supervisor):
        watching.ticket_follow(ticket=ticket, actor=person, now=now)
    late = now + timedelta(days=3)
    sweep(late)
    work_off(late)
    assert desk.supervisor.pk in told("watch.breached")
    assert not told("watch.breached") & {desk.agent.pk, desk.lead.pk}


def test_one_stops_following(open_ticket: Opener, desk: Cast, now: datetime, work_off: WorkOff) -> None:
    ticket = open_ticket()
    watching.ticket_follow(ticket=ticket, actor=desk.supervisor, now=now)
    watching.ticket_unfollow(ticket=ticket, actor=desk.supervisor)
    services.customer_message(ticket=ticket, text="在吗", actor=desk.lead, now=now)
    work_off(now)
    assert told("watch.customer_wrote") == set()
