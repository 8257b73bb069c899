from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class CoreConfig(AppConfig):
    name = "aftersales.core"
    label = "core"
    verbose_name = _("System")

    def ready(self) -> None:
        from aftersales.core import roles

        post_migrate.connect(roles.after_migrate, sender=self)
