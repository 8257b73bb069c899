"""TOTP by role: demanded at every door where the installation asks for it."""

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts import capabilities, services
from accounts.states import MERCHANT_ROLES, STAFF_ROLES, Role
from aftersales.core.models import Event
from tests.cast import PASSWORD

PAGE = "/accounts/2fa/"


@pytest.fixture(autouse=True)
def _demanded(settings):
    cache.clear()
    settings.REQUIRE_SECOND_FACTOR = True


def code(secret, step=0):
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + step))


def equip(user):
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def sign_in(client, user):
    return client.post(reverse("account_login"), {"login": user.username, "password": PASSWORD})


def test_staff_and_merchant_owners_need_it_and_clerks_do_not():
    needing = {role for role in Role if capabilities.needs_second_factor([role])}
    assert needing == STAFF_ROLES | {Role.MERCHANT_OWNER}
    assert MERCHANT_ROLES - needing == {Role.MERCHANT_CLERK}


@pytest.mark.slow
def test_production_demands_it_and_the_demonstration_does_not():
    import os
    import subprocess
    import sys

    script = "from aftersales import settings; print(settings.REQUIRE_SECOND_FACTOR)"
    production = {
        "AFTERSALES_MODE": "production", "SECRET_KEY": "k" * 60, "ALLOWED_HOSTS": "a.example",
        "SITE_URL": "https://a.example",
    }  # fmt: skip
    for extra, expected in (({}, "False"), (production, "True"), ({"AFTERSALES_REQUIRE_TOTP": "1"}, "True")):
        clean = {key: value for key, value in os.environ.items() if not key.startswith("AFTERSALES")}
        done = subprocess.run(
            [sys.executable, "-c", script],
            env={**clean, **extra},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout.strip() == expected, done.stderr


def test_without_it_every_page_leads_to_setting_it_up(cast):
    client = cast.client("agent")
    for path in (PAGE, "/admin/", "/accounts/password/", "/accounts/"):
        assert client.get(path)["Location"].startswith(reverse("mfa_activate_totp")), path
    assert client.get(reverse("mfa_activate_totp")).status_code in (200, 302)


@pytest.mark.django_db(transaction=True)
def test_setting_it_up_opens_the_pages_and_is_written_down(cast):
    client = Client()
    sign_in(client, cast.agent)
    page = client.get(reverse("mfa_activate_totp"))
    assert page.status_code == 200, page["Location"]
    secret = page.context["form"].secret
    answer = client.post(reverse("mfa_activate_totp"), {"code": code(secret)})
    assert answer.status_code == 302
    assert client.get(PAGE).status_code == 200
    assert Event.objects.filter(kind="user.second_factor_set", subject_id=cast.agent.pk).exists()
    stored = Authenticator.objects.get(user=cast.agent, type="totp").data["secret"]
    assert secret not in stored


def test_the_password_alone_opens_nothing_once_it_is_set_up(cast):
    secret = equip(cast.agent)
    client = Client()
    assert sign_in(client, cast.agent)["Location"].startswith(reverse("mfa_authenticate"))
    assert client.get("/admin/")["Location"].startswith("/admin/login/")
    assert client.get("/accounts/password/")["Location"].startswith("/accounts/login/")
    assert client.post(reverse("mfa_authenticate"), {"code": code(secret)}).status_code == 302
    assert client.get(PAGE).status_code == 200


def test_a_code_works_once(cast):
    secret = equip(cast.agent)
    digits = code(secret)
    first, second = Client(), Client()
    for client in (first, second):
        sign_in(client, cast.agent)
        client.post(reverse("mfa_authenticate"), {"code": digits})
    assert first.get(PAGE).status_code == 200
    assert second.get(PAGE).status_code == 302


def test_a_waiting_session_does_not_profit_from_a_set_up_elsewhere(cast):
    waiting = cast.client("agent")
    equip(cast.agent)
    assert waiting.get("/admin/")["Location"].startswith(reverse("mfa_reauthenticate"))


def test_a_new_role_that_needs_it_is_asked_in_the_open_session(cast, now):
    clerk = cast.person(Role.MERCHANT_CLERK)
    client = cast.client(clerk)
    assert client.get(PAGE).status_code == 200
    services.user_set_roles(
        user=clerk, roles=[Role.MERCHANT_CLERK, Role.MERCHANT_OWNER], actor=cast.administrator, now=now
    )
    assert client.get(PAGE).status_code == 302


def test_who_needs_it_cannot_remove_it(cast):
    secret = equip(cast.agent)
    client = Client()
    sign_in(client, cast.agent)
    client.post(reverse("mfa_authenticate"), {"code": code(secret)})
    client.post(reverse("mfa_deactivate_totp"))
    assert Authenticator.objects.filter(user=cast.agent).exists()


def test_a_lost_phone_is_an_administrators_act_that_ends_sessions(cast, now):
    secret = equip(cast.agent)
    client = Client()
    sign_in(client, cast.agent)
    client.post(reverse("mfa_authenticate"), {"code": code(secret)})
    services.second_factor_reset(user=cast.agent, actor=cast.administrator, now=now, reason="手机遗失")
    assert client.get(PAGE).status_code == 302
    assert not Authenticator.objects.filter(user=cast.agent).exists()


def test_a_damaged_secret_never_becomes_a_valid_one(cast):
    equip(cast.agent)
    row = Authenticator.objects.get(user=cast.agent)
    row.data["secret"] = row.data["secret"][:-4] + "AAAA"
    row.save()
    from cryptography.fernet import InvalidToken

    with pytest.raises(InvalidToken):
        row.wrap().validate_code("000000")


def test_where_it_is_not_demanded_nobody_is_sent_away(cast, settings):
    settings.REQUIRE_SECOND_FACTOR = False
    assert cast.client("agent").get(PAGE).status_code == 200
