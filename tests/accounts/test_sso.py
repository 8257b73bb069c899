"""Sign-in by a provider of the house: who is let in, who is not, and what is written down about it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import requests
import time_machine
from allauth.socialaccount.models import SocialAccount
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.states import Kind, Role
from aftersales.core import jobs
from aftersales.core.events import sentence
from aftersales.core.models import Event
from tests.accounts.provider import CORP, ISSUER, STRANGER, FakeProvider
from tests.accounts.test_second_factor import code as six_digits
from tests.accounts.test_second_factor import equip
from tests.cast import PASSWORD, Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def corp(settings: Any, monkeypatch: pytest.MonkeyPatch) -> FakeProvider:
    cache.clear()
    settings.SSO_PROVIDERS = {"corp": CORP}
    found = FakeProvider()
    monkeypatch.setattr(
        requests.adapters.HTTPAdapter, "send", lambda self, request, **more: found.answer(request)
    )
    return found


@pytest.fixture
def zhou(cast: Cast) -> User:
    return cast.person(Role.AGENT, username="zhou", name="周婷", email="Zhou@example.com")


def linked(user: User, subject: str = "u-1", issuer: str = ISSUER) -> SocialAccount:
    return SocialAccount.objects.create(user=user, provider="corp", uid=subject, extra_data={"iss": issuer})


def inside(client: Client) -> str:
    """The user name of the person who is signed in; empty when nobody is."""
    key = client.session.get("_auth_user_id")
    return str(User.objects.get(pk=key).username) if key else ""


def refusal() -> dict[str, Any]:
    return dict(Event.objects.filter(kind="user.sso_refused").latest("pk").payload)


# without configuration


def test_where_no_provider_is_configured_there_is_no_trace_of_it(cast: Cast, client: Client) -> None:
    assert "sso" not in client.get(reverse("account_login")).content.decode()
    for name in ("accounts:sso_start", "accounts:sso_back"):
        assert client.post(reverse(name, args=["corp"])).status_code in (404, 405)
    signed_in = cast.client("agent")
    assert signed_in.get(reverse("accounts:sso")).status_code == 404
    assert "accounts/sso" not in signed_in.get(reverse("account_change_password")).content.decode()


# a good sign-in


def test_a_linked_person_signs_in_and_keeps_the_roles_of_this_house(corp: FakeProvider, zhou: User) -> None:
    linked(zhou)
    corp.claims = {"roles": ["administrator"], "groups": ["administrator"], "email": "other@example.com"}
    client = Client()
    assert CORP.name in client.get(reverse("account_login")).content.decode()

    answer = corp.sign_in(client, next="/accounts/password/")

    assert answer["Location"] == "/accounts/password/"
    assert inside(client) == "zhou"
    zhou.refresh_from_db()
    assert zhou.roles == [Role.AGENT]
    assert zhou.email == "Zhou@example.com"
    assert Event.objects.filter(kind="user.signed_in", subject_id=zhou.pk).count() == 1
    client.post(reverse("account_logout"))
    assert inside(client) == ""


def test_the_question_carries_state_nonce_and_pkce_and_answers_home(
    corp: FakeProvider, settings: Any, client: Client
) -> None:
    settings.SITE_URL = "https://after.example.com"
    settings.ALLOWED_HOSTS = ["*"]
    page = client.post(reverse("accounts:sso_start", args=["corp"]), headers={"host": "evil.example"})
    assert "redirect_uri=https%3A%2F%2Fafter.example.com%2Faccounts%2Fsso%2Fcorp%2Fback%2F" in page["Refresh"]
    first = corp.leave(client) and corp.asked
    second = corp.leave(client) and corp.asked
    assert first["code_challenge_method"] == "S256"
    assert first["response_type"] == "code"
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name]) >= 16
        assert first[name] != second[name]


def test_an_address_of_the_provider_keeps_its_own_words(corp: FakeProvider, zhou: User) -> None:
    linked(zhou)
    corp.metadata = {"authorization_endpoint": f"{ISSUER}/authorize?p=sign_in&tenant=a%26b"}
    client = Client()
    target = corp.leave(client)
    assert target.count("?") == 1
    assert (corp.asked["p"], corp.asked["tenant"], corp.asked["client_id"]) == (
        "sign_in",
        "a&b",
        "aftersales",
    )
    client.get(corp.consent(target))
    assert inside(client) == "zhou"


def test_nobody_is_sent_to_another_site_afterwards(corp: FakeProvider, zhou: User) -> None:
    linked(zhou)
    assert "evil" not in corp.sign_in(Client(), next="https://evil.example/")["Location"]


def test_the_first_sign_in_by_a_verified_address_links_for_good(
    corp: FakeProvider, zhou: User, cast: Cast, mailoutbox: Any
) -> None:
    corp.claims = {"email": "zhou@EXAMPLE.com", "email_verified": True}
    client = Client()
    corp.sign_in(client)
    assert inside(client) == "zhou"
    assert Event.objects.get(kind="user.sso_linked").subject_id == zhou.pk
    jobs.run_due(timezone.now())
    assert [letter.to for letter in mailoutbox] == [["Zhou@example.com"]]
    assert CORP.name in mailoutbox[0].body

    corp.claims = {"email": "renamed@elsewhere.example"}
    again = Client()
    corp.sign_in(again)
    assert inside(again) == "zhou"
    assert SocialAccount.objects.count() == 1


def test_an_address_told_only_when_asked_for_counts_for_the_same_person_only(
    corp: FakeProvider, zhou: User
) -> None:
    corp.userinfo = {"sub": "somebody-else", "email": "zhou@example.com", "email_verified": True}
    client = Client()
    assert corp.sign_in(client).status_code == 403
    corp.userinfo["sub"] = "u-1"
    corp.sign_in(client)
    assert inside(client) == "zhou"


# tokens that do not hold


def _hs256_with_the_public_key(corp: FakeProvider) -> None:
    corp.algorithm, corp.key = "HS256", "x" * 40
    corp.keys = lambda: {
        "keys": [{"kty": "oct", "kid": "one", "k": "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4"}]
    }  # type: ignore[method-assign]


def _hs256_with_our_secret(corp: FakeProvider) -> None:
    corp.algorithm, corp.key = "HS256", CORP.secret


def _none(corp: FakeProvider) -> None:
    corp.algorithm, corp.key = "none", None


def _forged(corp: FakeProvider) -> None:
    corp.key = STRANGER


def _own_key_in_the_header(corp: FakeProvider) -> None:
    corp.key = STRANGER
    corp.header = {"kid": "two", "jwk": corp.keys()["keys"][0], "jku": "https://evil.example/keys"}


def _said(**claims: Any) -> Any:
    def change(corp: FakeProvider) -> None:
        corp.claims = claims

    return change


WRONG = [
    (_forged, "token"),
    (_own_key_in_the_header, "token"),
    (_none, "token"),
    (_hs256_with_our_secret, "token"),
    (_hs256_with_the_public_key, "token"),
    (_said(aud="another-app"), "audience"),
    (_said(aud=["aftersales", "another-app"]), "audience"),
    (_said(azp="another-app"), "audience"),
    (_said(iss="https://login.example.com.evil.example"), "issuer"),
    (_said(nonce=None), "token"),
    (_said(nonce="another-sign-in"), "nonce"),
    (_said(exp=1_700_000_000), "expired"),
    (_said(exp=None), "token"),
    (_said(sub=None), "token"),
    (_said(sub=""), "token"),
    (_said(iat=4_000_000_000), "token"),
]


@pytest.mark.parametrize(("spoil", "cause"), WRONG)
def test_a_token_that_does_not_hold_signs_nobody_in(
    spoil: Any, cause: str, corp: FakeProvider, zhou: User
) -> None:
    linked(zhou)
    spoil(corp)
    client = Client()
    answer = corp.sign_in(client)
    assert answer.status_code == 403
    assert inside(client) == ""
    assert refusal()["cause"] == cause


def test_a_description_that_speaks_for_another_issuer_is_refused(corp: FakeProvider, client: Client) -> None:
    for wrong in ({"issuer": "https://evil.example"}, {"token_endpoint": "http://login.example.com/token"}):
        corp.metadata = wrong
        page = client.post(reverse("accounts:sso_start", args=["corp"]))
        assert page.status_code == 403
        assert "Refresh" not in page
        assert refusal()["cause"] == "issuer"


def test_an_answer_of_another_provider_is_refused_before_the_code_is_shown_to_anybody(
    corp: FakeProvider, zhou: User
) -> None:
    linked(zhou)
    client = Client()
    back = corp.consent(corp.leave(client), iss="https://evil.example")
    assert client.get(back).status_code == 403
    assert refusal()["cause"] == "issuer"
    corp.metadata = {"authorization_response_iss_parameter_supported": True}
    assert client.get(corp.consent(corp.leave(client))).status_code == 403
    client.get(corp.consent(corp.leave(client), iss=ISSUER))
    assert inside(client) == "zhou"


def test_the_secret_follows_no_redirect(corp: FakeProvider, zhou: User) -> None:
    linked(zhou)
    corp.moved = "https://evil.example/token"
    client = Client()
    assert corp.sign_in(client).status_code == 503
    assert corp.hosts == {"login.example.com"}
    assert inside(client) == ""


def test_a_provider_that_is_down_is_said_so_and_the_password_still_opens(
    corp: FakeProvider, zhou: User, client: Client
) -> None:
    corp.down = True
    page = client.post(reverse("accounts:sso_start", args=["corp"]))
    assert page.status_code == 503
    assert CORP.name in page.content.decode()
    assert not Event.objects.filter(kind="user.sso_refused").exists()


# state


def test_an_answer_counts_once_in_the_browser_that_asked_and_for_ten_minutes(
    corp: FakeProvider, zhou: User
) -> None:
    linked(zhou)
    client = Client()
    back = corp.consent(corp.leave(client))
    stranger = Client()
    assert stranger.get(back).status_code == 403
    client.get(back)
    assert inside(client) == "zhou"
    client.post(reverse("account_logout"))
    assert client.get(back).status_code == 403
    assert inside(client) == ""
    late = corp.consent(corp.leave(client))
    with time_machine.travel(timezone.now() + timedelta(minutes=11), tick=False):
        assert client.get(late).status_code == 403
    assert inside(client) == ""


def test_a_state_of_one_provider_does_not_serve_another(
    corp: FakeProvider, zhou: User, settings: Any
) -> None:
    linked(zhou)
    settings.SSO_PROVIDERS = {"corp": CORP, "other": replace(CORP, code="other")}
    client = Client()
    back = corp.consent(corp.leave(client)).replace("/sso/corp/", "/sso/other/")
    assert client.get(back).status_code == 403
    assert inside(client) == ""


def test_who_cancels_at_the_provider_is_told_so(corp: FakeProvider, client: Client) -> None:
    corp.leave(client)
    page = client.get(
        reverse("accounts:sso_back", args=["corp"]), {"error": "access_denied", "state": corp.asked["state"]}
    )
    assert page.status_code == 403
    assert page.context["cause"] == "cancelled"
    assert not Event.objects.filter(kind="user.sso_refused").exists()


# people


VERIFIED = {"email": "zhou@example.com", "email_verified": True}


@pytest.mark.parametrize(
    ("claims", "cause"),
    [
        ({}, "unknown"),
        ({"email": "nobody@example.com", "email_verified": True}, "unknown"),
        ({**VERIFIED, "email_verified": False}, "unverified"),
        ({**VERIFIED, "email_verified": "true"}, "unverified"),
        ({"email": "zhou@example.com"}, "unverified"),
        ({"email": "zhou@evil.example", "email_verified": True}, "domain"),
        ({"email": "zhou@sub.example.com", "email_verified": True}, "domain"),
        ({"email": "zhou@example.com@evil.example", "email_verified": True}, "domain"),
    ],
)
def test_an_unknown_person_gets_a_clear_page_and_the_attempt_is_on_record(
    claims: dict[str, Any], cause: str, corp: FakeProvider, zhou: User
) -> None:
    corp.claims = {"sub": "u-77", **claims}
    client = Client()
    page = client.get(corp.consent(corp.leave(client)))
    assert page.status_code == 403
    assert CORP.name in page.content.decode()
    assert inside(client) == ""
    assert refusal() == {"provider": "corp", "cause": cause, "subject": "u-77"}
    assert not SocialAccount.objects.exists()
    assert User.objects.filter(kind=Kind.PERSON).count() == 1
    assert CORP.name in sentence(Event.objects.get(kind="user.sso_refused"))


def test_letters_that_merely_look_alike_are_another_address(corp: FakeProvider, cast: Cast) -> None:
    cast.person(Role.AGENT, email="mike@example.com")
    corp.claims = {"email": "mıke@example.com", "email_verified": True}
    assert corp.sign_in(Client()).status_code == 403
    assert not SocialAccount.objects.exists()


def test_a_subject_that_is_an_address_is_not_written_down(corp: FakeProvider, zhou: User) -> None:
    corp.claims = {"sub": "someone@example.org"}
    corp.sign_in(Client())
    assert refusal()["subject"].startswith("sha256:")


def test_without_allowed_domains_an_address_links_nobody(
    corp: FakeProvider, zhou: User, settings: Any
) -> None:
    settings.SSO_PROVIDERS = {"corp": replace(CORP, domains=frozenset())}
    corp.claims = VERIFIED
    assert corp.sign_in(Client()).status_code == 403
    assert corp.asked["scope"] == "openid"


def test_a_mailbox_that_was_given_on_does_not_open_an_account_linked_already(
    corp: FakeProvider, zhou: User
) -> None:
    linked(zhou, subject="the-real-zhou")
    corp.claims = VERIFIED
    client = Client()
    assert corp.sign_in(client).status_code == 403
    assert refusal()["cause"] == "relinked"


def test_links_made_with_another_issuer_do_not_count_after_a_change(corp: FakeProvider, zhou: User) -> None:
    linked(zhou, issuer="https://old.example.com")
    client = Client()
    assert corp.sign_in(client).status_code == 403
    assert inside(client) == ""


@pytest.mark.parametrize(
    "columns", [{"is_active": False}, {"kind": Kind.MACHINE}, {"kind": Kind.DEMO, "email": "d@example.com"}]
)
def test_closed_machine_and_in_production_demo_people_are_refused(
    columns: dict[str, Any], corp: FakeProvider, zhou: User, settings: Any
) -> None:
    settings.PRODUCTION = True
    User.objects.filter(pk=zhou.pk).update(**columns)
    linked(zhou)
    client = Client()
    assert corp.sign_in(client).status_code == 403
    assert inside(client) == ""
    event = Event.objects.get(kind="user.sso_refused")
    assert (event.subject_id, event.payload["cause"]) == (zhou.pk, "closed")


def test_a_closed_person_is_not_linked_by_the_address_either(corp: FakeProvider, zhou: User) -> None:
    User.objects.filter(pk=zhou.pk).update(is_active=False)
    corp.claims = VERIFIED
    assert corp.sign_in(Client()).status_code == 403
    assert not SocialAccount.objects.exists()


def test_a_lock_after_wrong_passwords_holds_here_too(corp: FakeProvider, zhou: User) -> None:
    linked(zhou)
    for _attempt in range(5):
        Client().post(reverse("account_login"), {"login": "zhou", "password": "wrong"})
    client = Client()
    assert corp.sign_in(client).status_code == 429
    assert inside(client) == ""
    assert refusal()["cause"] == "locked"


# the second factor


@pytest.fixture
def _demanded(settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = True


@pytest.mark.usefixtures("_demanded")
def test_our_second_factor_is_asked_for_whatever_the_token_says(corp: FakeProvider, zhou: User) -> None:
    linked(zhou)
    secret = equip(zhou)
    corp.claims = {"amr": ["mfa"], "acr": "gold"}
    client = Client()
    assert corp.sign_in(client)["Location"].startswith(reverse("mfa_authenticate"))
    assert inside(client) == ""
    client.post(reverse("mfa_authenticate"), {"code": six_digits(secret)})
    assert inside(client) == "zhou"
    assert client.get("/accounts/2fa/").status_code == 200


@pytest.mark.usefixtures("_demanded")
def test_who_has_none_yet_sets_it_up_before_anything_else(corp: FakeProvider, zhou: User) -> None:
    linked(zhou)
    corp.claims = {"amr": ["mfa"]}
    client = Client()
    corp.sign_in(client)
    assert client.get("/accounts/password/")["Location"].startswith(reverse("mfa_activate_totp"))


@pytest.mark.usefixtures("_demanded")
@pytest.mark.parametrize(
    ("claims", "enough"),
    [
        ({"amr": ["pwd", "mfa"]}, True),
        ({"acr": "gold"}, True),
        ({"amr": ["pwd"]}, False),
        ({"amr": "mfa"}, False),
        ({"acr": "mfa"}, False),
        ({}, False),
    ],
)
def test_a_trusted_provider_vouches_for_a_second_factor(
    claims: dict[str, Any], enough: bool, corp: FakeProvider, zhou: User, settings: Any
) -> None:
    settings.SSO_PROVIDERS = {"corp": replace(CORP, vouched=frozenset({"amr:mfa", "acr:gold"}))}
    linked(zhou)
    equip(zhou)
    corp.claims = claims
    client = Client()
    corp.sign_in(client)
    assert corp.asked["acr_values"] == "gold"
    assert (inside(client) == "zhou") is enough
    assert (client.get("/accounts/2fa/").status_code == 200) is enough


# linking and taking off


def test_a_person_links_and_removes_a_sign_in_and_is_told(
    corp: FakeProvider, zhou: User, mailoutbox: Any
) -> None:
    client = Client()
    client.post(reverse("account_login"), {"login": "zhou", "password": PASSWORD})
    assert corp.link(client)["Location"] == reverse("accounts:sso")
    assert SocialAccount.objects.get().user_id == zhou.pk
    page = client.get(reverse("accounts:sso"))
    assert reverse("accounts:sso_unlink", args=["corp"]) in page.content.decode()

    client.post(reverse("accounts:sso_unlink", args=["corp"]))
    assert not SocialAccount.objects.exists()
    kinds = list(Event.objects.filter(kind__startswith="user.sso").values_list("kind", flat=True))
    assert kinds == ["user.sso_linked", "user.sso_unlinked"]
    jobs.run_due(timezone.now())
    assert len(mailoutbox) == 2
    assert corp.sign_in(Client()).status_code == 403


def test_a_link_is_taken_off_also_when_its_provider_is_configured_no_longer(
    corp: FakeProvider, zhou: User, settings: Any
) -> None:
    linked(zhou)
    settings.SSO_PROVIDERS = {}
    client = Client()
    client.post(reverse("account_login"), {"login": "zhou", "password": PASSWORD})
    assert reverse("accounts:sso") in client.get(reverse("account_change_password")).content.decode()
    page, act = client.get(reverse("accounts:sso")), reverse("accounts:sso_unlink", args=["corp"])
    assert act in page.content.decode()
    assert reverse("accounts:sso_link", args=["corp"]) not in page.content.decode()
    client.post(act)
    assert not SocialAccount.objects.exists()
    assert Event.objects.filter(kind="user.sso_unlinked").count() == 1
    assert client.get(reverse("accounts:sso")).status_code == 404


def test_one_sign_in_opens_one_account(corp: FakeProvider, zhou: User, cast: Cast) -> None:
    linked(cast.lead)
    client = Client()
    client.post(reverse("account_login"), {"login": "zhou", "password": PASSWORD})
    corp.link(client)
    assert SocialAccount.objects.get().user_id == cast.lead.pk
    linked(zhou, subject="u-2")
    corp.claims = {"sub": "u-3"}
    corp.link(client)
    assert set(SocialAccount.objects.values_list("uid", flat=True)) == {"u-1", "u-2"}


def test_a_link_begun_by_one_person_is_not_finished_by_another(
    corp: FakeProvider, zhou: User, cast: Cast
) -> None:
    client = Client()
    client.post(reverse("account_login"), {"login": "zhou", "password": PASSWORD})
    back = corp.consent(corp.leave(client, "accounts:sso_link"))
    session = client.session
    begun = session["socialaccount_states"][corp.asked["state"]][0]
    assert begun["person"] == zhou.pk
    begun["person"] = cast.lead.pk
    session.save()
    assert client.get(back).status_code == 403
    assert not SocialAccount.objects.exists()


@pytest.mark.usefixtures("_demanded")
def test_linking_needs_the_second_factor_where_it_is_demanded(corp: FakeProvider, zhou: User) -> None:
    equip(zhou)
    client = Client()
    client.force_login(zhou)
    answer = client.post(reverse("accounts:sso_link", args=["corp"]))
    assert answer["Location"].startswith(reverse("mfa_reauthenticate"))


def test_linking_asks_once_more_who_it_is_when_signing_in_was_long_ago(
    corp: FakeProvider, zhou: User
) -> None:
    client = Client()
    client.force_login(zhou)
    answer = client.post(reverse("accounts:sso_link", args=["corp"]))
    assert answer["Location"].startswith(reverse("account_reauthenticate"))


def test_nobody_takes_off_the_last_way_in(corp: FakeProvider, zhou: User) -> None:
    zhou.set_unusable_password()
    zhou.save()
    linked(zhou)
    client = Client()
    corp.sign_in(client)
    client.post(reverse("accounts:sso_unlink", args=["corp"]))
    assert SocialAccount.objects.exists()


def test_an_administrator_takes_off_a_wrong_link_and_ends_the_sessions(
    corp: FakeProvider, zhou: User, cast: Cast
) -> None:
    linked(zhou)
    client = Client()
    corp.sign_in(client)
    path = reverse("accounts:sso_reset", args=[zhou.pk])
    assert cast.client("lead").post(path).status_code == 403
    administrator = cast.client("administrator")
    assert path in administrator.get(reverse("admin:accounts_user_change", args=[zhou.pk])).content.decode()
    administrator.post(path, {"reason": "关联错了"})
    assert not SocialAccount.objects.exists()
    assert client.get("/accounts/password/").status_code == 302
    assert "关联错了" in sentence(Event.objects.get(kind="user.sso_unlinked"))


# confirming, and the provider as the only way


def test_who_has_no_password_confirms_at_the_provider(corp: FakeProvider, zhou: User) -> None:
    zhou.set_unusable_password()
    zhou.save()
    linked(zhou)
    client = Client()
    client.force_login(zhou)
    link = reverse("accounts:sso_link", args=["corp"])
    asked = client.post(link)["Location"]
    assert asked.startswith(reverse("accounts:sso_confirm"))
    assert client.get(asked).status_code == 200
    assert corp.sign_in(client).status_code == 403, "the provider did not say when it asked the person"
    assert refusal()["cause"] == "stale"
    assert (corp.asked["prompt"], corp.asked["max_age"]) == ("login", "0")
    corp.claims = {"sub": "u-2", "auth_time": int(timezone.now().timestamp())}
    assert corp.sign_in(client).status_code == 403
    corp.claims["sub"] = "u-1"
    assert corp.sign_in(client).status_code == 302
    assert client.post(link).status_code == 200


def test_where_it_is_the_only_way_staff_passwords_are_refused(
    corp: FakeProvider, zhou: User, cast: Cast, settings: Any
) -> None:
    settings.SSO_ONLY = True
    owner = cast.person(Role.MERCHANT_OWNER)
    for user, name in (
        (zhou, ""),
        (owner, owner.username),
        (cast.administrator, cast.administrator.username),
    ):
        client = Client()
        client.post(reverse("account_login"), {"login": user.username, "password": PASSWORD})
        assert inside(client) == name
    linked(zhou)
    client = Client()
    corp.sign_in(client)
    assert inside(client) == "zhou"
    client.post(reverse("accounts:sso_unlink", args=["corp"]))
    assert SocialAccount.objects.exists(), "the password would not open any more"


def test_no_secret_and_no_token_is_kept_in_the_database(corp: FakeProvider, zhou: User) -> None:
    from allauth.socialaccount.models import SocialApp, SocialToken
    from django.db import ProgrammingError, transaction

    linked(zhou)
    corp.sign_in(Client())
    assert not SocialToken.objects.exists()
    assert SocialAccount.objects.get().extra_data == {"iss": ISSUER}
    with pytest.raises(ProgrammingError), transaction.atomic():
        SocialApp.objects.create(provider="openid_connect", name="x", client_id="x")
