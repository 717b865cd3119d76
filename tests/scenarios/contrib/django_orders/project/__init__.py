"""The Django project of the scenario beside it."""
