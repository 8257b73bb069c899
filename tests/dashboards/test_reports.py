"""Reports on schedule: made once with the owner's rights, told with the workbook, and read again as they were."""

import io
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import openpyxl
import pytest
import time_machine
from django.core import mail

from aftersales.core import jobs
from aftersales.core.errors import Conflict, DomainError, NotPermitted
from aftersales.customers.models import Contact, Customer
from aftersales.dashboards import comparing, reporting, services
from aftersales.dashboards.models import Report, ReportPlan
from aftersales.dashboards.selectors import integrity
from aftersales.dashboards.selectors.overview import Course, Scope, Span
from aftersales.notices.models import Notice
from aftersales.tickets import services as tickets
from aftersales.tickets.models import Ticket
from tests.cast import Cast

Opener = Callable[..., Ticket]
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("period", "today", "days"),
    [
        ("day", date(2026, 3, 1), (date(2026, 2, 28), date(2026, 2, 28))),
        (
            "week",
            date(2026, 11, 23),
            (date(2026, 11, 16), date(2026, 11, 22)),
        ),  # on Monday the week that ended
        (
            "week",
            date(2026, 11, 22),
            (date(2026, 11, 9), date(2026, 11, 15)),
        ),  # Sunday's own week is not over
        ("month", date(2024, 3, 31), (date(2024, 2, 1), date(2024, 2, 29))),
        ("month", date(2026, 1, 1), (date(2025, 12, 1), date(2025, 12, 31))),
    ],
)
def test_the_last_period_is_the_newest_that_is_over(
    period: str, today: date, days: tuple[date, date]
) -> None:
    assert reporting.last_period(period, today) == days


@pytest.fixture
def plan(desk: Cast, now: datetime) -> ReportPlan:
    desk.lead.email = "lead@example.com"
    desk.lead.save(update_fields=["email"])
    return services.plan_make(period="day", team=None, hour=0, actor=desk.lead, now=now)


@pytest.fixture
def answered(open_ticket: Opener, customer: Customer, desk: Cast, now: datetime) -> Ticket:
    """A ticket opened and answered yesterday."""
    Contact.objects.create(customer=customer, kind="email", value="linfang@example.com")
    ticket = open_ticket(at=now - DAY)
    if ticket.assignee is None:
        ticket = tickets.ticket_take(ticket=ticket, actor=desk.agent, now=now - DAY)
    tickets.ticket_reply(ticket=ticket, text="您好，已为您催促承运商。", actor=ticket.assignee, now=now - DAY)
    return Ticket.objects.get(pk=ticket.pk)


def make(plan: ReportPlan, now: datetime) -> Report:
    services.reports_due(now=now)
    jobs.run_due(now)
    return Report.objects.get(plan=plan)


def test_a_report_is_ordered_once_and_told_once(plan: ReportPlan, answered: Ticket, now: datetime) -> None:
    assert services.reports_due(now=now) == 0  # whoever asks for a report has the last one at once
    jobs.run_due(now)
    first = Report.objects.get(plan=plan)

    assert services.report_make(plan_id=plan.pk, last=first.last_day, now=now) == first
    assert services.reports_due(now=now) == 0
    assert Notice.objects.filter(source="report.ready").count() == 2  # in the system and by mail
    assert services.reports_due(now=now + DAY) == 1
    assert services.reports_due(now=now + DAY) == 0


def test_it_counts_the_day_that_is_over(
    plan: ReportPlan, answered: Ticket, open_ticket: Opener, now: datetime
) -> None:
    open_ticket(at=now)  # today's belongs to tomorrow's report
    report = make(plan, now)

    assert report.content["course"]["opened"] == 1
    assert reporting.headline(report)["opened"] == "1"


def test_the_mail_brings_the_workbook_with_numbers_as_numbers(
    plan: ReportPlan, answered: Ticket, now: datetime, settings: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    make(plan, now)
    jobs.run_due(now)

    (sent,) = [one for one in mail.outbox if one.to == ["lead@example.com"]]
    ((name, content, kind),) = sent.attachments
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert name.endswith(".xlsx")
    assert kind.endswith("sheet")
    assert len(book.sheetnames) == 6
    standing = book.worksheets[1]
    assert isinstance(standing["B2"].value, int)
    assert standing.freeze_panes == "A2"


def test_the_figures_of_the_workbook_are_numbers_in_their_form_and_the_page_opens_their_tickets(
    plan: ReportPlan, answered: Ticket, desk: Cast, now: datetime
) -> None:
    """The first sheet was text from end to end: nobody could sum or chart it."""
    report = make(plan, now)
    report.content["course"] |= {"first_response": [1199, 2400, 3], "kept": [["first_response", 1, 2, 90]]}
    report.content["before"] |= {
        "opened": 4,
        "first_response": [600, 700, 2],
        "kept": [["first_response", 2, 2, 90]],
    }
    report.save()
    sheet = openpyxl.load_workbook(io.BytesIO(reporting.workbook(report, "x"))).worksheets[0]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    opened, response, share = rows[0], rows[2], rows[-1]
    assert opened[1:] == [
        report.content["course"]["opened"],
        None,
        4,
        None,
        pytest.approx((opened[1] - 4) / 4),
    ]
    assert response[1:] == [
        pytest.approx(1199 / 3600),
        3,
        pytest.approx(600 / 3600),
        2,
        pytest.approx(599 / 3600),
    ]
    assert share[1:] == [0.5, 2, 1, 2, -50]
    assert [sheet.cell(row=4, column=2).number_format, sheet.cell(row=2 + len(rows) - 1, column=2).number_format] == [
        '0.00" h"', "0.0%",
    ]  # fmt: skip
    page = desk.client(desk.lead).get(f"/overview/reports/{report.public_id}/").content.decode()
    links = [
        one.replace("&amp;", "&")
        for one in re.findall(r'<th scope="row"><a class="lnk" href="([^"]+)"', page)
    ]
    days = f"opened_from={report.first_day}&opened_to={report.last_day}"
    assert f"/desk/tickets/?view=all&{days}" in links
    assert any("missed=first_response" in one for one in links)
    for one in links:
        assert desk.client(desk.lead).get(one).status_code == 200, one


def test_a_difference_is_that_of_the_two_figures_beside_it(desk: Cast, now: datetime) -> None:
    """41 h 06 min less 14 h 06 min is 27 h, whatever the seconds are that nobody sees."""

    def course(seconds: int) -> Course:
        span = Span(timedelta(seconds=seconds), None, 3)
        return Course(Scope(desk.lead, now), 1, 1, span, span, [])

    line = comparing.compared(course(41 * 3600 + 6 * 60 + 5), course(14 * 3600 + 6 * 60 + 50))[2]
    assert (str(line[1])[:7], str(line[2])[:7], str(line[3])) == ("41小时6分（", "14小时6分（", "+27小时")


def test_what_was_reported_stays_when_the_figures_move_on(
    plan: ReportPlan, answered: Ticket, now: datetime
) -> None:
    report = make(plan, now)
    before = reporting.sections(report)
    Ticket.objects.filter(pk=answered.pk).update(opened_at=now - 40 * DAY)

    assert reporting.sections(Report.objects.get(pk=report.pk)) == before


def test_a_report_counts_only_what_its_owner_may_see(answered: Ticket, desk: Cast, now: datetime) -> None:
    stranger = desk.person("agent")
    plan = services.plan_make(period="day", team=None, hour=0, actor=stranger, now=now)
    Ticket.objects.filter(pk=answered.pk).update(team=desk.team, assignee=desk.agent, owner=desk.agent)

    assert make(plan, now).content["course"]["opened"] == 0


@pytest.mark.parametrize("name", ["agent", "vendor_agent", "lead"])
def test_signs_of_integrity_stand_in_reports_of_those_who_may_read_them(
    desk: Cast, now: datetime, name: str
) -> None:
    """The page of signs is closed to agents, so a report must not be the way around it; asked again when it is read."""
    owner = getattr(desk, name)
    may = owner.has_perm("dashboards.integrity")
    assert may is (name == "lead")
    report = make(services.plan_make(period="week", team=None, hour=0, actor=owner, now=now), now)
    assert bool(report.content["signs"]) is may
    report.content["signs"] = dict.fromkeys(integrity.BY_CODE, 3)  # as it was made when he still might
    shown = [str(one.title) for one in reporting.sections(report)]
    assert ("诚信迹象" in shown or "Signs of integrity" in shown) is may, shown
    assert len(openpyxl.load_workbook(io.BytesIO(reporting.workbook(report, "x"))).sheetnames) == 5 + may


def test_nobody_reads_the_report_of_another(plan: ReportPlan, desk: Cast, now: datetime) -> None:
    report = make(plan, now)
    with time_machine.travel(now, tick=False):
        for address in ("", "workbook/"):
            assert (
                desk.client(desk.lead).get(f"/overview/reports/{report.public_id}/{address}").status_code
                == 200
            )
            assert (
                desk.client(desk.agent).get(f"/overview/reports/{report.public_id}/{address}").status_code
                == 404
            )
        ended = desk.client(desk.agent).post(f"/overview/reports/plans/{plan.pk}/end/")
    assert ended.status_code == 404
    with pytest.raises(NotPermitted):
        services.plan_end(plan=plan, actor=desk.agent, now=now)


def test_who_left_gets_no_report(plan: ReportPlan, desk: Cast, now: datetime) -> None:
    type(desk.lead).objects.filter(pk=desk.lead.pk).update(is_active=False)

    assert services.reports_due(now=now) == 0
    assert services.report_make(plan_id=plan.pk, last=date(2026, 1, 1), now=now) is None


def test_a_report_that_was_missed_is_made_up_for(plan: ReportPlan, desk: Cast, now: datetime) -> None:
    """The worker was down for three days: each day's report comes, none from before the plan."""
    services.reports_due(now=now)
    jobs.run_due(now)
    assert services.reports_due(now=now + 3 * DAY) == 3
    assert services.reports_due(now=now + 3 * DAY) == 0
    jobs.run_due(now + 3 * DAY)
    days = sorted(Report.objects.filter(plan=plan).values_list("last_day", flat=True))
    assert [(one - days[0]).days for one in days] == [0, 1, 2, 3]


def test_a_report_whose_hour_passed_while_nothing_ran_comes_the_next_day(desk: Cast, now: datetime) -> None:
    plan = services.plan_make(period="day", team=None, hour=23, actor=desk.lead, now=now)
    jobs.run_due(now)
    midnight = now.replace(hour=16, minute=1) + DAY  # 00:01 in Shanghai, two days after the plan was made
    assert services.reports_due(now=midnight) == 1
    jobs.run_due(midnight)
    assert plan.reports.count() == 2


def test_the_same_report_is_asked_for_once(plan: ReportPlan, desk: Cast, now: datetime) -> None:
    with pytest.raises(DomainError) as refused:
        services.plan_make(period="day", team=None, hour=9, actor=desk.lead, now=now)
    assert refused.value.code == "twice"

    services.plan_end(plan=plan, actor=desk.lead, now=now)
    services.plan_end(plan=plan, actor=desk.lead, now=now)
    assert services.plan_make(period="day", team=None, hour=9, actor=desk.lead, now=now).pk != plan.pk


@pytest.mark.parametrize(
    ("wrong", "code"), [({"period": "year"}, "period"), ({"hour": 24}, "hour"), ({"hour": -1}, "hour")]
)
def test_a_wrong_wish_says_what_is_wrong(desk: Cast, now: datetime, wrong: dict[str, Any], code: str) -> None:
    wish: dict[str, Any] = {"period": "day", "team": None, "hour": 8} | wrong

    with pytest.raises(DomainError) as refused:
        services.plan_make(**wish, actor=desk.lead, now=now)
    assert refused.value.code == code


def test_a_stale_comment_is_refused_and_kept_in_the_box(plan: ReportPlan, desk: Cast, now: datetime) -> None:
    report = make(plan, now)
    services.report_comment(
        report=report, text="台风影响华南。", actor=desk.lead, now=now, version=report.version
    )

    with pytest.raises(Conflict):
        services.report_comment(
            report=report, text="另一句", actor=desk.lead, now=now, version=report.version
        )
    with time_machine.travel(now, tick=False):
        page = desk.client(desk.lead).post(
            f"/overview/reports/{report.public_id}/comment/", {"comment": "另一句", "version": report.version}
        )
    assert page.status_code == 422
    assert "另一句" in page.content.decode()


def test_words_that_look_like_formulas_stay_words(plan: ReportPlan, answered: Ticket, now: datetime) -> None:
    report = make(plan, now)
    report.content["merchants"] = [['=HYPERLINK("http://evil")', 1]]

    book = openpyxl.load_workbook(io.BytesIO(reporting.workbook(report, "x")))

    cell = book.worksheets[3]["A2"]
    assert cell.data_type == "s"
    assert cell.value.startswith("=HYPERLINK")
