from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DashboardsConfig(AppConfig):
    name = "aftersales.dashboards"
    label = "dashboards"
    verbose_name = _("Dashboards")

    def ready(self) -> None:
        from aftersales.core import demonstration, jobs
        from aftersales.dashboards import events, files, scene, tasks  # noqa: F401 - importing declares the events
        from aftersales.notices import kinds

        jobs.register("dashboards.report", tasks.report_job, _("Make a report"))
        demonstration.register("dashboards.reports", scene.play)
        kinds.provide_page("dashboards.report", files.report_page)
        kinds.provide_files("report.ready", files.report_files)
