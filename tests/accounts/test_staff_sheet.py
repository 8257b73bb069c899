"""The staff sheet keeps the rules of a person's page; the shift sheet plans nobody twice."""

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils.timezone import localtime

from accounts import services
from accounts.models import Shift, User
from accounts.states import Role
from aftersales.core.errors import NotPermitted
from aftersales.core.models import Event
from aftersales.core.sheets import services as sheets
from aftersales.core.sheets.models import SheetUpload
from tests.core.sheets.steps import apply, check, load, rows_as_csv, verdicts
from tests.toy.fixtures import at_once

pytestmark = pytest.mark.django_db
SHIFT = ["person", "starts_at", "ends_at"]


def refused(cast: Any, now: Any, actor: Any, column: str, person: Any, value: str) -> int:
    upload = check("staff", rows_as_csv(["username", column], [person.username, value]), actor=actor, now=now)
    return int(upload.count("refused"))


def told(person: Any) -> list[tuple[str, Any]]:
    """Kind and columns of what was written down about this person."""
    events = Event.objects.filter(subject_kind="accounts.user", subject_id=person.pk).order_by("id")
    return [(event.kind, event.payload.get("columns")) for event in events]


def test_nobody_gets_an_administrators_reset_link_by_a_sheet(cast: Any, now: Any) -> None:
    for actor in (cast.operations, cast.administrator):
        assert refused(cast, now, actor, "email", cast.administrator, "mine@example.com") == 1


def test_roles_are_neither_given_nor_taken_by_a_sheet(cast: Any, now: Any) -> None:
    for actor in (cast.operations, cast.administrator):
        for wrong in (f"{Role.AGENT},{Role.INSPECTOR}", Role.ADMINISTRATOR, ""):
            assert refused(cast, now, actor, "roles", cast.agent, str(wrong)) == 1
        assert refused(cast, now, actor, "roles", cast.agent, Role.AGENT) == 0
    newcomer = rows_as_csv(["username", "roles"], ["newbie", "administrator"])
    assert check("staff", newcomer, actor=cast.administrator, now=now).count("refused") == 1


def test_operations_sets_how_much_others_carry_and_nothing_else(cast: Any, now: Any) -> None:
    boss, lead, agent = cast.administrator, cast.lead, cast.agent
    content = rows_as_csv(
        ["username", "display_name", "capacity"],
        [boss.username, boss.display_name, "0"],
        [lead.username, "改名", str(lead.capacity)],
        ["newbie", "新人", "5"],
        [agent.username, agent.display_name, "7"],
    )
    upload = load("staff", content, actor=cast.operations, now=now)
    found = verdicts(upload)
    assert found[2] == found[3] == ("r", "username:rule_may_not_change;")
    assert found[4] == ("r", "username:rule_may_not_create;")
    assert found[5] == ("c", "capacity;")
    agent.refresh_from_db()
    assert agent.capacity == 7
    assert told(agent) == [("user.changed", ["capacity"])]
    assert told(boss) == told(lead) == []
    assert not User.objects.filter(username="newbie").exists()


def test_the_sheet_and_the_page_ask_the_same_rights(cast: Any, now: Any) -> None:
    operations, boss, agent = cast.operations, cast.administrator, cast.agent
    assert services.user_change(user=agent, actor=operations, now=now, capacity=3).capacity == 3
    for person, columns in ((agent, {"display_name": "x"}), (boss, {"capacity": 0})):
        with pytest.raises(NotPermitted):
            services.user_change(user=person, actor=operations, now=now, **columns)
    with pytest.raises(NotPermitted):
        services.user_change(user=agent, actor=cast.lead, now=now, capacity=3)


def test_an_administrator_brings_people_in_and_each_account_leaves_its_event(cast: Any, now: Any) -> None:
    agent = cast.agent
    content = rows_as_csv(
        ["username", "display_name", "email"],
        ["newbie", "新人", "new@example.com"],
        [agent.username, "周婷婷", ""],
    )
    upload = load("staff", content, actor=cast.administrator, now=now)
    assert (upload.count("new"), upload.count("changed")) == (1, 1)
    newbie = User.objects.get(username="newbie")
    assert (newbie.roles, newbie.has_usable_password()) == ([], False)
    assert told(newbie) == [("user.created", None)]
    assert told(agent) == [("user.changed", ["display_name"])]


def test_a_right_lost_after_the_preview_is_asked_again(cast: Any, now: Any) -> None:
    second = cast.person(Role.ADMINISTRATOR)
    content = rows_as_csv(
        ["username", "display_name", "capacity"], ["newbie", "新", "5"], [cast.agent.username, "", "9"]
    )
    upload = check("staff", content, actor=second, now=now)
    assert (upload.count("new"), upload.count("changed")) == (1, 1)
    sheets.confirm(upload=upload, actor=second, now=now)
    services.user_set_roles(user=second, roles=[Role.OPERATIONS], actor=cast.administrator, now=now)
    done = sheets.apply(upload=SheetUpload.objects.get(pk=upload.pk), now=now)
    assert (done.state, done.count("conflict")) == ("done", 2)
    assert verdicts(done)[2] == ("x", "username:rule_may_not_create;")
    assert not User.objects.filter(username="newbie").exists()


def test_without_the_sheets_right_nothing_more_is_written(cast: Any, now: Any) -> None:
    second = cast.person(Role.ADMINISTRATOR)
    upload = check("staff", rows_as_csv(["username"], ["newbie"]), actor=second, now=now)
    sheets.confirm(upload=upload, actor=second, now=now)
    services.user_set_roles(user=second, roles=[Role.AGENT], actor=cast.administrator, now=now)
    done = sheets.apply(upload=SheetUpload.objects.get(pk=upload.pk), now=now)
    assert (done.state, done.problem["code"]) == ("refused", "no_right")
    assert Event.objects.get(kind="sheet.stopped").payload["row"] == 0
    assert not User.objects.filter(username="newbie").exists()


def test_two_accounts_never_share_a_name_or_an_address(cast: Any, now: Any) -> None:
    known = cast.agent.username
    content = rows_as_csv(
        ["username", "email"],
        ["newbie", "a@example.com"],
        ["NewBie", "b@example.com"],
        ["other", "A@example.com"],
        [known.upper(), ""],
    )
    upload = load("staff", content, actor=cast.administrator, now=now)
    assert verdicts(upload) == {
        2: ("n", ""),
        3: ("r", "username:rule_name_taken;"),
        4: ("r", "email:rule_email_taken;"),
        5: ("r", "username:rule_name_taken;"),
    }


def test_two_shifts_of_one_person_in_one_file_do_not_overlap(cast: Any, now: Any) -> None:
    agent, other = cast.agent.username, cast.person(Role.AGENT).username
    content = rows_as_csv(
        SHIFT,
        [agent, "2026-12-01 10:00", "2026-12-01 19:00"],
        [agent, "2026-12-01 09:00", "2026-12-01 18:00"],
        [other, "2026-12-01 10:00", "2026-12-01 19:00"],
        [agent, "2026-12-01 19:00", "2026-12-01 20:00"],
        ["nobody", "2026-12-01 09:00", "2026-12-01 18:00"],
        ["nobody", "2026-12-01 10:00", "2026-12-01 18:00"],
    )
    upload = load("shifts", content, actor=cast.lead, now=now)
    found = verdicts(upload)
    assert found[2] == ("r", "starts_at:rule_overlap;")
    assert [found[row][0] for row in (3, 4, 5)] == ["n", "n", "n"]
    assert found[6] == found[7] == ("r", "person:unknown;")
    assert Shift.objects.count() == 3


def test_a_cancelled_shift_stands_in_nobodys_way(cast: Any, now: Any) -> None:
    agent = cast.agent
    first = rows_as_csv(SHIFT, [agent.username, "2026-12-01 09:00", "2026-12-01 18:00"])
    load("shifts", first, actor=cast.lead, now=now)
    services.shift_cancel(shift=Shift.objects.get(), actor=cast.lead, now=now)
    both = rows_as_csv(
        SHIFT,
        [agent.username, "2026-12-01 09:00", "2026-12-01 18:00"],
        [agent.username, "2026-12-01 10:00", "2026-12-01 19:00"],
    )
    upload = load("shifts", both, actor=cast.lead, now=now)
    assert (upload.count("same"), upload.count("new")) == (1, 1)


def test_a_shift_planned_after_the_preview_is_seen_when_the_file_is_written(cast: Any, now: Any) -> None:
    agent = cast.agent
    content = rows_as_csv(
        SHIFT,
        [agent.username, "2026-12-01 09:00", "2026-12-01 18:00"],
        [agent.username, "2026-12-02 09:00", "2026-12-02 18:00"],
    )
    uploads = [check("shifts", content, actor=cast.lead, now=now)]
    shifted = content.replace(b"09:00", b"10:00")
    uploads.append(check("shifts", shifted, actor=cast.lead, now=now))
    first, second = (apply(upload, now=now) for upload in uploads)
    assert (first.count("new"), second.count("new"), second.count("conflict")) == (2, 0, 2)
    assert verdicts(second)[2] == ("x", "starts_at:rule_overlap;")


@pytest.mark.django_db(transaction=True)
def test_a_file_waits_for_whoever_plans_the_same_person(cast: Any, now: Any) -> None:
    """Both look for overlapping shifts under the person's lock, so that they cannot miss each other."""
    agent, lead = cast.agent, cast.lead
    content = rows_as_csv(SHIFT, [agent.username, "2026-12-01 09:00", "2026-12-01 18:00"])
    upload = check("shifts", content, actor=lead, now=now)
    upload = sheets.confirm(upload=upload, actor=lead, now=now)
    planned = threading.Event()

    def plan() -> None:
        with transaction.atomic():
            services.shift_plan(
                person=agent, actor=lead, now=now,
                starts_at=datetime(2026, 12, 1, 2, tzinfo=UTC), ends_at=datetime(2026, 12, 1, 5, tzinfo=UTC),
            )  # fmt: skip
            planned.set()
            time.sleep(0.7)

    def write() -> None:
        planned.wait(10)
        sheets.apply(upload=SheetUpload.objects.get(pk=upload.pk), now=now)

    assert at_once([plan, write]) == [None, None]
    upload.refresh_from_db()
    assert (upload.count("new"), upload.count("conflict")) == (0, 1)
    assert Shift.objects.count() == 1


def test_a_shift_that_a_sheet_ends_earlier_ends_the_breaks_that_lay_in_its_rest(
    cast: Any, now: datetime
) -> None:
    starts, ends = now + timedelta(hours=2), now + timedelta(hours=10)
    shift = services.shift_plan(person=cast.agent, starts_at=starts, ends_at=ends, actor=cast.lead, now=now)
    early, late = (
        services.break_plan(
            shift=shift, starts_at=now + timedelta(hours=at), ends_at=now + timedelta(hours=at + 1), actor=cast.lead,
            now=now,
        )
        for at in (3, 7)
    )  # fmt: skip
    zoned = [f"{localtime(at):%Y-%m-%d %H:%M}" for at in (starts, now + timedelta(hours=6))]
    content = rows_as_csv(["person", "starts_at", "ends_at"], [cast.agent.username, *zoned])
    upload = load("shifts", content, actor=cast.lead, now=now)
    assert (upload.state, Shift.objects.get().ends_at) == ("done", now + timedelta(hours=6))
    early.refresh_from_db()
    late.refresh_from_db()
    assert early.ends_at == now + timedelta(hours=4)
    assert late.ends_at == late.starts_at  # it is empty: nobody is away where he is not at work
