from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ImprovementConfig(AppConfig):
    name = "aftersales.improvement"
    label = "improvement"
    verbose_name = _("Improvement")

    def ready(self) -> None:
        from aftersales.core import demonstration, moves, panels, series, subjects
        from aftersales.improvement import events, machine, scene, sheets  # noqa: F401 - importing declares the sheet
        from aftersales.improvement.panels import warnings_of

        events.register()
        moves.use(machine.WARNING_MACHINE)
        moves.use(machine.SIGN_MACHINE)
        series.declare("warning", "YJ{yy}{mm}-{n:04d}")
        subjects.declare("improvement.warning", "number")
        subjects.provide_page("improvement.warning", "improvement:warning")
        demonstration.register("improvement.warnings", scene.play)
        panels.offer("merchants.merchant", warnings_of)
