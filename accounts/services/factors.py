"""The second factor: passkeys and the authenticator app of a person, and the letter about each change."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import rules
from accounts.models import User
from accounts.services.people import _end_sessions, _refuse, _require
from accounts.states import FACTORS
from aftersales.core import events, jobs
from aftersales.core.errors import DomainError, NotPermitted

LETTER = "accounts.factor_letter"
LONGEST_NAME = 60


@transaction.atomic
def passkey_add(
    *, user: User, name: str, credential: Mapping[str, Any], counter: int, actor: Any, now: datetime
) -> bool:
    """Keep a passkey that was just made; answers whether recovery codes were made with it (the first factor).

    Raises DomainError when the sessions were ended meanwhile, it is there already or there are too many.
    """
    row = _myself(user, actor)
    if row.session_epoch != user.session_epoch or not row.is_active:
        raise DomainError(gettext_lazy("Your session was ended. Please sign in again."), "session_ended")
    keys = Authenticator.objects.filter(user_id=row.pk, type=Authenticator.Type.WEBAUTHN)
    _refuse(rules.may_add_passkey(keys.count()))
    if keys.filter(data__credential__rawId=credential["rawId"]).exists():
        raise DomainError(gettext_lazy("This passkey is set up already."), "passkey_there")
    passkey = Authenticator.objects.create(
        user_id=row.pk, type=Authenticator.Type.WEBAUTHN, created_at=now,
        data={"name": _named(name), "credential": dict(credential), "counter": counter},
    )  # fmt: skip
    _tell("user.passkey_added", "passkey_added", row, actor, now, passkey=passkey.pk)
    if Authenticator.objects.filter(user_id=row.pk, type=Authenticator.Type.RECOVERY_CODES).exists():
        return False
    RecoveryCodes.activate(row)
    return True


@transaction.atomic
def passkey_rename(*, user: User, passkey: int, name: str, actor: Any, now: datetime) -> None:
    """The name by which its owner knows it."""
    row = _myself(user, actor)
    key = _factor(row, Authenticator.Type.WEBAUTHN, passkey)
    if key.data.get("name") == _named(name):
        return
    key.data["name"] = _named(name)
    key.save(update_fields=["data"])
    events.record("user.passkey_renamed", subject=row, actor=actor, now=now, payload={"passkey": key.pk})


@transaction.atomic
def passkey_remove(*, user: User, passkey: int, actor: Any, now: datetime) -> None:
    """It opens nothing any more; never the last factor of a person whose role demands one."""
    row = _myself(user, actor)
    _remove(row, _factor(row, Authenticator.Type.WEBAUTHN, passkey))
    _tell("user.passkey_removed", "passkey_removed", row, actor, now, passkey=passkey)


@transaction.atomic
def app_remove(*, user: User, actor: Any, now: datetime) -> None:
    """The authenticator app no longer counts; never the last factor of a person whose role demands one."""
    row = _myself(user, actor)
    _remove(row, _factor(row, Authenticator.Type.TOTP))
    _tell("user.second_factor_removed", "app_removed", row, actor, now)


@transaction.atomic
def passkey_used(*, passkey: Authenticator, counter: int, now: datetime) -> bool:
    """Keep the counter of a passkey that was shown.

    False when it did not grow: two devices hold the same key, so it was copied. That is written down. Passkeys
    that count nothing (those of an account shared between devices) say 0 each time.
    """
    key = Authenticator.objects.select_for_update().filter(pk=passkey.pk).first()
    if key is None:
        return False
    last = int(key.data.get("counter", 0))
    if (last or counter) and counter <= last:
        person = User.objects.get(pk=key.user_id)
        events.record(
            "user.passkey_copied", subject=person, actor=person, now=now, payload={"passkey": key.pk}
        )
        return False
    if counter != last:
        key.data["counter"] = passkey.data["counter"] = counter
        key.save(update_fields=["data"])
    return True


@transaction.atomic
def app_added(*, user: User, actor: Any, now: datetime) -> None:
    """The authenticator app was set up: written down and told."""
    _tell("user.second_factor_set", "app_added", User.objects.get(pk=user.pk), actor, now)


@transaction.atomic
def second_factor_reset(*, user: User, actor: Any, now: datetime, reason: str) -> User:
    """Phone or passkey lost: app, passkeys and codes go, sessions end, the next sign-in sets up a new one."""
    _require(actor, "accounts.set_active")
    _refuse([*rules.not_oneself(user, actor), *rules.is_person(user)])
    # Locked first: a passkey that is added at this moment is either removed too or refused (its session has ended).
    User.objects.select_for_update().get(pk=user.pk)
    Authenticator.objects.filter(user_id=user.pk).delete()
    changed = _end_sessions(user, actor, now, "user.second_factor_removed", reason)
    factor_letter(changed, "reset", now, key=f"{changed.pk}:{changed.version}")
    return changed


def factor_letter(user: User, what: str, now: datetime, *, key: str) -> None:
    """Ask for a letter to the person, sent when the change is certain; nothing without an address."""
    if user.email:
        payload = {"person": user.pk, "what": what}
        jobs.enqueue(LETTER, key=f"{LETTER}:{key}", now=now, payload=payload)


def factor_letter_send(*, person: int, what: str) -> None:
    """Tells a person, in the person's language, what changed about the second factor."""
    user = User.objects.get(pk=person)
    if not user.email:
        return
    with translation.override(user.language or settings.LANGUAGE_CODE):
        subject, told = _words(what)
        greeting = _("%(name)s,") % {"name": user.display_name}
        alarm = _("If this was not you, change your password and tell an administrator at once.")
        body = f"{greeting}\n\n{told}\n\n{alarm}\n\n{settings.SITE_URL}\n"
        send_mail(subject, body, None, [user.email])


def _words(what: str) -> tuple[str, str]:
    return {
        "passkey_added": (_("Passkey added"), _("A passkey was added to your account. It signs you in by itself.")),
        "passkey_removed": (_("Passkey removed"), _("A passkey of your account was removed.")),
        "app_added": (
            _("Authenticator app set up"),
            _("An authenticator app was set up as the second factor of your account."),
        ),
        "app_removed": (_("Authenticator app removed"), _("The authenticator app of your account was removed.")),
        "reset": (
            _("Second factor removed"),
            _("An administrator removed the authenticator app, passkeys and recovery codes of your account."),
        ),
    }[what]  # fmt: skip


def _myself(user: User, actor: Any) -> User:
    """The person's row, locked: two removals at once must not leave a person without a factor."""
    if actor.pk != user.pk:
        raise NotPermitted()
    row: User = User.objects.select_for_update().get(pk=user.pk)
    return row


def _factor(row: User, kind: str, pk: int | None = None) -> Authenticator:
    found = Authenticator.objects.filter(user_id=row.pk, type=kind)
    factor = (found.filter(pk=pk) if pk is not None else found).first()
    if factor is None:
        raise DomainError(gettext_lazy("It was removed already."), "gone")
    return factor


def _remove(row: User, factor: Authenticator) -> None:
    others = Authenticator.objects.filter(user_id=row.pk, type__in=FACTORS).exclude(pk=factor.pk).exists()
    _refuse(rules.may_remove_factor(needed=row.needs_second_factor, others=others))
    mine = Authenticator.objects.filter(user_id=row.pk)
    # Recovery codes stand for a lost factor; without one they would be a factor of their own.
    (mine.filter(pk=factor.pk) if others else mine).delete()


def _tell(event: str, what: str, row: User, actor: Any, now: datetime, **payload: int) -> None:
    told = events.record(event, subject=row, actor=actor, now=now, payload=payload)
    factor_letter(row, what, now, key=str(told.id))


def _named(name: str) -> str:
    return name.replace("\x00", "").strip()[:LONGEST_NAME] or _("Passkey")
