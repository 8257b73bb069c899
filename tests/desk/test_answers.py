"""Answer templates: found by a slash, filled with what their user may see, written by whom they belong to."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from aftersales.core.errors import DomainError, NotPermitted, Refused
from aftersales.customers.models import Contact, Customer
from aftersales.merchants.models import Merchant, MerchantContact
from aftersales.tickets.answering import VARIABLES, blanks, reply_problems, template_problems
from aftersales.tickets.models import AnswerTemplate, Ticket
from aftersales.tickets.selectors import answer_templates as selectors
from aftersales.tickets.services.answers import answer_save
from aftersales.tickets.states import Kind
from tests.cast import Cast
from tests.records import order

Opener = Callable[..., Ticket]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
TEXTS = {
    "title_zh": "催件",
    "title_en": "Hurry",
    "body_zh": "运单 {tracking}",
    "body_en": "Parcel {tracking}",
}


def columns(**more: Any) -> dict[str, Any]:
    return {**TEXTS, "kinds": [], "shortcut": "", "scope": "own", "is_active": True} | more


def write(desk: Cast, actor: Any, **more: Any) -> AnswerTemplate:
    return answer_save(row=AnswerTemplate(), columns=columns(**more), actor=actor, now=desk.now)


def url(ticket: Ticket, rest: str) -> str:
    return f"/desk/tickets/{ticket.number}/answers/{rest}"


def test_the_shipped_answers_are_whole_in_both_languages_and_clean(desk: Cast) -> None:
    rows = list(AnswerTemplate.objects.all())
    assert len(rows) >= 25
    for row in rows:
        assert row.scope == "all"
        for text in (row.title_zh, row.title_en, row.body_zh, row.body_en):
            assert text
            assert template_problems(text) == []
        assert set(blanks(row.body_zh)) <= set(VARIABLES)
    kinds = {kind for row in rows for kind in row.kinds}
    assert kinds >= set(Kind.values) - {"other", "consultation"}
    used = [row.shortcut for row in rows]
    assert len(set(used)) == len(used)


def test_those_for_the_kind_come_first_and_others_only_when_one_types(
    open_ticket: Opener, desk: Cast
) -> None:
    ticket = open_ticket(kind="invoice")
    found = selectors.fitting(ticket, desk.agent)
    assert [row.kinds for row in found][:2] == [["invoice"], ["invoice"]]
    distances = [0 if "invoice" in row.kinds else 2 if row.kinds else 1 for row in found]
    assert distances == sorted(distances)
    page = desk.client(desk.agent).get(url(ticket, "")).content.decode()
    assert page.count("data-rest hidden") == distances.count(2) > 0


def test_an_answer_is_filled_from_the_ticket_with_masked_personal_data(
    open_ticket: Opener, desk: Cast, customer: Customer, now: datetime
) -> None:
    Contact.objects.create(customer=customer, kind="phone", value="13812346027")
    bought = order("SO-1", now, customer=customer)
    ticket = open_ticket(order_id=bought.pk)
    body = "{number} {customer} {phone} {order} {agent} {due} {problem} {today}"
    template = write(desk, desk.agent, body_zh=body, body_en=body)
    text = selectors.filled(template, ticket, desk.agent, now, voice="customer").text
    for seen in (
        ticket.number,
        "林*",
        "138 **** 6027",
        bought.external_no,
        desk.agent.display_name,
        "11月23日",
    ):
        assert seen in text
    assert "13812346027" not in text
    assert "林芳" not in text
    assert reply_problems(text) == []


def test_what_is_not_known_stays_in_braces_and_is_named(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket()
    template = write(desk, desk.agent)
    browser = desk.client(desk.agent)
    found = browser.get(url(ticket, f"{template.code}/")).json()
    assert found["text"] == "运单 {tracking}"
    assert "{tracking}" in found["missing"][0]
    answer = browser.post(
        f"/desk/tickets/{ticket.number}/say/", {"voice": "customer", "text": found["text"]}, follow=False
    )
    assert answer.status_code == 422


def test_a_blank_that_this_person_may_not_see_is_not_filled_for_him(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    shop = Merchant(code="M1", name="声悦数码")
    shop.save()
    MerchantContact.objects.create(merchant=shop, role="aftersales", phone="0755-86001122")
    ticket = open_ticket(merchant_id=shop.pk)
    text = {"body_zh": "电话 {merchant_phone}", "body_en": "Call {merchant_phone}"}
    template = write(desk, desk.supervisor, scope="all", **text)
    vendor = desk.person("vendor_agent")
    seen = selectors.filled(template, ticket, desk.agent, now, voice="merchant")
    hidden = selectors.filled(template, ticket, vendor, now, voice="merchant")
    assert seen.text == "电话 0755-86001122"
    assert hidden.text == "电话 {merchant_phone}"
    assert hidden.missing[0].why != ""
    assert [one.name for one in hidden.missing] == ["merchant_phone"]


def test_values_are_never_looked_at_as_text_with_blanks(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket(subject="{agent} {contact} %(x)s {{ settings.SECRET_KEY }}")
    text = {"body_zh": "关于{problem}", "body_en": "On {problem}"}
    found = selectors.filled(write(desk, desk.agent, **text), ticket, desk.agent, now, voice="customer")
    assert found.text == f"关于{ticket.subject}"


def test_the_answer_is_in_the_readers_language(open_ticket: Opener, desk: Cast, customer: Customer) -> None:
    Customer.objects.filter(pk=customer.pk).update(languages=["en"])
    ticket = Ticket.objects.get(pk=open_ticket().pk)
    found = selectors.filled(write(desk, desk.agent), ticket, desk.agent, desk.now, voice="customer")
    assert found.text == "Parcel {tracking}"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("{settings}", "unknown_blank"),
        ("{{ settings.SECRET_KEY }}", "stray_brace"),
        ("{ticket.__class__.__init__.__globals__}", "stray_brace"),
        ("{% include 'x' %}", "stray_brace"),
        ("改成五星好评，我们补偿20元", "tied_to_review"),
        ("Change your review and get a coupon", "tied_to_review"),
        ("", "empty"),
    ],
)
def test_a_text_that_must_not_be_is_refused_at_save(desk: Cast, body: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        write(desk, desk.agent, body_zh=body)
    assert code in {one.code for one in refused.value.refusals}


@pytest.mark.parametrize(
    ("role", "scope", "may"),
    [
        ("agent", "own", True), ("agent", "team", False), ("agent", "all", False),
        ("lead", "own", True), ("lead", "team", True), ("lead", "all", False),
        ("supervisor", "all", True), ("operations", "team", True), ("vendor_agent", "own", True),
        ("vendor_agent", "all", False), ("auditor", "own", False), ("inspector", "own", False),
    ],
)  # fmt: skip
def test_who_writes_for_whom(desk: Cast, role: str, scope: str, may: bool) -> None:
    team = desk.team if scope == "team" else None
    if may:
        assert write(desk, desk.of(role), scope=scope, team=team).pk
    else:
        with pytest.raises(NotPermitted):
            write(desk, desk.of(role), scope=scope, team=team)


def test_a_template_is_seen_by_whom_it_is_for_and_changed_by_whom_it_belongs_to(
    open_ticket: Opener, desk: Cast
) -> None:
    other = desk.person("agent")
    own = write(desk, desk.agent)
    teams = write(desk, desk.lead, scope="team", team=desk.team)
    for person, seen in ((desk.agent, {own, teams}), (desk.lead, {teams}), (other, set())):
        assert set(AnswerTemplate.objects.visible_to(person).exclude(scope="all")) == seen
    for person in (desk.supervisor, other, desk.lead):
        with pytest.raises(NotPermitted):
            answer_save(row=own, columns=columns(), actor=person, now=desk.now)
        assert desk.client(person).get(f"/desk/answers/of/{own.code}/").status_code == 404
    with pytest.raises(NotPermitted):
        answer_save(row=teams, columns=columns(scope="own"), actor=desk.agent, now=desk.now)
    ticket = open_ticket()
    assert desk.client(desk.lead).get(url(ticket, f"{own.code}/")).status_code == 404


def test_a_stale_save_shows_what_he_wrote_and_what_stands_there(desk: Cast) -> None:
    row = write(desk, desk.supervisor, scope="all")
    form = columns(scope="all", body_zh="我的话", version=row.version)
    answer_save(
        row=row, columns=columns(scope="all", body_zh="别人的话"), actor=desk.operations, now=desk.now,
        version=row.version,
    )  # fmt: skip
    answer = desk.client(desk.supervisor).post(f"/desk/answers/of/{row.code}/", form)
    page = answer.content.decode()
    stale = page.partition('class="stale"')[2].partition("</table>")[0]
    assert answer.status_code == 422
    assert "我的话" in stale
    assert "别人的话" in stale
    assert AnswerTemplate.objects.get(pk=row.pk).body_zh == "别人的话"
    assert row.history.count() == 2


def test_a_template_written_on_its_page_is_found_by_the_slash(open_ticket: Opener, desk: Cast) -> None:
    browser, ticket = desk.client(desk.agent), open_ticket()
    answer = browser.post("/desk/answers/new/", columns(shortcut="/Cui", kinds=["returns", "nonsense"]))
    assert answer.status_code == 302
    row = AnswerTemplate.objects.get(owner=desk.agent)
    assert (row.shortcut, row.kinds) == ("cui", ["returns"])
    choices = browser.get(url(ticket, "")).content.decode()
    assert 'data-words="cui' in choices
    assert "催件" in browser.get("/desk/answers/").content.decode()


@pytest.mark.parametrize(
    "bad",
    [
        {"scope": "team"}, {"scope": "nobody"}, {"scope": "team", "team": "999999999999999999"},
        {"shortcut": "a b"}, {"shortcut": "x" * 21}, {"title_zh": "x" * 81}, {"body_zh": "x" * 4001},
        {"version": "zwei", "title_en": ""},
    ],
)  # fmt: skip
def test_bad_input_saves_nothing_and_is_no_server_error(desk: Cast, bad: dict[str, str]) -> None:
    before = AnswerTemplate.objects.count()
    answer = desk.client(desk.lead).post("/desk/answers/new/", columns(**bad))
    assert answer.status_code == 422
    assert AnswerTemplate.objects.count() == before


def test_the_list_for_a_ticket_is_one_question_to_the_templates_whatever_their_number(
    open_ticket: Opener, desk: Cast, django_assert_max_num_queries: Any
) -> None:
    browser, ticket = desk.client(desk.agent), open_ticket()
    browser.get(url(ticket, ""))
    with django_assert_max_num_queries(5):
        assert browser.get(url(ticket, "")).status_code == 200


def test_a_text_with_markup_is_escaped_in_list_and_preview(open_ticket: Opener, desk: Cast) -> None:
    evil = "<img src=x onerror=alert(1)>"
    write(desk, desk.agent, title_zh=evil, body_zh=evil)
    browser = desk.client(desk.agent)
    for page in (
        browser.get(url(open_ticket(), "")),
        browser.get("/desk/answers/"),
        browser.post("/desk/answers/preview/", columns(body_zh=evil)),
    ):
        assert evil not in page.content.decode()


def test_nothing_of_an_answer_hangs_on_how_long_ago_it_was_due(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    """A time limit that is past is no promise any more: the blank stays."""
    template = write(desk, desk.agent, body_zh="{due} 前", body_en="by {due}")
    late = selectors.filled(template, open_ticket(), desk.agent, now + timedelta(days=400), voice="customer")
    assert late.text == "{due} 前"
    with pytest.raises(DomainError):
        write(desk, desk.agent, scope="team")
