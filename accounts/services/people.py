"""Every write about accounts. Keyword-only; ``actor`` is who does it, ``now`` comes from the caller."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from allauth.account.models import EmailAddress
from axes.utils import reset
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import rules
from accounts.models import User
from accounts.states import Kind, Role
from aftersales.core import events, moves
from aftersales.core.errors import DomainError, NotPermitted, Refused

SYSTEM_NAME = "system"
CUSTOMER_NAME = "customer"


def _require(actor: Any, code: str) -> None:
    """Raises NotPermitted unless the actor's roles give the capability."""
    if not actor.has_perm(code):
        raise NotPermitted()


def system_user(now: datetime | None = None) -> User:
    """The machine account that sweeps, rules and imports act as. Created at first use."""
    return _machine(SYSTEM_NAME, Role.SYSTEM, "系统", now)


def customer_user(now: datetime | None = None) -> User:
    """The machine account behind a customer's signed page; whose page it was stands in ``acting_as``."""
    return _machine(CUSTOMER_NAME, Role.CUSTOMER, "客户", now)


def _machine(username: str, role: Role, name: str, now: datetime | None) -> User:
    found: User | None = User.objects.filter(username=username).first()
    if found is not None:
        return found
    found, _created = User.objects.get_or_create(
        username=username,
        defaults={
            "display_name": name,
            "roles": [role],
            "kind": Kind.MACHINE,
            "password": make_password(None),
            "created_at": now or datetime.fromtimestamp(0, tz=UTC),
        },
    )
    return found


def user_create(
    *,
    username: str,
    display_name: str,
    roles: Sequence[str],
    actor: Any,
    now: datetime,
    email: str = "",
    language: str = "",
    languages: Sequence[str] = (),
    capacity: int = 20,
    password: str | None = None,
    kind: str = Kind.PERSON,
) -> User:
    """A new account (R1.4). Without ``password`` nobody can sign in before a set-password link was used."""
    _require(actor, "accounts.create_user")
    _require(actor, "accounts.set_roles")
    _refuse(rules.roles_fit(roles))
    _refuse_taken(username=username.strip(), email=email.strip(), but=None)
    user = User(
        username=username.strip(), display_name=display_name.strip(), email=email.strip(), language=language,
        roles=rules.in_order(roles), capacity=capacity, kind=kind, created_at=now, languages=list(languages),
        password=make_password(password),
    )  # fmt: skip
    return moves.create(user, actor=actor, now=now, event="user.created", payload={"new_roles": user.roles})


EDITABLE = frozenset({"username", "display_name", "email", "language", "languages", "capacity"})


@transaction.atomic
def user_change(*, user: User, actor: Any, now: datetime, version: int | None = None, **columns: Any) -> User:
    """Name, e-mail, language, capacity. Roles, password and activity have their own doors."""
    if list(rules.may_change(user, actor, columns)):
        raise NotPermitted()
    if set(columns) - EDITABLE:
        raise DomainError(_("These fields cannot be changed here."), "not_editable")
    _refuse(rules.is_person(user))
    if "username" in columns or "email" in columns:
        _refuse_taken(
            username=columns.get("username", user.username),
            email=columns.get("email", user.email),
            but=user.pk,
        )
    changed = sorted(name for name, value in columns.items() if getattr(user, name) != value)
    if "email" in changed:  # a reset link must never reach an address the account no longer has
        EmailAddress.objects.filter(user_id=user.pk).delete()
    return moves.change(
        user,
        actor=actor,
        now=now,
        event="user.changed",
        version=version,
        payload={"columns": changed},
        **columns,
    )


def users_loaded(
    created: Sequence[int], changed: Mapping[int, Sequence[str]], actor: Any, now: datetime
) -> None:
    """Accounts that a sheet made and changed (by key, with the columns): each leaves the event it leaves by hand."""
    people = User.objects.in_bulk([*created, *changed])
    made = [
        _told("user.created", people[key], actor, now, {"new_roles": people[key].roles}) for key in created
    ]
    others = [
        _told("user.changed", people[key], actor, now, {"columns": list(names)})
        for key, names in changed.items()
    ]
    events.record_many([*made, *others], now=now)


def _told(code: str, user: User, actor: Any, now: datetime, payload: dict[str, Any]) -> events.Draft:
    return events.Draft(kind=code, row=user, actor=actor, at=now, payload=payload)


@transaction.atomic
def user_set_roles(
    *,
    user: User,
    roles: Sequence[str],
    actor: Any,
    now: datetime,
    reason: str = "",
    version: int | None = None,
) -> User:
    """Give and take roles. Never one's own; losing a role ends every open session of the person."""
    _require(actor, "accounts.set_roles")
    _refuse([*rules.not_oneself(user, actor), *rules.is_person(user), *rules.roles_fit(roles)])
    current = User.objects.select_for_update().get(pk=user.pk)
    new = rules.in_order(roles)
    if Role.ADMINISTRATOR in current.roles and Role.ADMINISTRATOR not in new:
        _keep_an_administrator(current)
    lost = set(current.roles) - set(new)
    return moves.change(
        user, actor=actor, now=now, event="user.roles_changed", reason=reason, version=version,
        payload={"old_roles": list(current.roles), "new_roles": new},
        roles=new, session_epoch=current.session_epoch + bool(lost),
    )  # fmt: skip


@transaction.atomic
def user_deactivate(*, user: User, actor: Any, now: datetime, reason: str = "") -> User:
    """No more sign-in; open sessions die with the next request. Rooms above hear the event."""
    _require(actor, "accounts.set_active")
    _refuse([*rules.not_oneself(user, actor), *rules.is_person(user)])
    if Role.ADMINISTRATOR in user.roles:
        _keep_an_administrator(user)
    return _end_sessions(user, actor, now, "user.deactivated", reason, is_active=False)


def user_activate(*, user: User, actor: Any, now: datetime, reason: str = "") -> User:
    _require(actor, "accounts.set_active")
    _refuse(rules.is_person(user))
    return moves.change(user, actor=actor, now=now, event="user.activated", reason=reason, is_active=True)


def user_end_sessions(*, user: User, actor: Any, now: datetime, reason: str = "") -> User:
    """Sign the person out everywhere (a lost laptop)."""
    if actor.pk != user.pk:
        _require(actor, "accounts.set_active")
    return _end_sessions(user, actor, now, "user.sessions_ended", reason)


def password_set(*, user: User, password: str, actor: Any, now: datetime) -> User:
    """A new password, already judged by the form; every other session of the person ends."""
    if actor.pk != user.pk:
        _require(actor, "accounts.set_active")
    changed = _end_sessions(user, actor, now, "user.password_changed", "", password=make_password(password))
    user.password, user.session_epoch, user.version = changed.password, changed.session_epoch, changed.version
    return changed


def invitation_record(*, user: User, actor: Any, now: datetime) -> None:
    """A link for setting the password was issued; it works once and for a day."""
    _require(actor, "accounts.set_active")
    events.record("user.invited", subject=user, actor=actor, now=now)


@transaction.atomic
def sign_in_unlock(*, user: User, actor: Any, now: datetime, reason: str = "") -> None:
    """Forget the wrong passwords of this name, from every address."""
    _require(actor, "accounts.set_active")
    reset(username=user.username)
    events.record("user.unlocked", subject=user, actor=actor, now=now, reason=reason)


def language_set(*, user: User, language: str, now: datetime) -> User:
    """The person's own choice of language."""
    changed: User = moves.change(
        User.objects.get(pk=user.pk), actor=user, now=now, event="user.language_set",
        payload={"language": language},
        language=language, quiet=("language",),
    )  # fmt: skip
    user.language = language
    return changed


def note(code: str, *, user: User, actor: Any, now: datetime) -> None:
    """Sign-in, sign-out, second factor set or removed: events without a change of the account."""
    events.record(code, subject=user, actor=actor, now=now)


def denial_record(*, user: Any, method: str, path: str, now: datetime) -> None:
    """A page or an act was refused to a signed-in person."""
    events.record(
        "user.access_denied",
        subject=user,
        actor=user,
        now=now,
        payload={"path": path[:200], "method": method[:8]},
    )


def _end_sessions(user: User, actor: Any, now: datetime, event: str, reason: str, **columns: Any) -> User:
    row = User.objects.get(pk=user.pk)  # also because a request's own user is a lazy object
    return moves.change(
        row,
        actor=actor,
        now=now,
        event=event,
        reason=reason,
        session_epoch=row.session_epoch + 1,
        **columns,
    )


def _keep_an_administrator(leaving: User) -> None:
    others = User.objects.select_for_update().active().with_role(Role.ADMINISTRATOR).exclude(pk=leaving.pk)
    if not list(others.values_list("pk", flat=True)[:1]):
        raise DomainError(_("The last administrator must stay."), "last_administrator")


def _refuse(reasons: Iterable[Any]) -> None:
    found = list(reasons)
    if found:
        raise Refused(found)


def _refuse_taken(*, username: str, email: str, but: int | None) -> None:
    others = User.objects.exclude(pk=but or 0)
    if not username or others.filter(username__iexact=username).exists():
        raise DomainError(_("This user name is taken."), "username_taken")
    if email and others.filter(email__iexact=email).exists():
        raise DomainError(_("Another account has this e-mail address."), "email_taken")
