"""The application object, for workers and for all who enqueue."""

import os

import django
from samovar import App

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
django.setup()

app = App()
