"""Django: put ``"samovar.contrib.django"`` into INSTALLED_APPS.

Models travel as global ids, jobs may wait for the commit, delivered jobs clean up after their
database connections, and the language and the time zone travel with jobs.
"""
