"""Ties the sign-in packages to the house: their signals become events, the admin has no door of its own."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth import signals as auth
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from accounts import services
from accounts.middleware import SECOND_FACTOR


def connect() -> None:
    site: Any = admin.site
    site.login = secure_admin_login(site.login)
    site.password_change = _to_password_page
    every = site.get_urls  # the shortcut by content type would tell which foreign rows exist
    site.get_urls = lambda: [one for one in every() if getattr(one, "name", "") != "view_on_site"]
    auth.user_logged_in.connect(_signed_in, dispatch_uid="accounts.signed_in")
    auth.user_logged_out.connect(_signed_out, dispatch_uid="accounts.signed_out")
    mfa.authenticator_added.connect(_factor_added, dispatch_uid="accounts.factor_added")


def _to_password_page(request: HttpRequest, extra_context: Any = None) -> HttpResponse:
    return redirect("account_change_password")


def _signed_in(sender: Any, request: HttpRequest, user: Any, **kwargs: Any) -> None:
    services.note("user.signed_in", user=user, actor=user, now=timezone.now())


def _signed_out(sender: Any, request: HttpRequest, user: Any, **kwargs: Any) -> None:
    if user is not None:
        services.note("user.signed_out", user=user, actor=user, now=timezone.now())


def _factor_added(sender: Any, request: HttpRequest, user: Any, authenticator: Any, **kwargs: Any) -> None:
    """The app is set up by allauth's page; passkeys and every removal have our own."""
    if authenticator.type == Authenticator.Type.TOTP:
        request.session[SECOND_FACTOR] = True
        services.app_added(user=user, actor=user, now=timezone.now())
