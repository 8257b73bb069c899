"""The Celery app. The beat schedule is static and only sweeps; the work itself is a row in core.Job."""

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aftersales.settings")

app = Celery("aftersales")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# Every entry only sweeps what rows say is due; a missed beat loses nothing.
app.conf.beat_schedule = {
    "run-due-work": {"task": "aftersales.core.tasks.run_due_work", "schedule": 15.0},
    "sweep-tickets": {"task": "aftersales.tickets.tasks.sweep", "schedule": 60.0},
    "ask-about-payments": {"task": "aftersales.cases.tasks.ask_about_payments", "schedule": 300.0},
    "look-for-absent": {"task": "aftersales.tickets.tasks.look_for_absent", "schedule": 600.0},
    "look-at-trade-data": {"task": "aftersales.tickets.tasks.look_at_trade_data", "schedule": 600.0},
    "keep-archive": {
        "task": "aftersales.tickets.tasks.keep_archive",
        "schedule": crontab(hour=18, minute=30),
    },
    "tell-training": {
        "task": "aftersales.tickets.tasks.tell_training",
        "schedule": crontab(hour=18, minute=40),
    },
    "purge-sheets": {"task": "aftersales.core.sheets.tasks.purge", "schedule": crontab(minute=20)},
    "tidy-outbox": {"task": "aftersales.notices.tasks.tidy_outbox", "schedule": crontab(minute=50)},
    "fetch-letters": {"task": "aftersales.channels.tasks.fetch", "schedule": 60.0},
    "tidy-letters": {"task": "aftersales.channels.tasks.tidy", "schedule": crontab(hour=19, minute=20)},
    "forget-done-work": {"task": "aftersales.core.tasks.forget", "schedule": crontab(hour=19, minute=0)},
    "forget-sign-ins": {"task": "accounts.tasks.forget_sign_ins", "schedule": crontab(hour=19, minute=10)},
    "go-on-with-sheets": {"task": "aftersales.core.sheets.tasks.go_on", "schedule": 60.0},
    "tell-exceptions": {"task": "aftersales.dashboards.tasks.tell_exceptions", "schedule": 900.0},
    "order-reports": {"task": "aftersales.dashboards.tasks.order_reports", "schedule": 300.0},
    "remind-training": {
        "task": "aftersales.notices.tasks.remind_training",
        "schedule": crontab(hour=1, minute=10),
    },
    "remind-agreements": {
        "task": "aftersales.notices.tasks.remind_agreements",
        "schedule": crontab(hour=1, minute=20),
    },
    "sweep-certificates": {"task": "training.tasks.sweep_certificates", "schedule": 300.0},
    "sweep-retraining": {"task": "training.tasks.sweep_orders", "schedule": 600.0},
    "raise-measures": {
        "task": "aftersales.scorecards.tasks.raise_measures",
        "schedule": crontab(hour=22, minute=40),
    },
    "remind-of-appeals": {
        "task": "aftersales.scorecards.tasks.remind_of_appeals",
        "schedule": crontab(minute=35),
    },
    "sweep-measures": {"task": "aftersales.scorecards.tasks.sweep_measures", "schedule": 600.0},
    "sweep-circumstances": {"task": "aftersales.clocks.tasks.sweep_circumstances", "schedule": 600.0},
    "sweep-lessons": {"task": "aftersales.merchants.tasks.sweep_lessons", "schedule": 600.0},
    "forget-invitations": {
        "task": "aftersales.merchants.tasks.forget_invitations",
        "schedule": crontab(hour=19, minute=15),
    },
    "sweep-exams": {"task": "training.tasks.sweep_exams", "schedule": 30.0},
    "sweep-disputes": {"task": "aftersales.cases.tasks.sweep_disputes", "schedule": 60.0},
    "collect-recoveries": {"task": "aftersales.cases.tasks.collect_recoveries", "schedule": 600.0},
    "sweep-parcels": {"task": "aftersales.cases.tasks.sweep_parcels", "schedule": 600.0},
    "sweep-requests": {"task": "aftersales.cases.tasks.sweep_requests", "schedule": 600.0},
    "approve-by-rule": {"task": "aftersales.cases.tasks.approve_by_rule", "schedule": 600.0},
    "seal-ledger": {"task": "aftersales.ledger.tasks.seal", "schedule": 300.0},
    "raise-incentives": {"task": "aftersales.ledger.tasks.raise_incentives", "schedule": 21600.0},
    "tell-of-rules": {"task": "aftersales.ledger.tasks.tell_of_rules", "schedule": 600.0},
    "refresh-scorecards": {"task": "aftersales.scorecards.tasks.refresh", "schedule": 300.0},
    "recount-scorecards": {
        "task": "aftersales.scorecards.tasks.recount",
        "schedule": crontab(day_of_week="sat", hour=18, minute=50),
    },
    "score-everybody": {
        "task": "aftersales.scorecards.tasks.score",
        "schedule": crontab(hour=18, minute=20),
    },
    "judge-months": {
        "task": "aftersales.scorecards.tasks.judge_months",
        "schedule": crontab(hour=19, minute=20),
    },
    "forget-trials": {
        "task": "aftersales.scorecards.tasks.forget_trials",
        "schedule": crontab(hour=19, minute=25),
    },
    "sweep-plans": {"task": "aftersales.scorecards.tasks.sweep_plans", "schedule": 600.0},
    "look-for-surges": {
        "task": "aftersales.improvement.tasks.look_for_surges",
        "schedule": crontab(minute=25),
    },
    "look-for-signs": {
        "task": "aftersales.improvement.tasks.look_for_signs",
        "schedule": crontab(hour=18, minute=10),
    },
    "sweep-clocks": {"task": "aftersales.clocks.tasks.sweep_clocks", "schedule": 60.0},
}
