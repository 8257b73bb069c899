"""A form that arrives twice does its work once: a double click, a repeated request, a page gone back to.

Each rendered form carries a random key of its own. The key and what was written together name the act: the same again
is the same act, but whoever goes back and writes something else asks for something else.
"""

import hashlib
import re
import secrets

from django.http import HttpRequest

KEY = re.compile(r"^[A-Za-z0-9_-]{22}$")
FIELD = "form_key"
# Not part of what was written: the token of the page, and the version that the first of two posts moved on.
ASIDE = frozenset({"csrfmiddlewaretoken", "version", FIELD})


def new_key() -> str:
    """A key for one rendered form: 22 characters, 128 bits."""
    return secrets.token_urlsafe(16)


def reference(request: HttpRequest) -> str:
    """The name of a posted act, at most 87 characters; "" for a form without a key of ours."""
    key = request.POST.get(FIELD, "")
    return f"{key}.{_written(request)}" if KEY.match(key) else ""


def _written(request: HttpRequest) -> str:
    """A fingerprint of who posts where what; files count by name and size."""
    said = [(name, values) for name, values in sorted(request.POST.lists()) if name not in ASIDE]
    files = [(file.name, file.size) for name in sorted(request.FILES) for file in request.FILES.getlist(name)]
    return hashlib.sha256(repr((request.user.pk, request.path, said, files)).encode()).hexdigest()
