from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class CoreConfig(AppConfig):
    name = "aftersales.core"
    label = "core"
    verbose_name = _("System")

    def ready(self) -> None:
        from aftersales.core import roles, system_admin  # noqa: F401 - importing registers the pages and event kinds

        post_migrate.connect(roles.after_migrate, sender=self)
        self._sheets()
        self._rows_of_merchants()

    def _rows_of_merchants(self) -> None:
        """Every room's ``merchantrows.py`` says what of its tables merchants read."""
        from django.utils.module_loading import autodiscover_modules

        from aftersales.core import rowpolicies

        autodiscover_modules("merchantrows")
        rowpolicies.hide_columns()

    def _sheets(self) -> None:
        """Every room's ``sheets.py`` declares its columns; the engine's job and events are known before any is used."""
        from django.utils.module_loading import autodiscover_modules

        from aftersales.core import jobs, shipped
        from aftersales.core.sheets import admin, events, profiles, tasks  # noqa: F401 - the register of column profiles

        events.register()
        jobs.register("sheets.check", tasks.check_job, _("Check a sheet"))
        jobs.register("sheets.apply", tasks.apply_job, _("Write a sheet"))
        jobs.register("sheets.export", tasks.export_job, _("Make an export"))
        autodiscover_modules("sheets")
        shipped.register("sheets", profiles.load)
