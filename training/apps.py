from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TrainingConfig(AppConfig):
    name = "training"
    verbose_name = _("Training")

    def ready(self) -> None:
        from accounts import qualifications
        from aftersales.core import authority, panels, series, shipped, subjects
        from training import events, selectors, services, shipping
        from training import panels as own

        events.register()
        self._machines()
        series.declare("certificate", "ZS{yy}{mm}-{n:04d}")
        subjects.declare("training.certificate", "number")
        shipped.register("training", shipping.load)
        qualifications.provide(selectors.standing)
        panels.offer("accounts.user", own.certificates_of)
        authority.keep(
            weigh=selectors.weigh, take=services.authority_take, give_back=services.authority_return
        )
        self._school()

    def _machines(self) -> None:
        from aftersales.core import moves
        from training import exammachine, machine, practicalmachine, retrainingmachine

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
            retrainingmachine.ORDER_MACHINE,
        ):
            moves.use(one)

    def _school(self) -> None:
        """Courses, exams and practical assessments: their numbers, names, facts and files."""
        from aftersales.core import facts, files, series, subjects
        from training import courseselectors, examselectors, retrainingselectors

        for code, pattern in (
            ("course_run", "PX{yy}{mm}-{n:04d}"),
            ("exam_attempt", "KS{yy}{mm}-{n:05d}"),
            ("assessment", "SC{yy}{mm}-{n:04d}"),
            ("retraining", "ZX{yy}{mm}-{n:04d}"),
        ):
            series.declare(code, pattern)
        for kind in ("run", "attempt", "assessment", "order"):
            subjects.declare(f"training.{kind}", "number")
        subjects.provide_page("training.run", "training:run")
        subjects.provide_page("training.assessment", "training:practical")
        facts.provide("training.seated", courseselectors.seated)
        facts.provide("training.start_early", courseselectors.start_early)
        facts.provide("training.run_of_seat", courseselectors.runs_of_seats)
        facts.provide("training.markers", examselectors.markers)
        facts.provide("training.bank", examselectors.in_bank)
        facts.provide("training.learned", retrainingselectors.learned)
        files.declare("training.coursefile", courseselectors.stored_files)
