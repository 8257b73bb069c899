"""Agreements with merchants: drafted, talked over, announced, read beside the version before, accepted for good."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aftersales.core.errors import DomainError
from aftersales.core.models import Event
from aftersales.merchants.agreementselectors import clauses_binding, of_merchants
from aftersales.merchants.models import AgreementAnswer, AgreementVersion, Merchant
from aftersales.merchants.services import member_add, merchant_move
from aftersales.merchants.services.agreements import agreement_activate, agreement_answer
from aftersales.notices.agreements import agreements_remind
from aftersales.notices.models import Notice
from aftersales.orders.models import Category
from aftersales.standards import services as rule_book
from aftersales.standards.consulting.services import comment_answer, comment_make, consultation_open
from aftersales.standards.models import Consultation, Parameter, StandardVersion
from tests.department import book, work_off
from tests.merchants.agreed import DAY, a_supplement, next_draft, shipped
from tests.merchants.shops import Shop, a_shop
from tests.records import merchant as a_merchant

__all__ = ["book", "work_off"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("book")]
LATER = timedelta(days=30)


@pytest.fixture(autouse=True)
def clock(now: datetime, settings: Any) -> Iterator[Any]:
    settings.REQUIRE_SECOND_FACTOR = False
    with time_machine.travel(now, tick=False) as moving:
        yield moving


@pytest.fixture
def shop(cast: Any, now: datetime) -> Shop:
    return a_shop(cast, now, "甲")


def refused(code: str, act: Callable[[], Any]) -> None:
    with pytest.raises(DomainError) as why:
        act()
    codes = {why.value.code, *(one.code for one in getattr(why.value, "reasons", []))}
    assert code in codes, codes


def text(answer: Any) -> str:
    assert answer.status_code == 200, answer.status_code
    return str(answer.content.decode())


def accept(shop: Shop, version: AgreementVersion, now: datetime, **more: Any) -> AgreementAnswer:
    given = {"answer": "accepted", "seen": version.sha256, "actor": shop.owner} | more
    return agreement_answer(merchant=shop.merchant, version=version, now=now, **given)


def talked_over(cast: Any, draft: AgreementVersion, now: datetime) -> Consultation:
    return consultation_open(
        draft=draft, asked_zh="发货时效提高到 97%，可行吗？", asked_en="Dispatch at 97 %: can it be done?",
        actor=cast.operations, now=now,
    )  # fmt: skip


def announced(cast: Any, now: datetime) -> AgreementVersion:
    """Version 2 after its consultation, announced eight days from now."""
    draft = next_draft(cast, now)
    talked_over(cast, draft, now)
    return agreement_activate(draft=draft, actor=cast.supervisor, now=now + 8 * DAY)


def test_the_owner_accepts_once_and_for_good_what_he_was_shown(shop: Shop, cast: Any, now: datetime) -> None:
    version, owner, clerk = shipped(), cast.client(shop.owner), cast.client(shop.clerk)
    page = text(owner.get(reverse("portal:agreement", args=["merchant_service", 1])))
    assert "48 小时" in page, "the times of the rule book stand in the text"
    assert version.sha256 in page
    address = reverse("portal:agreement_answer", args=["merchant_service", 1])
    form = {"answer": "accepted", "seen": re.findall(r'name="seen" value="([0-9a-f]{64})"', page)[0]}

    read = text(clerk.get(reverse("portal:agreement", args=["merchant_service", 1])))
    assert 'name="seen"' not in read
    assert clerk.post(address, form).status_code == 404
    owner.post(address, form | {"seen": "0" * 64})
    assert not AgreementAnswer.objects.exists(), "another text than the one that was shown"
    for _again in range(2):
        owner.post(address, form)

    row = AgreementAnswer.objects.get()
    assert (row.by, row.by_name, row.sha256, row.at) == (shop.owner, str(shop.owner), version.sha256, now)
    assert Merchant.objects.get(pk=shop.merchant.pk).agreement == "2026-1", "training terms go by it"
    told = Event.objects.get(kind="merchant.agreement_accepted")
    assert (told.payload["fingerprint"], told.source) == (version.sha256, "portal")
    assert str(shop.owner) in text(clerk.get(reverse("portal:agreements")))
    refused("accepted_already", lambda: accept(shop, version, now, answer="declined", words="后悔了"))


def test_no_hand_changes_what_was_accepted(shop: Shop, now: datetime) -> None:
    accept(shop, shipped(), now)
    for act in (
        lambda: AgreementAnswer.objects.update(by_name="别人"),
        lambda: AgreementAnswer.objects.all().delete(),
        lambda: AgreementVersion.objects.update(preamble_zh="另一份"),
        lambda: AgreementVersion.objects.update(clauses=[]),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()
    assert shipped().is_whole


def test_the_platforms_own_shop_owes_the_same_and_signs_nothing(cast: Any, now: datetime) -> None:
    own = a_merchant("OWN", now, self_run=True)
    assert of_merchants([own], now)[own.pk][0].standing == "nothing"
    assert {one.key for _v, _n, one in clauses_binding(own, now)} >= {"refund", "receipt"}
    page = cast.client(cast.merchant_manager).get(reverse("merchants:agreements"), {"standing": "overdue"})
    assert own.name not in text(page)


def test_nobody_answers_for_another_shop(shop: Shop, cast: Any, now: datetime) -> None:
    other = a_shop(cast, now, "乙")
    version = shipped()
    for actor in (other.owner, shop.clerk, cast.operations, cast.merchant_manager):
        refused("not_permitted", lambda actor=actor: accept(shop, version, now, actor=actor))
    extra = a_supplement(cast, shop.merchant, now)
    refused("not_asked", lambda: accept(other, extra, now))
    assert cast.client(other.owner).get(
        reverse("portal:agreement", args=[extra.agreement.code, 1])
    ).status_code == 404  # fmt: skip
    assert "秘密补充" in text(cast.client(shop.clerk).get(reverse("portal:agreements")))
    assert "秘密" not in text(Client().get(reverse("published:rules")))
    assert Client().get(reverse("published:agreement", args=[extra.agreement.code, 1])).status_code == 404


def test_a_change_is_talked_over_and_announced_before_it_binds(shop: Shop, cast: Any, now: datetime) -> None:
    draft = next_draft(cast, now)
    start = {"draft": draft, "actor": cast.supervisor}
    refused("own_draft", lambda: agreement_activate(draft=draft, actor=cast.operations, now=now))
    refused("not_consulted", lambda: agreement_activate(**start, now=now))
    talk = talked_over(cast, draft, now)
    said = comment_make(
        consultation=talk, merchant=shop.merchant.pk, words="旺季做不到", actor=shop.owner, now=now
    )
    again = comment_make(
        consultation=talk, merchant=shop.merchant.pk, words="旺季做不到", actor=shop.owner, now=now
    )
    assert said == again
    refused("still_open", lambda: agreement_activate(**start, now=now + 6 * DAY))
    late = now + 7 * DAY
    refused(
        "not_open",
        lambda: comment_make(
            consultation=talk, merchant=shop.merchant.pk, words="晚了", actor=shop.owner, now=late
        ),
    )
    refused("unanswered", lambda: agreement_activate(**start, now=late))
    comment_answer(comment=said, taken="partly", answer="旺季另设例外。", actor=cast.operations, now=late)

    refused("announced_too_late", lambda: agreement_activate(**start, now=late, valid_from=late + 14 * DAY))
    done = agreement_activate(**start, now=late)
    assert done.valid_from == late + 15 * DAY, "it touches many merchants: fifteen days"
    assert shipped().applies_at(late + 14 * DAY)
    assert not shipped().applies_at(late + 16 * DAY)


def test_another_version_takes_the_place_of_one_that_is_only_announced(cast: Any, now: datetime) -> None:
    second = announced(cast, now)
    later = now + 9 * DAY
    refused("not_begun", lambda: rule_book.rule_retire(row=second, actor=cast.supervisor, now=later))
    third = next_draft(cast, later, size="ordinary", label="2026-3")
    talked_over(cast, third, later)
    at = later + 8 * DAY
    refused(
        "announced_too_late",
        lambda: agreement_activate(draft=third, actor=cast.supervisor, now=at, valid_from=at + 7 * DAY - DAY),
    )
    done = agreement_activate(draft=third, actor=cast.supervisor, now=at)
    assert done.valid_from >= second.valid_from
    assert not AgreementVersion.objects.get(pk=second.pk).applies_at(done.valid_from)


def test_an_ordinary_change_waits_seven_days_and_the_number_is_the_rule_books(
    cast: Any, now: datetime
) -> None:
    draft = next_draft(cast, now, size="ordinary")
    talked_over(cast, draft, now)
    later = now + 8 * DAY
    start = {"draft": draft, "actor": cast.supervisor, "now": later}
    refused("announced_too_late", lambda: agreement_activate(**start, valid_from=later + 6 * DAY))
    done = agreement_activate(**start)
    assert done.valid_from == later + 7 * DAY


def test_an_agreement_says_no_other_time_than_the_clocks_count_by(cast: Any, now: datetime) -> None:
    draft = next_draft(cast, now)
    standard = StandardVersion.objects.get(standard__code="refund_after_receipt", state="active")
    shorter = rule_book.standard_draft(
        standard=standard.standard, limit_value=24, actor=cast.operations, now=now, reason="更快"
    )
    talked_over(cast, draft, now)
    rule_book.rule_activate(draft=shorter, actor=cast.supervisor, now=now)
    refused(
        "beside_the_book", lambda: agreement_activate(draft=draft, actor=cast.supervisor, now=now + 8 * DAY)
    )
    page = text(cast.client(cast.supervisor).get(reverse("merchants:agreement", args=["merchant_service"])))
    assert "24 小时" in page, "the page says where both part"


def test_the_change_is_read_beside_what_it_replaces(shop: Shop, cast: Any, now: datetime, clock: Any) -> None:
    accept(shop, shipped(), now)
    version = announced(cast, now)
    clock.move_to(now + 9 * DAY)
    owner = cast.client(shop.owner)
    assert "2026-2" in text(owner.get(reverse("portal:today")))
    page = text(owner.get(reverse("portal:agreement", args=["merchant_service", 2])))
    assert "<ins>全新的</ins>" in page
    assert re.search(r"<s[^>]*>[^<]*≥ 95 %</s><b[^>]*>[^<]*≥ 97 %</b>", page), "numbers stand side by side"
    assert "纠纷中商家在期限内举证" in page
    assert page.index("至少有一名已完成") > page.index("纠纷中商家在期限内举证"), "what is gone stands last"
    assert page.count('class="gone"') == 1
    only = text(owner.get(reverse("portal:agreement", args=["merchant_service", 2]), {"only": "changes"}))
    assert [one in only for one in ("全新的", "97", "至少有一名已完成", "客户提出退货、换货")] == [
        True,
        True,
        True,
        False,
    ]
    binding = {one.label for one, _number, _clause in clauses_binding(shop.merchant, now + 9 * DAY)}
    assert binding == {"2026-1"}

    accept(shop, version, now + 9 * DAY)
    early = {one.label for one, _number, _clause in clauses_binding(shop.merchant, now + 10 * DAY)}
    late = {one.label for one, _number, _clause in clauses_binding(shop.merchant, now + LATER)}
    assert (early, late) == ({"2026-1"}, {"2026-2"}), "accepted early, it binds from its day"


def test_who_declines_stays_under_the_earlier_text_and_the_manager_hears_why(
    shop: Shop, cast: Any, now: datetime, clock: Any, work_off: Callable[[datetime], None]
) -> None:
    shop.merchant.manager = cast.merchant_manager
    shop.merchant.save(update_fields=["manager"])
    accept(shop, shipped(), now)
    announced(cast, now)
    work_off(now + 8 * DAY)
    assert Notice.objects.filter(source="agreement.announced", merchant_id=shop.merchant.pk).count() == 1
    clock.move_to(now + 9 * DAY)
    owner, manager = cast.client(shop.owner), cast.client(cast.merchant_manager)
    listed = reverse("merchants:agreements")
    assert shop.merchant.name in text(manager.get(listed, {"standing": "waiting"}))
    address = reverse("portal:agreement_answer", args=["merchant_service", 2])
    seen = AgreementVersion.objects.get(number=2, agreement__code="merchant_service").sha256
    owner.post(address, {"answer": "declined", "seen": seen, "words": ""})
    assert not AgreementAnswer.objects.filter(answer="declined").exists(), "who declines says why"
    owner.post(address, {"answer": "declined", "seen": seen, "words": "旺季做不到 97%"})

    work_off(now + 9 * DAY)
    told = Notice.objects.get(source="agreement.declined")
    assert (told.user_id, "2026-2" in told.subject) == (cast.merchant_manager.pk, True)
    clock.move_to(now + LATER)
    owner, manager = cast.client(shop.owner), cast.client(cast.merchant_manager)
    assert shop.merchant.name in text(manager.get(listed, {"standing": "declined"}))
    assert shop.merchant.name not in text(manager.get(listed, {"standing": "overdue"}))
    assert "旺季做不到 97%" in text(manager.get(reverse("desk:obligations", args=[shop.merchant.code])))
    binding = {one.label for one, _number, _clause in clauses_binding(shop.merchant, now + LATER)}
    assert binding == {"2026-1"}
    owner.post(address, {"answer": "accepted", "seen": seen})
    standing = of_merchants([shop.merchant], now + LATER)[shop.merchant.pk][0].standing
    assert standing == "accepted", "who declined may still accept"


def test_everybody_reads_rules_versions_and_what_was_said_to_a_draft(
    shop: Shop, cast: Any, now: datetime, clock: Any
) -> None:
    draft, browser = next_draft(cast, now), Client()
    rules = reverse("published:rules")
    assert "2026-2" not in text(browser.get(rules)), "a draft that nobody was asked about is nobody's"
    assert browser.get(reverse("published:agreement", args=["merchant_service", 2])).status_code == 404
    talk = talked_over(cast, draft, now)
    owner = cast.client(shop.owner)
    owner.post(reverse("portal:comment", args=[talk.public_id]), {"words": "旺季做不到，请写例外"})
    asked = reverse("published:consultation", args=[talk.public_id])
    assert "旺季做不到" not in text(browser.get(asked)), "published with the answer"
    assert "旺季做不到" in text(owner.get(reverse("portal:draft", args=[talk.public_id])))
    said = talk.comments.get()
    desk = cast.client(cast.operations)
    desk.post(
        reverse("merchants:agreement_comment", args=[said.public_id]),
        {"say-taken": "not", "say-answer": "旺季另有通知", "seen": str(said.version)},
    )
    page = text(browser.get(asked))
    assert "旺季做不到" in page
    assert "旺季另有通知" in page
    assert shop.merchant.name not in page
    assert str(shop.owner) not in page

    agreement_activate(draft=draft, actor=cast.supervisor, now=now + 8 * DAY)
    clock.move_to(now + 9 * DAY)
    page = text(browser.get(rules))
    assert all(reverse("published:agreement", args=["merchant_service", one]) in page for one in (1, 2))
    assert "商家处理售后申请" in page, "and the times merchants owe"
    assert "merchant_service" not in text(browser.get(rules, {"q": "没有这样的词"}))
    assert "<ins>全新的</ins>" in text(
        browser.get(reverse("published:agreement", args=["merchant_service", 2]))
    )


def test_a_draft_is_written_and_corrected_on_a_page(cast: Any, now: datetime) -> None:
    desk = cast.client(cast.operations)
    address = reverse("merchants:agreement_draft", args=["merchant_service"])
    page = text(desk.get(address))
    form = fields(page)
    form |= {"v-reason": "改期限", "v-label": "2026-2"}
    dispatch = next(name for name, value in form.items() if value == "dispatch" and name.endswith("-key"))
    place = dispatch.removesuffix("-key")
    assert desk.post(address, form | {f"{place}-text_en": ""}).status_code == 422, "both languages"
    assert not AgreementVersion.objects.filter(number=2).exists()
    assert desk.post(address, form | {f"{place}-at_least": "98"}).status_code == 302
    draft = AgreementVersion.objects.get(number=2)
    assert {one.key: one.at_least for one in draft.said}["dispatch"] == 98
    assert [one.key for one in draft.said] == [one.key for one in shipped().said]

    again = fields(text(desk.get(address))) | {"v-reason": "再改"}
    desk.post(address, again | {f"{place}-DELETE": "on"})
    draft.refresh_from_db()
    assert "dispatch" not in {one.key for one in draft.said}
    assert AgreementVersion.objects.count() == 2


def fields(page: str) -> dict[str, str]:
    """A form as the page carries it."""
    from html import unescape

    inputs = re.findall(r'<input[^>]*?name="([vc]-[^"]+)"[^>]*?>', page)
    found = {name: "" for name in inputs if not name.endswith("-DELETE")}
    for tag in re.findall(r"<input[^>]*>", page):
        name, value = re.search(r'name="([vc]-[^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and value and name[1] in found:
            found[name[1]] = unescape(value[1])
    for name, body in re.findall(
        r'<textarea[^>]*?name="([vc]-[^"]+)"[^>]*>(.*?)</textarea>', page, re.DOTALL
    ):
        found[name] = unescape(body).removeprefix("\n")
    for name, body in re.findall(r'<select[^>]*?name="([vc]-[^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', body)
        found[name] = chosen[1] if chosen else re.findall(r'value="([^"]*)"', body)[0]
    return found


def test_lists_take_the_same_statements_whatever_the_rows(shop: Shop, cast: Any, now: datetime) -> None:
    accept(shop, shipped(), now)
    a_supplement(cast, shop.merchant, now, category="家电")
    pages = [
        (cast.client(cast.merchant_manager), reverse("merchants:agreements")),
        (Client(), reverse("published:rules")),
        (cast.client(shop.owner), reverse("portal:agreements")),
    ]
    few = [statements(*one) for one in pages]
    for number in range(4):
        accept(a_shop(cast, now, f"丙{number}"), shipped(), now)
    a_supplement(cast, shop.merchant, now)
    many = [statements(*one) for one in pages]
    assert few == many
    assert max(many) <= 12, many


def test_the_category_of_a_supplement_is_named_in_the_readers_language(
    shop: Shop, cast: Any, now: datetime
) -> None:
    accept(shop, shipped(), now)
    Category.objects.create(code="appliances", name_zh="家电", name_en="Home appliances")
    version = a_supplement(cast, shop.merchant, now, category="家电")
    staff, anybody = cast.client(cast.merchant_manager), Client()
    for browser, url in (
        (staff, reverse("merchants:agreements")),
        (staff, reverse("merchants:agreement", args=[version.agreement.code])),
        (anybody, reverse("published:rules")),
    ):
        browser.cookies["django_language"] = "en"
        page = browser.get(url).content.decode()
        assert "Home appliances" in page, url
        assert "家电" not in page, url


def statements(browser: Client, url: str) -> int:
    browser.get(url)
    with CaptureQueriesContext(connection) as found:
        assert browser.get(url).status_code == 200, url
    control = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT", "SELECT set_config", "RESET")
    return sum(not one["sql"].startswith(control) for one in found.captured_queries)


def test_nobody_is_admitted_before_his_owner_accepted_what_he_will_owe(
    shop: Shop, cast: Any, now: datetime
) -> None:
    new = a_merchant("M-new", now, state="applying")
    boss = cast.person("merchant_owner", name="新店主")
    member_add(merchant=new, user=boss, role="owner", actor=cast.operations, now=now)
    supplement = a_supplement(cast, new, now)
    who = {"merchant": new, "actor": boss, "now": now}
    for version in (shipped(), supplement):
        with pytest.raises(DomainError) as refused:
            merchant_move(merchant=new, move="activate", actor=cast.operations, now=now)
        assert (refused.value.code, version.label in str(refused.value)) == ("agreement_unsigned", True)
        agreement_answer(version=version, answer="accepted", seen=version.sha256, **who)
    admitted = merchant_move(
        merchant=Merchant.objects.get(pk=new.pk), move="activate", actor=cast.operations, now=now
    )
    assert admitted.state == "active"


def test_an_owner_who_has_not_answered_is_reminded_once_before_the_day(
    shop: Shop, cast: Any, now: datetime, work_off: Callable[[datetime], None]
) -> None:
    done = a_shop(cast, now, "乙")
    for one in (shop, done):
        accept(one, shipped(), now)
    version = announced(cast, now)
    assert version.valid_from
    accept(done, version, now + 8 * DAY)
    days = Parameter.objects.get(code="agreement_remind_days")
    ahead = timedelta(days=days.versions.latest("number").value)
    assert agreements_remind(now=version.valid_from - ahead - timedelta(hours=1)) == 0
    assert [agreements_remind(now=version.valid_from - ahead + gone) for gone in (DAY / 24, DAY)] == [1, 0]
    told = Notice.objects.get(source="agreement.reminded")
    assert (told.merchant_id, "2026-2" in told.subject) == (shop.merchant.pk, True)
    assert agreements_remind(now=version.valid_from + DAY) == 0
