"""A Django project, as small as it can be."""

SECRET_KEY = "for tests only"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["django_shop"]
ROOT_URLCONF = "django_shop.views"
USE_TZ = True
