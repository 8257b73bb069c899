"""Linking a person with a sign-in at a provider, taking it off, and what is written down about a refused one."""

import re
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.core.mail import send_mail
from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import rules
from accounts.models import User
from accounts.services.people import _refuse, _require, system_user
from accounts.sso.config import Provider
from accounts.sso.tokens import Claims
from accounts.states import Kind
from aftersales.core import events, jobs, moves
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.wording import listed

LETTER = "accounts.sso_letter"
PLAIN = re.compile(r"[A-Za-z0-9_.:|-]{1,80}")


@transaction.atomic
def sso_link(*, user: User, provider: Provider, claims: Claims, actor: Any, now: datetime) -> SocialAccount:
    """This sign-in at the provider opens this account from now on. Only oneself; once for each provider.

    Linking the same sign-in again changes nothing. Raises DomainError when it is somebody else's already.
    """
    if actor.pk != user.pk or user.kind == Kind.MACHINE:
        raise NotPermitted()
    row = User.objects.select_for_update().get(pk=user.pk)
    there = SocialAccount.objects.filter(user_id=row.pk, provider=provider.code).first()
    if there is not None:
        if (there.uid, there.extra_data.get("iss")) == (claims.subject, claims.issuer):
            return there
        raise DomainError(
            gettext_lazy("Another sign-in of this provider is linked already. Remove it first."), "one_each"
        )
    try:
        with transaction.atomic():
            link = SocialAccount.objects.create(
                user_id=row.pk, provider=provider.code, uid=claims.subject, extra_data={"iss": claims.issuer}
            )
    except IntegrityError as error:
        raise DomainError(
            gettext_lazy(
                "This sign-in is linked with another account. An administrator can remove it there."
            ),
            "taken",
        ) from error
    payload = {"provider": provider.code}
    told = events.record("user.sso_linked", subject=row, actor=actor, now=now, payload=payload)
    _letter(row, [provider.code], now, key=str(told.id), added=True)
    return link


@transaction.atomic
def sso_unlink(*, user: User, provider: str, actor: Any, now: datetime) -> None:
    """Oneself takes off the sign-in at a provider; never the last way in."""
    if actor.pk != user.pk:
        raise NotPermitted()
    row = User.objects.select_for_update().get(pk=user.pk)
    links = SocialAccount.objects.filter(user_id=row.pk)
    others = links.exclude(provider=provider).filter(provider__in=list(settings.SSO_PROVIDERS)).exists()
    _refuse(rules.may_unlink(others=others, password=row.has_usable_password() and rules.own_ways_open(row)))
    if not _remove(links.filter(provider=provider)):
        raise DomainError(gettext_lazy("This sign-in is not linked any more."), "gone")
    told = events.record(
        "user.sso_unlinked", subject=row, actor=actor, now=now, payload={"provider": provider}
    )
    _letter(row, [provider], now, key=str(told.id), added=False)


@transaction.atomic
def sso_reset(*, user: User, actor: Any, now: datetime, reason: str = "") -> User:
    """An administrator takes off every linked sign-in of somebody (linked wrongly, stolen); sessions end."""
    _require(actor, "accounts.set_active")
    _refuse([*rules.not_oneself(user, actor), *rules.is_person(user)])
    row = User.objects.select_for_update().get(pk=user.pk)
    links = SocialAccount.objects.filter(user_id=row.pk)
    codes = sorted(links.values_list("provider", flat=True))
    if not codes:
        raise DomainError(gettext_lazy("No sign-in is linked with this account."), "none_linked")
    _remove(links)
    _letter(row, codes, now, key=f"{row.pk}:{row.version}", added=False)
    changed: User = moves.change(
        row, actor=actor, now=now, event="user.sso_unlinked", reason=reason,
        payload={"provider": ", ".join(codes)}, session_epoch=row.session_epoch + 1,
    )  # fmt: skip
    return changed


def sso_refusal_record(
    *, provider: str, cause: str, now: datetime, user: User | None = None, subject: str = ""
) -> None:
    """A sign-in by a provider was refused: about the person where one was found, else about the system's account.

    ``subject`` is the provider's name for the person; one that may be an address is kept as a digest only.
    """
    system = system_user(now)
    plain = subject if PLAIN.fullmatch(subject) else ""
    digest = f"sha256:{sha256(subject.encode()).hexdigest()[:24]}" if subject and not plain else ""
    payload = {"provider": provider, "cause": cause, "subject": plain or digest}
    events.record("user.sso_refused", subject=user or system, actor=system, now=now, payload=payload)


def _remove(links: Any) -> int:
    """Without the collector, which would also delete from the table of tokens: it is empty and not ours to write."""
    return int(links._raw_delete(links.db))


def _letter(user: User, codes: Sequence[str], now: datetime, *, key: str, added: bool) -> None:
    """A letter to the person, written when the change is certain."""
    if user.email:
        payload = {"person": user.pk, "providers": list(codes), "added": added}
        jobs.enqueue(LETTER, key=f"{LETTER}:{key}", now=now, payload=payload)


def sso_letter_send(*, person: int, providers: Sequence[str], added: bool) -> None:
    """Tells a person, in the person's language, that a sign-in was linked or removed."""
    user = User.objects.get(pk=person)
    if not user.email:
        return
    with translation.override(user.language or settings.LANGUAGE_CODE):
        names = {"name": user.display_name, "provider": listed([_name(code) for code in providers])}
        subject = _("Sign-in linked with your account") if added else _("Linked sign-in removed")
        told = (
            _("%(name)s, your account can now also be opened with your sign-in at %(provider)s.")
            if added
            else _("%(name)s, your account can no longer be opened with your sign-in at %(provider)s.")
        )
        alarm = _("If this was not you, tell an administrator at once.")
    send_mail(subject, f"{told % names}\n\n{alarm}\n\n{settings.SITE_URL}\n", None, [user.email])


def _name(code: str) -> str:
    provider = settings.SSO_PROVIDERS.get(code)
    return provider.name if provider else code
