"""The Celery app. The beat schedule is static and only sweeps; the work itself is a row in core.Job."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aftersales.settings")

app = Celery("aftersales")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# Every entry only sweeps what rows say is due; a missed beat loses nothing.
app.conf.beat_schedule = {
    "sweep-clocks": {"task": "aftersales.clocks.tasks.sweep_clocks", "schedule": 60.0},
}
