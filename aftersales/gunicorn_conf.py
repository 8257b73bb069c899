"""Web server settings: ``gunicorn -c python:aftersales.gunicorn_conf aftersales.wsgi``."""

import os

from aftersales import settings

workers = settings.WEB_WORKERS
threads = settings.WEB_THREADS
worker_class = "gthread"
preload_app = True
timeout = 60
graceful_timeout = 10
keepalive = 5
max_requests = 5000  # a slow leak never lives long
max_requests_jitter = 500
accesslog = os.environ.get("WEB_ACCESS_LOG") or None
errorlog = "-"
loglevel = "warning"
forwarded_allow_ips = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1,::1")
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108 - a heartbeat file in memory
control_socket_disable = True
