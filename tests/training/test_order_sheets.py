"""Retraining orders leave and come in as a sheet: raised once, for others only, told like those of the page."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils.translation import override

from accounts.states import Role
from aftersales.core import deliveries
from aftersales.core.errors import NotPermitted
from aftersales.core.models import Event
from aftersales.core.sheets import explaining, exporting, services
from aftersales.notices.models import Notice
from tests.core.sheets import steps
from tests.training.school import a_course
from training.models import Course, Order
from training.ordersheets import LastDayWidget
from training.services import retraining

pytestmark = pytest.mark.django_db
HEAD = ["person", "course", "reason_code", "due_at", "metric", "order_reason"]
AGENT = ["agent", "basics", "inspection", "2026-12-15", "reopened", "连续两周低于 80 分"]
OTHER = ["inspector", "basics", "投诉", "2026-12-20 18:00", "satisfaction", "投诉两次"]


@pytest.fixture(autouse=True)
def school(cast, now) -> None:
    a_course(cast, now), a_course(cast, now, "refunds")
    assert cast.team
    assert cast.inspector


def load(cast, now, *rows, actor=None, head=HEAD):
    return steps.load("retraining_orders", steps.rows_as_csv(head, *rows), actor=actor or cast.lead, now=now)


def verdicts(upload) -> list[tuple[str, str]]:
    return [found for _row, found in sorted(steps.verdicts(upload).items())]


def taken_out(actor, now, fmt="csv") -> bytes:
    orders: Any = Order.objects.visible_to(actor).order_by("pk")
    made = exporting.export(queryset=orders, sheet="retraining_orders", fmt=fmt, actor=actor, now=now)
    return exporting.path_of(made).read_bytes()


def test_a_lead_orders_by_sheet_and_the_same_file_orders_nothing_twice(cast, now) -> None:
    upload = load(cast, now, AGENT, OTHER)
    assert (upload.state, upload.count("new"), upload.count("refused")) == ("done", 2, 0)
    first, second = Order.objects.order_by("pk")
    assert (first.person, first.course.code, first.reason_code, first.metric) == (
        cast.agent, "basics", "inspection", "reopened",
    )  # fmt: skip
    assert first.due_at == datetime(2026, 12, 15, 16, tzinfo=UTC), "until the end of that day in Shanghai"
    assert (second.due_at, second.ordered_by) == (datetime(2026, 12, 20, 10, tzinfo=UTC), cast.lead)
    assert Event.objects.get(kind="retraining.ordered", subject_id=first.pk).reason == "连续两周低于 80 分"
    deliveries.run(now)
    told = Notice.objects.filter(source="retraining.ordered").values_list("user_id", flat=True)
    assert {cast.agent.pk, cast.inspector.pk} <= set(told), "an order by sheet is told like one of the page"

    assert load(cast, now, AGENT, OTHER, actor=cast.trainer).count("same") == 2
    retraining.retraining_cancel(order=second, reason="弄错了", actor=cast.trainer, now=now)
    met(cast, now, first)
    found = verdicts(load(cast, now, AGENT, OTHER))
    assert [verdict for verdict, _why in found] == ["s", "r"]
    assert "rule_cancelled" in found[1][1]
    assert Order.objects.count() == 2


def met(cast, now, order: Order) -> None:
    """The person was there: nothing is owed any more."""
    from tests.training.test_retraining import attended, sweep

    attended(cast, now, order.course)
    assert sweep(order, now + timedelta(hours=3)) == "completed"


@pytest.mark.parametrize(
    ("cells", "problem", "words"),
    [
        ({"person": "nobody"}, "person:unknown", "No such row"),
        ({"person": "lead"}, "person:rule_own_order", "Nobody orders his own"),
        ({"person": "merchant_owner"}, "person:", ""),
        ({"course": "nothing"}, "course:unknown", "No such row"),
        ({"exam": "nothing"}, "exam:unknown", "No such row"),
        ({"reason_code": "bored"}, "reason_code:invalid", "not known"),
        ({"metric": "tickets_handled"}, "metric:invalid", "not known"),
        ({"due_at": "2026-11-22"}, "due_at:rule_past", "passed already"),
        ({"due_at": "soon"}, "due_at:invalid", "not a valid date"),
        ({"order_reason": ""}, "order_reason:rule_no_reason", "Say why it is ordered"),
        ({"order_reason": None}, "person:rule_no_reason", "Say why"),
        ({"number": "ZX0000-0001"}, "number:rule_no_order", "no order of this number"),
        ({"state": "cancelled"}, "state:rule_state_told", "by training itself"),
        ({"course": "refunds", "due_at": "2026-12-16"}, "person:rule_ordered_already", "open order"),
        ({"number": "first", "course": "refunds", "due_at": "2026-12-16"}, "number:rule_fixed", "not changed by a"),
    ],
)  # fmt: skip
def test_the_preview_says_of_a_row_what_is_wrong_and_nothing_is_ordered(
    cast, now, cells, problem, words
) -> None:
    assert cast.merchant_owner
    load(cast, now, ["agent", "refunds", *AGENT[2:]])
    open_one = Order.objects.get()
    row = {
        name: value
        for name, value in (dict(zip(HEAD, AGENT, strict=True)) | cells).items()
        if value is not None
    }
    if row.get("number") == "first":
        row["number"] = open_one.number
    upload = steps.check(
        "retraining_orders", steps.rows_as_csv(list(row), list(row.values())), actor=cast.lead, now=now
    )
    ((verdict, why),) = verdicts(upload)
    assert verdict == "r"
    assert problem in why
    with override("en"):
        (refused,), _more = explaining.page(services.plan_of(upload, now=now), upload, "refused")
    assert words in " ".join(one.reason for one in refused.problems)
    assert all(one.remedy for one in refused.problems)
    steps.apply(upload, now=now)
    assert Order.objects.get() == open_one


def test_one_file_orders_a_course_for_a_person_once_with_and_without_the_column_of_numbers(cast, now) -> None:
    other = [*AGENT[:3], "2026-12-18", *AGENT[4:]]
    upload = load(cast, now, ["", *AGENT], ["", *other], head=["number", *HEAD])
    assert [verdict for verdict, _why in verdicts(upload)] == ["n", "r"]
    assert "one_open" in verdicts(upload)[1][1]
    upload = load(cast, now, ["inspector", *AGENT[1:]], ["inspector", *other[1:]])
    assert [verdict for verdict, _why in verdicts(upload)] == ["n", "r"]


def test_an_order_raised_since_the_preview_is_not_raised_again(cast, now) -> None:
    upload = steps.check("retraining_orders", steps.rows_as_csv(HEAD, AGENT), actor=cast.lead, now=now)
    retraining.retraining_order(
        person=cast.agent, course=Course.objects.get(code="basics"), reason_code="other", metric="errors",
        deadline=now + timedelta(days=3), actor=cast.trainer, now=now,
    )  # fmt: skip
    assert steps.apply(upload, now=now).count("conflict") == 1
    assert Order.objects.get().reason_code == "other"


@pytest.mark.parametrize("fmt", ["csv", "xlsx"])
def test_what_is_taken_out_comes_in_unchanged_orders_of_rules_too(cast, now, fmt) -> None:
    load(cast, now, AGENT, OTHER)
    for key in (1, 2):
        retraining.retraining_order(
            person=cast.agent, course=Course.objects.get(code="basics"), reason_code="complaint", metric="errors",
            deadline=now + timedelta(days=3, minutes=7), because=("quality.sheet", key), actor=cast.trainer, now=now,
        )  # fmt: skip
    content = taken_out(cast.trainer, now, fmt)
    upload = steps.check("retraining_orders", content, name=f"a.{fmt}", actor=cast.trainer, now=now)
    assert [verdict for verdict, _why in verdicts(upload)] == ["s"] * 4, verdicts(upload)
    if fmt == "csv":
        assert ",2026-12-15," in content.decode(), "a deadline at the end of a day is written as that day"


def test_everybody_takes_out_the_orders_that_his_page_shows_and_only_leads_order(cast, now) -> None:
    load(cast, now, AGENT)
    other = cast.make_team("other", lead=cast.person(Role.VENDOR_LEAD), vendor="外包一")
    assert taken_out(other.lead, now).count(b"\n") == 1, "the header alone: people of another team"
    assert taken_out(cast.lead, now).count(b"\n") == 2
    with pytest.raises(NotPermitted):
        taken_out(cast.agent, now)
    for person in (cast.agent, other.lead, cast.person(Role.AUDITOR)):
        with pytest.raises(NotPermitted):
            load(cast, now, OTHER, actor=person)
    assert Order.objects.count() == 1
    html = cast.client(cast.lead).get(reverse("training:orders")).content.decode()
    for address in (["choose", "retraining_orders"], ["export", "retraining_orders", "xlsx"]):
        link = reverse(f"sheets:{address[0]}", args=address[1:])
        assert link in html
        assert link not in cast.client(cast.agent).get(reverse("training:orders")).content.decode()


@pytest.mark.parametrize(
    "cell", ["2026-12-31", "2026/2/28", "2026-12-31 00:00", "2026-12-31 17:30:05", "2026-02-30"]
)
def test_a_last_day_is_read_alike_by_page_and_database_and_comes_out_as_it_went_in(cell) -> None:
    from tests.core.sheets.test_reference import in_python, in_sql

    widget = LastDayWidget()
    (found,) = in_sql(widget, [cell])
    assert found == in_python(widget, cell)
    if found is not None:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {widget.export_sql('x.at')} FROM (SELECT %s::timestamptz) AS x (at)", [found]
            )
            (text,) = cursor.fetchone()
        assert in_python(widget, text) == found
