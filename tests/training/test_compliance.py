"""Who lacks which training: counts that add up, people behind them, places that are respected."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.states import Role
from aftersales.core.errors import DomainError
from aftersales.core.models import Event
from aftersales.notices.compliance import lacking_tell
from aftersales.notices.models import Notice
from tests.training.school import a_course, a_run
from training import complianceselectors, services
from training.models import Number, Seat
from training.services import compliance, courses

pytestmark = pytest.mark.django_db


def held(cast, now, course, *people) -> None:
    """A run of the course that these people attended."""
    run = a_run(cast, now, course, places=9)
    seats = courses.seats_take(run=run, people=people, actor=cast.trainer, now=now)
    courses.run_move(run=run, name="start", actor=cast.trainer, now=now)
    courses.seats_mark(run=run, seats=[one.pk for one in seats], name="attend", actor=cast.trainer, now=now)
    courses.run_move(run=run, name="finish", actor=cast.trainer, now=now)


def lacks(cast, now) -> dict[str, set[str]]:
    return {one.person.username: set(one.lacks) for one in complianceselectors.standings(cast.trainer, now)}


def test_what_a_person_lacks_follows_hours_the_year_and_the_numbers(cast, now) -> None:
    who = cast.agent.username
    assert lacks(cast, now)[who] == {"onboarding", "year"}
    held(cast, now, a_course(cast, now, hours=Decimal(29)), cast.agent)
    assert "onboarding" in lacks(cast, now)[who]
    held(cast, now, a_course(cast, now, "more", hours=Decimal(1)), cast.agent)
    assert lacks(cast, now)[who] == {"year"}
    service = a_course(cast, now, "service", kind="service", refresh_months=1)
    held(cast, now, service, cast.agent)
    assert lacks(cast, now)[who] == {"year"}
    assert "refresher" in lacks(cast, now + timedelta(days=40))[who]
    draft = courses.number_draft(code="trainings_a_year", actor=cast.trainer, now=now, value=Decimal(1))
    services.rule_activate(draft=draft, actor=cast.operations, now=now)
    assert Number.objects.filter(code="trainings_a_year").count() == 2
    assert lacks(cast, now)[who] == set()
    next_year = complianceselectors.year_of(now)[1]
    assert "year" in lacks(cast, next_year)[who]


def test_lines_of_teams_add_up(cast, now) -> None:
    team, other = cast.team, cast.person(Role.AGENT)
    cast.make_team("second", members=[other, cast.agent])
    rows = complianceselectors.standings(cast.trainer, now)
    lines, whole = complianceselectors.by_team(rows), complianceselectors.total(rows)
    assert sum(one.people for one in lines) == whole.people == len(rows)
    for lack, n in whole.lacking.items():
        behind = [complianceselectors.lacking(rows, lack=lack, team=one.name) for one in lines]
        assert [one.lacking[lack] for one in lines] == [len(found) for found in behind]
        assert sum(map(len, behind)) == n
    assert {one.person for one in rows if one.team == str(team)} == {cast.lead, cast.agent}


def test_whoever_lacks_it_gets_a_place_as_far_as_places_go_and_nobody_enrols_himself(cast, now) -> None:
    people = {cast.person(Role.AGENT) for _n in range(3)}
    team = str(cast.make_team("new", lead=cast.lead, members=[cast.lead, *people]))
    run = a_run(cast, now, a_course(cast, now), places=2)
    done = compliance.lacking_enrol(run=run, lack="onboarding", team=team, actor=cast.lead, now=now)
    assert (done.taken, done.left) == (2, 1)
    with pytest.raises(DomainError) as full:
        compliance.lacking_enrol(run=run, lack="onboarding", team=team, actor=cast.lead, now=now)
    assert full.value.code == "full"
    wrong = a_run(cast, now, a_course(cast, now, "talk", kind="communication"))
    with pytest.raises(DomainError) as nobody:
        compliance.lacking_enrol(run=wrong, lack="onboarding", team=team, actor=cast.lead, now=now)
    assert nobody.value.code == "nobody"
    assert {one.person for one in Seat.objects.filter(run=run)} < people
    bigger = a_run(cast, now, run.course, places=9)
    browser = cast.client(cast.lead)
    asked = {"run": bigger.number, "lack": "onboarding", "team": team}
    browser.post(reverse("training:compliance_enrol"), asked)
    browser.post(reverse("training:compliance_enrol"), asked)
    assert {one.person for one in Seat.objects.filter(run=bigger)} == people
    page = browser.get(reverse("training:compliance"), {"lack": "onboarding"}).content.decode()
    assert all(str(one) in page for one in people)


# ------------------------------------------------------------------------------------- by sheet, by message
def test_the_sheet_holds_the_filtered_people_and_no_formula_and_who_took_it_is_on_record(cast, now) -> None:
    cast.team  # noqa: B018
    evil = cast.person(Role.AGENT, name="=HYPERLINK(1)")
    team = str(cast.make_team("second", members=[evil]))
    browser, page = cast.client(cast.lead), reverse("training:compliance_sheet")
    text = browser.get(page, {"team": team, "lack": "onboarding"}).content.decode("utf-8-sig")
    lines = [line.split(",") for line in text.splitlines()]
    assert len(lines) == 2
    assert lines[1][:5] == [evil.username, "'=HYPERLINK(1)", team, "0", "30"]
    assert browser.get(page, {"team": team, "lack": "refresher"}).content.decode().count("\n") == 1
    people = len(lacks(cast, now))
    assert len(browser.get(page).content.decode().splitlines()) == people + 1
    told = Event.objects.filter(kind="training.sheet_taken").order_by("pk")
    assert [(one.actor_id, one.payload["rows"]) for one in told][:2] == [(cast.lead.pk, 1), (cast.lead.pk, 0)]
    assert cast.client(cast.agent).get(page).status_code == 404


def test_everybody_who_lacks_something_and_the_lead_are_told_once_a_month(cast, now) -> None:
    """A refresher that ends soon is announced with its day; a lead reads one list of his people, each month anew."""
    team = cast.team
    then = now - timedelta(days=20)
    held(cast, then, a_course(cast, then, hours=Decimal(30)), cast.agent)
    for code in ("one", "two"):
        course = a_course(cast, then, code, kind="service", refresh_months=1)
        held(cast, then, course, cast.agent)
    cast.agent.language = "en"
    cast.agent.save()
    lacking_tell(now=now)
    own = Notice.objects.filter(source="training.lacking", channel="in_app")
    (mine,) = own.filter(user_id=cast.agent.pk)
    assert "Refresher due: “Service basics”, by 20" in mine.body
    assert "Onboarding" not in mine.body
    (told,) = Notice.objects.filter(source="training.team_lacks", channel="in_app")
    assert (told.user_id, told.subject_id) == (cast.lead.pk, team.pk)
    assert f"{cast.agent}" in told.body
    assert str(cast.trainer) not in told.body
    count = Notice.objects.count()
    assert lacking_tell(now=now) == 0
    newcomer = cast.person(Role.AGENT)
    assert lacking_tell(now=now) == 1
    assert own.filter(user_id=newcomer.pk).count() == 1
    assert Notice.objects.count() > count
    assert lacking_tell(now=now + timedelta(days=31)) > 3


def test_who_lacks_nothing_is_not_told(cast, now) -> None:
    held(cast, now, a_course(cast, now, hours=Decimal(30)), cast.agent)
    for code in ("one", "two"):
        held(cast, now, a_course(cast, now, code, kind="service"), cast.agent)
    lacking_tell(now=now)
    assert not Notice.objects.filter(user_id=cast.agent.pk).exists()
    assert Notice.objects.filter(user_id=cast.trainer.pk).exists()
