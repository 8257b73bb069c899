from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People")

    def ready(self) -> None:
        from accounts import events, signin
        from aftersales.core import subjects

        assert events
        signin.connect()
        subjects.declare("accounts.user", "username")
        subjects.declare("accounts.team", "code")
