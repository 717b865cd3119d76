"""The application object."""

import os

import django

from samovar import App

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
django.setup()

app = App()
