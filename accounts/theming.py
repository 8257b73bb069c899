"""The appearance a person chose, on each of his devices: a cookie that the page reads before it is painted."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts.selectors import taste_of
from accounts.states import Theme

COOKIE = "theme"
YEAR = 365 * 24 * 3600


def remember(response: HttpResponse, theme: str) -> None:
    """Not a secret and no key to anything: the page's script reads it."""
    response.set_cookie(
        COOKIE, theme, max_age=YEAR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE, httponly=False
    )


class ThemeMiddleware:
    """A device that shows something else than its person chose is told; a guest keeps what the device says."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        user = getattr(request, "user", None)
        if user is None or not user.is_authenticated or COOKIE in response.cookies:
            return response
        chosen = taste_of(user).theme
        if chosen != request.COOKIES.get(COOKIE, Theme.AUTO) and "text/html" in response.get(
            "Content-Type", ""
        ):
            remember(response, chosen)
        return response
