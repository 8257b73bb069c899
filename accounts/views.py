"""The few own pages around sign-in; the sign-in itself is allauth's."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views import i18n
from django.views.decorators.http import require_POST

from accounts import services


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Switch the language of this device, and of the person who is signed in."""
    response = i18n.set_language(request)
    language = request.POST.get("language", "")
    user: Any = request.user
    if user.is_authenticated and language in dict(settings.LANGUAGES) and user.language != language:
        services.language_set(user=user, language=language, now=timezone.now())
    return response


def home(request: HttpRequest) -> HttpResponse:
    """Where a person starts after signing in: staff at the desk, merchants at their pages."""
    user: Any = request.user
    if not user.is_authenticated:
        return redirect("account_login")
    return redirect("admin:index") if user.is_staff else render(request, "accounts/no_place.html")


def locked_out(
    request: HttpRequest, response: HttpResponse | None = None, credentials: Any = None
) -> HttpResponse:
    """Too many wrong passwords for this name from this address. Never says whether the name exists."""
    minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
    return render(request, "accounts/locked.html", {"minutes": minutes}, status=429)
