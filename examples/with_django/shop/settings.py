"""Django's settings, as few as will do."""

SECRET_KEY = "not a secret: nothing here is signed"
INSTALLED_APPS = [
    "samovar.contrib.django",
    "orders",
]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "shop.db"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en"
USE_TZ = True
TIME_ZONE = "UTC"
