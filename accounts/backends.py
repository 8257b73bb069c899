"""Password sign-in against our users, lock-out in front of it, and ``has_perm`` from the capability table."""

from typing import Any

from axes.backends import AxesStandaloneBackend
from django.conf import settings
from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from accounts import rules
from accounts.models import User
from accounts.states import Kind


def may_sign_in(user: User) -> bool:
    """Machines never; demo people only in demo mode; nobody who is inactive."""
    if not user.is_active or user.kind == Kind.MACHINE:
        return False
    return user.kind != Kind.DEMO or not settings.PRODUCTION


def _user_of_session(user_id: int) -> User | None:
    user = User.objects.select_related("taste").filter(pk=user_id).first()
    return user if user is not None and may_sign_in(user) else None


class CapabilityBackend(BaseBackend):
    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        if username is None or password is None:
            return None
        user = User.objects.filter(username=username).first()
        if user is None:
            User().set_password(password)  # the same work for an unknown name: no answer by stop-watch
            return None
        right = user.check_password(password)
        return user if right and may_sign_in(user) and rules.own_ways_open(user) else None

    def get_user(self, user_id: int) -> User | None:
        return _user_of_session(user_id)

    def has_perm(self, user_obj: Any, perm: str, obj: object = None) -> bool:
        return isinstance(user_obj, User) and user_obj.has_perm(perm, obj)


class LockOutBackend(AxesStandaloneBackend):  # type: ignore[misc]
    """Refuses before the password is looked at; never signs anybody in."""

    def get_user(self, user_id: int) -> User | None:
        return _user_of_session(user_id)

    def has_perm(self, user_obj: Any, perm: str, obj: object = None) -> bool:
        return False
