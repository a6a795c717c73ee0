"""Django with django-cors-headers. The argument is one configuration of the table in
servers.md: settings are global, so each has a process of its own. Prints the
version and the port."""

import json
import os
import sys
from importlib.metadata import version
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.urls import path

APP = "https://app.example.com"
PAGE = os.environ["PAGE_ORIGIN"]  # of the browser's page

CORS = "corsheaders.middleware.CorsMiddleware"
COMMON = "django.middleware.common.CommonMiddleware"
REST = dict(
    MIDDLEWARE=[CORS, COMMON],
    CORS_ALLOW_METHODS=["GET", "HEAD", "POST", "PUT", "DELETE"],
    CORS_ALLOW_HEADERS=["authorization", "content-type", "x-token"],
    CORS_PREFLIGHT_MAX_AGE=600,
)

SETTINGS = {
    "listed": dict(REST, CORS_ALLOWED_ORIGINS=[APP, PAGE], CORS_ALLOW_CREDENTIALS=True),
    "all": dict(REST, CORS_ALLOW_ALL_ORIGINS=True),
    "all-credentials": dict(REST, CORS_ALLOW_ALL_ORIGINS=True, CORS_ALLOW_CREDENTIALS=True),
    # re.match wants the pattern at the start only.
    "regex": dict(REST, CORS_ALLOWED_ORIGIN_REGEXES=[r"https://app\.example\.com"], CORS_ALLOW_CREDENTIALS=True),
    "below-common": dict(REST, MIDDLEWARE=[COMMON, CORS], CORS_ALLOWED_ORIGINS=[APP, PAGE]),
}


def user(request):
    return JsonResponse({"id": 7})


def crash(request):
    return JsonResponse({"error": "crash"}, status=500)


urlpatterns = [path("users/7", user), path("slashed/7/", user), path("crash", crash)]


class Threads(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


settings.configure(ROOT_URLCONF=__name__, SECRET_KEY="x", ALLOWED_HOSTS=["*"], USE_TZ=True, **SETTINGS[sys.argv[1]])
server = make_server("127.0.0.1", 0, get_wsgi_application(), server_class=Threads, handler_class=Quiet)
print(json.dumps({"version": version("django-cors-headers"), "ports": {sys.argv[1]: server.server_port}}), flush=True)
server.serve_forever()
