"""The settings of a server of users on Django."""

SECRET_KEY = "x"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "urls"
USE_TZ = True
INSTALLED_APPS = ["django.contrib.contenttypes"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
MIDDLEWARE = ["urls.Login", *MIDDLEWARE]  # @only login
LOGGING = {"version": 1, "disable_existing_loggers": True, "root": {"handlers": []}}
# @here cors
