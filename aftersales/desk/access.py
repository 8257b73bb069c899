"""Who may open a page of the desk. Forbidden and absent look the same."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse

View = Callable[..., HttpResponse]


def needs(capability: str) -> Callable[[View], View]:
    """A page for signed-in people who hold `capability`; guests sign in first, others find nothing."""

    def wrap(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not request.user.has_perm(capability):
                raise Http404
            return view(request, *args, **kwargs)

        return guarded

    return wrap
