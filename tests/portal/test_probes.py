"""Every page of the portal and every public one, asked with every parameter by people whom the rows do not concern."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import NoReverseMatch, reverse

from accounts.models import User
from aftersales.cases.models import Case
from aftersales.cases.services.requests import RequestDraft, request_open
from aftersales.merchants.models import AgreementVersion, Merchant
from aftersales.merchants.services import member_remove
from aftersales.portal.cases.acts import ACTS
from aftersales.tickets.models import Ticket
from tests.cast import Cast
from tests.merchants.shops import Shop
from tests.merchants.walk import KINDS, Scene, a_full_shop
from tests.portal.clerk import Clerk
from tests.portal.conftest import person_of
from tests.posted import WORDS, Form, Forms
from tests.probes import NONSENSE, SPOILT, Probe, parameters, posted, rounds, said

pytestmark = pytest.mark.django_db
WRITTEN = (
    "answer", "submit", "appeal", "join", "check_in", "start", "consequence_appeal", "measure_appeal", "plan_answer",
    "plan_prove", "address", "address_retire",
)  # fmt: skip
STEPS = re.compile(r"""["'](/portal/cases/[^"'#? ]+/do/[a-z_-]+/)""")
LED_TO = re.compile(r"""href=["'](/(?:portal|published)/[^"'#]*\?[^"'#]*)""")


@pytest.fixture
def scene(clerk: Clerk, shop: Merchant, lived: dict[str, Any], desk: Cast, now: datetime) -> Scene:
    """A shop with something on every page, and two cases that have everything."""
    owner = person_of(shop, desk, "店主甲", "owner")
    User.objects.filter(pk=owner.pk).update(email="owner-a@shop.example")
    User.objects.filter(pk=clerk.person.pk).update(email="clerk-a@shop.example")
    full = a_full_shop(
        Shop(shop, User.objects.get(pk=owner.pk), User.objects.get(pk=clerk.person.pk)), desk, now
    )
    full.secrets += [
        lived["case"].number,
        lived["here"].number,
        "已使用",
        "监控",
        "我们的.png",
        "台灯",
        "A-1<",
    ]
    draft = RequestDraft("hurry", {"what": "dispatch"}, words="秘密催促")
    asked = request_open(
        ticket=Ticket.objects.get(pk=lived["case"].ticket_id), draft=draft, actor=desk.agent, now=now
    )
    full.at("request", asked.public_id)
    full.secrets += [asked.number, "秘密催促"]
    full.secrets = [one for one in full.secrets if not one.startswith("PX")]  # the run is over at this hour
    full.secrets += [lived["dispute"].number, lived["case"].public_id, lived["here"].public_id]
    return full


def pages(scene: Scene, lived: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Kind and address of all that is looked at."""
    for name, kind in KINDS.items():
        try:
            yield kind, reverse(f"portal:{name}")
        except NoReverseMatch:
            yield from ((kind, path) for path in scene.addresses.get(name, ()))
    case, here = lived["case"], lived["here"]
    yield "case", scene.addresses["request"][0]
    for name in ("case", "talk", "dispute"):
        yield "case", reverse(f"portal:{name}", args=[case.public_id])
    yield "case", reverse("portal:act", args=[case.public_id, "evidence"])
    yield "case", reverse("portal:receipt", args=[here.public_id, lived["parcel"].public_id])


def in_public() -> Iterator[str]:
    agreement = AgreementVersion.objects.announced().filter(agreement__merchant=None).latest("pk")
    yield from (reverse("published:rules"), reverse("published:measures"))
    yield reverse("published:agreement", args=[agreement.agreement.code, agreement.number])


def foreign(scene: Scene, lived: dict[str, Any]) -> list[str]:
    """Keys, codes and numbers of the shop, as somebody who knows or guesses them sends them."""
    merchant, case = scene.shop.merchant, lived["case"]
    return [
        str(merchant.pk), merchant.public_id, merchant.code, str(case.pk), case.public_id, case.number, "A-1",
        str(scene.shop.owner.pk), scene.shop.owner.username, f"{case.pk + 1}", "2026-11",
        scene.addresses["consequence"][0],
    ]  # fmt: skip


@dataclass
class Everybody:
    """The shop's owner, whose pages hold all, and six others who are to learn nothing."""

    owner: Probe
    others: list[Probe]

    @property
    def wrong(self) -> list[tuple[str, ...]]:
        return [one for probe in (self.owner, *self.others) for one in probe.wrong]


@pytest.fixture
def everybody(scene: Scene, stranger: Clerk, shop: Merchant, desk: Cast, now: datetime) -> Everybody:
    boss = person_of(Merchant.objects.get(members__user=stranger.person), desk, "店主乙", "owner")
    left = person_of(shop, desk, "离职")
    removed = desk.client(left)
    member_remove(member=shop.members.get(user=left), actor=desk.operations, now=now)
    outside = {
        "another owner": desk.client(boss), "another clerk": stranger.browser, "removed": removed, "nobody": Client(),
        "removed, signed in again": desk.client(User.objects.get(pk=left.pk)), "agent": desk.client(desk.agent),
    }  # fmt: skip
    owner = Probe("the shop's owner", desk.client(scene.shop.owner))
    return Everybody(owner, [Probe(who, browser, scene.secrets) for who, browser in outside.items()])


def test_no_parameter_opens_the_rows_of_another_shop(
    scene: Scene, lived: dict[str, Any], everybody: Everybody, desk: Cast
) -> None:
    names, values = parameters(), [*foreign(scene, lived), *NONSENSE]
    own, rival = everybody.owner, everybody.others[0]
    clerk = Probe("the shop's clerk", desk.client(scene.shop.clerk))
    for one in everybody.others:
        one.secrets = [secret for secret in scene.secrets if secret not in values]
    links, seen = set(), ""
    for kind, path in pages(scene, lived):
        page = own.ask(path, "")
        seen += page + clerk.ask(path, "")
        links |= {unescape(one) for one in LED_TO.findall(page)}
        own.try_all(path, names, values, 1)
        if kind == "list":
            own.try_raw(path)
        rival.try_all(path, names, values, 3 if kind == "list" else 1)
        for one in everybody.others[1:]:
            one.try_all(path, names, values, 1)
    for path in in_public():
        everybody.others[3].try_all(path, names, values, 4)
        everybody.others[3].try_raw(path)
    for link in sorted(links):
        rival.try_beside(link, values, 2)
        own.try_beside(link, values, 1)
    assert not [one for one in rival.secrets if one not in seen], "what its owner never reads proves nothing"
    assert not [*everybody.wrong, *clerk.wrong]


def forms_of(probe: Probe, todo: set[str]) -> dict[tuple[str, ...], Form]:
    """Every form of these pages and of the steps that they lead to, once for each set of fields."""
    forms, done = dict[tuple[str, ...], Form](), set[str]()
    while todo - done:
        path = min(todo - done)
        done.add(path)
        page = said(probe.browser.get(path))
        todo = todo | {unescape(one) for one in STEPS.findall(page)}
        for form in Forms(path, page).forms:
            if not form.action.startswith("/accounts/"):
                forms[form.action, *form.fields] = form
    return forms


def blind(scene: Scene, lived: dict[str, Any], fields: Iterable[str]) -> Iterator[Form]:
    """Every address that a form of the shop was ever sent to, also when no page shows that form now."""
    paths = [path for name in WRITTEN for path in scene.addresses.get(name, ())]
    for path in (*paths, *(f"{one}answer/" for one in scene.addresses["agreement"])):
        yield Form(path, dict.fromkeys(fields, WORDS))
    for act in ACTS:
        yield Form(reverse("portal:act", args=[lived["case"].public_id, act]), dict.fromkeys(fields, WORDS))


@pytest.mark.slow
def test_no_field_of_a_form_breaks_a_page(
    scene: Scene, lived: dict[str, Any], open_case: Callable[..., Case], desk: Cast
) -> None:
    """Empty, too long, without meaning or left away: the answer is a page that says so, and never an error of ours."""
    new = open_case({0: 1})
    paths = {path for _kind, path in pages(scene, lived)}
    paths.add(reverse("portal:case", args=[new.public_id]))
    owner, clerk = (
        Probe(who, desk.client(person))
        for who, person in (("the owner", scene.shop.owner), ("the clerk", scene.shop.clerk))
    )
    forms = forms_of(owner, paths)
    for form in forms.values():
        owner.post_all(form, 1)
    mine = forms_of(clerk, paths)
    for key in mine.keys() - forms.keys():
        clerk.post_all(mine[key], 1)
    fields = sorted({name for key in (*forms, *mine) for name in key[1:]} | posted("aftersales/portal"))
    for form in blind(scene, lived, fields):
        for sent in rounds(fields, SPOILT, 1):
            owner.post(form, sent)
    acts = {path.split("/")[-2] for path, *_fields in forms if "/do/" in path}
    assert {"approve", "reject", "evidence", "propose"} <= acts
    assert not [*owner.wrong, *clerk.wrong]


def test_a_field_that_breaks_a_page_would_be_found(
    scene: Scene, desk: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aftersales.portal.views.addresses.whole", int)
    owner = Probe("the owner", desk.client(scene.shop.owner))
    for form in forms_of(owner, {reverse("portal:addresses")}).values():
        owner.post_all(form, len(SPOILT))
    assert "invalid literal for int()" in str(owner.wrong)


def test_a_hole_would_be_found(
    scene: Scene, lived: dict[str, Any], everybody: Everybody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aftersales.portal.scope.as_merchant", lambda _key: transaction.atomic())
    monkeypatch.setattr("aftersales.portal.views.today.own_cases", lambda _request: Case.objects.all())

    everybody.others[0].try_all(reverse("portal:cases"), parameters(), [""], 1)

    assert lived["here"].number in str(everybody.wrong)
