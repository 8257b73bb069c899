"""Passkeys: set up, shown after the password or instead of it, taken off; and everything that must not open."""

import json
import threading

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.core import mail
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from accounts import services
from accounts.passkeys import config
from accounts.states import Kind, Role
from aftersales.core import jobs
from aftersales.core.errors import DomainError, Refused
from aftersales.core.models import Event
from tests.accounts.device import ORIGIN, Device
from tests.accounts.test_second_factor import code, equip, sign_in

pytestmark = pytest.mark.django_db
PAGE = "/accounts/2fa/"
ALONE = "/accounts/2fa/passkeys/sign-in/"
ADD = "/accounts/2fa/passkeys/add/"
AGAIN = "/accounts/2fa/passkeys/again/"
SECOND = "/accounts/2fa/code/"


@pytest.fixture(autouse=True)
def _demanded(settings):
    cache.clear()
    settings.REQUIRE_SECOND_FACTOR = True


def asked(client, path):
    """The challenge that a page hands to the browser."""
    if path == ALONE:
        return client.get(path, headers={"accept": "application/json"}).json()
    page = client.get(path)
    assert page.status_code == 200, page["Location"]
    return json.loads(page.context["passkey"]["options"])


def holder(user, **knobs):
    """A person with one passkey, made through the pages; the browser in which it was made."""
    client, device = Client(), Device(**knobs)
    sign_in(client, user)
    answer = device.make(asked(client, ADD))
    assert client.post(ADD, {"name": "手机", "answer": answer}).status_code == 302
    return client, device


def keys(user):
    return Authenticator.objects.filter(user=user, type="webauthn")


def said(response):
    return " ".join(str(message) for message in response.context["messages"])


def open_to(client):
    return client.get(PAGE).status_code == 200


# the story


def test_a_first_passkey_opens_the_pages_brings_codes_and_is_written_down_and_told(cast, now):
    person = cast.person(Role.AGENT, email="a@example.com")
    client, _device = holder(person)
    assert "手机" in client.get(PAGE).content.decode()
    assert Event.objects.get(kind="user.passkey_added").payload == {"passkey": keys(person).get().pk}
    codes = client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"]
    assert len(codes) == 10

    jobs.run_due(Event.objects.latest("pk").at)

    assert mail.outbox[-1].to == ["a@example.com"]
    stranger = Client()  # the passkey is lost: a code stands for it, once
    for opens in (True, False):
        sign_in(stranger, person)
        stranger.post(SECOND, {"code": codes[0]})
        assert open_to(stranger) is opens
        stranger.post(reverse("account_logout"))


def test_a_passkey_alone_signs_in_and_leads_to_where_one_wanted_to_go(cast):
    _client, device = holder(cast.agent)
    client = Client()
    answer = device.show(asked(client, ALONE))
    before = client.session.session_key

    done = client.post(ALONE, {"answer": answer, "next": "/accounts/password/"})

    assert done["Location"] == "/accounts/password/"
    assert open_to(client)
    assert client.session.session_key != before
    assert keys(cast.agent).get().last_used_at
    assert Event.objects.filter(kind="user.signed_in", subject_id=cast.agent.pk).count() == 2


def test_after_the_password_the_passkey_is_asked_for(cast):
    _client, device = holder(cast.agent)
    client = Client()
    assert sign_in(client, cast.agent)["Location"].startswith(SECOND)
    assert client.get(PAGE)["Location"].startswith("/accounts/login/")
    client.post(SECOND, {"answer": device.show(asked(client, SECOND))})
    assert open_to(client)


def test_a_passkey_is_renamed_and_another_person_finds_none_of_it(cast):
    client, _device = holder(cast.agent)
    pk = keys(cast.agent).get().pk
    client.post(f"/accounts/2fa/passkeys/{pk}/name/", {"name": "办公电脑"})
    assert "办公电脑" in client.get(PAGE).content.decode()
    other, _device = holder(cast.lead)
    for act in ("name", "remove"):
        assert other.post(f"/accounts/2fa/passkeys/{pk}/{act}/", {"name": "x"}).status_code == 404
    assert str(keys(cast.agent).get()) == "办公电脑"


# what must not open


def test_the_challenge_of_the_second_factor_opens_nothing_without_the_password_nor_the_other_way_round(cast):
    _client, device = holder(cast.agent)
    client = Client()
    sign_in(client, cast.agent)
    second = device.show(asked(client, SECOND))
    client.post(ALONE, {"answer": second})  # waits for the second factor: sent there, nothing is taken
    session = client.session
    del session["account_login"]  # the password's step is over; the challenge stays in the session
    session.save()
    assert client.post(ALONE, {"answer": second})["Location"].startswith("/accounts/login/")
    assert not open_to(client)

    client = Client()
    alone = device.show(asked(client, ALONE))
    sign_in(client, cast.agent)
    assert client.post(SECOND, {"answer": alone}).status_code == 200
    assert not open_to(client)


@pytest.mark.parametrize(
    "knobs",
    [
        {"origin": "http://localhost:9999"}, {"origin": "https://localhost:8000"},
        {"origin": "http://shop.localhost:8000"}, {"origin": "http://localhost:8000.evil.example"},
        {"framed": True}, {"verified": False}, {"domain": "evil.example"}, {"key": Device().key},
        {"name": b"x" * 32}, {"handle": "OTk5OTk5"}, {"handle": "-_-_"},
    ],
)  # fmt: skip
def test_a_passkey_shown_elsewhere_or_without_its_person_opens_nothing(cast, knobs):
    _client, device = holder(cast.agent)
    for name, value in knobs.items():
        setattr(device, name, value)
    for path in (ALONE, SECOND):
        client = Client()
        if path == SECOND:
            sign_in(client, cast.agent)
        if path == ALONE or "handle" not in knobs:
            client.post(path, {"answer": device.show(asked(client, path))})
            assert not open_to(client), path


@pytest.mark.parametrize(
    "knobs", [{"origin": "http://localhost:9999"}, {"verified": False}, {"framed": True}]
)
def test_nor_is_one_kept_that_was_made_there(cast, knobs):
    client = Client()
    sign_in(client, cast.agent)
    answer = Device(**knobs).make(asked(client, ADD))
    assert client.post(ADD, {"name": "x", "answer": answer}).status_code == 200
    assert not keys(cast.agent).exists()


def test_an_answer_works_once_and_within_five_minutes(cast, monkeypatch):
    _client, device = holder(cast.agent)
    client = Client()
    answer = device.show(asked(client, ALONE))
    client.post(ALONE, {"answer": answer})
    client.post(reverse("account_logout"))
    client.post(ALONE, {"answer": answer})
    assert not open_to(client)
    late = device.show(asked(client, ALONE))
    session = client.session
    kept = session["passkey_challenges"]
    kept["alone"]["at"] -= 301
    session["passkey_challenges"] = kept
    session.save()
    client.post(ALONE, {"answer": late})
    assert not open_to(client)


def test_a_copied_passkey_is_found_out_by_its_counter(cast):
    _client, device = holder(cast.agent, counter=5)
    for counter, opens in ((6, True), (6, False), (4, False), (7, True)):
        client, device.counter = Client(), counter
        client.post(ALONE, {"answer": device.show(asked(client, ALONE))})
        assert open_to(client) is opens, counter
    assert Event.objects.filter(kind="user.passkey_copied", subject_id=cast.agent.pk).count() == 2


def test_another_persons_passkey_is_no_second_factor(cast):
    _client, device = holder(cast.agent)
    holder(cast.lead)
    client = Client()
    sign_in(client, cast.lead)
    client.post(SECOND, {"answer": device.show(asked(client, SECOND))})
    assert not open_to(client)


@pytest.mark.parametrize(
    "answer",
    ["", "[]", "{}", "null", "1e999", '{"response": 1}', "[" * 50_000, "x" * 70_000, '{"rawId": "\x00"}'],
)
def test_nonsense_is_refused_and_no_fault_of_the_server(cast, answer):
    client, _device = holder(cast.agent)
    assert client.post(ADD, {"name": "x", "answer": answer}).status_code == 200
    assert client.post(AGAIN, {"answer": answer}).status_code == 200
    stranger = Client()
    asked(stranger, ALONE)
    assert stranger.post(ALONE, {"answer": answer})["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("columns", [{"is_active": False}, {"kind": Kind.MACHINE}, {"kind": Kind.DEMO}])
def test_closed_machine_and_in_production_demo_accounts_do_not_sign_in_by_passkey(cast, settings, columns):
    person = cast.person(Role.AGENT)
    _client, device = holder(person)
    for name, value in columns.items():
        setattr(person, name, value)
    person.save()
    settings.PRODUCTION = True
    settings.SECURE_SSL_REDIRECT = False
    client = Client()
    done = client.post(ALONE, {"answer": device.show(asked(client, ALONE))})
    assert done["Location"] == reverse("account_inactive")
    assert not open_to(client)
    assert "account_authentication_methods" not in client.session


def test_where_the_company_signs_people_in_a_passkey_alone_opens_nothing_to_staff(cast, settings):
    for role, opens in ((Role.AGENT, False), (Role.MERCHANT_OWNER, True), (Role.ADMINISTRATOR, True)):
        settings.SSO_ONLY = False
        _client, device = holder(cast.person(role))
        settings.SSO_ONLY = True
        client = Client()
        client.post(ALONE, {"answer": device.show(asked(client, ALONE))})
        assert open_to(client) is opens, role


def test_whatever_host_a_request_names_the_passkey_is_for_ours(cast, settings):
    settings.ALLOWED_HOSTS = ["*"]
    given = Client().get(ALONE, headers={"accept": "application/json", "host": "evil.example"}).json()
    assert given["rpId"] == "localhost"
    assert given["userVerification"] == "required"


def test_who_owns_a_passkey_shows_it_before_another_factor_is_added(cast):
    waiting = Client()
    sign_in(waiting, cast.agent)  # by password, before there was a passkey
    _client, device = holder(cast.agent)
    for path in (PAGE, ADD, reverse("mfa_activate_totp"), "/admin/"):
        assert waiting.get(path)["Location"].startswith(AGAIN), path
    assert waiting.post(ADD, {"answer": "x"})["Location"].startswith(AGAIN)
    waiting.post(AGAIN, {"answer": device.show(asked(waiting, AGAIN))})
    assert open_to(waiting)


def test_nor_does_it_help_who_needs_none_by_role_to_know_the_password(cast, settings):
    settings.REQUIRE_SECOND_FACTOR = False
    waiting = Client()
    sign_in(waiting, cast.agent)
    holder(cast.agent)
    for path in (ADD, reverse("mfa_activate_totp")):
        assert waiting.get(path)["Location"].startswith(AGAIN), path


# failures are counted


def test_failures_count_by_address_and_lock_nobody_out(cast):
    _client, device = holder(cast.agent)
    elsewhere = {"REMOTE_ADDR": "10.1.1.1"}
    attacker = Client(**elsewhere)
    answers = [attacker.post(ALONE, {"answer": json.dumps({"id": device.handle})}) for _n in range(31)]
    assert [answer.status_code for answer in answers] == [302] * 30 + [429]
    assert sign_in(Client(), cast.agent)["Location"].startswith(SECOND)
    client = Client()
    client.post(ALONE, {"answer": device.show(asked(client, ALONE))})
    assert open_to(client)


def test_a_name_locked_after_wrong_passwords_stays_open_to_its_passkey(cast):
    _client, device = holder(cast.agent)
    for _attempt in range(5):
        Client().post(reverse("account_login"), {"login": cast.agent.username, "password": "wrong"})
    assert sign_in(Client(), cast.agent).status_code == 429
    client = Client()
    client.post(ALONE, {"answer": device.show(asked(client, ALONE))})
    assert open_to(client)


def test_failures_after_the_password_count_against_the_person(cast):
    _client, device = holder(cast.agent)
    client = Client()
    sign_in(client, cast.agent)
    for attempt in range(20):
        client.post(SECOND, {"answer": "{}"}, REMOTE_ADDR=f"10.2.0.{attempt}")
    refused = client.post(SECOND, {"answer": device.show(asked(client, SECOND))}, REMOTE_ADDR="10.2.1.1")
    assert refused.status_code == 200
    assert not open_to(client)


# the last factor


def test_the_last_factor_stays_where_the_role_demands_one_and_codes_are_none(cast):
    client, _device = holder(cast.agent)
    remove = f"/accounts/2fa/passkeys/{keys(cast.agent).get().pk}/remove/"
    assert Authenticator.objects.filter(user=cast.agent, type="recovery_codes").exists()
    client.post(remove)
    assert keys(cast.agent).exists()
    equip(cast.agent)
    client.post(remove)
    assert not keys(cast.agent).exists()
    assert Event.objects.filter(kind="user.passkey_removed", subject_id=cast.agent.pk).count() == 1
    client.post(reverse("mfa_deactivate_totp"))
    assert Authenticator.objects.filter(user=cast.agent, type="totp").exists()


def test_the_app_may_go_while_a_passkey_stays_and_the_session_stays_open(cast):
    secret = equip(cast.agent)
    client, device = Client(), Device()
    sign_in(client, cast.agent)
    client.post(SECOND, {"code": code(secret)})
    client.post(ADD, {"answer": device.make(asked(client, ADD))})
    client.post(reverse("mfa_deactivate_totp"))
    assert not Authenticator.objects.filter(user=cast.agent, type="totp").exists()
    assert open_to(client)
    assert Event.objects.filter(kind="user.second_factor_removed", subject_id=cast.agent.pk).count() == 1


def test_who_needs_none_removes_the_last_one_and_its_codes(cast, settings):
    settings.REQUIRE_SECOND_FACTOR = False
    client, _device = holder(cast.agent)
    client.post(f"/accounts/2fa/passkeys/{keys(cast.agent).get().pk}/remove/")
    assert not Authenticator.objects.filter(user=cast.agent).exists()
    assert sign_in(Client(), cast.agent)["Location"] == "/accounts/"


@pytest.mark.django_db(transaction=True)
def test_two_removals_at_once_leave_one(cast, now):
    person = cast.agent
    key = Authenticator.objects.create(user=person, type="webauthn", data={"name": "手机", "credential": {}})
    equip(person)
    RecoveryCodes.activate(person)
    refused = []

    def the_app():
        try:
            services.app_remove(user=person, actor=person, now=now)
        except Refused as refusal:
            refused.append(refusal.code)
        finally:
            connection.close()

    with transaction.atomic():
        services.passkey_remove(user=person, passkey=key.pk, actor=person, now=now)
        other = threading.Thread(target=the_app)
        other.start()
        other.join(0.5)
        assert other.is_alive()  # waits for the person's row
    other.join()
    assert refused == ["last_factor"]
    assert list(Authenticator.objects.filter(user=person, type__in=("totp", "webauthn"))) != []


# lost passkeys


def test_an_administrator_takes_passkeys_off_and_one_added_meanwhile_is_refused(cast, now):
    client, device = holder(cast.agent)
    as_it_was = type(cast.agent).objects.get(pk=cast.agent.pk)
    services.second_factor_reset(user=cast.agent, actor=cast.administrator, now=now, reason="手机遗失")
    assert not Authenticator.objects.filter(user=cast.agent).exists()
    assert client.get(PAGE)["Location"].startswith("/accounts/login/")
    stranger = Client()
    stranger.post(ALONE, {"answer": device.show(asked(stranger, ALONE))})
    assert not open_to(stranger)
    with pytest.raises(DomainError) as refusal:
        services.passkey_add(
            user=as_it_was, name="x", credential={"rawId": "x"}, counter=0, actor=as_it_was, now=now
        )
    assert refusal.value.code == "session_ended"


# the installation


@pytest.mark.parametrize(
    ("address", "wanted", "production", "expected"),
    [
        ("https://after.example.com", "", True, ("after.example.com", "https://after.example.com")),
        ("https://After.example.com:443", "", True, ("after.example.com", "https://after.example.com")),
        ("https://after.example.com:8443", "example.com", True, ("example.com", "https://after.example.com:8443")),
        ("http://127.0.0.1:8385", "", False, ("localhost", "http://localhost:8385")),
        ("http://localhost:8000", "", False, ("localhost", "http://localhost:8000")),
        ("http://127.0.0.1:8385", "", True, ("", "")),
        ("http://after.example.com", "", True, ("", "")),
        ("https://10.0.0.7", "", True, ("", "")),
        ("https://after.example.com", "evil.example", True, None),
        ("https://after.example.com", "com", True, None),
        ("http://after.example.com", "after.example.com", True, None),
    ],
)  # fmt: skip
def test_where_passkeys_hold(monkeypatch, address, wanted, production, expected):
    monkeypatch.setenv("PASSKEY_DOMAIN", wanted)
    if expected is None:
        with pytest.raises(ImproperlyConfigured):
            config.read(address, production=production)
    else:
        assert config.read(address, production=production) == config.Site(*expected)


def test_without_a_domain_there_is_nothing_of_them(cast, settings, client):
    settings.PASSKEYS = config.Site()
    assert "data-passkey" not in client.get(reverse("account_login")).content.decode()
    assert client.get(ALONE).status_code == 404
    assert Client().post(ALONE, {"answer": "{}"}).status_code == 404
    assert ORIGIN not in client.get(reverse("account_login")).content.decode()
