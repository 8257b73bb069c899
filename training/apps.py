from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TrainingConfig(AppConfig):
    name = "training"
    verbose_name = _("Training")

    def ready(self) -> None:
        from accounts import qualifications
        from aftersales.core import authority, facts, files, moves, panels, series, shipped, subjects
        from training import (
            courseselectors,
            events,
            exammachine,
            examselectors,
            machine,
            practicalmachine,
            selectors,
            services,
            shipping,
        )
        from training import panels as own

        events.register()
        for one in (
            machine.TIER_MACHINE,
            machine.LIMIT_MACHINE,
            machine.REQUIREMENT_MACHINE,
            machine.CERTIFICATE_MACHINE,
            machine.NUMBER_MACHINE,
            machine.COURSE_MACHINE,
            machine.RUN_MACHINE,
            machine.SEAT_MACHINE,
            exammachine.QUESTION_MACHINE,
            exammachine.EXAM_MACHINE,
            exammachine.ATTEMPT_MACHINE,
            practicalmachine.RUBRIC_MACHINE,
            practicalmachine.ASSESSMENT_MACHINE,
        ):
            moves.use(one)
        series.declare("certificate", "ZS{yy}{mm}-{n:04d}")
        series.declare("course_run", "PX{yy}{mm}-{n:04d}")
        series.declare("exam_attempt", "KS{yy}{mm}-{n:05d}")
        series.declare("assessment", "SC{yy}{mm}-{n:04d}")
        subjects.declare("training.assessment", "number")
        subjects.provide_page("training.assessment", "training:practical")
        subjects.declare("training.attempt", "number")
        facts.provide("training.markers", examselectors.markers)
        subjects.declare("training.certificate", "number")
        subjects.declare("training.run", "number")
        subjects.provide_page("training.run", "training:run")
        facts.provide("training.seated", courseselectors.seated)
        facts.provide("training.start_early", courseselectors.start_early)
        facts.provide("training.run_of_seat", courseselectors.runs_of_seats)
        files.declare("training.coursefile", courseselectors.stored_files)
        shipped.register("training", shipping.load)
        qualifications.provide(selectors.standing)
        panels.offer("accounts.user", own.certificates_of)
        authority.keep(
            weigh=selectors.weigh, take=services.authority_take, give_back=services.authority_return
        )
