"""The after-sales back office. A plain package: every folder in it is one room (one Django app)."""

from aftersales.celery import app as celery_app

__all__ = ["celery_app"]
