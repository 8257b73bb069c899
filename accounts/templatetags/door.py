"""What the sign-in page shows besides its form."""

from django import template
from django.conf import settings

from accounts.demo import LOGINS, SHOPKEEPERS, Login
from accounts.models import User
from accounts.passkeys.config import Site
from accounts.sso.config import Provider
from accounts.sso.selectors import choices_for, ways_in
from accounts.states import Kind

register = template.Library()


@register.simple_tag
def demo_logins() -> tuple[Login, ...]:
    """The demonstration's logins; nothing in production or before demo data was loaded."""
    if settings.PRODUCTION or not User.objects.filter(kind=Kind.DEMO).exists():
        return ()
    return (*LOGINS, SHOPKEEPERS[0])


@register.simple_tag
def sign_in_providers() -> tuple[Provider, ...]:
    """The configured sign-in providers, in the order of the installation."""
    return tuple(settings.SSO_PROVIDERS.values())


@register.simple_tag
def linked_sign_ins(user: User) -> tuple[Provider, ...]:
    """The providers with which this person can sign in."""
    return tuple(ways_in(user))


@register.simple_tag
def has_sign_ins(user: User) -> bool:
    """There is something on the page of linked sign-ins: a provider, or what is left of one."""
    return bool(choices_for(user))


@register.simple_tag
def passkey_site() -> Site:
    """Where passkeys hold; false where this installation has none."""
    site: Site = settings.PASSKEYS
    return site
