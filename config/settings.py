"""All settings, read from the environment. Unset DATABASE_URL and REDIS_URL mean the embedded servers."""

from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from config.environment import (
    database_from_url,
    env_address,
    env_bool,
    env_int,
    env_list,
    env_networks,
    env_text,
    is_private,
)
from config.unfold import EVENTS_ERRORS, EVENTS_MEANINGS, EVENTS_SUBJECTS, UNFOLD  # noqa: F401

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env_text("DATA_DIR", str(BASE_DIR / ".data")))

DEBUG = env_bool("DEBUG", False)
PORT = env_int("PORT", 8000)
PUBLIC_URL = env_address("PUBLIC_URL", f"http://127.0.0.1:{PORT}")
# The WebSocket process. Behind a proxy both share one origin; the embedded run uses PORT + 1.
LIVE_URL = env_text("LIVE_URL", "")
SECURE = PUBLIC_URL.startswith("https://")
# Test mode admits the sandbox wallet and demo logins: only where the address leads no stranger.
_IS_OPEN_TO_ALL = SECURE or not is_private(PUBLIC_URL)
TEST_MODE = env_bool("TEST_MODE", not _IS_OPEN_TO_ALL)
# Every process reads this; a system check would stop only those that run the checks, and the web does not.
if TEST_MODE and _IS_OPEN_TO_ALL and not DEBUG:
    raise ImproperlyConfigured(
        f"TEST_MODE is on at the public address {PUBLIC_URL}: anybody could order without paying. "
        "Unset TEST_MODE, or set DEBUG=1 for a demonstration."
    )

SECRET_KEY = env_text("SECRET_KEY", "")
if not SECRET_KEY:
    if not TEST_MODE:
        raise ImproperlyConfigured(f"SECRET_KEY must be set for {PUBLIC_URL}")
    SECRET_KEY = "insecure-test-mode-key-" + "0" * 40
# The keys before a change of SECRET_KEY, until everything is sealed anew (docs/operations.md).
SECRET_KEY_FALLBACKS = env_list("SECRET_KEY_FALLBACKS", "")

# Phones in the same network call this machine by any of its names. Who names no address serves itself alone.
_TEST_HOSTS = "*" if env_text("PUBLIC_URL") else ".localhost,127.0.0.1,[::1]"
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", _TEST_HOSTS if TEST_MODE else "")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
# Whose X-Forwarded-For is believed (config/wsgi.py). None: the caller's own address is what counts.
TRUSTED_PROXIES = env_networks("TRUSTED_PROXIES")

# --- Apps -----------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "config",
    "unfold.apps.BasicAppConfig",
    "config.backoffice.apps.BackOfficeConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "drf_spectacular",
    "qr_code",
    "channels",
    "events",
    "stores",
    "menus",
    "orders",
    "payments",
    "payments.gateways.sandbox.wallet",
    "notifications",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.StaffSessionMiddleware",
    "config.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "config.middleware.StaffUserMiddleware",
    "config.middleware.StaffMessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.middleware.IdentityMiddleware",
    "config.middleware.SecurityHeadersMiddleware",
]

# The admin's messages; the default would also read a signed cookie in every request of a guest.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Databases: one for all, or one per context ------------------------------------------------------
CONTEXTS = ("stores", "menus", "orders", "payments", "notifications")
# A long or unusual path gets its sockets elsewhere; `run` is then a link to that folder.
_SOCKETS = quote(str((DATA_DIR / "run").resolve()))
_EMBEDDED_DATABASE = f"postgresql://postgres@/hansang?host={_SOCKETS}"
DATABASES = {"default": database_from_url(env_text("DATABASE_URL") or _EMBEDDED_DATABASE)}
# context -> alias; `<CONTEXT>_DATABASE_URL` gives a context its own database, equal URLs share one.
CONTEXT_DATABASES = dict.fromkeys(CONTEXTS, "default")
_aliases = {env_text("DATABASE_URL"): "default"}
for _context in CONTEXTS:
    if _url := env_text(f"{_context.upper()}_DATABASE_URL"):
        CONTEXT_DATABASES[_context] = _aliases.setdefault(_url, _context)
        DATABASES.setdefault(CONTEXT_DATABASES[_context], database_from_url(_url))
DATABASE_ROUTERS = ["config.routers.ContextRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Redis: a doorbell, never the truth --------------------------------------------------------------
REDIS_URL = env_text("REDIS_URL") or f"unix://{_SOCKETS}/valkey.sock?db=0"
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    "shared": {
        "BACKEND": "config.cache.ForgivingRedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_timeout": 0.5, "socket_connect_timeout": 0.5},
        "KEY_PREFIX": "hs",
    },
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {
            "hosts": [{"address": REDIS_URL, "socket_connect_timeout": 1, "socket_timeout": 5}],
        },
    },
}

# --- Live process: sockets ----------------------------------------------------------------------------
LIVE_HEARTBEAT_SECONDS = env_int("LIVE_HEARTBEAT_SECONDS", 5)
LIVE_RECHECK_SECONDS = env_int("LIVE_RECHECK_SECONDS", 60)

# --- Celery: carries wake-ups only; the settings are the ones tested under chaos ----------------------
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 60
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_TASK_PUBLISH_RETRY_POLICY = {
    "max_retries": 0,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
}
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # Celery 5.7 exits on a Redis restart while messages are unacknowledged; ours need no acknowledgment.
    "ack_emulation": False,
    "socket_timeout": 1,
    "socket_connect_timeout": 1,
    "socket_keepalive": True,
    "health_check_interval": 10,
}
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_CREATE_MISSING_QUEUES = True
CELERY_TIMEZONE = "UTC"

# --- Event queue --------------------------------------------------------------------------------------
EVENTS_BATCH = env_int("EVENTS_BATCH", 10)
EVENTS_RETENTION_DAYS = env_int("EVENTS_RETENTION_DAYS", 30)
# Empty: /metrics is open; set: it wants "Authorization: Bearer <token>".
METRICS_TOKEN = env_text("METRICS_TOKEN")

# --- Outgoing webhooks ---------------------------------------------------------------------------------
# Private addresses are always refused. For tests and a demo this machine itself may be called, also by http.
WEBHOOK_ALLOW_LOOPBACK = env_bool("WEBHOOK_ALLOW_LOOPBACK", False)
WEBHOOK_PORTS = [int(port) for port in env_list("WEBHOOK_PORTS", "443")]

# --- Printers ------------------------------------------------------------------------------------------
# Whether printers in this installation's own network may be called; where it serves strangers, say no.
PRINTERS_IN_NETWORK = env_bool("PRINTERS_IN_NETWORK", True)
# For tests only: a printer on this machine itself.
PRINTERS_ALLOW_LOOPBACK = env_bool("PRINTERS_ALLOW_LOOPBACK", False)
# A font with Hangul, Han and Kana; empty: Noto Sans CJK where the system keeps it.
TICKET_FONT = env_text("TICKET_FONT")

# --- Money ---------------------------------------------------------------------------------------------
PAYMENT_GATEWAYS = env_list("PAYMENT_GATEWAYS", "sandbox,counter" if TEST_MODE else "counter")
# The sandbox wallet is called over HTTP like any gateway; it lives in this same web server.
SANDBOX_WALLET_URL = env_text("SANDBOX_WALLET_URL", PUBLIC_URL).rstrip("/")
SANDBOX_WEBHOOK_THREAD = env_bool("SANDBOX_WEBHOOK_THREAD", True)

# --- People --------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "stores.User"
# Every door (staff, admin) locks after repeated wrong passwords.
AUTHENTICATION_BACKENDS = ["stores.backends.GuardedBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/staff/login/"
LOGIN_REDIRECT_URL = "/staff/"
LOGOUT_REDIRECT_URL = "/staff/login/"

# --- Cookies and headers --------------------------------------------------------------------------------
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "config.errors.csrf_failure"
GUEST_COOKIE_NAME = "__Host-hs_guest" if SECURE else "hs_guest"
GUEST_COOKIE_AGE = 24 * 3600
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31536000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SECURE_SSL_REDIRECT = SECURE
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# --- Languages and time ------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [
    ("ko", _("Korean")),
    ("en", _("English")),
    ("zh-hans", _("Simplified Chinese")),
    ("ja", _("Japanese")),
]
LANGUAGE_COOKIE_NAME = "hs_lang"
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "config.formats"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- Files -------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
# The package holds Redoc as well, which is larger and not used: no app of ours, only the folder.
_SWAGGER_UI = "drf_spectacular_sidecar/swagger-ui-dist"
STATICFILES_DIRS = [(_SWAGGER_UI, str(files("drf_spectacular_sidecar") / "static" / _SWAGGER_UI))]
MEDIA_URL = "/media/"
MEDIA_ROOT = DATA_DIR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "config.storage.HashedStaticFilesStorage"},
}

# Multiplies every rate limit: load tests and benches raise it.
THROTTLE_FACTOR = env_int("THROTTLE_FACTOR", 1)

# --- API ----------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["config.rendering.QuickJSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["config.parsers.StrictJSONParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "config.negotiation.QuickNegotiation",
    # Contexts never import config: they say `access = "guest"` on the view, the policy below reads it.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "config.access.GuestAuthentication",
        "config.access.StaffAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["config.access.AccessPolicy"],
    "DEFAULT_THROTTLE_CLASSES": ["config.throttling.ScopedThrottle"],
    "DEFAULT_THROTTLE_RATES": {
        "read": "600/min",
        "write": "120/min",
        "order": "20/min",
        "join": "60/min",
        "pay": "20/min",
        "call": "10/min",
        "staff": "1200/min",
        "unknown_token": "30/min",
    },
    # Which proxies are believed is decided once, in config/wsgi.py; here REMOTE_ADDR is the truth.
    "NUM_PROXIES": 0,
    "EXCEPTION_HANDLER": "config.problems.problem_response",
    "DEFAULT_SCHEMA_CLASS": "config.openapi.ApiSchema",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Hansang",
    "DESCRIPTION": "QR table ordering: scan, order, pay, done.",
    "VERSION": "1",
    "EXTERNAL_DOCS": {"description": "Events and webhooks (AsyncAPI 3)", "url": "/api/v1/asyncapi.json"},
    "SERVE_INCLUDE_SCHEMA": False,
    # Our own copy: pages load nothing from elsewhere.
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "ENUM_NAME_OVERRIDES": {
        "OrderStatusEnum": "orders.models.OrderStatus",
        "LineStatusEnum": "orders.models.LineStatus",
        "TabStatusEnum": "orders.models.TabStatus",
        "CallKindEnum": "orders.models.CallKind",
        "ShareKindEnum": "payments.models.ShareKind",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "config.openapi.add_problems",
    ],
}

# --- Logging: one line per record, no payloads, no secrets --------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env_text("LOG_LEVEL", "INFO")},
    # Every step of every page, and print-only CSS it does not know.
    "loggers": {"weasyprint": {"level": "ERROR"}, "weasyprint.progress": {"level": "ERROR"}},
}
