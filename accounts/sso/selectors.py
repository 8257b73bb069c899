"""Whose sign-in at a provider this is, and which sign-ins a person has linked."""

from collections.abc import Sequence
from dataclasses import dataclass

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db.models import QuerySet

from accounts.models import User
from accounts.sso.config import Provider
from accounts.sso.tokens import Claims, SsoError


@dataclass(frozen=True)
class Found:
    """``first``: recognised by the address only; the link is still to be made."""

    user: User
    first: bool


@dataclass(frozen=True)
class Choice:
    """A provider as one person sees it; ``provider`` None: linked once, and not configured any more."""

    code: str
    provider: Provider | None
    linked: bool

    @property
    def name(self) -> str:
        return self.provider.name if self.provider else self.code


def links_of(user: User) -> "QuerySet[SocialAccount]":
    return SocialAccount.objects.filter(user_id=user.pk)


def linked(provider: Provider, claims: Claims) -> User | None:
    """The person whose linked sign-in this is. A link made while the provider was another one does not count."""
    row = (
        SocialAccount.objects.select_related("user")
        .filter(provider=provider.code, uid=claims.subject)
        .first()
    )
    found: User | None = row.user if row is not None and row.extra_data.get("iss") == claims.issuer else None
    return found


def person_of(provider: Provider, claims: Claims) -> Found:
    """The person behind these claims. Raises SsoError saying why nobody is; nobody is ever made, no role is read."""
    user = linked(provider, claims)
    return Found(user, first=False) if user is not None else Found(_by_address(provider, claims), first=True)


def _by_address(provider: Provider, claims: Claims) -> User:
    """Only by an address that the provider verified, in a domain of the house, for a person not linked yet."""
    address = claims.email.lower()
    if not provider.domains or not address:
        raise SsoError("unknown")
    if address.rpartition("@")[2] not in provider.domains:
        raise SsoError("domain")
    if not claims.email_verified:
        raise SsoError("unverified")
    # The database folds letters that merely look alike (a dotless i); Python compares once more.
    near = User.objects.people().filter(email__iexact=address)[:2]
    same = [user for user in near if user.email.lower() == address]
    if len(same) != 1:
        raise SsoError("unknown")
    if links_of(same[0]).filter(provider=provider.code).exists():
        raise SsoError("relinked")
    return same[0]


def choices_for(user: User) -> Sequence[Choice]:
    """Every configured provider, with whether this person has linked it; then what is left of others. One query."""
    codes = set(links_of(user).values_list("provider", flat=True))
    found = [Choice(one.code, one, one.code in codes) for one in settings.SSO_PROVIDERS.values()]
    left = sorted(codes - set(settings.SSO_PROVIDERS))
    return [*found, *(Choice(code, None, linked=True) for code in left)]


def ways_in(user: User) -> Sequence[Provider]:
    """The configured providers with which this person can sign in."""
    if not settings.SSO_PROVIDERS:
        return []
    return [one.provider for one in choices_for(user) if one.linked and one.provider]
