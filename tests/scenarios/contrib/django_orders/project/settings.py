"""Settings; the database lies where the process works."""

SECRET_KEY = "of no matter"
INSTALLED_APPS = ["samovar.contrib.django", "orders"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "orders.db"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en"
USE_TZ = True
