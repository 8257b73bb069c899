"""The few own pages around sign-in (which is allauth's), and the acts that are no form of a register."""

from collections.abc import Callable
from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views import i18n
from django.views.decorators.http import require_POST

from accounts import services, theming
from accounts.models import Away, Shift, Team, TeamMember, User
from accounts.states import Density, Theme
from aftersales.core.errors import DomainError, NotPermitted


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Switch the language of this device, and of the person who is signed in."""
    response = i18n.set_language(request)
    language = request.POST.get("language", "")
    user: Any = request.user
    if user.is_authenticated and language in dict(settings.LANGUAGES) and user.language != language:
        services.language_set(user=user, language=language, now=timezone.now())
    return response


@require_POST
def taste(request: HttpRequest) -> HttpResponse:
    """How this person likes the pages: appearance (also of a guest's device), rows, single keys, help, the tour."""
    user: Any = request.user
    given = _taste(request)
    if user.is_authenticated and given:
        services.taste_set(actor=user, now=timezone.now(), **given)
    if user.is_authenticated and (page := request.POST.get("help", "").replace("\x00", "")[:60]):
        services.help_put_away(actor=user, page=page, now=timezone.now())
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    response = HttpResponseRedirect(
        target if safe else reverse("home")
    )  # an address, never the name of a page
    if "theme" in given:
        theming.remember(response, given["theme"])
    return response


def _taste(request: HttpRequest) -> dict[str, Any]:
    """What was posted and is known; anything else is left as it is."""
    given: dict[str, Any] = {}
    if (theme := request.POST.get("theme", "")) in Theme.values:
        given["theme"] = theme
    if (keys := request.POST.get("single_keys", "")) in ("0", "1"):
        given["single_keys"] = keys == "1"
    if (density := request.POST.get("density", "")) in Density.values:
        given["density"] = density
    if request.POST.get("tour") == "seen":
        given["help_seen"] = True
    return given


def home(request: HttpRequest) -> HttpResponse:
    """Where a person starts after signing in: staff at the desk, merchants at their pages."""
    user: Any = request.user
    if not user.is_authenticated:
        return redirect("account_login")
    if user.is_staff:
        return redirect(settings.STAFF_HOME)
    if user.has_perm("merchants.learn"):
        return redirect(settings.MERCHANT_HOME)
    return render(request, "accounts/no_place.html")


def locked_out(
    request: HttpRequest, response: HttpResponse | None = None, credentials: Any = None
) -> HttpResponse:
    """Too many wrong passwords for this name from this address. Never says whether the name exists."""
    minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
    return render(request, "accounts/locked.html", {"minutes": minutes}, status=429)


def _act(
    request: HttpRequest, back: str, service: Callable[..., Any], done: str, **arguments: Any
) -> HttpResponse:
    """Call one service for the signed-in person and go back to the row with its answer."""
    try:
        service(actor=request.user, now=timezone.now(), **arguments)
        messages.success(request, done)
    except NotPermitted as refusal:
        raise PermissionDenied from refusal
    except DomainError as refusal:
        messages.error(request, str(refusal))
    return redirect(back)


def _user(request: HttpRequest, pk: int) -> tuple[User, str]:
    user = get_object_or_404(User.objects.visible_to(request.user), pk=pk)
    return user, reverse("admin:accounts_user_change", args=[pk])


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "").strip()[:500]


@login_required
@require_POST
def user_deactivate(request: HttpRequest, pk: int) -> HttpResponse:
    user, back = _user(request, pk)
    done = _("The account is closed and its sessions have ended.")
    return _act(request, back, services.user_deactivate, done, user=user, reason=_reason(request))


@login_required
@require_POST
def user_activate(request: HttpRequest, pk: int) -> HttpResponse:
    user, back = _user(request, pk)
    return _act(
        request, back, services.user_activate, _("The account is open."), user=user, reason=_reason(request)
    )


@login_required
@require_POST
def user_end_sessions(request: HttpRequest, pk: int) -> HttpResponse:
    user, back = _user(request, pk)
    done = _("The person was signed out everywhere.")
    return _act(request, back, services.user_end_sessions, done, user=user, reason=_reason(request))


@login_required
@require_POST
def sign_in_unlock(request: HttpRequest, pk: int) -> HttpResponse:
    user, back = _user(request, pk)
    done = _("The sign-in of this name is open again.")
    return _act(request, back, services.sign_in_unlock, done, user=user, reason=_reason(request))


@login_required
@require_POST
def second_factor_reset(request: HttpRequest, pk: int) -> HttpResponse:
    user, back = _user(request, pk)
    done = _("The second factor is removed; the next sign-in sets up a new one.")
    return _act(request, back, services.second_factor_reset, done, user=user, reason=_reason(request))


@login_required
@require_POST
def user_invite(request: HttpRequest, pk: int) -> HttpResponse:
    """Shows the link for setting the password, once; the administrator hands it over."""
    user, back = _user(request, pk)
    try:
        services.invitation_record(user=user, actor=request.user, now=timezone.now())
    except NotPermitted as refusal:
        raise PermissionDenied from refusal
    key = {"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)}
    link = f"{settings.SITE_URL}{reverse('account_reset_password_from_key', kwargs=key)}"
    return render(request, "accounts/invitation.html", {"person": user, "link": link, "back": back})


@login_required
@require_POST
def team_close(request: HttpRequest, pk: int) -> HttpResponse:
    team = get_object_or_404(Team.objects.visible_to(request.user), pk=pk)
    back = reverse("admin:accounts_team_change", args=[pk])
    return _act(
        request, back, services.team_close, _("The team is closed."), team=team, reason=_reason(request)
    )


@login_required
@require_POST
def team_join(request: HttpRequest, pk: int) -> HttpResponse:
    team = get_object_or_404(Team.objects.visible_to(request.user), pk=pk)
    if not request.user.has_perm("accounts.manage_teams"):
        raise PermissionDenied
    name = request.POST.get("username", "").strip()
    person = User.objects.visible_to(request.user).active().filter(username=name).first()
    back = reverse("admin:accounts_team_change", args=[pk])
    if person is None:
        messages.error(request, _("Nobody has the user name “%(name)s”.") % {"name": name[:80]})
        return redirect(back)
    return _act(request, back, services.team_join, _("The person is in the team."), team=team, person=person)


@login_required
@require_POST
def team_leave(request: HttpRequest, pk: int) -> HttpResponse:
    member = get_object_or_404(TeamMember.objects.visible_to(request.user).current(), pk=pk)
    back = reverse("admin:accounts_team_change", args=[member.team_id])
    return _act(request, back, services.team_leave, _("The person left the team."), member=member)


@login_required
@require_POST
def shift_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    shift = get_object_or_404(Shift.objects.visible_to(request.user), pk=pk)
    back = reverse("admin:accounts_shift_change", args=[pk])
    done = _("The shift is cancelled.")
    return _act(request, back, services.shift_cancel, done, shift=shift, reason=_reason(request))


@login_required
@require_POST
def away_end(request: HttpRequest, pk: int) -> HttpResponse:
    away = get_object_or_404(Away.objects.visible_to(request.user), pk=pk)
    back = reverse("admin:accounts_away_change", args=[pk])
    return _act(request, back, services.away_end, _("The absence has ended."), away=away)
