"""One settings file for every environment; the differences live in the environment (see aftersales.env)."""

from datetime import timedelta

from csp.constants import NONCE
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from accounts.passkeys import config as passkeys
from accounts.sso import config as sso
from aftersales import env
from aftersales.core.embedded import broker_url, database
from aftersales.desk.look import UNFOLD  # noqa: F401

BASE_DIR = env.BASE_DIR
DATA = env.data_folder()

# Demo mode is the default so that two commands run everything; production says AFTERSALES_MODE=production.
MODE = env.choice("AFTERSALES_MODE", "demo", ["demo", "production"])
PRODUCTION = MODE == "production"
DEBUG = env.flag("DEBUG", default=False)
SECRET_KEY = env.text("SECRET_KEY") or ("" if PRODUCTION else "demo-only-not-a-secret-" + "x" * 40)
if not SECRET_KEY:
    raise ImproperlyConfigured("SECRET_KEY is missing: production needs one of 50 characters or more.")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "" if PRODUCTION else "localhost,127.0.0.1,[::1],testserver")
SITE_URL = env.site("SITE_URL", "" if PRODUCTION else "http://127.0.0.1:8000")
if PRODUCTION and not (ALLOWED_HOSTS and SITE_URL):
    raise ImproperlyConfigured("ALLOWED_HOSTS and SITE_URL must be set in production.")

ROOMS = [
    "aftersales.core",
    "accounts",
    "training",
    "aftersales.standards",
    "aftersales.merchants",
    "aftersales.customers",
    "aftersales.orders",
    "aftersales.notices",
    "aftersales.clocks",
    "aftersales.ledger",
    "aftersales.tickets",
    "aftersales.channels",
    "aftersales.cases",
    "aftersales.scorecards",
    "aftersales.improvement",
    "aftersales.portal",
    "aftersales.selfservice",
    "aftersales.desk",
    "aftersales.dashboards",
]

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.simple_history",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "axes",
    "csp",
    "pgtrigger",
    "simple_history",
    "django_htmx",
    *ROOMS,
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "accounts.middleware.HeadersMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.LanguageMiddleware",
    "accounts.theming.ThemeMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "aftersales.core.origin.OriginMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.SessionLimitsMiddleware",
    "accounts.middleware.SecondFactorMiddleware",
    "accounts.middleware.DeniedMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "aftersales.urls"
WSGI_APPLICATION = "aftersales.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
            ]
        },
    }
]

# Named here, started elsewhere (manage.py, the supervisor, the test session); see aftersales.core.embedded.
DATABASES = {"default": database()}
# Made by `manage.py provision`; no second server only for counters and short answers.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        "OPTIONS": {"MAX_ENTRIES": 50_000},
    }
}
# Seconds for which the figures of a range are those of the last reader who asked for them; 0: always counted anew.
FIGURES_SECONDS = env.number("FIGURES_SECONDS", 60, most=3600)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"

# Sign-in: one door (allauth) for everybody; lock-out by axes; has_perm from the capability table.
AUTHENTICATION_BACKENDS = ["accounts.backends.LockOutBackend", "accounts.backends.CapabilityBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "display_name", "email")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "accounts:home"
STAFF_HOME = "desk:home"  # where staff starts after signing in
MERCHANT_HOME = "portal:today"  # and who acts for a merchant
LOGOUT_REDIRECT_URL = "account_login"
PASSWORD_RESET_TIMEOUT = int(timedelta(hours=24).total_seconds())
REQUIRE_SECOND_FACTOR = env.flag("AFTERSALES_REQUIRE_TOTP", default=PRODUCTION)
PROXY_COUNT = env.number(
    "AFTERSALES_PROXY_COUNT", 0, most=10
)  # trusted proxies in front; 0 ignores X-Forwarded-For
ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if SITE_URL.startswith("https") else "http"
# axes counts by name and address; this second limit holds when the address rotates, and passes by itself.
ACCOUNT_RATE_LIMITS = {"login": "120/m/ip", "login_failed": "30/m/ip,20/300s/key"}
MFA_ADAPTER = "accounts.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_TOTP_ISSUER = "Aftersales"
MFA_TOTP_TOLERANCE = 1
# Sign-in by the house's own provider (OpenID Connect), off unless SSO_PROVIDERS names one. Each has SSO_CORP_NAME,
# SSO_CORP_ISSUER, SSO_CORP_CLIENT_ID, SSO_CORP_SECRET or SSO_CORP_SECRET_FILE, SSO_CORP_DOMAINS,
# SSO_CORP_SECOND_FACTOR, SSO_CORP_PROMPT, with its code for CORP; see accounts.sso.config.
SSO_PROVIDERS = sso.read(production=PRODUCTION)
# The password and a passkey alone are refused to staff then; administrators keep theirs for the day on which the
# provider is down.
SSO_ONLY = sso.only(env.flag("SSO_ONLY", default=False), SSO_PROVIDERS)
SOCIALACCOUNT_ADAPTER = "accounts.sso.adapters.ProviderAdapter"
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5  # seconds for each question to a provider
# Passkeys hold for one domain and one address: PASSKEY_DOMAIN, the host of SITE_URL by default. Another domain later
# makes every passkey useless.
PASSKEYS = passkeys.read(SITE_URL, production=PRODUCTION)
MFA_WEBAUTHN_USER_VERIFICATION = "required"
# An office has one address. What fails counts like wrong passwords from it; never by name, which the visitor invents.
MFA_RATE_LIMITS = {"passkey_asked": "240/m/ip", "passkey_failed": "30/m/ip"}
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_ENABLE_ACCESS_FAILURE_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_USERNAME_CALLABLE = "accounts.addresses.username"
AXES_CLIENT_IP_CALLABLE = "accounts.addresses.client_address"
AXES_LOCKOUT_CALLABLE = "accounts.views.locked_out"
SILENCED_SYSTEM_CHECKS: list[str] = []

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
FORMAT_MODULE_PATH = ["aftersales.core.formats"]
LOCALE_PATHS = [BASE_DIR / "aftersales" / "locale"]
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

STATIC_URL = "static/"
STATIC_ROOT = DATA / "static"
STATICFILES_DIRS = [BASE_DIR / "aftersales" / "static"]
MEDIA_ROOT = DATA / "files"
# Without a mail server each message becomes a file in a folder that the staff pages show.
OUTBOX_FOLDER = DATA / "outbox"
EMAIL_HOST = env.text("EMAIL_HOST")
EMAIL_BACKEND = (
    "django.core.mail.backends.smtp.EmailBackend" if EMAIL_HOST else "aftersales.notices.mail.FolderBackend"
)
EMAIL_PORT = env.number("EMAIL_PORT", 587, least=1, most=65_535)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD")
EMAIL_SECURITY = env.choice("EMAIL_SECURITY", "starttls", ["starttls", "tls", "none"])
EMAIL_USE_TLS, EMAIL_USE_SSL = EMAIL_SECURITY == "starttls", EMAIL_SECURITY == "tls"
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text("MAIL_FROM", "aftersales@localhost")
# Letters come in by IMAP, by a pipe of the mail server (manage.py receive_mail), or in the demo from a folder.
MAIL_IN = env.choice("MAIL_IN", "none" if PRODUCTION else "folder", ["none", "folder", "imap", "pipe"])
INBOX_FOLDER = DATA / "inbox"
MAIL_ADDRESS = env.address("MAIL_ADDRESS", DEFAULT_FROM_EMAIL)  # where answers to our messages go
IMAP_HOST = env.text("IMAP_HOST")
IMAP_SECURITY = env.choice("IMAP_SECURITY", "tls", ["tls", "starttls", "none"])
IMAP_PORT = env.number("IMAP_PORT", 993 if IMAP_SECURITY == "tls" else 143, least=1, most=65_535)
IMAP_USER, IMAP_PASSWORD = env.text("IMAP_USER"), env.text("IMAP_PASSWORD")
IMAP_FOLDER = env.text("IMAP_FOLDER", "INBOX") or "INBOX"
IMAP_DONE = env.text("IMAP_DONE")  # taken letters are moved there; without it they are marked as read
if MAIL_IN == "imap" and not (IMAP_HOST and IMAP_USER and IMAP_PASSWORD):
    raise ImproperlyConfigured("MAIL_IN=imap needs IMAP_HOST, IMAP_USER and IMAP_PASSWORD.")
# Gateways (text messages, group robots) are called outside the house only, over HTTPS, unless this says otherwise.
GATEWAYS_INSIDE = env.flag("GATEWAYS_INSIDE", default=False)
# Where the small panel may stand in a frame (https://calls.example.com,…): hosts of the telephone and chat systems.
PANEL_HOSTS = env.origins("PANEL_HOSTS")
# How customers reach the department (a telephone number, an address), as messages and their pages print it.
SERVICE_CONTACT = env.text("SERVICE_CONTACT")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        # Names with a hash, compressed once; while developing (DEBUG=1) the files themselves.
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
# A form is small; files are limited where they are read (sheets, attachments).
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
DATA_UPLOAD_MAX_NUMBER_FILES = 20

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_IDLE = timedelta(minutes=env.number("AFTERSALES_IDLE_MINUTES", 60, least=1, most=720))
SESSION_ABSOLUTE = timedelta(hours=12)

# Nothing inline, nothing from elsewhere. A page that cannot avoid a <style> uses {{ request.csp_nonce }}.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'", NONCE],
        "style-src": ["'self'", NONCE],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
CSP_EVAL_PREFIXES = ("/admin/",)  # Alpine in the admin shell evaluates its attributes
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"

# simple-history: reasons longer than 100 characters; reverting would bypass the door.
SIMPLE_HISTORY_HISTORY_CHANGE_REASON_USE_TEXT_FIELD = True
SIMPLE_HISTORY_REVERT_DISABLED = True

# One broker, no result store: the job row is the truth (see aftersales.core.jobs).
CELERY_BROKER_URL = broker_url()
# A silent broker must never hold a person's request: the job row is committed, a sweep finds it later.
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {"socket_timeout": 2, "socket_connect_timeout": 2, "visibility_timeout": 3600}
    if CELERY_BROKER_URL.startswith("redis")
    else {}
)
CELERY_TASK_PUBLISH_RETRY = True
CELERY_TASK_PUBLISH_RETRY_POLICY = {
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.2,
    "interval_max": 0.2,
}
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 4
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"
CELERY_DB_REUSE_MAX = 1000
SESSION_COOKIE_AGE = int(SESSION_ABSOLUTE.total_seconds())

# Processes of the supervised group; gunicorn's own variable is honoured, and judged here before it is started.
WEB_WORKERS = env.number(
    "WEB_WORKERS", env.number("WEB_CONCURRENCY", 2, least=1, most=256), least=1, most=256
)
WEB_THREADS = env.number("WEB_THREADS", 4, least=1, most=256)
WORKER_PROCESSES = env.number("WORKER_PROCESSES", 2, least=1, most=256)

# Long enough to look into last month's trouble; parked jobs stay until somebody replays them.
JOBS_KEPT = timedelta(days=30)
# Records of access are kept for six months at least (Cybersecurity Law, article 21), and no longer than that needs.
SIGN_IN_RECORDS_KEPT = timedelta(days=190)

# Wake a worker after each commit that left work; tests switch it off and run the work themselves.
JOBS_NUDGE = True

LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"])
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "aftersales": {"level": LOG_LEVEL},
        "accounts": {"level": LOG_LEVEL},
        # Django's own handlers would say everything twice and mail it to nobody.
        "django": {"handlers": [], "level": "WARNING", "propagate": True},
        "django.server": {"handlers": [], "level": "INFO", "propagate": True},
    },
}

# Watchers ask without TLS and without a name.
SECURE_REDIRECT_EXEMPT = [r"^health$", r"^ready$"]
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
if PRODUCTION:
    SECURE_SSL_REDIRECT = env.flag("AFTERSALES_SSL_REDIRECT", default=True)
    SECURE_HSTS_SECONDS = env.number("AFTERSALES_HSTS_SECONDS", 31_536_000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE_HSTS_SECONDS > 0
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    # The prefix makes browsers refuse these cookies from a sibling domain or over plain HTTP.
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
    CSRF_TRUSTED_ORIGINS = [SITE_URL]
    if PROXY_COUNT:
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
