"""Who may open a page of the staff side. Forbidden and absent look the same."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponseBase

from aftersales.core import moves
from aftersales.core.errors import Busy, DomainError

View = Callable[..., HttpResponseBase]


def needs(capability: str) -> Callable[[View], View]:
    """A page for signed-in people who hold `capability`; guests sign in first, others find nothing.

    What staff may do too is a page of theirs: who acts for a merchant has pages of his own for it.
    """

    def wrap(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not request.user.may_open(capability):
                raise Http404
            return view(request, *args, **kwargs)

        return guarded

    return wrap


def answered(fn: Callable[[], Any], request: HttpRequest, done: str = "") -> Any:
    """Run one act of a person: a refusal becomes a message and None, success says ``done``.

    This is the one place where staff pages turn the business's *no* into words on the page.
    """
    try:
        result = fn()
    except DomainError as error:
        messages.error(request, str(error))
        return None
    except OperationalError as error:  # a lock that a service of its own waited for
        if not moves.held_by_another(error):
            raise
        messages.error(request, str(Busy()))
        return None
    if done:
        messages.success(request, done)
    return result


def valid(request: HttpRequest, form: Any) -> bool:
    """Everything wrong with a form as messages, since it stands in a dialog."""
    for name, problems in form.errors.items():
        label = form.fields[name].label if name in form.fields else ""
        messages.error(request, f"{label}: {' '.join(map(str, problems))}".strip(": "))
    return bool(form.is_valid())
