"""What the sign-in page shows besides its form."""

from django import template
from django.conf import settings

from accounts.demo import LOGINS, SHOPKEEPERS, Login
from accounts.models import User
from accounts.states import Kind

register = template.Library()


@register.simple_tag
def demo_logins() -> tuple[Login, ...]:
    """The demonstration's logins; nothing in production or before demo data was loaded."""
    if settings.PRODUCTION or not User.objects.filter(kind=Kind.DEMO).exists():
        return ()
    return (*LOGINS, SHOPKEEPERS[0])
