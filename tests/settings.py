"""Settings of the tests: the product's own, with their own data folder; nothing leaves the machine."""

import os
import sys
from pathlib import Path

# Whatever the machine's habit: without bytecode every process that a test starts compiles the whole product anew.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
os.environ.setdefault("AFTERSALES_DATA", str(Path(__file__).resolve().parent.parent / ".data" / "tests"))
os.environ.setdefault("AFTERSALES_FAST", "1")
os.environ["AFTERSALES_MODE"] = "demo"
if os.environ.get("DATABASE_URL"):
    # A given server is used as its superuser, who makes the databases; the tests act as the app role.
    os.environ.setdefault("DATABASE_OWNER_URL", os.environ["DATABASE_URL"])
    os.environ.setdefault("DATABASE_APP_ROLE", "aftersales_app")

from aftersales.settings import *  # noqa: E402, F403
from aftersales.settings import DATABASES, INSTALLED_APPS, MEDIA_ROOT  # noqa: E402

if os.environ.get("DATABASE_URL"):
    DATABASES["default"]["OPTIONS"] = {
        **DATABASES["default"].get("OPTIONS", {}),
        "options": "-c role=aftersales_app -c lock_timeout=2s -c statement_timeout=30s",
    }
DATABASES["default"]["CONN_MAX_AGE"] = 0

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
MEDIA_ROOT = MEDIA_ROOT / "tests"
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
CELERY_BROKER_URL = "memory://"

# A toy room proves the machinery; nothing wakes a worker, the tests run the work themselves.
INSTALLED_APPS = [*INSTALLED_APPS, "tests.toy"]
JOBS_NUDGE = False
FIGURES_SECONDS = 0  # every test counts for itself; the one about remembering sets it
