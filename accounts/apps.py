from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People")

    def ready(self) -> None:
        from accounts import events, signin, tasks
        from aftersales.core import jobs, subjects

        assert events
        signin.connect()
        jobs.register("accounts.sso_letter", tasks.sso_letter, _("Tell a person about a linked sign-in"))
        jobs.register(
            "accounts.factor_letter", tasks.factor_letter, _("Tell a person about the own second factor")
        )
        subjects.declare("accounts.user", "username")
        subjects.declare("accounts.team", "code")
