"""Every address of the portal and every id that a shop's people reach, asked as somebody whom it does not concern."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.urls import resolve, reverse

from accounts.models import User
from aftersales.core.models import Event
from aftersales.ledger.querysets import AccountQuerySet, ProposalQuerySet
from aftersales.merchants.querysets import LessonQuerySet
from aftersales.merchants.services.people import member_dismiss
from aftersales.portal.urls import urlpatterns
from aftersales.scorecards.querysets import ScoredQuerySet
from tests.merchants.shops import Shop, a_shop
from tests.merchants.walk import KINDS, Scene, a_full_shop, leaks, words

pytestmark = pytest.mark.django_db
LINK = re.compile(r"""(?:href|action|src|hx-get|hx-post|data-url)=["'](/portal/[^"'#?]*)""")


@pytest.fixture(autouse=True)
def clock(now: datetime, settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.REQUIRE_SECOND_FACTOR = False
    settings.MEDIA_ROOT = tmp_path
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def scene(cast: Any, now: datetime) -> Scene:
    return a_full_shop(a_shop(cast, now, "秘密甲"), cast, now)


@pytest.fixture
def stranger(cast: Any, now: datetime) -> Shop:
    return a_shop(cast, now, "乙")


def crawled(*browsers: Client) -> set[str]:
    """Every address of the portal that these people come to from its first page."""
    seen: set[str] = set()
    for browser in browsers:
        waiting = [reverse("portal:today")]
        asked: set[str] = set()
        while waiting:
            path = waiting.pop()
            if path in asked:
                continue
            asked.add(path)
            answer = browser.get(path)
            assert answer.status_code in (200, 302, 404, 405), path
            if answer.status_code == 200 and not answer.streaming:
                waiting += LINK.findall(answer.content.decode())
        seen |= asked
    return seen


def test_every_address_of_the_portal_is_classified() -> None:
    assert {one.name for one in urlpatterns} == set(KINDS), "say in tests/merchants/walk.py what it is"


@contextmanager
def only_a_transaction(merchant: int) -> Iterator[None]:
    with transaction.atomic():
        yield


def everything(rows: Any, user: Any) -> Any:
    return rows.all()


@pytest.fixture(params=["both", "only the querysets", "only the database"])
def belts(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The scope is held twice; each of the two holds alone when the other one is forgotten."""
    if request.param == "only the querysets":
        monkeypatch.setattr("aftersales.portal.scope.as_merchant", only_a_transaction)
    if request.param == "only the database":
        for rows in (ProposalQuerySet, LessonQuerySet, AccountQuerySet, ScoredQuerySet):
            monkeypatch.setattr(rows, "visible_to", everything)
    return str(request.param)


def test_nobody_but_the_shops_people_reads_anything_of_it(
    cast: Any, scene: Scene, stranger: Shop, now: datetime, belts: str
) -> None:
    owner, clerk = cast.client(scene.shop.owner), cast.client(scene.shop.clerk)
    reached = crawled(owner, clerk) | {path for paths in scene.addresses.values() for path in paths}
    rows = {path for path in reached if KINDS[resolve(path).url_name] == "row"}
    without = {name for name, kind in KINDS.items() if kind == "row"} - {
        resolve(one).url_name for one in rows
    }
    assert not without, f"no row of the scene is at {without}: add a part to tests/merchants/walk.py"
    own = "".join(words(one.get(path)) for path in sorted(reached) for one in (owner, clerk))
    unseen = set(scene.secrets) - set(leaks(own, scene.secrets))
    assert not unseen, "a secret that nobody sees proves nothing"

    before = Event.objects.filter(merchant_id=scene.shop.merchant.pk).count()
    removed = cast.client(scene.shop.clerk)
    member_dismiss(member=scene.shop.member(scene.shop.clerk), actor=scene.shop.owner, now=now)
    returned = cast.client(User.objects.get(pk=scene.shop.clerk.pk))
    outsiders = {
        "another owner": cast.client(stranger.owner), "another clerk": cast.client(stranger.clerk),
        "removed": removed, "removed, signed in again": returned, "nobody": Client(), "agent": cast.client("agent"),
    }  # fmt: skip
    wrong = [
        (who, path, found)
        for who, browser in outsiders.items()
        for path in sorted(reached)
        for found in asked(browser, path, scene)
    ]
    assert not wrong
    after = Event.objects.filter(merchant_id=scene.shop.merchant.pk).exclude(kind="merchant.member_removed")
    assert after.count() == before, "and nothing was done to it"


def asked(browser: Client, path: str, scene: Scene) -> Iterator[str]:
    """What is wrong with the answers at one address, looked at and posted to."""
    kind = KINDS[resolve(path).url_name]
    sought, *others = scene.secrets  # a page says what was looked for, and must say nothing else
    for answer, secrets in (
        (browser.get(path), scene.secrets),
        (browser.get(path, {"q": sought}), others),
        (browser.post(path, scene.posted), scene.secrets),
    ):
        yield from leaks(words(answer), secrets, path)
        if kind == "row" and answer.status_code not in (302, 404, 405):
            yield f"status {answer.status_code}"
        if kind == "row" and answer.status_code == 302 and "/login/" not in answer.headers["Location"]:
            yield f"leads to {answer.headers['Location']}"
