"""The pages of passkeys and of the second factor around allauth's flow of signing in."""

import json
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.login import perform_login
from allauth.account.mixins import RedirectAuthenticatedUserMixin
from allauth.account.models import Login
from allauth.account.utils import get_next_redirect_url, passthrough_next_redirect_url
from allauth.account.views._reauthenticate import BaseReauthenticateView
from allauth.core.internal import ratelimit
from allauth.mfa.base.internal.flows import check_rate_limit, post_authentication
from allauth.mfa.base.views import AuthenticateView, IndexView
from allauth.mfa.internal.flows.add import redirect_if_add_not_allowed
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView, View
from django.views.generic.edit import FormView

from accounts import rules, selectors, services
from accounts.backends import may_sign_in
from accounts.middleware import SECOND_FACTOR, elsewhere, shown, shown_at
from accounts.models import User
from accounts.passkeys import ceremony
from accounts.passkeys.ceremony import NotShown, Purpose, Shown
from accounts.passkeys.forms import MakeForm, NameForm
from aftersales.core.errors import DomainError

PASSKEY = Authenticator.Type.WEBAUTHN
sure_of_oneself = method_decorator(reauthentication_required(app="allauth.mfa"), name="dispatch")


def here(request: HttpRequest) -> None:
    """Raises Http404 where the installation has no passkeys."""
    if not settings.PASSKEYS:
        raise Http404("no passkeys without a domain and HTTPS")


def accepted(request: HttpRequest, purpose: Purpose, user: User | None = None) -> Authenticator:
    """The passkey that this request shows, its counter kept; raises NotShown."""
    now = timezone.now()
    answer = request.POST.get("answer", "")
    proof: Shown = ceremony.shown(request.session, purpose, answer, now, user)
    if not services.passkey_used(passkey=proof.passkey, counter=proof.counter, now=now):
        raise NotShown()
    return proof.passkey


class SignInView(RedirectAuthenticatedUserMixin, View):  # type: ignore[misc]
    """Signing in with a passkey alone. GET with JSON gives the challenge, POST takes the answer.

    A passkey cannot be guessed: what fails counts by address, and a name locked after wrong passwords stays open to
    its passkey.
    """

    @method_decorator(never_cache)
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        here(request)
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        if not get_adapter().is_ajax(request):
            return redirect("account_login")
        if not ratelimit.consume(request, app="allauth.mfa", action="passkey_asked", limit_get=True):
            return ratelimit.respond_429(request)
        return JsonResponse(ceremony.ask_to_show(request.session, Purpose.ALONE, timezone.now()))

    def post(self, request: HttpRequest) -> HttpResponse:
        usage = ratelimit.consume(request, app="allauth.mfa", action="passkey_failed")
        if not usage:
            return ratelimit.respond_429(request)
        try:
            passkey = accepted(request, Purpose.ALONE)
        except NotShown as refusal:
            messages.error(request, str(refusal))
            return redirect(passthrough_next_redirect_url(request, reverse("account_login"), "next"))
        if not may_sign_in(passkey.user):
            return get_adapter().respond_user_inactive(request, passkey.user)  # type: ignore[no-any-return]
        if not rules.own_ways_open(passkey.user):
            messages.error(
                request, _("Sign in with your company account; the passkey alone opens nothing here.")
            )
            return redirect(passthrough_next_redirect_url(request, reverse("account_login"), "next"))
        usage.rollback()
        post_authentication(request, passkey, passwordless=True)
        login = Login(user=passkey.user, redirect_url=get_next_redirect_url(request))
        return perform_login(request, login)  # type: ignore[no-any-return]


class SecondView(AuthenticateView):  # type: ignore[misc]
    """After the password: a passkey, or digits of the app, or a recovery code."""

    webauthn_form = None  # allauth's own ceremony is not used

    def _build_forms(self) -> Any:
        form = self.get_form_class()
        self.person: User = self.stage.login.user
        self.by_code = self.request.method == "POST" and "code" in self.request.POST
        self.auth_form = form(user=self.person, data=self.request.POST if self.by_code else None)
        return self.auth_form

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.by_code:
            return super().post(request, *args, **kwargs)  # type: ignore[no-any-return]
        try:
            passkey = counted(request, Purpose.SECOND, self.person)
        except (NotShown, ValidationError) as refusal:
            messages.error(request, said(refusal))
            return self.get(request)  # type: ignore[no-any-return]
        post_authentication(request, passkey)
        return self.stage.exit()  # type: ignore[no-any-return]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found: dict[str, Any] = super().get_context_data(**kwargs)
        held = selectors.second_factors(self.person)
        return found | {
            "passkey": asked(self.request, Purpose.SECOND, self.person) if PASSKEY in held else None,
            "app": Authenticator.Type.TOTP in held,
        }


@method_decorator(login_required, name="dispatch")
class AgainView(BaseReauthenticateView):  # type: ignore[misc]
    """In an open session: the passkey once more before something delicate, or for the first time in it."""

    reauthentication_method = "mfa"
    form_class = forms.Form
    template_name = "mfa/webauthn/reauthenticate.html"

    def form_valid(self, form: forms.Form) -> HttpResponse:
        user: Any = self.request.user
        try:
            passkey = counted(self.request, Purpose.AGAIN, user)
        except (NotShown, ValidationError) as refusal:
            messages.error(self.request, said(refusal))
            return self.render_to_response(self.get_context_data(form=form))  # type: ignore[no-any-return]
        post_authentication(self.request, passkey, reauthenticated=True)
        return super().form_valid(form)  # type: ignore[no-any-return]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user: Any = self.request.user
        found: dict[str, Any] = super().get_context_data(**kwargs)
        return found | {"passkey": asked(self.request, Purpose.AGAIN, user)}


class FactorsView(IndexView):  # type: ignore[misc]
    """The own second factor: passkeys, the app, recovery codes."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user: Any = self.request.user
        found: dict[str, Any] = super().get_context_data(**kwargs)
        held = selectors.second_factors(user)
        keys = found["authenticators"].get(PASSKEY, [])
        last = user.needs_second_factor and len(keys) + (Authenticator.Type.TOTP in held) <= 1
        return found | {"passkeys": settings.PASSKEYS, "keys": keys, "held": held, "last": last}


class ShownFirst:
    """Who owns a factor has shown it in this session before another one is added: the password is not enough.

    Stands here as well as in the middleware, which sees no request that is resumed after the password.
    """

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        held = selectors.second_factors(request.user) if request.user.is_authenticated else ()
        if held and not shown(request):
            return elsewhere(request, shown_at(held))
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]


class AddAppView(ShownFirst, ActivateTOTPView):  # type: ignore[misc]
    """Sets up the authenticator app."""


@method_decorator(redirect_if_add_not_allowed, name="dispatch")
@sure_of_oneself
class AddView(ShownFirst, FormView):  # type: ignore[type-arg]
    """Makes a passkey on this device, phone or key."""

    form_class = MakeForm
    template_name = "mfa/webauthn/add_form.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        here(request)
        return super().dispatch(request, *args, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        held = Authenticator.objects.filter(user_id=self.request.user.pk, type=PASSKEY).count()
        return {"name": _("Passkey %(number)d") % {"number": held + 1}}

    def form_valid(self, form: MakeForm) -> HttpResponse:
        user: Any = self.request.user
        now = timezone.now()
        try:
            made = ceremony.made(self.request.session, user, form.cleaned_data["answer"], now)
            with_codes = services.passkey_add(
                user=user, name=form.cleaned_data["name"], credential=made.credential, counter=made.counter,
                actor=user, now=now,
            )  # fmt: skip
        except DomainError as refusal:
            form.add_error(None, str(refusal))
            return self.form_invalid(form)
        self.request.session[SECOND_FACTOR] = True
        messages.success(self.request, _("The passkey is set up."))
        return redirect("mfa_view_recovery_codes" if with_codes else "mfa_index")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user: Any = self.request.user
        found = super().get_context_data(**kwargs)
        options = ceremony.ask_to_make(self.request.session, user, timezone.now())
        return found | {"passkey": {"options": json.dumps(options), "origin": settings.PASSKEYS.origin}}


class OwnPasskey:
    """One passkey of the signed-in person; anybody else's is not found."""

    request: HttpRequest
    kwargs: dict[str, Any]

    def key(self) -> Authenticator:
        mine = Authenticator.objects.filter(user_id=self.request.user.pk, type=PASSKEY)
        return get_object_or_404(mine, pk=self.kwargs["pk"])


@sure_of_oneself
class RenameView(OwnPasskey, FormView):  # type: ignore[type-arg]
    form_class = NameForm
    template_name = "mfa/webauthn/edit_form.html"
    success_url = reverse_lazy("mfa_index")

    def get_initial(self) -> dict[str, Any]:
        return {"name": str(self.key())}

    def form_valid(self, form: NameForm) -> HttpResponse:
        user: Any = self.request.user
        try:
            services.passkey_rename(
                user=user,
                passkey=self.key().pk,
                name=form.cleaned_data["name"],
                actor=user,
                now=timezone.now(),
            )
        except DomainError as refusal:
            messages.error(self.request, str(refusal))
        return super().form_valid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"key": self.key()}


@sure_of_oneself
class RemoveView(OwnPasskey, TemplateView):
    template_name = "mfa/webauthn/remove.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user: Any = request.user
        try:
            services.passkey_remove(user=user, passkey=self.key().pk, actor=user, now=timezone.now())
            messages.success(request, _("The passkey is removed. Delete it on the device too."))
        except DomainError as refusal:
            messages.error(request, str(refusal))
        forget_if_none(request)
        return redirect("mfa_index")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"key": self.key(), "only": one_left(self.request)}


@sure_of_oneself
class RemoveAppView(DeactivateTOTPView):  # type: ignore[misc]
    """Through our service: it holds the person's row, so that two removals at once leave one factor."""

    def form_valid(self, form: forms.Form) -> HttpResponse:
        user: Any = self.request.user
        try:
            services.app_remove(user=user, actor=user, now=timezone.now())
            messages.success(self.request, _("The authenticator app is removed."))
        except DomainError as refusal:
            messages.error(self.request, str(refusal))
        forget_if_none(self.request)
        return redirect("mfa_index")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found: dict[str, Any] = super().get_context_data(**kwargs)
        return found | {"only": one_left(self.request)}


def counted(request: HttpRequest, purpose: Purpose, user: User) -> Authenticator:
    """A known person's passkey: what fails counts against this person like a wrong code of the app.

    Raises NotShown, and ValidationError after too many failures.
    """
    clear = check_rate_limit(user)
    passkey = accepted(request, purpose, user)
    clear()
    return passkey


def asked(request: HttpRequest, purpose: Purpose, user: User) -> dict[str, Any]:
    """What the page hands to the browser."""
    options = ceremony.ask_to_show(request.session, purpose, timezone.now(), user)
    return {"options": json.dumps(options), "origin": settings.PASSKEYS.origin}


def said(refusal: Exception) -> str:
    return " ".join(refusal.messages) if isinstance(refusal, ValidationError) else str(refusal)


def one_left(request: HttpRequest) -> bool:
    """Only one second factor is set up, however many kinds there are."""
    held = Authenticator.objects.filter(user_id=request.user.pk)
    return held.exclude(type=Authenticator.Type.RECOVERY_CODES).count() <= 1


def forget_if_none(request: HttpRequest) -> None:
    """The session's mark says that a factor was shown; it stays while another one is set up."""
    if not selectors.second_factors(request.user):
        request.session.pop(SECOND_FACTOR, None)
