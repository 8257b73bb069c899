"""One door for everybody: password, lock-out, reset, language, headers."""

import re

import pytest
from django.contrib.auth.hashers import get_hasher
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import NoReverseMatch, reverse

from accounts import services
from accounts.models import User
from accounts.states import Kind, Role
from aftersales.core.errors import NotPermitted
from aftersales.core.models import Event
from tests.cast import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_limits():
    cache.clear()


def sign_in(client, username, password=PASSWORD, **extra):
    return client.post(reverse("account_login"), {"login": username, "password": password}, **extra)


def test_a_person_signs_in_and_it_is_written_down(cast):
    response = sign_in(Client(), cast.agent.username)
    assert response.status_code == 302
    assert response["Location"] == "/accounts/"
    assert Event.objects.filter(kind="user.signed_in", subject_id=cast.agent.pk).count() == 1


def test_the_session_key_changes_at_sign_in(cast):
    client = Client()
    client.get(reverse("account_login"))
    client.session["x"] = 1
    before = client.session.session_key
    sign_in(client, cast.agent.username)
    assert client.session.session_key != before


def test_unknown_name_and_wrong_password_look_the_same(cast):
    pages = [sign_in(Client(), name, "wrong").content for name in (cast.agent.username, "nobody")]
    texts = [re.sub(rb'value="[^"]*"', b"", page) for page in pages]
    assert texts[0] == texts[1]


@pytest.mark.parametrize("columns", [{"is_active": False}, {"kind": Kind.MACHINE}])
def test_closed_and_machine_accounts_do_not_sign_in(cast, columns):
    user = cast.person(Role.AGENT, **columns)
    assert sign_in(Client(), user.username).status_code == 200


def test_five_wrong_passwords_lock_this_name_from_this_address_only(cast):
    for _attempt in range(5):
        sign_in(Client(), cast.agent.username, "wrong")
    locked = sign_in(Client(), cast.agent.username)
    assert locked.status_code == 429
    assert "尝试" in locked.content.decode() or "Too many attempts" in locked.content.decode()
    assert sign_in(Client(), cast.agent.username, REMOTE_ADDR="10.1.1.1").status_code == 302
    assert sign_in(Client(), cast.lead.username).status_code == 302


def test_an_administrator_lifts_a_lock(cast, now):
    for _attempt in range(5):
        sign_in(Client(), cast.agent.username, "wrong")
    services.sign_in_unlock(user=cast.agent, actor=cast.administrator, now=now)
    assert sign_in(Client(), cast.agent.username).status_code == 302


def test_an_unknown_name_locks_alike(db):
    for _attempt in range(5):
        sign_in(Client(), "nobody", "wrong")
    assert sign_in(Client(), "nobody", "wrong").status_code == 429


def test_an_invented_forwarding_header_does_not_open_the_lock(cast):
    for attempt in range(5):
        sign_in(Client(), cast.agent.username, "wrong", HTTP_X_FORWARDED_FOR=f"10.0.0.{attempt}")
    assert sign_in(Client(), cast.agent.username, HTTP_X_FORWARDED_FOR="10.0.0.99").status_code == 429


def test_behind_one_proxy_the_address_it_wrote_counts(cast, settings):
    settings.PROXY_COUNT = 1
    for attempt in range(5):
        header = f"10.0.0.{attempt}, 203.0.113.7"
        sign_in(Client(), cast.agent.username, "wrong", HTTP_X_FORWARDED_FOR=header)
    assert sign_in(Client(), cast.agent.username, HTTP_X_FORWARDED_FOR="203.0.113.7").status_code == 429
    assert sign_in(Client(), cast.agent.username, HTTP_X_FORWARDED_FOR="203.0.113.8").status_code == 302


def test_rotating_addresses_are_throttled_but_not_for_good(cast):
    answers = [sign_in(Client(), cast.agent.username, "x", REMOTE_ADDR=f"10.2.0.{n}") for n in range(25)]
    assert "error" in answers[-1].content.decode()
    refused = sign_in(Client(), cast.agent.username, REMOTE_ADDR="10.3.0.1")
    assert refused.status_code == 200
    cache.clear()  # five minutes later
    assert sign_in(Client(), cast.agent.username, REMOTE_ADDR="10.3.0.1").status_code == 302


def test_there_is_no_sign_up_and_no_mail_management(client):
    for name in ("account_signup", "account_email", "account_confirm_email", "account_set_password"):
        with pytest.raises(NoReverseMatch):
            reverse(name)
    assert client.get("/accounts/signup/").status_code == 404


def test_the_admin_has_no_sign_in_of_its_own(client, cast):
    assert client.get("/admin/")["Location"].startswith("/admin/login/")
    assert client.get("/admin/login/?next=/admin/")["Location"].startswith("/accounts/login/")
    answer = client.post("/admin/login/", {"username": cast.administrator.username, "password": PASSWORD})
    assert answer["Location"].startswith("/accounts/login/")
    assert cast.client("administrator").get("/admin/password_change/")["Location"] == "/accounts/password/"


@pytest.mark.parametrize(
    "target", ["//evil.example", "/\\evil.example", "https:evil.example", "https://evil.example"]
)
def test_nobody_is_sent_to_another_site_after_signing_in(cast, target):
    response = Client().post(
        reverse("account_login"), {"login": cast.agent.username, "password": PASSWORD, "next": target}
    )
    assert "evil" not in response["Location"]


def test_a_reset_link_points_home_and_works_once(cast, settings, client):
    settings.SITE_URL = "https://aftersales.example"
    user = cast.person(Role.AGENT, email="a@example.com")
    client.post(reverse("account_reset_password"), {"email": "a@example.com"}, headers={"host": "localhost"})
    link = re.search(r"https?://\S+", mail.outbox[0].body)[0]
    assert link.startswith("https://aftersales.example/accounts/password/reset/key/")
    path = link.removeprefix("https://aftersales.example")
    form = client.get(path)["Location"]
    answer = client.post(form, {"password1": "a-new-long-password", "password2": "a-new-long-password"})
    assert answer["Location"] == reverse("account_reset_password_from_key_done")
    assert User.objects.get(pk=user.pk).check_password("a-new-long-password")
    assert Event.objects.filter(kind="user.password_changed", subject_id=user.pk).exists()
    assert Client().get(path).context["token_fail"]


def test_a_reset_for_an_unknown_address_says_the_same_and_sends_nothing(client, db):
    answer = client.post(reverse("account_reset_password"), {"email": "nobody@example.com"})
    assert answer["Location"] == reverse("account_reset_password_done")
    assert mail.outbox == []


@pytest.mark.parametrize("password", ["short", "password123", "1234567890"])
def test_weak_passwords_are_refused(cast, password):
    client = cast.client("agent")
    data = {"oldpassword": PASSWORD, "password1": password, "password2": password}
    assert client.post(reverse("account_change_password"), data).status_code == 200
    assert User.objects.get(pk=cast.agent.pk).check_password(PASSWORD)


def test_passwords_are_hashed_with_argon2():
    from aftersales import settings as product

    assert product.PASSWORD_HASHERS == ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    assert get_hasher  # the tests themselves use a cheap one


# language


def test_pages_are_chinese_unless_somebody_chose_english(client, cast):
    page = reverse("account_login")
    assert client.get(page, headers={"accept-language": "en"})["Content-Language"] == "zh-hans"
    client.post(reverse("set_language"), {"language": "en"})
    assert client.get(page)["Content-Language"] == "en"


def test_the_own_choice_follows_the_person_to_another_device(cast):
    cast.client("agent").post(reverse("set_language"), {"language": "en"})
    assert User.objects.get(pk=cast.agent.pk).language == "en"
    assert cast.client(cast.agent).get(reverse("account_change_password"))["Content-Language"] == "en"


def test_the_language_is_not_switched_by_a_link(client):
    assert client.get(reverse("set_language") + "?language=en").status_code == 405


# headers


@pytest.mark.parametrize("path", ["/accounts/login/", "/no-such-page/", "/admin/"])
def test_every_answer_is_closed_to_frames_and_foreign_code(client, db, path):
    response = client.get(path)
    policy = response["Content-Security-Policy"]
    for part in ("default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert part in policy
    assert "unsafe-inline" not in policy
    assert ("unsafe-eval" in policy) == path.startswith("/admin/")
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert "camera=()" in response["Permissions-Policy"]


def test_personal_pages_are_stored_nowhere(cast):
    response = cast.client("agent").get(reverse("account_change_password"))
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize(
    "name", ["account_login", "set_language", "account_logout", "account_reset_password"]
)
def test_forms_need_their_token(name, db):
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(reverse(name), {"login": "x", "password": "y", "language": "en"}).status_code == 403


def test_a_foreign_origin_is_refused_even_with_the_token(cast):
    strict = Client(enforce_csrf_checks=True)
    strict.get(reverse("account_login"))
    token = strict.cookies["csrftoken"].value
    data = {"login": cast.agent.username, "password": PASSWORD, "csrfmiddlewaretoken": token}
    answer = strict.post(reverse("account_login"), data, headers={"origin": "https://evil.example"})
    assert answer.status_code == 403


def test_a_refusal_of_a_signed_in_person_leaves_a_trace(cast):
    assert cast.client("agent").get("/admin/accounts/user/add/").status_code == 403
    event = Event.objects.get(kind="user.access_denied")
    assert event.payload == {"path": "/admin/accounts/user/add/", "method": "GET"}
    assert event.actor_id == cast.agent.pk


def test_issuing_an_invitation_is_an_act_of_the_administrator(cast, now):
    services.invitation_record(user=cast.agent, actor=cast.administrator, now=now)
    assert Event.objects.filter(kind="user.invited").count() == 1


def test_a_service_that_refuses_makes_a_403_and_no_server_error(cast, monkeypatch):
    def refuse(**arguments):
        raise NotPermitted()

    monkeypatch.setattr(services, "language_set", refuse)
    assert cast.client("agent").post(reverse("set_language"), {"language": "en"}).status_code == 403
